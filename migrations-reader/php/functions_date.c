/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include "migrations-reader/php/date.h"

#include <strings.h>

#define MOST_YEAR 32767

static enum php_flow read_instant(struct php_run *run, struct php_call *call, size_t n, struct date *ret)
{
        *ret = date_now();
        if (php_given_value(call, n))
                TRY(php_argument_int(run, call, n, &ret->seconds));
        ret->microseconds = 0;
        if (ret->seconds > INT64_MAX / 4 || ret->seconds < INT64_MIN / 4)
                return php_needs_php(run, "a date so far away");
        return PHP_OK;
}

PHP_FUNCTION(format_date)
{
        _cleanup_php_value_ struct php_value format = PHP_NULL_VALUE;
        _cleanup_buffer_ struct buffer out = {0};
        struct date date;
        TRY(php_argument_string(run, call, 0, &format));
        TRY(read_instant(run, call, 1, &date));
        TRY(date_append(run, &out, php_span_of(format), &date));
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(text_to_time)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        struct date base;
        struct date date;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(read_instant(run, call, 1, &base));
        TRY(date_parse(run, php_span_of(text), &base, &date));
        return php_return(call, php_int(date.seconds));
}

/* mktime(): hour, minute, second, month, day, year; what is not given is the present. */
PHP_FUNCTION(make_time)
{
        struct date now = date_now();
        struct date_fields fields = date_fields_of(&now);
        int64_t *const in_order[] = {
                &fields.hour, &fields.minute, &fields.second, &fields.month, &fields.day, &fields.year};
        if (call->count == 0)
                return php_differs(run, "mktime() without arguments");
        for (size_t i = 0; i < ARRAY_SIZE(in_order); i++) {
                if (!php_given_value(call, i))
                        continue;
                TRY(php_argument_int(run, call, i, in_order[i]));
                if (*in_order[i] > INT32_MAX || *in_order[i] < INT32_MIN)
                        return php_needs_php(run, "a date so far away");
        }
        if (php_given_value(call, 5) && fields.year >= 0 && fields.year < 70)
                fields.year += 2000;
        else if (php_given_value(call, 5) && fields.year >= 70 && fields.year <= 100)
                fields.year += 1900;
        fields.microseconds = 0;
        struct date date = date_of_fields(&fields);
        return php_return(call, php_int(date.seconds));
}

PHP_FUNCTION(check_date)
{
        int64_t month;
        int64_t day;
        int64_t year;
        TRY(php_argument_int(run, call, 0, &month));
        TRY(php_argument_int(run, call, 1, &day));
        TRY(php_argument_int(run, call, 2, &year));
        bool valid = year >= 1 && year <= MOST_YEAR && month >= 1 && month <= 12 && day >= 1 &&
                     day <= date_days_in_month(year, month);
        return php_return(call, php_bool(valid));
}

PHP_FUNCTION(default_zone)
{
        return php_return(call, php_text("UTC"));
}

PHP_FUNCTION(set_default_zone)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &name));
        if (strcasecmp(php_string_bytes(name), "UTC") != 0)
                return php_needs_php(run, "another time zone than UTC");
        return php_return(call, php_bool(true));
}

PHP_FUNCTION(create_date)
{
        return php_new(run, "DateTime", call->arguments, call->count, call->ret);
}

PHP_FUNCTION(create_immutable_date)
{
        return php_new(run, "DateTimeImmutable", call->arguments, call->count, call->ret);
}

const struct php_host_function php_functions_date[] = {
        {"checkdate", check_date, 3, 3, 0, "month,day,year"},
        {"date", format_date, 1, 2, 0, "format,timestamp"},
        {"date_create", create_date, 0, 2, 0, "datetime,timezone"},
        {"date_create_immutable", create_immutable_date, 0, 2, 0, "datetime,timezone"},
        {"date_default_timezone_get", default_zone, 0, 0, 0, NULL},
        {"date_default_timezone_set", set_default_zone, 1, 1, 0, "timezoneId"},
        {"gmdate", format_date, 1, 2, 0, "format,timestamp"},
        {"gmmktime", make_time, 0, 6, 0, "hour,minute,second,month,day,year"},
        {"mktime", make_time, 0, 6, 0, "hour,minute,second,month,day,year"},
        {"strtotime", text_to_time, 1, 2, 0, "datetime,baseTimestamp"},
        {0},
};
