/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/query_builder.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

#define BUILDER DBAL "Query\\QueryBuilder"

static const struct {
        const char *name;
        bool is_list; /* else null or, for distinct, false */
} part_names[] = {
        {"select", true},
        {"distinct", false},
        {"from", true},
        {"join", true},
        {"set", true},
        {"where", false},
        {"groupBy", true},
        {"having", false},
        {"orderBy", true},
        {"values", true},
};

static struct php_value empty_part(size_t n)
{
        if (part_names[n].is_list)
                return php_new_array();
        return strcmp(part_names[n].name, "distinct") == 0 ? php_bool(false) : PHP_NULL_VALUE;
}

static bool has_part(struct php_run *run, size_t n)
{
        return version_of(run) >= DOCTRINE_2_10 || strcmp(part_names[n].name, "distinct") != 0;
}

static struct query_builder *builder_new(struct php_run *run, struct php_value connection)
{
        struct query_builder *builder = memory_new(sizeof(*builder));
        *builder = (struct query_builder){.connection = php_copy(connection),
                .parts = php_new_array(),
                .params = php_new_array(),
                .types = php_new_array(),
                .first = version_of(run) >= DOCTRINE_2_13 ? php_int(0) : PHP_NULL_VALUE};
        for (size_t i = 0; i < ARRAY_SIZE(part_names); i++)
                if (has_part(run, i))
                        php_array_set_text(&builder->parts, part_names[i].name, empty_part(i));
        return builder;
}

struct php_value query_builder_new(struct php_run *run, struct php_value connection)
{
        return php_host_object(run, BUILDER, builder_new(run, connection));
}

static enum php_flow construct(struct php_run *run, struct php_call *call)
{
        php_set_host_data(call->this, builder_new(run, php_argument(call, 0)));
        return PHP_OK;
}

static void builder_release(void *host)
{
        struct query_builder *builder = host;
        php_release(builder->connection);
        php_release(builder->parts);
        php_release(builder->params);
        php_release(builder->types);
        php_release(builder->first);
        php_release(builder->most);
        free(builder->sql);
        free(builder);
}

static struct php_value given(const struct php_call *call, size_t n)
{
        return n < call->count ? php_argument(call, n) : PHP_NULL_VALUE;
}

static enum php_flow return_this(struct php_call *call)
{
        return php_return(call, this_value(call));
}

static struct php_value all_arguments(const struct php_call *call)
{
        struct php_value list = php_new_array();
        for (size_t i = 0; i < call->count; i++)
                (void)php_array_append(&list, php_copy(php_argument(call, i)));
        return list;
}

/* Parts */

static void set_part(struct query_builder *builder, const char *name, struct php_value value)
{
        builder->dirty = true;
        php_array_set_text(&builder->parts, name, value);
}

static void append_part(struct query_builder *builder, const char *name, struct php_value value)
{
        builder->dirty = true;
        struct php_value *part = php_array_slot(&builder->parts, php_key_bytes(name, strlen(name)));
        (void)php_array_append(part, value);
}

static void append_parts(struct query_builder *builder, const char *name, struct php_value values)
{
        struct php_value value;
        builder->dirty = true;
        for (size_t at = 0; php_array_next(values, &at, NULL, &value);)
                append_part(builder, name, php_copy(value));
}

/* One array, or all arguments. */
static struct php_value list_argument_or_all(const struct php_call *call)
{
        return given(call, 0).type == PHP_TYPE_ARRAY ? php_copy(given(call, 0)) : all_arguments(call);
}

/* dbal 2 does nothing for all that is empty(), dbal 3 only for null. */
static bool is_nothing(struct php_run *run, struct php_value value)
{
        return version_of(run) >= DOCTRINE_3_7 ? value.type == PHP_TYPE_NULL : !php_truth(value);
}

static enum php_flow select_columns(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        builder->type = QUERY_SELECT;
        if (!is_nothing(run, given(call, 0)))
                set_part(builder, "select", list_argument_or_all(call));
        return return_this(call);
}

