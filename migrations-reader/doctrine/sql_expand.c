/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/connection.h"

#include <ctype.h>
#include <string.h>

#define LIST_OFFSET 100 /* ARRAY_PARAM_OFFSET: a list's type is its elements' plus this */

enum { LIST_INTEGER = 101, LIST_STRING = 102, LIST_BINARY = 116, LIST_ASCII = 117 };

struct placeholder {
        size_t offset;
        size_t size; /* 1: "?" */
};
struct placeholders {
        struct placeholder *items;
        size_t count;
};

static void placeholders_deinit(struct placeholders *placeholders)
{
        free(placeholders->items);
}

static void add_placeholder(struct placeholders *placeholders, size_t offset, size_t size)
{
        placeholders->items =
                memory_grow(placeholders->items, placeholders->count, sizeof(*placeholders->items));
        placeholders->items[placeholders->count++] = (struct placeholder){.offset = offset, .size = size};
}

static bool is_list(struct php_run *run, struct php_value type)
{
        type = php_look(type);
        if (type.type != PHP_TYPE_INT)
                return false;
        if (type.integer == LIST_INTEGER || type.integer == LIST_STRING)
                return true;
        return version_of(run) >= DOCTRINE_3_7 && (type.integer == LIST_BINARY || type.integer == LIST_ASCII);
}

static bool has_list(struct php_run *run, struct php_value types)
{
        struct php_value type;
        for (size_t at = 0; php_array_next(types, &at, NULL, &type);)
                if (is_list(run, type))
                        return true;
        return false;
}

static bool first_key_is_name(struct php_value array)
{
        struct php_key key;
        size_t at = 0;
        return php_array_next(array, &at, &key, NULL) && key.is_string;
}

static bool is_name_start(char c)
{
        return isalpha((unsigned char)c) || c == '_';
}

static bool is_name(char c)
{
        return isalnum((unsigned char)c) || c == '_';
}

/* dbal 2: SQLParserUtils */

/* The end of what is quoted from `at` on (behind it), 0 when it has no end. In backticks, brackets and double
 * quotes nothing is doubled. */
static size_t quoted_end(const char *sql, size_t size, size_t at)
{
        char close = sql[at] == '[' ? ']' : sql[at];
        for (size_t i = at + 1; i < size; i++) {
                if (sql[i] != close)
                        continue;
                if (close == '\'' && i + 1 < size && sql[i + 1] == '\'') {
                        i++;
                        continue;
                }
                return i + 1;
        }
        return 0;
}

static void find_in_fragment(
        const char *sql, size_t start, size_t stop, bool by_position, struct placeholders *ret)
{
        for (size_t i = start; i < stop; i++) {
                if (by_position) {
                        if (sql[i] == '?')
                                add_placeholder(ret, i, 1);
                        continue;
                }
                if (sql[i] != ':' || (i > start && sql[i - 1] == ':') || i + 1 >= stop ||
                        !is_name_start(sql[i + 1]))
                        continue;
                size_t end = i + 1;
                while (end < stop && is_name(sql[end]))
                        end++;
                add_placeholder(ret, i, end - i);
                i = end - 1;
        }
}

static bool is_quote(char c)
{
        return c == '\'' || c == '"' || c == '`' || c == '[';
}

/* Its regular expressions, for what has no backslashes and no ARRAY[…]: those would go by their backtracking.
 */
static enum php_flow find_placeholders(
        struct php_run *run, const char *sql, size_t size, bool by_position, struct placeholders *ret)
{
        _cleanup_free_ char *text = memory_copy(sql, size);
        if (memchr(sql, '\\', size) || strcasestr(text, "array["))
                return php_needs_php(
                        run, "parameters of a statement that has a backslash or ARRAY[ in its text");
        for (size_t at = 0; at < size;) {
                if (is_quote(sql[at])) {
                        at++;
                        continue;
                }
                size_t stop = at;
                while (stop < size && !is_quote(sql[stop]))
                        stop++;
                find_in_fragment(sql, at, stop, by_position, ret);
                at = stop;
                size_t end = stop < size ? quoted_end(sql, size, stop) : size;
                if (end == 0)
                        return php_needs_php(run, "parameters of a statement with an open quote");
                at = end;
        }
        return PHP_OK;
}

