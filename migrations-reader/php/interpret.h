/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The evaluator: runs PHP_AST files with PHP's semantics, bounded in steps, depth and memory, and without any
 * effect of its own: files, processes, network and clocks are reached only through host functions.
 *
 * Each step ends in one of three ways (enum php_flow). PHP_STOPPED ends the run for good: the evaluator met
 * what it does not know, and says so; it never guesses.
 */

#include "lib/error.h"
#include "migrations-reader/php/ast.h"
#include "migrations-reader/php/value.h"

#include <stdarg.h>

enum php_flow {
        PHP_OK,
        PHP_THROWN, /* php_run_exception holds the Throwable */
        PHP_STOPPED, /* php_run_stop tells why */
};

enum php_stop_kind {
        PHP_STOP_NEEDS_PHP, /* a construct, function, class or service that is not known here */
        PHP_STOP_LIMIT, /* steps, depth or memory */
        PHP_STOP_ERROR, /* a fatal error in PHP too (undefined method on a user class, …) */
        PHP_STOP_FAILED, /* a host's own failure (the database): `error` has reason and message */
};
struct php_stop {
        enum php_stop_kind kind;
        const char *file; /* borrowed from the run */
        unsigned line;
        char *message; /* words: "yield", "service router", "function glob()" */
        struct error error;
};

struct php_run; /* one evaluation */
struct php_class;

struct php_limits {
        uint64_t steps; /* evaluated nodes */
        unsigned depth; /* nested calls and expressions; each takes about 1 KiB of stack, 2 with sanitizers */
        size_t memory; /* bytes of values */
};
#define PHP_LIMITS_DEFAULT                                                                                   \
        ((struct php_limits){.steps = 20000000, .depth = 2000, .memory = (size_t)256 << 20})

/* The file that declares a class that the run does not know, by full name ("Mautic\LeadBundle\Entity\Lead"):
 * 0 with *ret owned by the caller (the run), 1 when there is none, -1 with err. */
typedef int (*php_class_loader)(void *context, const char *name, struct php_file **ret, struct error *err);

struct php_run *php_run_new(struct php_limits limits, php_class_loader loader, void *context);
void php_run_free(struct php_run *run);
DEFINE_CLEANUP(struct php_run *, php_run_free);

/* Host things (host.h): registered before files are loaded. Tables are borrowed, static. `prelude.c`
 * registers PHP's own: Throwable and its kin, Closure, ArrayAccess, DateTime, the functions, PHP_EOL, … */
struct php_host_function;
struct php_host_class;
void php_run_add_functions(
        struct php_run *run, const struct php_host_function *table); /* ends with name NULL */
void php_run_add_class(struct php_run *run, const struct php_host_class *class);
void php_run_define(struct php_run *run, const char *constant, struct php_value value); /* takes value */

/* Declares the file's functions and classes and runs its top-level statements. `file` is borrowed until
 * php_run_free. */
enum php_flow php_run_file(struct php_run *run, struct php_file *file) _must_check;

/* Where a host leaves what belongs to it for its methods: one pointer per run. */
void php_run_set_host(struct php_run *run, void *host);
void *php_run_host(struct php_run *run);

/* `new class(arguments)`. */
enum php_flow php_new(struct php_run *run, const char *class, const struct php_value *arguments, size_t count,
        struct php_value *ret) _must_check;
/* `clone object`. */
enum php_flow php_clone(struct php_run *run, struct php_value object, struct php_value *ret) _must_check;
/* Calls a method, whatever its visibility. */
enum php_flow php_call_method(struct php_run *run, struct php_value object, const char *method,
        const struct php_value *arguments, size_t count, struct php_value *ret) _must_check;
/* Calls a callable: closure, "function", [object, "method"], "Class::method". */
enum php_flow php_call(struct php_run *run, struct php_value callable, const struct php_value *arguments,
        size_t count, struct php_value *ret) _must_check;
bool php_has_method(struct php_run *run, struct php_value object, const char *method);
/* The class's own declaration of the method or one that it inherits from a user class (not from a host's). */
bool php_has_user_method(struct php_run *run, struct php_value object, const char *method);
bool php_instance_of(struct php_run *run, struct php_value object, const char *class);
/* The class's name as declared. Borrowed from the run. */
const char *php_class_of(struct php_value object);

/* Properties, whatever their visibility. get: borrowed, NULL when there is none. */
const struct php_value *php_property(struct php_value object, const char *name);
void php_set_property(struct php_value object, const char *name, struct php_value value); /* takes value */

/* (string) of any value: calls __toString. */
enum php_flow php_stringify(struct php_run *run, struct php_value value, struct php_value *ret) _must_check;

/* The exception of PHP_THROWN, borrowed until the next call; php_run_forget_exception after handling it. */
struct php_value php_run_exception(struct php_run *run);
void php_run_forget_exception(struct php_run *run);
const struct php_stop *php_run_stop(const struct php_run *run);
/* The line that is being evaluated, in the file of the class that `addSql` and the like are called from. */
unsigned php_run_line(const struct php_run *run);
const char *php_run_file_path(const struct php_run *run);