static enum php_flow add_select(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        builder->type = QUERY_SELECT;
        if (!is_nothing(run, given(call, 0))) {
                _cleanup_php_value_ struct php_value columns = list_argument_or_all(call);
                append_parts(builder, "select", columns);
        }
        return return_this(call);
}

static enum php_flow distinct(_unused struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        php_array_set_text(&builder->parts, "distinct", php_bool(true));
        return return_this(call);
}

static struct php_value table_part(const struct php_call *call, bool has_alias)
{
        struct php_value part = php_new_array();
        php_array_set_text(&part, "table", php_copy(given(call, 0)));
        if (has_alias)
                php_array_set_text(&part, "alias", php_copy(given(call, 1)));
        return part;
}

static enum php_flow begin(struct php_run *run, struct php_call *call, enum query_type type)
{
        struct query_builder *builder = call->this_host;
        builder->type = type;
        if (!is_nothing(run, given(call, 0)))
                set_part(builder, "from", table_part(call, type != QUERY_INSERT));
        return return_this(call);
}

static enum php_flow delete (struct php_run *run, struct php_call *call) {
        return begin(run, call, QUERY_DELETE);
}

static enum php_flow update(struct php_run *run, struct php_call *call)
{
        return begin(run, call, QUERY_UPDATE);
}

static enum php_flow insert(struct php_run *run, struct php_call *call)
{
        return begin(run, call, QUERY_INSERT);
}

static enum php_flow from(_unused struct php_run *run, struct php_call *call)
{
        append_part(call->this_host, "from", table_part(call, true));
        return return_this(call);
}

static enum php_flow add_join(struct php_run *run, struct php_call *call, const char *type)
{
        struct query_builder *builder = call->this_host;
        struct php_key key;
        if (!php_key_of(given(call, 0), &key))
                return php_needs_php(run, "a join from an alias that is no string");
        struct php_value join = php_new_array();
        php_array_set_text(&join, "joinType", php_text(type));
        php_array_set_text(&join, "joinTable", php_copy(given(call, 1)));
        php_array_set_text(&join, "joinAlias", php_copy(given(call, 2)));
        php_array_set_text(&join, "joinCondition", php_copy(given(call, 3)));
        builder->dirty = true;
        struct php_value *joins = php_array_slot(&builder->parts, php_key_bytes("join", 4));
        struct php_value *of_alias = php_array_slot(joins, key);
        if (of_alias->type == PHP_TYPE_NULL)
                *of_alias = php_new_array();
        (void)php_array_append(of_alias, join);
        return return_this(call);
}

static enum php_flow inner_join(struct php_run *run, struct php_call *call)
{
        return add_join(run, call, "inner");
}

static enum php_flow left_join(struct php_run *run, struct php_call *call)
{
        return add_join(run, call, "left");
}

static enum php_flow right_join(struct php_run *run, struct php_call *call)
{
        return add_join(run, call, "right");
}

static enum php_flow set(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(append_text(run, given(call, 0), &out));
        buffer_append_string(&out, " = ");
        TRY(append_text(run, given(call, 1), &out));
        append_part(call->this_host, "set", php_from_buffer(&out));
        return return_this(call);
}

/* WHERE and HAVING */

static enum php_flow set_condition(struct php_run *run, struct php_call *call, const char *part)
{
        bool is_whole = call->count == 1 && is_composite(run, given(call, 0), NULL);
        set_part(call->this_host, part,
                is_whole ? php_copy(given(call, 0))
                         : composite_new(run, "AND", call->arguments, call->count));
        return return_this(call);
}

/* 2.13 leaves out what is empty(). */
static size_t given_parts(struct php_run *run, const struct php_call *call, struct php_value *ret)
{
        size_t count = 0;
        for (size_t i = 0; i < call->count; i++)
                if (version_of(run) != DOCTRINE_2_13 || php_truth(php_argument(call, i)))
                        ret[count++] = php_argument(call, i);
        return count;
}

