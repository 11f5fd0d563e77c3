/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/connection.h"
#include "migrations-reader/php/operators.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

void pdo_parameters_deinit(struct pdo_parameters *parameters)
{
        for (size_t i = 0; i < parameters->count; i++) {
                free(parameters->items[i].name);
                php_release(parameters->items[i].value);
        }
        free(parameters->items);
        *parameters = (struct pdo_parameters){0};
}

/* Types */

static enum php_flow type_number(struct php_run *run, int64_t number, enum pdo_type *ret)
{
        switch (number) {
        case PDO_NULL:
        case PDO_INT:
        case PDO_STR:
        case PDO_LOB:
        case PDO_BOOL:
                *ret = (enum pdo_type)number;
                return PHP_OK;
        case 16: /* ParameterType::BINARY */
                if (version_of(run) < DOCTRINE_2_10)
                        break;
                *ret = PDO_LOB;
                return PHP_OK;
        case 17: /* ParameterType::ASCII */
                if (version_of(run) < DOCTRINE_2_13)
                        break;
                *ret = PDO_STR;
                return PHP_OK;
        default:
                break;
        }
        return php_needs_php(run, "a parameter of type %" PRId64, number);
}

static enum php_flow convert_with(struct php_run *run, struct php_value value, struct php_value type,
        struct php_value *ret, enum pdo_type *ret_type)
{
        _cleanup_php_value_ struct php_value platform = doctrine_new_platform(run);
        _cleanup_php_value_ struct php_value converted = PHP_NULL_VALUE, number = PHP_NULL_VALUE;
        struct php_value arguments[] = {value, platform};
        TRY(php_call_method(run, type, "convertToDatabaseValue", arguments, 2, &converted));
        TRY(php_call_method(run, type, "getBindingType", NULL, 0, &number));
        if (php_look(number).type != PHP_TYPE_INT)
                return php_needs_php(run, "a type whose binding is not known");
        TRY(type_number(run, php_look(number).integer, ret_type));
        *ret = php_copy(php_look(converted));
        return PHP_OK;
}

enum php_flow sql_convert(struct php_run *run, struct php_value value, struct php_value type,
        struct php_value *ret, enum pdo_type *ret_type)
{
        value = php_look(value);
        type = php_look(type);
        if (type.type == PHP_TYPE_STRING) {
                _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
                TRY(type_get(run, php_string_bytes(type), &object));
                return convert_with(run, value, object, ret, ret_type);
        }
        if (type.type == PHP_TYPE_OBJECT)
                return convert_with(run, value, type, ret, ret_type);
        if (type.type != PHP_TYPE_INT && type.type != PHP_TYPE_NULL)
                return php_needs_php(run, "a parameter's type that is a %s", php_type_name(type));
        TRY(type_number(run, type.type == PHP_TYPE_INT ? type.integer : PDO_STR, ret_type));
        *ret = php_copy(value);
        return PHP_OK;
}

/* The list */

static struct pdo_parameter *find_parameter(
        const struct pdo_parameters *parameters, const char *name, size_t size, int64_t position)
{
        for (size_t i = 0; i < parameters->count; i++) {
                struct pdo_parameter *item = &parameters->items[i];
                if (name ? item->name && strlen(item->name) == size && memcmp(item->name, name, size) == 0
                         : !item->name && item->position == position)
                        return item;
        }
        return NULL;
}

enum php_flow pdo_parameters_set(struct php_run *run, struct pdo_parameters *parameters, struct php_value key,
        struct php_value value, enum pdo_type type)
{
        key = php_look(key);
        const char *name = key.type == PHP_TYPE_STRING ? php_string_bytes(key) : NULL;
        if (name && name[0] == ':')
                name++;
        int64_t position = key.type == PHP_TYPE_INT ? key.integer - 1 : -1;
        if ((!name && key.type != PHP_TYPE_INT) ||
                (name && php_key_bytes(name, strlen(name)).is_string == false))
                return php_needs_php(run, "a parameter's name that is a %s", php_type_name(key));
        if (!name && position < 0)
                return php_needs_php(run, "a parameter's position before the first");
        struct pdo_parameter *item = find_parameter(parameters, name, name ? strlen(name) : 0, position);
        if (!item) {
                parameters->items = memory_grow(parameters->items, parameters->count, sizeof(*item));
                item = &parameters->items[parameters->count++];
                *item = (struct pdo_parameter){.name = string_copy(name), .position = position};
        }
        php_release(item->value);
        item->value = php_copy(php_look(value));
        item->type = type;
        return PHP_OK;
}

/* One value as text of SQL */

static void append_quoted(struct buffer *out, const struct sql_source *source, const char *text, size_t size)
{
        _cleanup_free_ char *quoted = source->quote(source->context, text, size);
        buffer_append_string(out, quoted);
}

