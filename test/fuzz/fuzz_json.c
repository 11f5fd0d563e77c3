/* SPDX-License-Identifier: GPL-3.0-or-later */

/* JSON out of a database, hostile: what is decoded can be encoded, and decoded again is the same value. */

#include "migrations-reader/php/json.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_hold(bool condition, const char *what)
{
        if (condition)
                return;
        fprintf(stderr, "%s\n", what);
        abort();
}

static void decode_again(struct php_value value, const struct buffer *text)
{
        struct php_value again = PHP_NULL_VALUE;
        enum php_json_error error;
        enum php_answer answer =
                php_json_decode(text->data, text->size, PHP_JSON_OBJECT_AS_ARRAY, 512, NULL, &again, &error);
        must_hold(answer == PHP_DONE && error == PHP_JSON_ERROR_NONE, "what was encoded can't be decoded");
        must_hold(php_identical(value, again), "it is not the same");
        php_release(again);
}

static void encode(struct php_value value, unsigned flags)
{
        _cleanup_buffer_ struct buffer text = {0};
        enum php_json_error error;
        enum php_answer answer =
                php_json_encode(value, flags | PHP_JSON_PRESERVE_ZERO_FRACTION, 512, NULL, &text, &error);
        must_hold(answer == PHP_DONE, "what was decoded can't be encoded");
        must_hold(error == PHP_JSON_ERROR_NONE || error == PHP_JSON_ERROR_INF_OR_NAN, "an error");
        if (error == PHP_JSON_ERROR_NONE)
                decode_again(value, &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct php_value value = PHP_NULL_VALUE;
        enum php_json_error error;
        enum php_answer answer = php_json_decode(
                (const char *)data, size, PHP_JSON_OBJECT_AS_ARRAY, 512, NULL, &value, &error);
        if (answer == PHP_DONE && error == PHP_JSON_ERROR_NONE) {
                encode(value, 0);
                encode(value,
                        PHP_JSON_PRETTY_PRINT | PHP_JSON_UNESCAPED_UNICODE | PHP_JSON_UNESCAPED_SLASHES);
        }
        php_release(value);
        must_hold(php_memory_used() == 0, "memory is left");
        return 0;
}