static enum php_flow add_condition(
        struct php_run *run, struct php_call *call, const char *part, const char *type)
{
        struct query_builder *builder = call->this_host;
        _cleanup_free_ struct php_value *parts = memory_new_array(call->count + 1, sizeof(*parts));
        _cleanup_php_value_ struct php_value before = php_copy(query_part(builder, part));
        size_t count = given_parts(run, call, parts + 1);
        if (is_composite(run, before, type)) {
                if (count == 0 && version_of(run) == DOCTRINE_2_13 && strcmp(part, "having") == 0)
                        return php_throw(run, "ArgumentCountError",
                                "Too few arguments to function "
                                "Doctrine\\DBAL\\Query\\Expression\\CompositeExpression::with(), 0 passed");
                set_part(builder, part,
                        count == 0 ? php_copy(before) : composite_with(run, before, parts + 1, count));
        } else {
                parts[0] = before;
                set_part(builder, part, composite_new(run, type, parts, count + 1));
        }
        return return_this(call);
}

static enum php_flow where(struct php_run *run, struct php_call *call)
{
        return set_condition(run, call, "where");
}

static enum php_flow and_where(struct php_run *run, struct php_call *call)
{
        return add_condition(run, call, "where", "AND");
}

static enum php_flow or_where(struct php_run *run, struct php_call *call)
{
        return add_condition(run, call, "where", "OR");
}

static enum php_flow having(struct php_run *run, struct php_call *call)
{
        return set_condition(run, call, "having");
}

static enum php_flow and_having(struct php_run *run, struct php_call *call)
{
        return add_condition(run, call, "having", "AND");
}

static enum php_flow or_having(struct php_run *run, struct php_call *call)
{
        return add_condition(run, call, "having", "OR");
}

/* GROUP BY, ORDER BY, LIMIT, values */

static bool groups_by_nothing(struct php_run *run, struct php_value group)
{
        if (version_of(run) < DOCTRINE_3_7)
                return !php_truth(group);
        return group.type == PHP_TYPE_ARRAY && php_array_count(group) == 0;
}

static enum php_flow group_by(struct php_run *run, struct php_call *call)
{
        if (!groups_by_nothing(run, given(call, 0)))
                set_part(call->this_host, "groupBy", list_argument_or_all(call));
        return return_this(call);
}

static enum php_flow add_group_by(struct php_run *run, struct php_call *call)
{
        if (!groups_by_nothing(run, given(call, 0))) {
                _cleanup_php_value_ struct php_value groups = list_argument_or_all(call);
                append_parts(call->this_host, "groupBy", groups);
        }
        return return_this(call);
}

static enum php_flow order_text(struct php_run *run, const struct php_call *call, struct php_value *ret)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(append_text(run, given(call, 0), &out));
        buffer_append_string(&out, " ");
        if (is_nothing(run, given(call, 1)))
                buffer_append_string(&out, "ASC");
        else
                TRY(append_text(run, given(call, 1), &out));
        *ret = php_from_buffer(&out);
        return PHP_OK;
}

static enum php_flow order_by(struct php_run *run, struct php_call *call)
{
        struct php_value order = PHP_NULL_VALUE, list = php_new_array();
        enum php_flow flow = order_text(run, call, &order);
        if (flow != PHP_OK) {
                php_release(list);
                return flow;
        }
        (void)php_array_append(&list, order);
        set_part(call->this_host, "orderBy", list);
        return return_this(call);
}

static enum php_flow add_order_by(struct php_run *run, struct php_call *call)
{
        struct php_value order = PHP_NULL_VALUE;
        TRY(order_text(run, call, &order));
        append_part(call->this_host, "orderBy", order);
        return return_this(call);
}

static enum php_flow set_limit(struct php_run *run, struct php_call *call, struct php_value *limit)
{
        struct query_builder *builder = call->this_host;
        int64_t number;
        builder->dirty = true;
        if (version_of(run) < DOCTRINE_3_7 || given(call, 0).type == PHP_TYPE_NULL) {
                php_assign(limit, php_copy(given(call, 0)));
                return return_this(call);
        }
        TRY(php_argument_int(run, call, 0, &number));
        php_assign(limit, php_int(number));
        return return_this(call);
}

