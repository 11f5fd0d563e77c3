/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the files of PHP's own functions share: their tables, and the few words that most of them need.
 * Source of what the functions do: PHP's manual, and the answers of PHP 8.2. Where PHP 7 and 8 part (a
 * warning and false there, an exception here) the run stops: nobody says which of the two would run the
 * migration.
 */

#include "migrations-reader/php/host.h"
#include "migrations-reader/php/operators.h"

extern const struct php_host_function php_functions_array[];
extern const struct php_host_function php_functions_array_build[];
extern const struct php_host_function php_functions_array_call[];
extern const struct php_host_function php_functions_array_compare[];
extern const struct php_host_function php_functions_array_sort[];
extern const struct php_host_function php_functions_character[];
extern const struct php_host_function php_functions_date[];
extern const struct php_host_function php_functions_encode[];
extern const struct php_host_function php_functions_format[];
extern const struct php_host_function php_functions_info[];
extern const struct php_host_function php_functions_math[];
extern const struct php_host_function php_functions_multibyte[];
extern const struct php_host_function php_functions_path[];
extern const struct php_host_function php_functions_random[];
extern const struct php_host_function php_functions_regex[];
extern const struct php_host_function php_functions_replace[];
extern const struct php_host_function php_functions_search[];
extern const struct php_host_function php_functions_serialize[];
extern const struct php_host_function php_functions_string[];
extern const struct php_host_function php_functions_url[];
extern const struct php_host_function php_functions_version[];

/* Tables that end with name NULL. */
extern const struct php_host_class php_classes_exception[];
extern const struct php_host_class php_classes_collection[];
extern const struct php_host_class php_classes_date[];

void php_add_constants(struct php_run *run);
extern const struct php_host_constant php_constants_serialize[]; /* JSON_*; ends with name NULL */

/* Returns what did not go well to the caller's caller. */
#define TRY(call)                                                                                            \
        do {                                                                                                 \
                enum php_flow try_flow = (call);                                                             \
                if (try_flow != PHP_OK)                                                                      \
                        return try_flow;                                                                     \
        } while (0)

/* The head of a host function. */
#define PHP_FUNCTION(name) static enum php_flow name(struct php_run *run, struct php_call *call)

/* Text of an argument, or a part of one; borrowed. */
struct php_span {
        const char *bytes;
        size_t size;
};
struct php_span php_span_of(struct php_value string);

/* True when argument n was given. */
static inline bool php_given(const struct php_call *call, size_t n)
{
        return n < call->count;
}
/* True when argument n was given and is not null: for nullable parameters. */
static inline bool php_given_value(const struct php_call *call, size_t n)
{
        return n < call->count && php_argument(call, n).type != PHP_TYPE_NULL;
}
/* Optional parameters: *ret stays what it is when the argument was not given. */
enum php_flow php_optional_int(struct php_run *run, const struct php_call *call, size_t n, int64_t *ret)
        _must_check;
enum php_flow php_optional_bool(struct php_run *run, const struct php_call *call, size_t n, bool *ret)
        _must_check;
/* A string parameter with a default; *ret is owned. */
enum php_flow php_optional_string(struct php_run *run, const struct php_call *call, size_t n,
        const char *otherwise, struct php_value *ret) _must_check;

/* Stops: PHP 7 and 8 answer differently on what `format` names. */
enum php_flow php_differs(struct php_run *run, const char *format, ...) _printf(2, 3);
/* Stops for an answer of operators.h that is none: "comparing an int with a string". PHP_OK for PHP_DONE. */
enum php_flow php_expect(struct php_run *run, enum php_answer answer, const char *doing) _must_check;

/* Gives the variable that argument n, a by-reference one, stands for another value. */
void php_put_argument(const struct php_call *call, size_t n, struct php_value value); /* takes value */

/* php_bytes of a span. */
static inline struct php_value php_span_value(struct php_span span)
{
        return php_bytes(span.bytes, span.size);
}
/* Where needle stands in text at or behind `from`, or -1. An empty needle stands everywhere. */
int64_t php_span_find(struct php_span text, struct php_span needle, size_t from);

/* ASCII only: what PHP 8 does everywhere, and PHP 7 in the locale C, which nothing here changes. */
char php_lower(char byte);
char php_upper(char byte);
bool php_space(char byte); /* as isspace in the locale C */
struct php_value php_lowered(struct php_value string);

/* The PHP comparison of two values with the flags of sort(), as -1, 0, 1. */
enum php_flow php_compare_flagged(struct php_run *run, int64_t flags, struct php_value left,
        struct php_value right, int *ret) _must_check;
int php_natural_compare(struct php_span left, struct php_span right, bool fold);
/* Bytes compared as strcmp() does, with or without regard to case. */
int php_span_compare(struct php_span left, struct php_span right, bool fold);

/* A number rounded to so many places as round() of PHP up to 8.3 does. */
double php_round(double number, int places);

/* Stops when argument n can't be called: PHP 7 warned and returned null, PHP 8 throws, with no element to
 * call it for as well. */
enum php_flow php_check_callable(struct php_run *run, const struct php_call *call, size_t n) _must_check;

/* Seconds since 1970; microseconds in *ret_microseconds unless NULL. */
int64_t php_clock(int *ret_microseconds);

/* sprintf()'s work: the arguments from `first` on fill the format. */
enum php_flow php_format_values(struct php_run *run, const char *name, struct php_span format,
        const struct php_value *values, size_t count, struct buffer *out) _must_check;
