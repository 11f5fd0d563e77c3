/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Runs a snippet of PHP (the body of a function) and shows what became of it as one line: the value that it
 * returns, "throws CLASS: MESSAGE" or "stops: WORDS".
 */

#include "migrations-reader/php/functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

struct snippet {
        const char *code;
        const char *expected;
};

static void show_bytes(struct buffer *out, struct php_value text)
{
        buffer_append_string(out, "'");
        for (size_t i = 0; i < php_string_size(text); i++) {
                char byte = php_string_bytes(text)[i];
                if (byte >= ' ' && byte < 0x7f && byte != '\\')
                        buffer_append(out, &byte, 1);
                else
                        buffer_append_format(out, "\\x%02x", (unsigned)(unsigned char)byte);
        }
        buffer_append_string(out, "'");
}

static void show_value(struct buffer *out, struct php_value value);

static void show_array(struct buffer *out, struct php_value array)
{
        struct php_key key;
        struct php_value element;
        const char *comma = "";
        buffer_append_string(out, "[");
        for (size_t at = 0; php_array_next(array, &at, &key, &element); comma = ", ") {
                _cleanup_php_value_ struct php_value key_value = php_key_value(key);
                buffer_append_string(out, comma);
                show_value(out, key_value);
                buffer_append_string(out, " => ");
                show_value(out, element);
        }
        buffer_append_string(out, "]");
}

static void show_value(struct buffer *out, struct php_value value)
{
        switch (value.type) {
        case PHP_TYPE_NULL:
                buffer_append_string(out, "null");
                return;
        case PHP_TYPE_BOOL:
                buffer_append_string(out, value.boolean ? "true" : "false");
                return;
        case PHP_TYPE_INT:
                buffer_append_format(out, "%lld", (long long)value.integer);
                return;
        case PHP_TYPE_FLOAT:
                buffer_append_format(out, "float(%.17g)", value.number);
                return;
        case PHP_TYPE_STRING:
                show_bytes(out, value);
                return;
        case PHP_TYPE_ARRAY:
                show_array(out, value);
                return;
        case PHP_TYPE_OBJECT:
                buffer_append_format(out, "object(%s)", php_class_of(value));
                return;
        case PHP_TYPE_REFERENCE:
                show_value(out, php_look(value));
        }
}

static void show_exception(struct buffer *out, struct php_run *run)
{
        struct php_value exception = php_run_exception(run);
        const struct php_value *message = php_property(exception, "message");
        assert_non_null(message);
        buffer_append_format(
                out, "throws %s: %s", php_class_of(exception), php_string_bytes(php_look(*message)));
}

static char *snippet_result(const char *code)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *source = string_format("<?php function snippet() { %s }", code);
        _cleanup_buffer_ struct buffer out = {0};
        struct php_file *file = NULL;
        assert_int_equal(php_file_read("snippet.php", source, strlen(source), &file, &err), 0);
        struct php_run *run = php_run_new(PHP_LIMITS_DEFAULT, NULL, NULL);
        php_add_standard(run);
        struct php_value name = php_text("snippet");
        struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_run_file(run, file);
        if (flow == PHP_OK)
                flow = php_call(run, name, NULL, 0, &value);
        if (flow == PHP_OK)
                show_value(&out, value);
        else if (flow == PHP_THROWN)
                show_exception(&out, run);
        else
                buffer_append_format(&out, "stops: %s", php_run_stop(run)->message);
        php_release(value);
        php_release(name);
        php_run_free(run);
        php_file_free(file);
        return buffer_steal(&out);
}

static void check_snippets(const struct snippet *snippets, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                _cleanup_free_ char *result = snippet_result(snippets[i].code);
                if (strcmp(result, snippets[i].expected) != 0)
                        fail_msg("%s\n  gives    %s\n  expected %s", snippets[i].code, result,
                                snippets[i].expected);
        }
}