static enum php_flow set_first(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        if (version_of(run) >= DOCTRINE_3_7 && given(call, 0).type == PHP_TYPE_NULL)
                return php_throw(run, "TypeError",
                        "Cannot assign null to property Doctrine\\DBAL\\Query\\QueryBuilder::$firstResult of "
                        "type int");
        return set_limit(run, call, &builder->first);
}

static enum php_flow set_most(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        return set_limit(run, call, &builder->most);
}

/* Unlike the others it does not make the builder forget its SQL. */
static enum php_flow set_value(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        struct php_key key;
        if (!php_key_of(given(call, 0), &key))
                return php_needs_php(run, "a column that is no string");
        struct php_value *values = php_array_slot(&builder->parts, php_key_bytes("values", 6));
        php_array_set(values, key, php_copy(given(call, 1)));
        return return_this(call);
}

static enum php_flow set_values(struct php_run *run, struct php_call *call)
{
        if (given(call, 0).type != PHP_TYPE_ARRAY)
                return php_throw(run, "TypeError", "Argument 1 must be of type array");
        set_part(call->this_host, "values", php_copy(given(call, 0)));
        return return_this(call);
}

/* Parameters */

static enum php_flow keep_parameter(struct php_run *run, struct query_builder *builder, struct php_value name,
        struct php_value value, struct php_value type)
{
        struct php_key key;
        if (!php_key_of(php_look(name), &key))
                return php_needs_php(run, "a parameter's name that is no string");
        if (type.type != PHP_TYPE_NULL)
                php_array_set(&builder->types, key, php_copy(type));
        php_array_set(&builder->params, key, php_copy(value));
        return PHP_OK;
}

static enum php_flow set_parameter(struct php_run *run, struct php_call *call)
{
        struct php_value type = given(call, 2);
        if (call->count < 3 && version_of(run) >= DOCTRINE_3_7)
                type = php_int(PDO_STR);
        TRY(keep_parameter(run, call->this_host, given(call, 0), given(call, 1), type));
        return return_this(call);
}

static enum php_flow set_parameters(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        for (size_t i = 0; i < call->count; i++)
                if (given(call, i).type != PHP_TYPE_ARRAY)
                        return php_throw(run, "TypeError", "Argument %zu must be of type array", i + 1);
        php_assign(&builder->params, php_copy(given(call, 0)));
        php_assign(&builder->types, call->count > 1 ? php_copy(given(call, 1)) : php_new_array());
        return return_this(call);
}

static struct php_value type_argument(const struct php_call *call)
{
        return call->count > 1 ? php_argument(call, 1) : php_int(PDO_STR);
}

static enum php_flow create_named(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        _cleanup_free_ char *made = NULL;
        const char *name;
        if (given(call, 2).type == PHP_TYPE_NULL)
                name = made = string_format(":dcValue%lld", (long long)++builder->bound);
        else if (given(call, 2).type == PHP_TYPE_STRING && php_string_size(given(call, 2)) > 1)
                name = php_string_bytes(given(call, 2));
        else
                return php_needs_php(run, "a placeholder that is no name");
        _cleanup_php_value_ struct php_value key = php_text(name + 1), text = php_text(name);
        TRY(keep_parameter(run, builder, key, given(call, 0), type_argument(call)));
        return php_return(call, php_steal(&text));
}

/* dbal 2 counts from 1, dbal 3 from 0. */
static enum php_flow create_positional(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        int64_t position = version_of(run) >= DOCTRINE_3_7 ? builder->bound : builder->bound + 1;
        builder->bound++;
        TRY(keep_parameter(run, builder, php_int(position), given(call, 0), type_argument(call)));
        return php_return(call, php_text("?"));
}

static enum php_flow return_element(struct php_call *call, struct php_value array, struct php_value otherwise)
{
        struct php_key key;
        const struct php_value *value = php_key_of(given(call, 0), &key) ? php_array_get(array, key) : NULL;
        return php_return(call, value_isset(value) ? php_copy(php_look(*value)) : otherwise);
}