static enum php_flow append_string(
        struct php_run *run, const struct sql_source *source, struct php_value value, struct buffer *out)
{
        if (value.type == PHP_TYPE_ARRAY)
                return php_needs_php(run, "an array as a parameter");
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_stringify(run, value, &text));
        /* PDO writes all digits of a float, (string) perhaps not. */
        if (value.type == PHP_TYPE_FLOAT && strtod(php_string_bytes(text), NULL) != value.number)
                return php_needs_php(run, "a float of many digits as a parameter");
        append_quoted(out, source, php_string_bytes(text), php_string_size(text));
        return PHP_OK;
}

static enum php_flow append_integer(struct php_run *run, struct php_value value, struct buffer *out)
{
        int64_t integer;
        if (value.type == PHP_TYPE_ARRAY || value.type == PHP_TYPE_OBJECT ||
                php_to_int(value, &integer) != PHP_DONE)
                return php_needs_php(run, "a %s as a parameter of type integer", php_type_name(value));
        buffer_append_format(out, "%" PRId64, integer);
        return PHP_OK;
}

static enum php_flow append_value(struct php_run *run, const struct sql_source *source,
        const struct pdo_parameter *parameter, struct buffer *out)
{
        enum pdo_type type = parameter->value.type == PHP_TYPE_NULL ? PDO_NULL : parameter->type;
        switch (type) {
        case PDO_NULL:
                buffer_append_string(out, "NULL");
                return PHP_OK;
        case PDO_INT:
                return append_integer(run, parameter->value, out);
        case PDO_BOOL:
                buffer_append_string(out, php_truth(parameter->value) ? "1" : "0");
                return PHP_OK;
        case PDO_STR:
                return append_string(run, source, parameter->value, out);
        case PDO_LOB:
                return php_needs_php(run, "a binary parameter");
        }
        return php_needs_php(run, "a parameter of this type");
}

/* PDO's scanner */

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || c == '_';
}

static size_t pdo_text_end(const char *sql, size_t size, size_t at)
{
        if (sql[at] == '\'' || sql[at] == '"')
                return sql_string_end(sql, size, at);
        if (at + 1 < size && sql[at] == '-' && sql[at + 1] == '-') {
                while (at < size && sql[at] != '\n' && sql[at] != '\r')
                        at++;
                return at;
        }
        if (at + 1 < size && sql[at] == '/' && sql[at + 1] == '*') {
                const char *end = memmem(sql + at + 2, size - at - 2, "*/", 2);
                return end ? (size_t)(end - sql) + 2 : at + 1;
        }
        if (sql[at] == ':') {
                while (at < size && sql[at] == ':')
                        at++;
                return at;
        }
        return at + 1;
}

struct pdo_mark {
        size_t offset, size;
};
struct pdo_marks {
        struct pdo_mark *items;
        size_t count;
        bool named, positional;
};

static void pdo_marks_deinit(struct pdo_marks *marks)
{
        free(marks->items);
}

static enum php_flow find_marks(struct php_run *run, const char *sql, size_t size, struct pdo_marks *ret)
{
        for (size_t at = 0; at < size;) {
                size_t end = at + 1;
                bool named = sql[at] == ':' && end < size && is_word(sql[end]);
                if (!named && sql[at] != '?') {
                        at = pdo_text_end(sql, size, at);
                        continue;
                }
                if (!named && end < size && sql[end] == '?')
                        return php_needs_php(run, "?? in a statement that is prepared");
                while (named && end < size && is_word(sql[end]))
                        end++;
                if (named && at > 0 && isalnum((unsigned char)sql[at - 1])) { /* 10:30 */
                        at = end;
                        continue;
                }
                ret->items = memory_grow(ret->items, ret->count, sizeof(*ret->items));
                ret->items[ret->count++] = (struct pdo_mark){.offset = at, .size = end - at};
                *(named ? &ret->named : &ret->positional) = true;
                at = end;
        }
        return PHP_OK;
}

#define INVALID_NUMBER "SQLSTATE[HY093]: Invalid parameter number"

static const char *check_numbers(const struct pdo_marks *marks, const struct pdo_parameters *parameters)
{
        if (marks->named && marks->positional)
                return INVALID_NUMBER ": mixed named and positional parameters";
        bool fits = marks->named ? marks->count >= parameters->count : marks->count == parameters->count;
        return fits ? NULL : INVALID_NUMBER ": number of bound variables does not match number of tokens";
}

void sql_statement_deinit(struct sql_statement *statement)
{
        buffer_deinit(&statement->prepared);
        buffer_deinit(&statement->bound);
        php_clear(&statement->values);
}

static enum php_flow append_bound(struct php_run *run, const struct pdo_marks *marks,
        const struct pdo_parameters *parameters, struct sql_statement *statement)
{
        const struct sql_source *source = doctrine_of(run)->source;
        const char *sql = statement->prepared.data;
        size_t taken = 0;
        for (size_t i = 0; i < marks->count; i++) {
                const struct pdo_mark *mark = &marks->items[i];
                const struct pdo_parameter *parameter = find_parameter(
                        parameters, marks->named ? sql + mark->offset + 1 : NULL, mark->size - 1, (int64_t)i);
                if (!parameter)
                        return throw_query_error(
                                run, statement, 0, INVALID_NUMBER ": parameter was not defined");
                buffer_append(&statement->bound, sql + taken, mark->offset - taken);
                taken = mark->offset + mark->size;
                TRY(append_value(run, source, parameter, &statement->bound));
        }
        buffer_append(&statement->bound, sql + taken, statement->prepared.size - taken);
        return PHP_OK;
}

