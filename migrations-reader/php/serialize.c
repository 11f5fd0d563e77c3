/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/serialize.h"

#include "migrations-reader/php/value_private.h"

#include <inttypes.h>
#include <string.h>

/* Each value has a number, from 1 in the order of their begins, but for a reference that was met before: it
 * is told by the number of its first place. So is an object, which has a number nevertheless. */
struct writer {
        struct buffer *out;
        const struct php_plain_objects *objects;
        unsigned depth;
        bool varies; /* versions of PHP write different bytes */
        int64_t last_number;
        struct php_value seen; /* array: address of a reference or object => number */
};

static enum php_answer write_value(struct writer *writer, struct php_value element);

static void write_string(struct buffer *out, const char *bytes, size_t size)
{
        buffer_append_format(out, "s:%zu:\"", size);
        buffer_append(out, bytes, size);
        buffer_append_string(out, "\";");
}

static enum php_answer write_array(struct writer *writer, struct php_value array)
{
        if (writer->depth >= PHP_SERIALIZE_DEPTH)
                return PHP_NO_CONVERSION;
        writer->depth++;
        buffer_append_format(writer->out, "a:%zu:{", php_array_count(array));
        struct php_key key;
        const struct php_value *element;
        enum php_answer answer = PHP_DONE;
        for (size_t at = 0; answer == PHP_DONE && php_array_next_element(array, &at, &key, &element);) {
                if (key.is_string)
                        write_string(writer->out, key.bytes, key.size);
                else
                        buffer_append_format(writer->out, "i:%" PRIi64 ";", key.integer);
                answer = write_value(writer, *element);
        }
        buffer_append_string(writer->out, "}");
        writer->depth--;
        return answer;
}

static enum php_answer write_object(struct writer *writer, struct php_value object)
{
        const struct php_plain_objects *objects = writer->objects;
        struct php_value properties;
        if (!objects || !objects->properties(objects->context, object, &properties) ||
                writer->depth >= PHP_SERIALIZE_DEPTH)
                return PHP_NO_CONVERSION;
        writer->depth++;
        buffer_append_format(writer->out, "O:%zu:\"%s\":%zu:{", strlen(PHP_PLAIN_CLASS), PHP_PLAIN_CLASS,
                php_array_count(properties));
        struct php_key key;
        const struct php_value *element;
        enum php_answer answer = PHP_DONE;
        for (size_t at = 0; answer == PHP_DONE && php_array_next_element(properties, &at, &key, &element);) {
                _cleanup_php_value_ struct php_value name = php_key_value(key), text = PHP_NULL_VALUE;
                (void)php_to_string(name, &text);
                write_string(writer->out, php_string_bytes(text), php_string_size(text));
                answer = write_value(writer, *element);
        }
        buffer_append_string(writer->out, "}");
        writer->depth--;
        return answer;
}

/* True when it was written before, and now is again by its number. Of a reference to an object, the object
 * counts. */
static bool write_number(struct writer *writer, struct php_value element)
{
        bool is_reference = element.type == PHP_TYPE_REFERENCE;
        struct php_value value = php_look(element);
        if (!is_reference && value.type != PHP_TYPE_OBJECT)
                return false;
        const void *identity = value.type == PHP_TYPE_OBJECT ? (void *)value.object : element.reference;
        struct php_key address = php_key_int((int64_t)(intptr_t)identity);
        const struct php_value *number = php_array_get(writer->seen, address);
        if (!number) {
                php_array_set(&writer->seen, address, php_int(writer->last_number));
                return false;
        }
        /* It is there twice only because its array is: for PHP 7.3 one value, for 8.2 two. */
        if (is_reference && value.type != PHP_TYPE_OBJECT && element.reference->references == 1)
                writer->varies = true;
        if (is_reference)
                writer->last_number--;
        buffer_append_format(writer->out, "%c:%" PRIi64 ";", is_reference ? 'R' : 'r', number->integer);
        return true;
}

static enum php_answer write_value(struct writer *writer, struct php_value element)
{
        if (writer->out->size > PHP_SERIALIZE_SIZE)
                return PHP_NO_CONVERSION;
        writer->last_number++;
        if (write_number(writer, element))
                return PHP_DONE;
        struct php_value value = php_look(element);
        switch (value.type) {
        case PHP_TYPE_NULL:
                buffer_append_string(writer->out, "N;");
                return PHP_DONE;
        case PHP_TYPE_BOOL:
                buffer_append_string(writer->out, value.boolean ? "b:1;" : "b:0;");
                return PHP_DONE;
        case PHP_TYPE_INT:
                buffer_append_format(writer->out, "i:%" PRIi64 ";", value.integer);
                return PHP_DONE;
        case PHP_TYPE_FLOAT:
                buffer_append_string(writer->out, "d:");
                php_append_float_exact(writer->out, value.number, 'E');
                buffer_append_string(writer->out, ";");
                return PHP_DONE;
        case PHP_TYPE_STRING:
                write_string(writer->out, php_string_bytes(value), php_string_size(value));
                return PHP_DONE;
        case PHP_TYPE_ARRAY:
                return write_array(writer, value);
        case PHP_TYPE_OBJECT:
                return write_object(writer, value);
        case PHP_TYPE_REFERENCE:
                break;
        }
        return PHP_NO_CONVERSION;
}

enum php_answer php_serialize(
        struct php_value value, const struct php_plain_objects *objects, struct buffer *out)
{
        struct writer writer = {.out = out, .objects = objects, .seen = php_new_array()};
        enum php_answer answer = write_value(&writer, php_look(value));
        php_release(writer.seen);
        return answer == PHP_DONE && writer.varies ? PHP_DISAGREE : answer;
}
