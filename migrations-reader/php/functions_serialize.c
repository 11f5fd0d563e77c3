/* SPDX-License-Identifier: GPL-3.0-or-later */

/* serialize, unserialize, var_export and JSON as PHP code calls them. */

#include "migrations-reader/php/functions.h"

#include "migrations-reader/php/json.h"
#include "migrations-reader/php/run_private.h"
#include "migrations-reader/php/serialize.h"

#include <string.h>

/* ---- plain objects ---- */

static bool plain_properties(void *context, struct php_value object, struct php_value *ret)
{
        if (strcmp(php_class_of(object), PHP_PLAIN_CLASS) != 0)
                return false;
        *ret = object.object->properties;
        return true;
}

static bool make_plain(void *context, struct php_value *ret)
{
        return php_new(context, PHP_PLAIN_CLASS, NULL, 0, ret) == PHP_OK;
}

static struct php_plain_objects plain_objects(struct php_run *run)
{
        return (struct php_plain_objects){
                .properties = plain_properties, .make = make_plain, .set = php_set_property, .context = run};
}

/* ---- serialize ---- */

static enum php_flow call_serialize(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer text = {0};
        const struct php_plain_objects objects = plain_objects(run);
        if (php_serialize(php_argument(call, 0), &objects, &text) != PHP_DONE)
                return php_needs_php(run, "serialize() of an object, of too much, or of a reference that PHP "
                                          "7 and 8 write differently");
        return php_return(call, php_from_buffer(&text));
}

/* Which classes are allowed says nothing about a text without objects, and others are refused anyway. */
static bool options_are_known(struct php_value options)
{
        struct php_key key;
        struct php_value value;
        if (options.type != PHP_TYPE_ARRAY)
                return options.type == PHP_TYPE_NULL;
        for (size_t at = 0; php_array_next(options, &at, &key, &value);)
                if (!key.is_string || strcmp(key.bytes, "allowed_classes") != 0 ||
                        (value.type != PHP_TYPE_BOOL && value.type != PHP_TYPE_ARRAY))
                        return false;
        return true;
}

static enum php_flow call_unserialize(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &text);
        if (flow != PHP_OK)
                return flow;
        if (call->count > 1 && !options_are_known(php_argument(call, 1)))
                return php_needs_php(run, "unserialize() with these options");
        struct php_value value = php_bool(false);
        size_t offset;
        const struct php_plain_objects objects = plain_objects(run);
        /* With options, what becomes of an object depends on them. */
        enum php_answer answer = php_unserialize(php_string_bytes(text), php_string_size(text),
                call->count > 1 ? NULL : &objects, &value, &offset);
        if (answer == PHP_NO_CONVERSION)
                return php_needs_php(run, "unserialize() of an object, or of too much");
        return php_return(call, value);
}

static enum php_flow call_var_export(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer text = {0};
        bool returns = false;
        enum php_flow flow = call->count > 1 ? php_argument_bool(run, call, 1, &returns) : PHP_OK;
        if (flow != PHP_OK)
                return flow;
        if (!returns)
                return php_needs_php(run, "var_export() that prints");
        if (php_export(php_argument(call, 0), &text) != PHP_DONE)
                return php_needs_php(run, "var_export() of an object, or of too much");
        return php_return(call, php_from_buffer(&text));
}

/* ---- JSON ---- */

static enum php_flow throw_json_error(struct php_run *run, enum php_json_error error)
{
        enum php_flow flow = php_throw(run, "JsonException", "%s", php_json_message(error));
        if (flow == PHP_THROWN)
                php_set_property(php_run_exception(run), "code", php_int((int64_t)error));
        return flow;
}

/* With THROW_ON_ERROR the last error stays what it was. */
static enum php_flow finish_json(struct php_run *run, struct php_call *call, int64_t flags,
        enum php_json_error error, struct php_value result)
{
        if (error != PHP_JSON_ERROR_NONE && (flags & PHP_JSON_THROW_ON_ERROR) &&
                !(flags & PHP_JSON_PARTIAL_OUTPUT_ON_ERROR))
                return throw_json_error(run, error);
        if (!(flags & PHP_JSON_THROW_ON_ERROR))
                *php_run_json_error(run) = (int)error;
        return php_return(call, result);
}

static enum php_flow read_int(
        struct php_run *run, const struct php_call *call, size_t n, int64_t otherwise, int64_t *ret)
{
        *ret = otherwise;
        return call->count > n ? php_argument_int(run, call, n, ret) : PHP_OK;
}

static enum php_flow call_json_encode(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer text = {0};
        int64_t flags, depth;
        enum php_flow flow = read_int(run, call, 1, 0, &flags);
        if (flow == PHP_OK)
                flow = read_int(run, call, 2, 512, &depth);
        if (flow != PHP_OK)
                return flow;
        enum php_json_error error;
        const struct php_plain_objects objects = plain_objects(run);
        if (php_json_encode(php_argument(call, 0), (unsigned)flags, depth, &objects, &text, &error) !=
                PHP_DONE)
                return php_needs_php(run, "json_encode() of an object, or with these flags");
        bool whole = error == PHP_JSON_ERROR_NONE;
        return finish_json(run, call, flags, error, whole ? php_from_buffer(&text) : php_bool(false));
}