static enum php_flow get_parameter(_unused struct php_run *run, struct php_call *call)
{
        const struct query_builder *builder = call->this_host;
        return return_element(call, builder->params, PHP_NULL_VALUE);
}

static enum php_flow get_parameter_type(struct php_run *run, struct php_call *call)
{
        const struct query_builder *builder = call->this_host;
        return return_element(
                call, builder->types, version_of(run) >= DOCTRINE_3_7 ? php_int(PDO_STR) : PHP_NULL_VALUE);
}

/* What it tells of itself */

#define GETTER(name, expression)                                                                             \
        static enum php_flow name(_unused struct php_run *run, struct php_call *call)                        \
        {                                                                                                    \
                const struct query_builder *builder = call->this_host;                                       \
                return php_return(call, expression);                                                         \
        }
GETTER(get_connection, php_copy(builder->connection))
GETTER(get_first, php_copy(builder->first))
GETTER(get_most, php_copy(builder->most))
GETTER(get_parameters, php_copy(builder->params))
GETTER(get_parameter_types, php_copy(builder->types))
GETTER(get_parts, php_copy(builder->parts))
GETTER(get_state, php_int(builder->dirty ? 0 : 1))
GETTER(get_type, php_int(builder->type))

static enum php_flow get_part(struct php_run *run, struct php_call *call)
{
        const struct query_builder *builder = call->this_host;
        struct php_key key;
        if (!php_key_of(given(call, 0), &key) || !php_array_get(builder->parts, key))
                return php_needs_php(run, "a query part of this name");
        return return_element(call, builder->parts, PHP_NULL_VALUE);
}

static enum php_flow reset(struct php_run *run, struct query_builder *builder, struct php_value name)
{
        for (size_t i = 0; i < ARRAY_SIZE(part_names); i++)
                if (has_part(run, i) && php_string_is(php_look(name), part_names[i].name)) {
                        set_part(builder, part_names[i].name, empty_part(i));
                        return PHP_OK;
                }
        return php_needs_php(run, "a query part of this name");
}

static enum php_flow reset_part(struct php_run *run, struct php_call *call)
{
        TRY(reset(run, call->this_host, given(call, 0)));
        return return_this(call);
}

static enum php_flow reset_parts(struct php_run *run, struct php_call *call)
{
        struct php_value name;
        if (given(call, 0).type == PHP_TYPE_ARRAY) {
                for (size_t at = 0; php_array_next(given(call, 0), &at, NULL, &name);)
                        TRY(reset(run, call->this_host, name));
                return return_this(call);
        }
        if (given(call, 0).type != PHP_TYPE_NULL)
                return php_needs_php(run, "query parts that are no array");
        for (size_t i = 0; i < ARRAY_SIZE(part_names); i++)
                if (has_part(run, i))
                        set_part(call->this_host, part_names[i].name, empty_part(i));
        return return_this(call);
}

static enum php_flow expressions(struct php_run *run, struct php_call *call)
{
        const struct query_builder *builder = call->this_host;
        return php_call_method(run, builder->connection, "getExpressionBuilder", NULL, 0, call->ret);
}

static enum php_flow get_sql(struct php_run *run, struct php_call *call)
{
        struct query_builder *builder = call->this_host;
        TRY(query_make_sql(run, builder));
        return php_return(call, php_bytes(builder->sql, builder->size));
}

static enum php_flow add(struct php_run *run, _unused struct php_call *call)
{
        return php_needs_php(run, "QueryBuilder::add()");
}

static enum php_flow result_cache(struct php_run *run, _unused struct php_call *call)
{
        return php_needs_php(run, "a query with a cache");
}

/* Executing */

static enum php_flow execute_sql(struct php_run *run, const struct php_call *call, struct cursor **ret)
{
        struct query_builder *builder = call->this_host;
        TRY(query_make_sql(run, builder));
        return connection_execute(run, builder->sql, builder->size, builder->params, builder->types, ret);
}

static enum php_flow execute_query(struct php_run *run, struct php_call *call)
{
        struct cursor *cursor = NULL;
        TRY(execute_sql(run, call, &cursor));
        return php_return(call, result_new(run, cursor));
}

