/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <string.h>

/* What a value is, its conversions, and what PHP says about itself. */

static enum php_flow has_type(struct php_call *call, enum php_type type)
{
        return php_return(call, php_bool(php_argument(call, 0).type == type));
}

#define IS_TYPE(name, type)                                                                                  \
        PHP_FUNCTION(name)                                                                                   \
        {                                                                                                    \
                return has_type(call, type);                                                                 \
        }

IS_TYPE(is_array, PHP_TYPE_ARRAY)
IS_TYPE(is_bool, PHP_TYPE_BOOL)
IS_TYPE(is_float, PHP_TYPE_FLOAT)
IS_TYPE(is_int, PHP_TYPE_INT)
IS_TYPE(is_null, PHP_TYPE_NULL)
IS_TYPE(is_object, PHP_TYPE_OBJECT)
IS_TYPE(is_string, PHP_TYPE_STRING)

PHP_FUNCTION(is_resource)
{
        return php_return(call, php_bool(false)); /* nothing here makes one */
}

PHP_FUNCTION(is_scalar)
{
        enum php_type type = php_argument(call, 0).type;
        return php_return(call, php_bool(type >= PHP_TYPE_BOOL && type <= PHP_TYPE_STRING));
}

PHP_FUNCTION(is_numeric)
{
        struct php_value value = php_argument(call, 0);
        struct php_value number = PHP_NULL_VALUE;
        bool numeric = value.type == PHP_TYPE_INT || value.type == PHP_TYPE_FLOAT;
        if (value.type == PHP_TYPE_STRING)
                TRY(php_expect(
                        run, php_numeric(value, &numeric, &number), "is_numeric() of a number and blanks"));
        return php_return(call, php_bool(numeric));
}

static bool is_a(struct php_run *run, struct php_value value, const char *class)
{
        return value.type == PHP_TYPE_OBJECT && php_instance_of(run, value, class);
}

PHP_FUNCTION(is_iterable)
{
        struct php_value value = php_argument(call, 0);
        return php_return(call, php_bool(value.type == PHP_TYPE_ARRAY || is_a(run, value, "Traversable")));
}

PHP_FUNCTION(is_countable)
{
        struct php_value value = php_argument(call, 0);
        return php_return(call, php_bool(value.type == PHP_TYPE_ARRAY || is_a(run, value, "Countable")));
}

PHP_FUNCTION(type_of)
{
        return php_return(call, php_text(php_type_name(php_argument(call, 0))));
}

PHP_FUNCTION(debug_type_of)
{
        struct php_value value = php_argument(call, 0);
        if (value.type != PHP_TYPE_OBJECT)
                return php_return(call, php_text(php_short_type_name(value)));
        const char *class = php_class_of(value);
        if (strchr(class, '@'))
                return php_needs_php(run, "the name of an anonymous class");
        return php_return(call, php_text(class));
}

/* ---- conversions ---- */

static enum php_flow convert_int(struct php_run *run, struct php_value value, struct php_value *ret)
{
        int64_t number;
        TRY(php_expect(run, php_to_int(value, &number), "the conversion to an int"));
        *ret = php_int(number);
        return PHP_OK;
}

static enum php_flow convert_float(struct php_run *run, struct php_value value, struct php_value *ret)
{
        double number;
        TRY(php_expect(run, php_to_float(value, &number), "the conversion to a float"));
        *ret = php_float(number);
        return PHP_OK;
}

static bool is_digit_of(char byte, int64_t base)
{
        char lower = php_lower(byte);
        int digit = lower >= '0' && lower <= '9'   ? lower - '0'
                    : lower >= 'a' && lower <= 'z' ? lower - 'a' + 10
                                                   : INT32_MAX;
        return digit < base;
}

/* A text in another base: plain digits only. */
static enum php_flow convert_digits(struct php_run *run, struct php_call *call, int64_t base)
{
        struct php_span text = php_span_of(php_argument(call, 0));
        bool plain = base >= 2 && base <= 36 && text.size > 0 && text.size < 12;
        for (size_t i = 0; plain && i < text.size; i++)
                plain = is_digit_of(text.bytes[i], base);
        if (!plain || (text.size > 1 && text.bytes[0] == '0' && !is_digit_of(text.bytes[1], 10)))
                return php_needs_php(run, "intval() of this text in base %lld", (long long)base);
        return php_return(call, php_int(strtoll(text.bytes, NULL, (int)base)));
}

PHP_FUNCTION(int_value)
{
        int64_t base = 10;
        TRY(php_optional_int(run, call, 1, &base));
        if (base != 10 && php_argument(call, 0).type == PHP_TYPE_STRING)
                return convert_digits(run, call, base);
        return convert_int(run, php_argument(call, 0), call->ret);
}

PHP_FUNCTION(float_value)
{
        return convert_float(run, php_argument(call, 0), call->ret);
}

PHP_FUNCTION(string_value)
{
        return php_stringify(run, php_argument(call, 0), call->ret);
}

PHP_FUNCTION(bool_value)
{
        return php_return(call, php_bool(php_truth(php_argument(call, 0))));
}

static enum php_flow convert(
        struct php_run *run, const char *type, struct php_value value, struct php_value *ret)
{
        if (strcmp(type, "int") == 0 || strcmp(type, "integer") == 0)
                return convert_int(run, value, ret);
        if (strcmp(type, "float") == 0 || strcmp(type, "double") == 0)
                return convert_float(run, value, ret);
        if (strcmp(type, "string") == 0)
                return php_stringify(run, value, ret);
        if (strcmp(type, "bool") == 0 || strcmp(type, "boolean") == 0)
                *ret = php_bool(php_truth(value));
        else if (strcmp(type, "null") == 0)
                *ret = PHP_NULL_VALUE;
        else
                return php_needs_php(run, "settype() to %s", type);
        return PHP_OK;
}