/* What the second argument says about objects: null leaves it to the flags. */
static enum php_flow read_associative(struct php_run *run, const struct php_call *call, int64_t *flags)
{
        if (php_argument(call, 1).type == PHP_TYPE_NULL)
                return PHP_OK;
        bool associative;
        enum php_flow flow = php_argument_bool(run, call, 1, &associative);
        if (flow != PHP_OK)
                return flow;
        *flags =
                associative ? *flags | PHP_JSON_OBJECT_AS_ARRAY : *flags & ~(int64_t)PHP_JSON_OBJECT_AS_ARRAY;
        return PHP_OK;
}

static enum php_flow decode_text(
        struct php_run *run, struct php_call *call, struct php_value text, int64_t flags, int64_t depth)
{
        const struct php_plain_objects objects = plain_objects(run);
        enum php_json_error error;
        struct php_value value = PHP_NULL_VALUE;
        enum php_answer answer = php_json_decode(php_string_bytes(text), php_string_size(text),
                (unsigned)flags, depth, &objects, &value, &error);
        if (answer != PHP_DONE)
                return php_needs_php(run, "json_decode() of this text or with these flags");
        return finish_json(run, call, flags, error, value);
}

static enum php_flow call_json_decode(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t flags = 0, depth = 0;
        enum php_flow flow = php_argument_string(run, call, 0, &text);
        if (flow == PHP_OK)
                flow = read_int(run, call, 2, 512, &depth);
        if (flow == PHP_OK)
                flow = read_int(run, call, 3, 0, &flags);
        if (flow == PHP_OK)
                flow = read_associative(run, call, &flags);
        if (flow != PHP_OK)
                return flow;
        if (depth <= 0 || depth > INT32_MAX)
                return php_needs_php(run, "json_decode() with a depth of %lld", (long long)depth);
        return decode_text(run, call, text, flags, depth);
}

static enum php_flow call_json_last_error(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_int(*php_run_json_error(run)));
}

static enum php_flow call_json_last_error_msg(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_text(php_json_message((enum php_json_error) * php_run_json_error(run))));
}

const struct php_host_function php_functions_serialize[] = {
        {"json_decode", call_json_decode, 1, 4, 0, "json,associative,depth,flags"},
        {"json_encode", call_json_encode, 1, 3, 0, "value,flags,depth"},
        {"json_last_error", call_json_last_error, 0, 0, 0, NULL},
        {"json_last_error_msg", call_json_last_error_msg, 0, 0, 0, NULL},
        {"serialize", call_serialize, 1, 1, 0, "value"},
        {"unserialize", call_unserialize, 1, 2, 0, "data,options"},
        {"var_export", call_var_export, 1, 2, 0, "value,return"},
        {0},
};

const struct php_host_constant php_constants_serialize[] = {
#define CONSTANT(name)                                                                                       \
        {                                                                                                    \
#name, PHP_TYPE_INT, PHP_##name, NULL                                                        \
        }
        CONSTANT(JSON_BIGINT_AS_STRING),
        CONSTANT(JSON_ERROR_CTRL_CHAR),
        CONSTANT(JSON_ERROR_DEPTH),
        CONSTANT(JSON_ERROR_INF_OR_NAN),
        CONSTANT(JSON_ERROR_INVALID_PROPERTY_NAME),
        CONSTANT(JSON_ERROR_NONE),
        CONSTANT(JSON_ERROR_RECURSION),
        CONSTANT(JSON_ERROR_STATE_MISMATCH),
        CONSTANT(JSON_ERROR_SYNTAX),
        CONSTANT(JSON_ERROR_UNSUPPORTED_TYPE),
        CONSTANT(JSON_ERROR_UTF16),
        CONSTANT(JSON_ERROR_UTF8),
        CONSTANT(JSON_FORCE_OBJECT),
        CONSTANT(JSON_HEX_AMP),
        CONSTANT(JSON_HEX_APOS),
        CONSTANT(JSON_HEX_QUOT),
        CONSTANT(JSON_HEX_TAG),
        CONSTANT(JSON_INVALID_UTF8_IGNORE),
        CONSTANT(JSON_INVALID_UTF8_SUBSTITUTE),
        CONSTANT(JSON_NUMERIC_CHECK),
        CONSTANT(JSON_OBJECT_AS_ARRAY),
        CONSTANT(JSON_PARTIAL_OUTPUT_ON_ERROR),
        CONSTANT(JSON_PRESERVE_ZERO_FRACTION),
        CONSTANT(JSON_PRETTY_PRINT),
        CONSTANT(JSON_THROW_ON_ERROR),
        CONSTANT(JSON_UNESCAPED_LINE_TERMINATORS),
        CONSTANT(JSON_UNESCAPED_SLASHES),
        CONSTANT(JSON_UNESCAPED_UNICODE),
#undef CONSTANT
        {0},
};