static enum php_flow execute_statement(struct php_run *run, struct php_call *call)
{
        _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;
        TRY(execute_sql(run, call, &cursor));
        return return_changed_rows(run, call, cursor);
}

static enum php_flow execute(struct php_run *run, struct php_call *call)
{
        const struct query_builder *builder = call->this_host;
        return builder->type == QUERY_SELECT ? execute_query(run, call) : execute_statement(run, call);
}

#define FETCH(function, method)                                                                              \
        static enum php_flow function(struct php_run *run, struct php_call *call)                            \
        {                                                                                                    \
                _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;                                       \
                TRY(execute_sql(run, call, &cursor));                                                        \
                return result_fetch_method(run, call, cursor, method);                                       \
        }
FETCH(fetch_all_associative, "fetchAllAssociative")
FETCH(fetch_all_indexed, "fetchAllAssociativeIndexed")
FETCH(fetch_all_key_value, "fetchAllKeyValue")
FETCH(fetch_all_numeric, "fetchAllNumeric")
FETCH(fetch_associative, "fetchAssociative")
FETCH(fetch_first_column, "fetchFirstColumn")
FETCH(fetch_numeric, "fetchNumeric")
FETCH(fetch_one, "fetchOne")

static const struct doctrine_method builder_methods[] = {
        {{"__toString", get_sql, 0, 0, false, ""}, 0, 0},
        {{"add", add, 2, 3, false, NULL}, 0, 0},
        {{"addGroupBy", add_group_by, 1, PHP_ANY, false, NULL}, 0, 0},
        {{"addOrderBy", add_order_by, 1, 2, false, "sort,order"}, 0, 0},
        {{"addSelect", add_select, 0, PHP_ANY, false, NULL}, 0, 0},
        {{"andHaving", and_having, 1, PHP_ANY, false, NULL}, 0, 0},
        {{"andWhere", and_where, 1, PHP_ANY, false, NULL}, 0, 0},
        {{"createNamedParameter", create_named, 1, 3, false, "value,type,placeHolder"}, 0, 0},
        {{"createPositionalParameter", create_positional, 1, 2, false, "value,type"}, 0, 0},
        {{"delete", delete, 0, 2, false, "delete,alias"}, 0, 0},
        {{"disableResultCache", result_cache, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"distinct", distinct, 0, 0, false, ""}, DOCTRINE_2_10, 0},
        {{"enableResultCache", result_cache, 1, 1, false, NULL}, DOCTRINE_3_7, 0},
        {{"execute", execute, 0, 0, false, ""}, 0, 0},
        {{"executeQuery", execute_query, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"executeStatement", execute_statement, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"expr", expressions, 0, 0, false, ""}, 0, 0},
        {{"fetchAllAssociative", fetch_all_associative, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"fetchAllAssociativeIndexed", fetch_all_indexed, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"fetchAllKeyValue", fetch_all_key_value, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"fetchAllNumeric", fetch_all_numeric, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"fetchAssociative", fetch_associative, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"fetchFirstColumn", fetch_first_column, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"fetchNumeric", fetch_numeric, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"fetchOne", fetch_one, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"from", from, 1, 2, false, "from,alias"}, 0, 0},
        {{"getConnection", get_connection, 0, 0, false, ""}, 0, 0},
        {{"getFirstResult", get_first, 0, 0, false, ""}, 0, 0},
        {{"getMaxResults", get_most, 0, 0, false, ""}, 0, 0},
        {{"getParameter", get_parameter, 1, 1, false, "key"}, 0, 0},
        {{"getParameterType", get_parameter_type, 1, 1, false, "key"}, 0, 0},
        {{"getParameterTypes", get_parameter_types, 0, 0, false, ""}, 0, 0},
        {{"getParameters", get_parameters, 0, 0, false, ""}, 0, 0},
        {{"getQueryPart", get_part, 1, 1, false, "queryPartName"}, 0, 0},
        {{"getQueryParts", get_parts, 0, 0, false, ""}, 0, 0},
        {{"getSQL", get_sql, 0, 0, false, ""}, 0, 0},
        {{"getState", get_state, 0, 0, false, ""}, 0, 0},
        {{"getType", get_type, 0, 0, false, ""}, 0, 0},
        {{"groupBy", group_by, 1, PHP_ANY, false, NULL}, 0, 0},
        {{"having", having, 1, PHP_ANY, false, NULL}, 0, 0},
        {{"innerJoin", inner_join, 3, 4, false, "fromAlias,join,alias,condition"}, 0, 0},
        {{"insert", insert, 0, 1, false, "insert"}, 0, 0},
        {{"join", inner_join, 3, 4, false, "fromAlias,join,alias,condition"}, 0, 0},
        {{"leftJoin", left_join, 3, 4, false, "fromAlias,join,alias,condition"}, 0, 0},
        {{"orHaving", or_having, 1, PHP_ANY, false, NULL}, 0, 0},
        {{"orWhere", or_where, 1, PHP_ANY, false, NULL}, 0, 0},
        {{"orderBy", order_by, 1, 2, false, "sort,order"}, 0, 0},
        {{"resetQueryPart", reset_part, 1, 1, false, "queryPartName"}, 0, 0},
        {{"resetQueryParts", reset_parts, 0, 1, false, "queryPartNames"}, 0, 0},
        {{"rightJoin", right_join, 3, 4, false, "fromAlias,join,alias,condition"}, 0, 0},
        {{"select", select_columns, 0, PHP_ANY, false, NULL}, 0, 0},
        {{"set", set, 2, 2, false, "key,value"}, 0, 0},
        {{"setFirstResult", set_first, 1, 1, false, "firstResult"}, 0, 0},
        {{"setMaxResults", set_most, 1, 1, false, "maxResults"}, 0, 0},
        {{"setParameter", set_parameter, 2, 3, false, "key,value,type"}, 0, 0},
        {{"setParameters", set_parameters, 1, 2, false, "params,types"}, 0, 0},
        {{"setValue", set_value, 2, 2, false, "column,value"}, 0, 0},
        {{"update", update, 0, 2, false, "update,alias"}, 0, 0},
        {{"values", set_values, 1, 1, false, "values"}, 0, 0},
        {{"where", where, 1, PHP_ANY, false, NULL}, 0, 0},
        {{NULL}, 0, 0},
};