/* What else PDO would send, or refuse, differs between PHP 7 and 8. */
static enum php_flow check_marks(struct php_run *run, const struct pdo_marks *marks,
        const struct pdo_parameters *parameters, const struct sql_statement *statement)
{
        if (parameters->count == 0 && marks->count > 0)
                return php_needs_php(run, "placeholders without parameters");
        if (marks->count == 0 && parameters->count > 0 && version_of(run) < DOCTRINE_3_7)
                return php_needs_php(run, "parameters without placeholders");
        const char *problem = check_numbers(marks, parameters);
        return problem ? throw_query_error(run, statement, 0, problem) : PHP_OK;
}

enum php_flow pdo_bind(
        struct php_run *run, struct sql_statement *statement, const struct pdo_parameters *parameters)
{
        _cleanup_(pdo_marks_deinit) struct pdo_marks marks = {0};
        if (statement->prepared.size == 0)
                return php_needs_php(run, "an empty statement");
        if (memchr(statement->prepared.data, '\0', statement->prepared.size))
                return php_needs_php(run, "a NUL byte in a statement that is prepared");
        TRY(find_marks(run, statement->prepared.data, statement->prepared.size, &marks));
        TRY(check_marks(run, &marks, parameters, statement));
        return append_bound(run, &marks, parameters, statement);
}

/* Doctrine's executeQuery() with parameters */

/* dbal 2 counts types from 0 when there is one at 0, else from 1; dbal 3 goes by the parameter's own key. */
static const struct php_value *type_at(
        struct php_run *run, struct php_value types, struct php_key key, int64_t place)
{
        if (version_of(run) >= DOCTRINE_3_7)
                return php_array_get(types, key);
        bool from_zero = php_array_get(types, php_key_int(0)) != NULL;
        return php_array_get(types, php_key_int(from_zero ? place : place + 1));
}

static enum php_flow bind_list(
        struct php_run *run, struct php_value params, struct php_value types, struct pdo_parameters *ret)
{
        struct php_key key;
        struct php_value value;
        int64_t place = 0;
        bool untyped = version_of(run) < DOCTRINE_3_7 && php_array_count(types) == 0;
        for (size_t at = 0; php_array_next(params, &at, &key, &value); place++) {
                if (key.is_string || (untyped && key.integer != place))
                        return php_needs_php(run, "parameters whose numbers are no list");
                const struct php_value *type = type_at(run, types, key, place);
                _cleanup_php_value_ struct php_value converted = PHP_NULL_VALUE;
                enum pdo_type kind = PDO_STR;
                TRY(sql_convert(run, value, value_isset(type) ? *type : PHP_NULL_VALUE, &converted, &kind));
                TRY(pdo_parameters_set(run, ret, php_int(place + 1), converted, kind));
        }
        return PHP_OK;
}

static struct php_value array_or_empty(struct php_value value)
{
        value = php_look(value);
        return value.type == PHP_TYPE_ARRAY ? php_copy(value) : php_new_array();
}

static struct php_value list_of_values(const struct pdo_parameters *parameters)
{
        struct php_value list = php_new_array();
        for (size_t i = 0; i < parameters->count; i++)
                (void)php_array_append(&list, php_copy(parameters->items[i].value));
        return list;
}

enum php_flow sql_statement_bind(struct php_run *run, struct sql_statement *statement, struct php_value types)
{
        _cleanup_php_value_ struct php_value values = array_or_empty(statement->params);
        _cleanup_php_value_ struct php_value kinds = array_or_empty(types);
        _cleanup_pdo_parameters_ struct pdo_parameters parameters = {0};
        _cleanup_buffer_ struct buffer expanded = {0};
        if (php_array_count(values) == 0) {
                buffer_append(&statement->prepared, statement->sql, statement->size);
                buffer_append(&statement->bound, statement->sql, statement->size);
                return PHP_OK;
        }
        enum php_flow flow = sql_expand(run, statement->sql, statement->size, &values, &kinds, &expanded);
        if (flow != PHP_OK)
                return flow == PHP_THROWN ? wrap_thrown(run, statement) : flow;
        buffer_append(&statement->prepared, expanded.data ? expanded.data : "", expanded.size);
        TRY(bind_list(run, values, kinds, &parameters));
        php_assign(&statement->values, list_of_values(&parameters));
        return pdo_bind(run, statement, &parameters);
}

enum php_flow sql_bind(struct php_run *run, _unused struct sql_source *source, const char *sql, size_t size,
        struct php_value params, struct php_value types, struct buffer *out)
{
        _cleanup_sql_statement_ struct sql_statement statement = {.sql = sql, .size = size, .params = params};
        TRY(sql_statement_bind(run, &statement, types));
        buffer_append(out, statement.bound.data ? statement.bound.data : "", statement.bound.size);
        return PHP_OK;
}
