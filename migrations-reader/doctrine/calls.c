/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"

#include <string.h>

enum doctrine_version version_of(struct php_run *run)
{
        return doctrine_of(run)->version;
}

enum php_flow text_of(struct php_run *run, struct php_value value, char **ret)
{
        _cleanup_php_value_ struct php_value string = PHP_NULL_VALUE;

        TRY(php_stringify(run, value, &string));
        if (strlen(php_string_bytes(string)) != php_string_size(string))
                return php_needs_php(run, "a NUL byte in a name of the schema");
        *ret = string_copy(php_string_bytes(string));
        return PHP_OK;
}

enum php_flow text_argument(struct php_run *run, const struct php_call *call, size_t n, char **ret)
{
        struct php_value value = php_argument(call, n);

        if (value.type == PHP_TYPE_ARRAY)
                return php_needs_php(run, "an array where Doctrine wants a string");
        return text_of(run, value, ret);
}

enum php_flow strings_of(struct php_run *run, struct php_value array, char ***ret)
{
        _cleanup_strings_ char **strings = memory_new_array(php_array_count(array) + 1, sizeof(char *));
        struct php_value value;
        size_t count = 0;

        for (size_t at = 0; php_array_next(array, &at, NULL, &value);) {
                if (value.type != PHP_TYPE_STRING && value.type != PHP_TYPE_INT)
                        return php_needs_php(run, "a name that is not a string");
                TRY(text_of(run, value, &strings[count]));
                count++;
        }
        *ret = steal(&strings);
        return PHP_OK;
}

enum php_flow list_argument(struct php_run *run, const struct php_call *call, size_t n, char ***ret)
{
        _cleanup_php_value_ struct php_value empty = php_new_array();

        if (n >= call->count)
                return strings_of(run, empty, ret);
        if (php_argument(call, n).type != PHP_TYPE_ARRAY)
                return php_throw(run, "TypeError", "Argument %zu must be of type array, %s given", n + 1,
                        php_short_type_name(php_argument(call, n)));
        return strings_of(run, php_argument(call, n), ret);
}

struct php_value strings_value(char *const *strings)
{
        struct php_value array = php_new_array();

        for (; *strings; strings++)
                (void)php_array_append(&array, php_text(*strings));
        return array;
}

bool strings_contain(char *const *strings, const char *text)
{
        for (; *strings; strings++)
                if (strcmp(*strings, text) == 0)
                        return true;
        return false;
}

char **strings_without_doubles(char *const *names)
{
        char **kept = memory_new_array(strings_count(names) + 1, sizeof(char *));
        size_t count = 0;

        for (; *names; names++)
                if (!strings_contain(kept, *names))
                        kept[count++] = string_copy(*names);
        return kept;
}

struct php_value this_value(const struct php_call *call)
{
        return php_copy(call->this);
}

void array_merge(struct php_value *target, struct php_value source)
{
        struct php_key key;
        struct php_value value;

        for (size_t at = 0; php_array_next(source, &at, &key, &value);)
                if (key.is_string)
                        php_array_set(target, key, php_copy(value));
                else
                        (void)php_array_append(target, php_copy(value));
}

bool value_isset(const struct php_value *value)
{
        return value && php_look(*value).type != PHP_TYPE_NULL;
}

enum php_flow doctrine_throw(struct php_run *run, const char *class, int64_t code, const char *format, ...)
{
        _cleanup_free_ char *message = NULL;
        struct php_value arguments[2], exception = PHP_NULL_VALUE;
        enum php_flow flow;
        va_list list;

        va_start(list, format);
        message = string_format_list(format, list);
        va_end(list);
        arguments[0] = php_text(message);
        arguments[1] = php_int(code);
        flow = php_new(run, class, arguments, 2, &exception);
        php_release(arguments[0]);
        return flow == PHP_OK ? php_throw_value(run, exception) : flow;
}
