/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * How C gives PHP code functions and classes: tables of them. A host function gets a php_call and returns a
 * php_flow; it throws and stops with the helpers below:
 *
 *         static enum php_flow table_has_column(struct php_run *run, struct php_call *call) {
 *                 const struct table *table = call->this_host;
 *                 …
 *                 return php_return(call, php_bool(found));
 *         }
 */

#include "migrations-reader/php/interpret.h"

struct php_call {
        struct php_value this; /* null for functions and static methods */
        void *this_host; /* its host data, NULL when none */
        const char *class_name; /* static methods: the class called on */
        const struct php_value *arguments; /* borrowed; by-reference ones are PHP_TYPE_REFERENCE */
        size_t count;
        struct php_value *ret; /* null at the begin */
        bool is_ignored; /* the call is a statement of its own: nobody sees what it returns */
};

typedef enum php_flow (*php_host_call)(struct php_run *run, struct php_call *call);

/* `least` and `most` count arguments; most PHP_ANY: variadic. PHP's own error is thrown outside of them
 * (ArgumentCountError for too few). Bit n of by_reference: argument n is a reference. `names`:
 * comma-separated parameter names for named arguments, or NULL (then named arguments need PHP). */
#define PHP_ANY 255
struct php_host_function {
        const char *name; /* lower case, without leading \ */
        php_host_call call;
        unsigned char least, most;
        unsigned by_reference;
        const char *names;
};

struct php_host_method {
        const char *name; /* as declared; compared without case */
        php_host_call call;
        unsigned char least, most;
        bool is_static;
        const char *names;
        unsigned by_reference; /* as in php_host_function */
};

struct php_host_constant {
        const char *name;
        enum php_type type; /* NULL, BOOL, INT, STRING */
        int64_t integer;
        const char *text;
};

struct php_host_class {
        const char *name; /* full, without leading \ */
        const char *parent; /* full name of a host class, or NULL */
        const char *interfaces; /* comma-separated full names, or NULL */
        const struct php_host_method *methods; /* ends with name NULL; or NULL */
        const struct php_host_constant *constants; /* ends with name NULL; or NULL */
        bool is_abstract; /* or an interface: `new` throws Error */
        bool shows_properties; /* what its host keeps in an object is public; else it is protected */
        php_host_call
                construct; /* `new` with its arguments; NULL with is_abstract false: no arguments needed */
        void (*release)(void *host); /* when the object goes; or NULL */
        void *(*clone)(const void *host); /* NULL: `clone` needs PHP */
};

/* A new object of a registered host class with this host data (owned by the object from now on). */
struct php_value php_host_object(struct php_run *run, const char *class, void *host);
/* The host data of an object whose class is `class` or descends from it; NULL otherwise. */
void *php_host_data(struct php_run *run, struct php_value object, const char *class);
void php_set_host_data(struct php_value object, void *host); /* for constructors */

static inline enum php_flow php_return(struct php_call *call, struct php_value value)
{
        *call->ret = value;
        return PHP_OK;
}
/* Argument n seen through a reference, or null when it was not given. Borrowed. */
struct php_value php_argument(const struct php_call *call, size_t n);

/* An argument as PHP would coerce it for a built-in's parameter in weak mode. Strings are owned (release).
 * What PHP refuses: PHP_THROWN with a TypeError; where PHP 7 and 8 differ: PHP_STOPPED. */
enum php_flow php_argument_string(
        struct php_run *run, const struct php_call *call, size_t n, struct php_value *ret) _must_check;
enum php_flow php_argument_int(struct php_run *run, const struct php_call *call, size_t n, int64_t *ret)
        _must_check;
enum php_flow php_argument_float(struct php_run *run, const struct php_call *call, size_t n, double *ret)
        _must_check;
enum php_flow php_argument_bool(struct php_run *run, const struct php_call *call, size_t n, bool *ret)
        _must_check;
enum php_flow php_argument_array(struct php_run *run, const struct php_call *call, size_t n,
        struct php_value *ret) _must_check; /* borrowed */

/* Both return the flow to return. */
enum php_flow php_throw(struct php_run *run, const char *class, const char *format, ...) _printf(3, 4);
enum php_flow php_throw_value(struct php_run *run, struct php_value exception); /* takes it */
/* Ends the run: needs_php, in words; the line is the run's. */
enum php_flow php_needs_php(struct php_run *run, const char *format, ...) _printf(2, 3);
/* Ends the run with a host's failure; err is moved away. */
enum php_flow php_fail(struct php_run *run, struct error *err);
/* Counts one step and checks memory: for loops in host functions. */
enum php_flow php_step(struct php_run *run) _must_check;

/* What json_last_error() gives: PHP keeps it from one call to the next. */
int *php_run_json_error(struct php_run *run);

/* PHP's own functions, classes and constants (functions_*.c, prelude.c). */
void php_add_standard(struct php_run *run);