static int compare_keys(const void *left, const void *right)
{
        int64_t a = ((const struct php_key *)left)->integer, b = ((const struct php_key *)right)->integer;
        return a < b ? -1 : a > b;
}

/* ksort() of an array whose keys are all numbers. */
static enum php_flow sort_by_key(struct php_run *run, struct php_value array, struct php_value *ret)
{
        size_t count = php_array_count(array), n = 0;
        _cleanup_free_ struct php_key *keys = memory_new_array(count, sizeof(*keys));
        for (size_t at = 0; php_array_next(array, &at, &keys[n], NULL);)
                if (keys[n++].is_string)
                        return php_needs_php(run, "parameters by name and by position");
        qsort(keys, count, sizeof(*keys), compare_keys);
        _cleanup_php_value_ struct php_value sorted = php_new_array();
        for (n = 0; n < count; n++)
                php_array_set(&sorted, keys[n], php_copy(*php_array_get(array, keys[n])));
        *ret = php_steal(&sorted);
        return PHP_OK;
}

static struct php_value values_of(struct php_value array)
{
        struct php_value list = php_new_array(), value;
        for (size_t at = 0; php_array_next(array, &at, NULL, &value);)
                (void)php_array_append(&list, php_copy(value));
        return list;
}

static void append_marks(struct buffer *out, size_t count)
{
        if (count == 0)
                buffer_append_string(out, "NULL");
        for (size_t i = 0; i < count; i++)
                buffer_append_string(out, i == 0 ? "?" : ", ?");
}

static enum php_flow list_elements(struct php_run *run, const struct php_value *list, size_t *ret_count)
{
        struct php_key key;
        if (!list || php_look(*list).type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "a parameter that is no array where its type is a list's");
        for (size_t at = 0; php_array_next(*list, &at, &key, NULL);)
                if (key.is_string)
                        return php_needs_php(run, "a list parameter with names as keys");
        *ret_count = php_array_count(*list);
        return PHP_OK;
}

/* Both arrays in the order of their keys; from 2.13 on a parameter without a type gets null for one. */
static enum php_flow order_both(struct php_run *run, struct php_value *params, struct php_value *types)
{
        struct php_key key;
        if (version_of(run) >= DOCTRINE_2_13)
                for (size_t at = 0; php_array_next(*params, &at, &key, NULL);)
                        if (!php_array_get(*types, key))
                                php_array_set(types, key, PHP_NULL_VALUE);
        struct php_value sorted = PHP_NULL_VALUE;
        TRY(sort_by_key(run, *params, &sorted));
        php_assign(params, sorted);
        TRY(sort_by_key(run, *types, &sorted));
        php_assign(types, sorted);
        return PHP_OK;
}

static enum php_flow expand_positions(struct php_run *run, const char *sql, size_t size,
        struct php_value *params, struct php_value *types, struct buffer *out)
{
        TRY(order_both(run, params, types));
        if (!has_list(run, *types)) {
                buffer_append(out, sql, size);
                return PHP_OK;
        }
        _cleanup_php_value_ struct php_value values = values_of(*params), kinds = values_of(*types);
        _cleanup_php_value_ struct php_value new_values = php_new_array(), new_types = php_new_array();
        _cleanup_(placeholders_deinit) struct placeholders marks = {0};
        TRY(find_placeholders(run, sql, size, true, &marks));
        if (marks.count != php_array_count(values) || php_array_count(kinds) != php_array_count(values))
                return php_needs_php(run, "a list parameter where not each parameter has a place and a type");
        size_t taken = 0;
        for (size_t i = 0; i < marks.count; i++) {
                const struct php_value *value = php_array_get(values, php_key_int((int64_t)i));
                const struct php_value *type = php_array_get(kinds, php_key_int((int64_t)i));
                struct php_value element;
                size_t count = 1;
                buffer_append(out, sql + taken, marks.items[i].offset - taken);
                taken = marks.items[i].offset + 1;
                if (!is_list(run, *type)) {
                        (void)php_array_append(&new_values, php_copy(*value));
                        (void)php_array_append(&new_types, php_copy(*type));
                        buffer_append_string(out, "?");
                        continue;
                }
                TRY(list_elements(run, value, &count));
                for (size_t at = 0; php_array_next(*value, &at, NULL, &element);) {
                        (void)php_array_append(&new_values, php_copy(element));
                        (void)php_array_append(&new_types, php_int(type->integer - LIST_OFFSET));
                }
                append_marks(out, count);
        }
        buffer_append(out, sql + taken, size - taken);
        php_assign(params, php_steal(&new_values));
        php_assign(types, php_steal(&new_types));
        return PHP_OK;
}

