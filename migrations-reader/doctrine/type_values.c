/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/types.h"

#include "lib/text.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

/* What a type makes of a value on its way to the database and back. */

/* Numbers of PDO::PARAM_* and, from 2.10 on, of ParameterType. */
enum {
        BIND_INTEGER = 1,
        BIND_STRING = 2,
        BIND_LARGE_OBJECT = 3,
        BIND_BOOLEAN = 5,
        BIND_BINARY = 16,
        BIND_ASCII
};

enum php_flow type_binding(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = call->this_host;
        int64_t binding = BIND_STRING;

        if (type->declaration == DECLARE_INTEGER || type->declaration == DECLARE_SMALLINT)
                binding = BIND_INTEGER;
        else if (type->declaration == DECLARE_BOOLEAN)
                binding = BIND_BOOLEAN;
        else if (type->declaration == DECLARE_BLOB)
                binding = BIND_LARGE_OBJECT;
        else if (type->declaration == DECLARE_BINARY)
                binding = version_of(run) == DOCTRINE_2_5 ? BIND_LARGE_OBJECT : BIND_BINARY;
        else if (type->declaration == DECLARE_ASCII)
                binding = BIND_ASCII;
        return php_return(call, php_int(binding));
}

static enum php_flow call_function(struct php_run *run, const char *name, struct php_value value,
        struct php_value option, struct php_value *ret)
{
        struct php_value arguments[2] = {value, option}, callable = php_text(name);
        enum php_flow flow = php_call(run, callable, arguments, option.type == PHP_TYPE_NULL ? 1 : 2, ret);

        php_release(callable);
        return flow;
}

/* Mautic repairs texts that are not UTF-8 first: those are left to PHP. */
static bool is_utf8(struct php_value value)
{
        struct php_value item;

        if (value.type == PHP_TYPE_STRING) {
                const char *text = php_string_bytes(value);
                size_t size = php_string_size(value), step;
                unsigned code;

                for (; size > 0; text += step, size -= step) {
                        step = text_character(text, size, &code);
                        if (step == 0)
                                return false;
                }
                return true;
        }
        if (value.type == PHP_TYPE_OBJECT)
                return false;
        if (value.type == PHP_TYPE_ARRAY)
                for (size_t at = 0; php_array_next(value, &at, NULL, &item);)
                        if (!is_utf8(item))
                                return false;
        return true;
}

static enum php_flow serialized(struct php_run *run, struct php_value value, struct php_value *ret)
{
        if (value.type != PHP_TYPE_ARRAY) {
                *ret = php_text(value.type == PHP_TYPE_NULL ? "N;" : "a:0:{}");
                return PHP_OK;
        }
        if (!is_utf8(value))
                return php_needs_php(run, "a text that is not UTF-8 for a column of type array");
        TRY(call_function(run, "serialize", value, PHP_NULL_VALUE, ret));
        if (memchr(php_string_bytes(*ret), '\0', php_string_size(*ret))) {
                php_clear(ret);
                return php_needs_php(run, "a NUL byte for a column of type array");
        }
        return PHP_OK;
}

#define JSON_PRESERVE_ZERO_FRACTION 1024

static enum php_flow json(struct php_run *run, struct php_value value, struct php_value *ret)
{
        if (value.type == PHP_TYPE_NULL)
                return PHP_OK;
        TRY(call_function(run, "json_encode", value,
                version_of(run) >= DOCTRINE_3_7 ? php_int(JSON_PRESERVE_ZERO_FRACTION) : PHP_NULL_VALUE,
                ret));
        if (ret->type != PHP_TYPE_STRING)
                return php_needs_php(run, "a value that is no JSON for a column of type json");
        return PHP_OK;
}

static enum php_flow booleans(struct php_value value, struct php_value *ret)
{
        struct php_key key;
        struct php_value item;

        if (value.type == PHP_TYPE_BOOL) {
                *ret = php_int(value.boolean);
                return PHP_OK;
        }
        *ret = php_copy(value);
        if (value.type == PHP_TYPE_ARRAY)
                for (size_t at = 0; php_array_next(value, &at, &key, &item);)
                        if (item.type == PHP_TYPE_BOOL)
                                php_array_set(ret, key, php_int(item.boolean));
        return PHP_OK;
}

static enum php_flow joined(struct php_run *run, struct php_value value, struct php_value *ret)
{
        _cleanup_buffer_ struct buffer out = {0};
        struct php_value item;
        bool first = true;

        if (!php_truth(value))
                return PHP_OK;
        if (value.type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "a value that is no array for a column of type simple_array");
        for (size_t at = 0; php_array_next(value, &at, NULL, &item); first = false) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;

                TRY(php_stringify(run, item, &text));
                if (!first)
                        buffer_append_string(&out, ",");
                buffer_append(&out, php_string_bytes(text), php_string_size(text));
        }
        *ret = php_from_buffer(&out);
        return PHP_OK;
}

/* Mautic turns datetimes to UTC. Only what is there already needs no arithmetic. */
static enum php_flow formatted(
        struct php_run *run, const struct type_info *type, struct php_value value, struct php_value *ret)
{
        struct php_value format;
        enum php_flow flow;

        if (value.type == PHP_TYPE_NULL)
                return PHP_OK;
        if (value.type != PHP_TYPE_OBJECT || !php_has_method(run, value, "format"))
                return php_needs_php(run, "a value that is no DateTime for a column of type %s", type->name);
        if (type->configured) {
                struct php_value offset = PHP_NULL_VALUE;

                TRY(php_call_method(run, value, "getOffset", NULL, 0, &offset));
                if (offset.type != PHP_TYPE_INT || offset.integer != 0)
                        return php_needs_php(run, "a DateTime that is not in UTC");
        }
        format = php_text(type->declaration == DECLARE_DATE   ? "Y-m-d"
                          : type->declaration == DECLARE_TIME ? "H:i:s"
                                                              : "Y-m-d H:i:s");
        flow = php_call_method(run, value, "format", &format, 1, ret);
        php_release(format);
        return flow;
}

