/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Runs a piece of PHP and tells what came of it, as one line: what it gave to show(), then how it ended.
 *
 *         show(1 + 1, ["a" => true]);  →  2 ["a" => true]
 *         throw new Exception("no");   →  Exception: no
 *         yield 1;                     →  needs_php 1: yield
 */

#include "lib/memory.h"
#include "migrations-reader/php/host.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct snippet {
        struct buffer out;
};

static void show_value(struct buffer *out, struct php_value value);

static void show_array(struct buffer *out, struct php_value array)
{
        struct php_key key;
        struct php_value value;
        int64_t expected = 0;
        const char *comma = "";
        buffer_append_string(out, "[");
        for (size_t at = 0; php_array_next(array, &at, &key, &value); expected++) {
                buffer_append_string(out, comma);
                comma = ", ";
                if (key.is_string)
                        buffer_append_format(out, "\"%s\" => ", key.bytes);
                else if (key.integer != expected)
                        buffer_append_format(out, "%" PRId64 " => ", key.integer);
                show_value(out, value);
        }
        buffer_append_string(out, "]");
}

static void show_value(struct buffer *out, struct php_value value)
{
        value = php_look(value);
        switch (value.type) {
        case PHP_TYPE_NULL:
                buffer_append_string(out, "null");
                break;
        case PHP_TYPE_BOOL:
                buffer_append_string(out, value.boolean ? "true" : "false");
                break;
        case PHP_TYPE_INT:
                buffer_append_format(out, "%" PRId64, value.integer);
                break;
        case PHP_TYPE_FLOAT:
                buffer_append_string(out, "float ");
                php_append_float(out, value.number);
                break;
        case PHP_TYPE_STRING:
                buffer_append_format(out, "\"%s\"", php_string_bytes(value));
                break;
        case PHP_TYPE_ARRAY:
                show_array(out, value);
                break;
        case PHP_TYPE_OBJECT:
                buffer_append_format(out, "object %s", php_class_of(value));
                break;
        case PHP_TYPE_REFERENCE:
                break;
        }
}

static enum php_flow show(struct php_run *run, struct php_call *call)
{
        struct snippet *snippet = php_run_host(run);
        for (size_t i = 0; i < call->count; i++) {
                if (snippet->out.size > 0)
                        buffer_append_string(&snippet->out, " ");
                show_value(&snippet->out, call->arguments[i]);
        }
        return PHP_OK;
}

static const struct php_host_function snippet_functions[] = {
        {"show", show, 0, PHP_ANY, 0, NULL},
        {NULL},
};

static void show_exception(struct php_run *run, struct buffer *out)
{
        struct php_value exception = php_copy(php_run_exception(run));
        struct php_value message = PHP_NULL_VALUE;
        php_run_forget_exception(run);
        buffer_append_format(out, "%s%s: ", out->size > 0 ? " " : "", php_class_of(exception));
        if (php_call_method(run, exception, "getMessage", NULL, 0, &message) == PHP_OK)
                buffer_append_string(out, php_string_bytes(message));
        php_release(message);
        php_release(exception);
}

static void show_stop(const struct php_run *run, struct buffer *out)
{
        static const char *const kinds[] = {
                [PHP_STOP_NEEDS_PHP] = "needs_php",
                [PHP_STOP_LIMIT] = "limit",
                [PHP_STOP_ERROR] = "error",
                [PHP_STOP_FAILED] = "failed",
        };
        const struct php_stop *stop = php_run_stop(run);
        buffer_append_format(
                out, "%s%s %u: %s", out->size > 0 ? " " : "", kinds[stop->kind], stop->line, stop->message);
}

/* `source` without the opening tag; the first line is line 1. Owned by the caller. */
static char *run_snippet_limited(const char *source, struct php_limits limits)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_file_freep) struct php_file *file = NULL;
        _cleanup_free_ char *text = string_format("<?php %s", source);
        if (php_file_read("snippet.php", text, strlen(text), &file, &err) < 0)
                return string_format("syntax: %s", error_message(&err));
        struct snippet snippet = {0};
        struct php_run *run = php_run_new(limits, NULL, NULL);
        php_add_standard(run);
        php_run_add_functions(run, snippet_functions);
        php_run_set_host(run, &snippet);
        enum php_flow flow = php_run_file(run, file);
        if (flow == PHP_THROWN)
                show_exception(run, &snippet.out);
        else if (flow == PHP_STOPPED)
                show_stop(run, &snippet.out);
        php_run_free(run);
        return buffer_steal(&snippet.out);
}

static inline char *run_snippet(const char *source)
{
        return run_snippet_limited(source, PHP_LIMITS_DEFAULT);
}

struct snippet_case {
        const char *name;
        const char *source;
        const char *expected;
};

/* Every case is looked at, so that one run tells of all that are wrong. */
static inline void check_snippets(const struct snippet_case *cases, size_t count)
{
        size_t wrong = 0;
        for (size_t i = 0; i < count; i++) {
                _cleanup_free_ char *found = run_snippet(cases[i].source);
                if (strcmp(found, cases[i].expected) == 0)
                        continue;
                wrong++;
                print_error("%s:\n  expected %s\n  found    %s\n", cases[i].name, cases[i].expected, found);
        }
        assert_int_equal(wrong, 0);
}