/* Names may have their colon in the arrays (dbal 2). */
static const struct php_value *find_named(struct php_value array, const char *name, size_t size)
{
        const struct php_value *found = php_array_get(array, php_key_bytes(name + 1, size - 1));
        return found ? found : php_array_get(array, php_key_bytes(name, size));
}

static enum php_flow take_value(struct php_run *run, struct php_value value, const struct php_value *type,
        struct php_value *values, struct php_value *types, struct buffer *out)
{
        struct php_key next = php_key_int(php_array_next_key(*values));
        if (!type || !is_list(run, *type)) {
                if (type)
                        php_array_set(types, next, php_copy(php_look(*type)));
                (void)php_array_append(values, php_copy(value));
                buffer_append_string(out, "?");
                return PHP_OK;
        }
        struct php_value element;
        size_t count;
        TRY(list_elements(run, &value, &count));
        for (size_t at = 0; php_array_next(value, &at, NULL, &element);) {
                php_array_set(types, php_key_int(php_array_next_key(*values)),
                        php_int(php_look(*type).integer - LIST_OFFSET));
                (void)php_array_append(values, php_copy(element));
        }
        append_marks(out, count);
        return PHP_OK;
}

static enum php_flow expand_names(struct php_run *run, const char *sql, size_t size, struct php_value *params,
        struct php_value *types, struct buffer *out)
{
        _cleanup_(placeholders_deinit) struct placeholders marks = {0};
        TRY(find_placeholders(run, sql, size, false, &marks));
        _cleanup_php_value_ struct php_value values = php_new_array(), kinds = php_new_array();
        const struct php_value string_type = php_int(PDO_STR);
        size_t taken = 0;
        for (size_t i = 0; i < marks.count; i++) {
                const char *name = sql + marks.items[i].offset;
                int length = (int)marks.items[i].size;
                const struct php_value *value = find_named(*params, name, marks.items[i].size);
                if (!value)
                        return doctrine_throw(run, DBAL "SQLParserUtilsException", 0,
                                "Value for %.*s not found in params array. Params array key should be "
                                "\"%.*s\"",
                                length, name, length - 1, name + 1);
                buffer_append(out, sql + taken, marks.items[i].offset - taken);
                taken = marks.items[i].offset + marks.items[i].size;
                const struct php_value *type = find_named(*types, name, marks.items[i].size);
                TRY(take_value(run, *value, type ? type : &string_type, &values, &kinds, out));
        }
        buffer_append(out, sql + taken, size - taken);
        php_assign(params, php_steal(&values));
        php_assign(types, php_steal(&kinds));
        return PHP_OK;
}

/* dbal 3: SQL\Parser */

size_t sql_string_end(const char *sql, size_t size, size_t at)
{
        for (size_t i = at + 1; i < size; i++) {
                if (sql[i] == '\\')
                        i++;
                else if (sql[i] == sql[at])
                        return i + 1;
        }
        return at + 1;
}

static bool is_behind_array(const char *sql, size_t at)
{
        return at >= 5 && strncasecmp(sql + at - 5, "ARRAY", 5) == 0 && (at == 5 || !is_name(sql[at - 6]));
}

static size_t delimited_end(const char *sql, size_t size, size_t at, char close)
{
        const char *found = memchr(sql + at + 1, close, size - at - 1);
        return found ? (size_t)(found - sql) + 1 : at + 1;
}