PHP_FUNCTION(set_type)
{
        _cleanup_php_value_ struct php_value type = PHP_NULL_VALUE;
        struct php_value converted = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 1, &type));
        TRY(convert(run, php_string_bytes(type), php_argument(call, 0), &converted));
        php_put_argument(call, 0, converted);
        return php_return(call, php_bool(true));
}

/* ---- printing: to the console, which nobody reads here ---- */

static void append_indent(struct buffer *out, unsigned columns)
{
        buffer_append_format(out, "%*s", (int)columns, "");
}

/* An array or value as print_r() shows it. */
static enum php_flow append_readable(
        struct php_run *run, struct buffer *out, struct php_value value, unsigned indent)
{
        struct php_key key;
        struct php_value element;
        TRY(php_step(run));
        if (indent > 800)
                return php_needs_php(run, "an array nested so deeply");
        if (value.type == PHP_TYPE_OBJECT)
                return php_needs_php(run, "print_r() of an object");
        if (value.type != PHP_TYPE_ARRAY) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                TRY(php_stringify(run, value, &text));
                buffer_append(out, php_string_bytes(text), php_string_size(text));
                return PHP_OK;
        }
        buffer_append_string(out, "Array\n");
        append_indent(out, indent);
        buffer_append_string(out, "(\n");
        for (size_t at = 0; php_array_next(value, &at, &key, &element);) {
                append_indent(out, indent + 4);
                buffer_append_string(out, "[");
                if (key.is_string)
                        buffer_append(out, key.bytes, key.size);
                else
                        buffer_append_format(out, "%lld", (long long)key.integer);
                buffer_append_string(out, "] => ");
                TRY(append_readable(run, out, element, indent + 8));
                buffer_append_string(out, "\n");
        }
        append_indent(out, indent);
        buffer_append_string(out, ")\n");
        return PHP_OK;
}

PHP_FUNCTION(print_readable)
{
        bool give_back = false;
        _cleanup_buffer_ struct buffer out = {0};
        TRY(php_optional_bool(run, call, 1, &give_back));
        if (!give_back)
                return php_return(call, php_bool(true));
        TRY(append_readable(run, &out, php_argument(call, 0), 0));
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(print_nothing)
{
        return php_return(call, PHP_NULL_VALUE);
}

PHP_FUNCTION(answer_true)
{
        return php_return(call, php_bool(true));
}

PHP_FUNCTION(answer_zero)
{
        return php_return(call, php_int(0));
}

/* Deprecations are only logged. */
PHP_FUNCTION(trigger_error)
{
        int64_t level = 0;
        TRY(php_optional_int(run, call, 1, &level));
        if (level != 16384)
                return php_needs_php(run, "an error that is triggered");
        return php_return(call, php_bool(true));
}

const struct php_host_function php_functions_info[] = {
        {"assert", answer_true, 1, 2, 0, "assertion,description"}, /* zend.assertions is off in production */
        {"boolval", bool_value, 1, 1, 0, "value"},
        {"doubleval", float_value, 1, 1, 0, "value"},
        {"error_log", answer_true, 1, 4, 0, "message,message_type,destination,additional_headers"},
        {"floatval", float_value, 1, 1, 0, "value"},
        {"gc_collect_cycles", answer_zero, 0, 0, 0, NULL},
        {"get_debug_type", debug_type_of, 1, 1, 0, "value"},
        {"gettype", type_of, 1, 1, 0, "value"},
        {"intval", int_value, 1, 2, 0, "value,base"},
        {"is_array", is_array, 1, 1, 0, "value"},
        {"is_bool", is_bool, 1, 1, 0, "value"},
        {"is_countable", is_countable, 1, 1, 0, "value"},
        {"is_double", is_float, 1, 1, 0, "value"},
        {"is_float", is_float, 1, 1, 0, "value"},
        {"is_int", is_int, 1, 1, 0, "value"},
        {"is_integer", is_int, 1, 1, 0, "value"},
        {"is_iterable", is_iterable, 1, 1, 0, "value"},
        {"is_long", is_int, 1, 1, 0, "value"},
        {"is_null", is_null, 1, 1, 0, "value"},
        {"is_numeric", is_numeric, 1, 1, 0, "value"},
        {"is_object", is_object, 1, 1, 0, "value"},
        {"is_resource", is_resource, 1, 1, 0, "value"},
        {"is_scalar", is_scalar, 1, 1, 0, "value"},
        {"is_string", is_string, 1, 1, 0, "value"},
        {"print_r", print_readable, 1, 2, 0, "value,return"},
        {"set_time_limit", answer_true, 1, 1, 0, "seconds"},
        {"settype", set_type, 2, 2, 1, "var,type"},
        {"sleep", answer_zero, 1, 1, 0, "seconds"},
        {"strval", string_value, 1, 1, 0, "value"},
        {"trigger_error", trigger_error, 1, 2, 0, "message,error_level"},
        {"user_error", trigger_error, 1, 2, 0, "message,error_level"},
        {"usleep", print_nothing, 1, 1, 0, "microseconds"},
        {"var_dump", print_nothing, 1, PHP_ANY, 0, NULL},
        {0},
};
