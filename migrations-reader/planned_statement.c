/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/planned_statement.h"

#include "lib/text.h"
#include "migrations-reader/php/interpret.h"

#include <jansson.h>
#include <math.h>

static json_t *json_of_array(struct php_value array);

/* JSON has no number for these: they are told by PHP's names. */
static json_t *json_of_float(double number)
{
        if (isnan(number))
                return json_string("NAN");
        return isinf(number) ? json_string(number > 0 ? "INF" : "-INF") : json_real(number);
}

static json_t *json_of(struct php_value value)
{
        value = php_look(value);
        switch (value.type) {
        case PHP_TYPE_BOOL:
                return json_boolean(value.boolean);
        case PHP_TYPE_INT:
                return json_integer(value.integer);
        case PHP_TYPE_FLOAT:
                return json_of_float(value.number);
        case PHP_TYPE_STRING: {
                size_t size;
                _cleanup_free_ char *text =
                        text_valid_bytes(php_string_bytes(value), php_string_size(value), &size);
                return json_stringn(text, size);
        }
        case PHP_TYPE_ARRAY:
                return json_of_array(value);
        case PHP_TYPE_OBJECT:
                return json_string(php_class_of(value));
        case PHP_TYPE_NULL:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return json_null();
}

static bool is_list(struct php_value array)
{
        struct php_key key;
        int64_t expected = 0;
        for (size_t at = 0; php_array_next(array, &at, &key, NULL);)
                if (key.is_string || key.integer != expected++)
                        return false;
        return true;
}

static json_t *json_of_array(struct php_value array)
{
        bool list = is_list(array);
        json_t *json = list ? json_array() : json_object();
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                if (list) {
                        json_array_append_new(json, json_of(value));
                        continue;
                }
                _cleanup_free_ char *name =
                        key.is_string ? text_valid(key.bytes) : string_format("%lld", (long long)key.integer);
                json_object_set_new(json, name, json_of(value));
        }
        return json;
}

char *php_value_json(struct php_value value)
{
        json_auto_t *json = json_of(value);
        char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
        return text ? text : string_copy("null");
}

void planned_statements_add(struct planned_statements *statements, const char *sql, size_t size,
        struct php_value parameters, const char *bound, size_t bound_size, unsigned line, bool direct)
{
        statements->items = memory_grow(statements->items, statements->count, sizeof(*statements->items));
        statements->items[statements->count++] = (struct planned_statement){
                .sql = memory_copy(sql, size),
                .size = size,
                .parameters = php_look(parameters).type == PHP_TYPE_NULL ? string_copy("[]")
                                                                         : php_value_json(parameters),
                .bound = memory_copy(bound, bound_size),
                .bound_size = bound_size,
                .line = line,
                .direct = direct,
        };
}

void planned_statements_move(struct planned_statements *to, struct planned_statements *from)
{
        for (size_t i = 0; i < from->count; i++) {
                to->items = memory_grow(to->items, to->count, sizeof(*to->items));
                to->items[to->count++] = from->items[i];
        }
        free(from->items);
        *from = (struct planned_statements){0};
}

void planned_statements_deinit(struct planned_statements *statements)
{
        for (size_t i = 0; i < statements->count; i++) {
                free(statements->items[i].sql);
                free(statements->items[i].parameters);
                free(statements->items[i].bound);
        }
        free(statements->items);
        *statements = (struct planned_statements){0};
}