static size_t comment_end(const char *sql, size_t size, size_t at)
{
        if (at + 1 < size && sql[at] == '-' && sql[at + 1] == '-') {
                while (at < size && sql[at] != '\n' && sql[at] != '\r')
                        at++;
                return at;
        }
        if (at + 1 < size && sql[at] == '/' && sql[at + 1] == '*') {
                const char *end = memmem(sql + at + 2, size - at - 2, "*/", 2);
                return end ? (size_t)(end - sql) + 2 : at + 1;
        }
        return at + 1;
}

/* The end of what begins at `at` and is no parameter. */
static size_t token_end(const char *sql, size_t size, size_t at)
{
        size_t end = at;
        switch (sql[at]) {
        case '\'':
        case '"':
                return sql_string_end(sql, size, at);
        case '`':
                return delimited_end(sql, size, at, '`');
        case '[':
                return is_behind_array(sql, at) ? at + 1 : delimited_end(sql, size, at, ']');
        case '-':
        case '/':
                return comment_end(sql, size, at);
        case ':':
                while (end < size && sql[end] == ':')
                        end++;
                return end;
        default:
                return at + 1;
        }
}

static void find_parameters(const char *sql, size_t size, struct placeholders *ret)
{
        for (size_t at = 0; at < size;) {
                if (sql[at] == ':' && at + 1 < size && is_name(sql[at + 1])) {
                        size_t end = at + 1;
                        while (end < size && is_name(sql[end]))
                                end++;
                        add_placeholder(ret, at, end - at);
                        at = end;
                } else if (sql[at] == '?' && (at == 0 || sql[at - 1] != '?') &&
                           (at + 1 == size || sql[at + 1] != '?')) {
                        add_placeholder(ret, at, 1);
                        at++;
                } else {
                        at = token_end(sql, size, at);
                }
        }
}

static enum php_flow throw_missing(struct php_run *run, const char *mark, size_t size, int64_t position)
{
        if (size == 1)
                return doctrine_throw(run, DBAL "ArrayParameters\\Exception\\MissingPositionalParameter", 0,
                        "Positional parameter at index %lld does not have a bound value.",
                        (long long)position);
        return doctrine_throw(run, DBAL "ArrayParameters\\Exception\\MissingNamedParameter", 0,
                "Named parameter \"%.*s\" does not have a bound value.", (int)size - 1, mark + 1);
}

static enum php_flow expand_parsed(struct php_run *run, const char *sql, size_t size,
        struct php_value *params, struct php_value *types, struct buffer *out)
{
        _cleanup_(placeholders_deinit) struct placeholders marks = {0};
        find_parameters(sql, size, &marks);
        _cleanup_php_value_ struct php_value values = php_new_array(), kinds = php_new_array();
        size_t taken = 0;
        int64_t position = 0;
        for (size_t i = 0; i < marks.count; i++) {
                const char *mark = sql + marks.items[i].offset;
                size_t length = marks.items[i].size;
                struct php_key key =
                        length == 1 ? php_key_int(position) : php_key_bytes(mark + 1, length - 1);
                const struct php_value *value = php_array_get(*params, key);
                const struct php_value *type = php_array_get(*types, key);
                if (!value)
                        return throw_missing(run, mark, length, position);
                position += length == 1;
                buffer_append(out, sql + taken, marks.items[i].offset - taken);
                taken = marks.items[i].offset + length;
                TRY(take_value(run, *value, value_isset(type) ? type : NULL, &values, &kinds, out));
        }
        buffer_append(out, sql + taken, size - taken);
        php_assign(params, php_steal(&values));
        php_assign(types, php_steal(&kinds));
        return PHP_OK;
}

enum php_flow sql_expand(struct php_run *run, const char *sql, size_t size, struct php_value *params,
        struct php_value *types, struct buffer *out)
{
        bool named = first_key_is_name(*params);
        if (version_of(run) < DOCTRINE_3_7)
                return named ? expand_names(run, sql, size, params, types, out)
                             : expand_positions(run, sql, size, params, types, out);
        if (named || has_list(run, *types))
                return expand_parsed(run, sql, size, params, types, out);
        buffer_append(out, sql, size);
        return PHP_OK;
}
