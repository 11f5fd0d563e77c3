/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <sys/random.h>
#include <time.h>

/* Chance and the clock. What a migration makes of them is another value in each run, in PHP as well. */

int64_t php_clock(int *ret_microseconds)
{
        struct timespec now = {0};
        clock_gettime(CLOCK_REALTIME, &now);
        if (ret_microseconds)
                *ret_microseconds = (int)(now.tv_nsec / 1000);
        return now.tv_sec;
}

static enum php_flow random_bits(struct php_run *run, void *bytes, size_t size)
{
        if (getrandom(bytes, size, 0) != (ssize_t)size)
                return php_needs_php(run, "random numbers, which this machine does not give");
        return PHP_OK;
}

/* Each number from least to greatest with the same chance. */
static enum php_flow random_between(struct php_run *run, int64_t least, int64_t greatest, int64_t *ret)
{
        uint64_t width = (uint64_t)greatest - (uint64_t)least;
        uint64_t bits;
        uint64_t over = width == UINT64_MAX ? 0 : UINT64_MAX - UINT64_MAX % (width + 1);
        do {
                TRY(random_bits(run, &bits, sizeof(bits)));
        } while (over > 0 && bits >= over);
        *ret = (int64_t)((uint64_t)least + (width == UINT64_MAX ? bits : bits % (width + 1)));
        return PHP_OK;
}

static enum php_flow random_in_range(struct php_run *run, struct php_call *call)
{
        int64_t least = 0;
        int64_t greatest = INT32_MAX;
        int64_t number;
        TRY(php_optional_int(run, call, 0, &least));
        TRY(php_optional_int(run, call, 1, &greatest));
        if (call->count == 1 || greatest < least)
                return php_differs(run, "a random number out of an invalid range");
        TRY(random_between(run, least, greatest, &number));
        return php_return(call, php_int(number));
}

PHP_FUNCTION(random_number)
{
        return random_in_range(run, call);
}

PHP_FUNCTION(random_text)
{
        int64_t size;
        TRY(php_argument_int(run, call, 0, &size));
        if (size < 1 || size > 256)
                return php_needs_php(run, "random_bytes() of %lld bytes", (long long)size);
        char bytes[256];
        TRY(random_bits(run, bytes, (size_t)size));
        return php_return(call, php_bytes(bytes, (size_t)size));
}

/* As PHP composes it: seconds and microseconds in hexadecimal, then a fraction by chance. */
PHP_FUNCTION(unique_name)
{
        _cleanup_php_value_ struct php_value prefix = PHP_NULL_VALUE;
        bool more = false;
        int microseconds;
        int64_t fraction = 0;
        TRY(php_optional_string(run, call, 0, "", &prefix));
        TRY(php_optional_bool(run, call, 1, &more));
        TRY(random_between(run, 0, 999999999, &fraction));
        int64_t seconds = php_clock(&microseconds);
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, php_string_bytes(prefix), php_string_size(prefix));
        buffer_append_format(&out, "%08llx%05x", (unsigned long long)seconds, (unsigned)microseconds);
        if (more)
                buffer_append_format(&out, "%.8f", (double)fraction / 1e8);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(now_seconds)
{
        return php_return(call, php_int(php_clock(NULL)));
}

PHP_FUNCTION(now_exactly)
{
        bool as_float = false;
        int microseconds;
        TRY(php_optional_bool(run, call, 0, &as_float));
        int64_t seconds = php_clock(&microseconds);
        if (as_float)
                return php_return(call, php_float((double)seconds + microseconds / 1e6));
        _cleanup_free_ char *text = string_format("%.8f %lld", microseconds / 1e6, (long long)seconds);
        return php_return(call, php_text(text));
}

PHP_FUNCTION(steady_time)
{
        bool as_number = false;
        struct timespec now = {0};
        TRY(php_optional_bool(run, call, 0, &as_number));
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (as_number)
                return php_return(call, php_int((int64_t)now.tv_sec * 1000000000 + now.tv_nsec));
        struct php_value parts = php_new_array();
        php_array_append(&parts, php_int(now.tv_sec));
        php_array_append(&parts, php_int(now.tv_nsec));
        return php_return(call, parts);
}

const struct php_host_function php_functions_random[] = {
        {"hrtime", steady_time, 0, 1, 0, "as_number"},
        {"microtime", now_exactly, 0, 1, 0, "as_float"},
        {"mt_rand", random_number, 0, 2, 0, "min,max"},
        {"rand", random_number, 0, 2, 0, "min,max"},
        {"random_bytes", random_text, 1, 1, 0, "length"},
        {"random_int", random_number, 2, 2, 0, "min,max"},
        {"time", now_seconds, 0, 0, 0, NULL},
        {"uniqid", unique_name, 0, 2, 0, "prefix,more_entropy"},
        {0},
};