#define NUMBER(name, value)                                                                                  \
        {                                                                                                    \
                {name, PHP_TYPE_INT, value, NULL}, 0, 0                                                      \
        }

static const struct doctrine_constant builder_constants[] = {
        NUMBER("DELETE", QUERY_DELETE),
        NUMBER("INSERT", QUERY_INSERT),
        NUMBER("SELECT", QUERY_SELECT),
        NUMBER("STATE_CLEAN", 1),
        NUMBER("STATE_DIRTY", 0),
        NUMBER("UPDATE", QUERY_UPDATE),
        {{NULL}, 0, 0},
};

/* A clone has conditions of its own: before 2.13, where andWhere() changes them in place, they would have to
 * be cloned too, which is left to PHP. */
static void *builder_clone(const void *host)
{
        const struct query_builder *builder = host;
        struct query_builder *copy = memory_new(sizeof(*copy));
        *copy = *builder;
        copy->connection = php_copy(builder->connection);
        copy->parts = php_copy(builder->parts);
        copy->params = php_copy(builder->params);
        copy->types = php_copy(builder->types);
        copy->first = php_copy(builder->first);
        copy->most = php_copy(builder->most);
        copy->sql = builder->sql ? memory_copy(builder->sql, builder->size) : NULL;
        return copy;
}

const struct doctrine_class query_classes[] = {
        {.class = {.name = BUILDER, .construct = construct, .release = builder_release},
                .methods = builder_methods,
                .constants = builder_constants,
                .gone = DOCTRINE_2_13},
        {.class = {.name = BUILDER,
                 .construct = construct,
                 .release = builder_release,
                 .clone = builder_clone},
                .methods = builder_methods,
                .constants = builder_constants,
                .from = DOCTRINE_2_13},
        {.class = {.name = NULL}},
};