enum php_flow type_to_database(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = call->this_host;
        struct php_value value = php_argument(call, 0);

        if (strcmp(type->name, "array") == 0)
                return serialized(run, value, call->ret);
        if (strcmp(type->name, "object") == 0)
                return call_function(run, "serialize", value, PHP_NULL_VALUE, call->ret);
        if (strcmp(type->name, "simple_array") == 0)
                return joined(run, value, call->ret);
        if (string_begins(type->name, "json"))
                return json(run, value, call->ret);
        if (type->declaration == DECLARE_BOOLEAN)
                return booleans(value, call->ret);
        if (type->declaration == DECLARE_NOTHING)
                return PHP_OK;
        if (type->declaration == DECLARE_INTERVAL && value.type != PHP_TYPE_NULL)
                return php_needs_php(run, "a value of type dateinterval");
        if (type->declaration == DECLARE_DATE || type->declaration == DECLARE_TIME ||
                type->declaration == DECLARE_DATETIME)
                return formatted(run, type, value, call->ret);
        return php_return(call, php_copy(value));
}

static enum php_flow number(struct php_run *run, struct php_call *call, bool whole)
{
        struct php_value value = php_argument(call, 0);
        enum php_answer answer;
        int64_t integer = 0;
        double real = 0;

        if (value.type == PHP_TYPE_NULL)
                return PHP_OK;
        answer = whole ? php_to_int(value, &integer) : php_to_float(value, &real);
        if (answer != PHP_DONE)
                return php_needs_php(run, "a value that is no number for a column of numbers");
        return php_return(call, whole ? php_int(integer) : php_float(real));
}

static enum php_flow json_value(struct php_run *run, const struct type_info *type, struct php_call *call)
{
        struct php_value value = php_argument(call, 0);

        if (value.type == PHP_TYPE_NULL || php_string_is(value, ""))
                return php_return(
                        call, strcmp(type->name, "json_array") == 0 ? php_new_array() : PHP_NULL_VALUE);
        TRY(call_function(run, "json_decode", value, php_bool(true), call->ret));
        if (call->ret->type == PHP_TYPE_NULL && !php_string_is(value, "null"))
                return php_needs_php(run, "a text that is no JSON in a column of type json");
        return PHP_OK;
}

static enum php_flow split(struct php_call *call)
{
        struct php_value value = php_argument(call, 0), array = php_new_array();
        const char *at, *comma;

        if (value.type == PHP_TYPE_STRING) {
                at = php_string_bytes(value);
                for (; (comma = strchr(at, ',')); at = comma + 1)
                        (void)php_array_append(&array, php_bytes(at, (size_t)(comma - at)));
                (void)php_array_append(&array, php_text(at));
        }
        return php_return(call, array);
}

static bool has_object(struct php_value value)
{
        struct php_value item;

        if (value.type == PHP_TYPE_ARRAY)
                for (size_t at = 0; php_array_next(value, &at, NULL, &item);)
                        if (has_object(item))
                                return true;
        return value.type == PHP_TYPE_OBJECT;
}

/* Mautic takes objects out of what it reads, and makes an array of what is none. */
static enum php_flow unserialized(struct php_run *run, struct php_call *call)
{
        struct php_value value = php_argument(call, 0);

        if (value.type == PHP_TYPE_NULL)
                return PHP_OK;
        TRY(call_function(run, "unserialize", value, PHP_NULL_VALUE, call->ret));
        if (has_object(*call->ret) || (call->ret->type == PHP_TYPE_BOOL && !call->ret->boolean))
                return php_needs_php(run, "a serialized value that is no array");
        return PHP_OK;
}

enum php_flow type_to_php(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = call->this_host;
        struct php_value value = php_argument(call, 0);

        switch (type->declaration) {
        case DECLARE_INTEGER:
        case DECLARE_SMALLINT:
                return number(run, call, true);
        case DECLARE_FLOAT:
                return number(run, call, false);
        case DECLARE_BIGINT:
                if (value.type == PHP_TYPE_NULL)
                        return PHP_OK;
                return php_stringify(run, value, call->ret);
        case DECLARE_BOOLEAN:
                return php_return(
                        call, value.type == PHP_TYPE_NULL ? PHP_NULL_VALUE : php_bool(php_truth(value)));
        case DECLARE_JSON:
                return json_value(run, type, call);
        case DECLARE_VARCHAR:
        case DECLARE_ASCII:
        case DECLARE_TEXT:
        case DECLARE_GUID:
        case DECLARE_NOTHING:
                return php_return(call, php_copy(value));
        case DECLARE_DECIMAL:
                if (value.type == PHP_TYPE_FLOAT)
                        return php_needs_php(run, "a float for a column of type decimal");
                return php_return(call, php_copy(value));
        case DECLARE_CLOB:
                if (strcmp(type->name, "simple_array") == 0 && value.type != PHP_TYPE_INT)
                        return split(call);
                if (strcmp(type->name, "json_array") == 0)
                        return json_value(run, type, call);
                if (strcmp(type->name, "array") == 0)
                        return unserialized(run, call);
                break;
        case DECLARE_BLOB:
        case DECLARE_BINARY:
        case DECLARE_DATETIME:
        case DECLARE_DATE:
        case DECLARE_TIME:
        case DECLARE_INTERVAL:
                if (value.type == PHP_TYPE_NULL)
                        return PHP_OK;
                break;
        }
        return php_needs_php(run, "reading a value of type %s", type->name);
}
