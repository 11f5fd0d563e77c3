/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Serialized values out of a database, hostile: what is understood is written again and read again as the
 * same bytes, and nothing stays in memory.
 */

#include "migrations-reader/php/serialize.h"

#include "migrations-reader/php/value_private.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_hold(bool condition, const char *what)
{
        if (condition)
                return;
        fprintf(stderr, "%s\n", what);
        abort();
}

/* The text of text must be itself, unless it is too large or deep to be written. */
static void read_again(const struct buffer *text)
{
        struct php_value value = PHP_NULL_VALUE;
        size_t offset;
        enum php_answer answer = php_unserialize(text->data, text->size, NULL, &value, &offset);
        must_hold(answer == PHP_DONE, "what was written can't be read");
        _cleanup_buffer_ struct buffer again = {0};
        must_hold(php_serialize(value, NULL, &again) == PHP_DONE, "what was read can't be written");
        must_hold(again.size == text->size && memcmp(again.data, text->data, text->size) == 0,
                "it is not the same");
        php_release(value);
}

static void use(struct php_value value)
{
        _cleanup_buffer_ struct buffer text = {0}, exported = {0};
        if (php_serialize(value, NULL, &text) == PHP_DONE)
                read_again(&text);
        (void)!php_export(value, &exported);
        bool equal;
        (void)php_loose_equal(value, value, &equal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct php_value value = PHP_NULL_VALUE;
        size_t offset = SIZE_MAX;
        enum php_answer answer = php_unserialize((const char *)data, size, NULL, &value, &offset);
        if (answer == PHP_DONE)
                use(value);
        else if (answer == PHP_NOTICE)
                must_hold(offset <= size, "the error is behind the end");
        php_release(value);
        php_break_references();
        must_hold(php_memory_used() == 0, "memory is left");
        return 0;
}
