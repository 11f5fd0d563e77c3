/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/connection.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

#define CONNECTION DBAL "Connection"

struct connection {
        unsigned nesting; /* of transactions; the migration's own is the first */
        struct php_value expressions; /* the ExpressionBuilder, made when it is asked for */
};

struct php_value doctrine_new_connection(struct php_run *run)
{
        struct connection *connection = memory_new(sizeof(*connection));
        connection->nesting = 1;
        return php_host_object(run, CONNECTION, connection);
}

static void connection_release(void *host)
{
        struct connection *connection = host;
        php_release(connection->expressions);
        free(connection);
}

/* Executing */

static struct php_value argument_or_null(const struct php_call *call, size_t n)
{
        return n < call->count ? php_argument(call, n) : PHP_NULL_VALUE;
}

static enum php_flow check_array(struct php_run *run, const struct php_call *call, size_t n)
{
        if (n >= call->count || php_argument(call, n).type == PHP_TYPE_ARRAY)
                return PHP_OK;
        return php_throw(run, "TypeError", "Argument %zu must be of type array, %s given", n + 1,
                php_short_type_name(php_argument(call, n)));
}

/* SQL, parameters and types are the first arguments; `types` tells where the types stand. */
static enum php_flow execute_call(
        struct php_run *run, const struct php_call *call, size_t types, struct cursor **ret)
{
        _cleanup_php_value_ struct php_value sql = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &sql));
        TRY(check_array(run, call, 1));
        TRY(check_array(run, call, types));
        return connection_execute(run, php_string_bytes(sql), php_string_size(sql), argument_or_null(call, 1),
                argument_or_null(call, types), ret);
}

static enum php_flow execute_query(struct php_run *run, struct php_call *call)
{
        _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;
        if (argument_or_null(call, 3).type != PHP_TYPE_NULL)
                return php_needs_php(run, "a query with a cache");
        TRY(execute_call(run, call, 2, &cursor));
        return php_return(call, result_new(run, steal(&cursor)));
}

static enum php_flow query(struct php_run *run, struct php_call *call)
{
        _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;
        _cleanup_php_value_ struct php_value sql = PHP_NULL_VALUE;
        if (call->count > 1)
                return php_needs_php(run, "Connection::query() with a fetch mode");
        TRY(php_argument_string(run, call, 0, &sql));
        TRY(connection_execute(
                run, php_string_bytes(sql), php_string_size(sql), PHP_NULL_VALUE, PHP_NULL_VALUE, &cursor));
        return php_return(call, result_new(run, steal(&cursor)));
}

static enum php_flow execute_statement(struct php_run *run, struct php_call *call)
{
        _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;
        TRY(execute_call(run, call, 2, &cursor));
        return return_changed_rows(run, call, cursor);
}

static enum php_flow exec(struct php_run *run, struct php_call *call)
{
        _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;
        _cleanup_php_value_ struct php_value sql = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &sql));
        TRY(connection_execute(
                run, php_string_bytes(sql), php_string_size(sql), PHP_NULL_VALUE, PHP_NULL_VALUE, &cursor));
        return return_changed_rows(run, call, cursor);
}

static enum php_flow prepare(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value sql = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &sql));
        return php_return(call, statement_new(run, php_string_bytes(sql), php_string_size(sql)));
}

/* Each of them executes and fetches at once. */
#define FETCH(function, method, types)                                                                       \
        static enum php_flow function(struct php_run *run, struct php_call *call)                            \
        {                                                                                                    \
                _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;                                       \
                TRY(execute_call(run, call, types, &cursor));                                                \
                struct php_call fetch = {.ret = call->ret};                                                  \
                return result_fetch_method(run, &fetch, cursor, method);                                     \
        }
FETCH(fetch_all, "fetchAll", 2)
FETCH(fetch_associative, "fetchAssociative", 2)
FETCH(fetch_numeric, "fetchNumeric", 2)
FETCH(fetch_one, "fetchOne", 2)
FETCH(fetch_all_associative, "fetchAllAssociative", 2)
FETCH(fetch_all_numeric, "fetchAllNumeric", 2)
FETCH(fetch_all_key_value, "fetchAllKeyValue", 2)
FETCH(fetch_all_indexed, "fetchAllAssociativeIndexed", 2)
FETCH(fetch_first_column, "fetchFirstColumn", 2)
FETCH(iterate_associative, "iterateAssociative", 2)
FETCH(iterate_numeric, "iterateNumeric", 2)
FETCH(iterate_key_value, "iterateKeyValue", 2)
FETCH(iterate_indexed, "iterateAssociativeIndexed", 2)
FETCH(iterate_column, "iterateColumn", 2)

/* fetchColumn($sql, $params, $column, $types) */
static enum php_flow fetch_column(struct php_run *run, struct php_call *call)
{
        _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;
        TRY(execute_call(run, call, 3, &cursor));
        struct php_value column = call->count > 2 ? php_argument(call, 2) : php_int(0);
        struct php_call fetch = {.ret = call->ret, .arguments = &column, .count = 1};
        return result_fetch_method(run, &fetch, cursor, "fetchColumn");
}

/* insert, update, delete */

struct change {
        struct buffer set, conditions;
        struct php_value columns, values; /* lists */
};

static void change_deinit(struct change *change)
{
        buffer_deinit(&change->set);
        buffer_deinit(&change->conditions);
        php_release(change->columns);
        php_release(change->values);
}

static void append_key(struct buffer *out, struct php_key key)
{
        if (key.is_string)
                buffer_append(out, key.bytes, key.size);
        else
                buffer_append_format(out, "%lld", (long long)key.integer);
}

static void take_value(struct change *change, struct php_key key, struct php_value value)
{
        (void)php_array_append(&change->columns, php_key_value(key));
        (void)php_array_append(&change->values, php_copy(value));
}

static void append_set(struct change *change, struct php_value data)
{
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(data, &at, &key, &value);) {
                buffer_append_string(&change->set, change->set.size > 0 ? ", " : "");
                append_key(&change->set, key);
                buffer_append_string(&change->set, " = ?");
                take_value(change, key, value);
        }
}

static void append_criteria(struct php_run *run, struct change *change, struct php_value criteria)
{
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(criteria, &at, &key, &value);) {
                buffer_append_string(&change->conditions, change->conditions.size > 0 ? " AND " : "");
                append_key(&change->conditions, key);
                bool is_null = value.type == PHP_TYPE_NULL && version_of(run) >= DOCTRINE_2_10;
                buffer_append_string(&change->conditions, is_null ? " IS NULL" : " = ?");
                if (!is_null)
                        take_value(change, key, value);
        }
}

/* Types by the column's name become a list. */
static struct php_value list_of_types(const struct change *change, struct php_value types)
{
        struct php_key first;
        struct php_value column;
        size_t start = 0;
        if (types.type != PHP_TYPE_ARRAY || !php_array_next(types, &start, &first, NULL) || !first.is_string)
                return php_copy(types);
        struct php_value list = php_new_array();
        for (size_t at = 0; php_array_next(change->columns, &at, NULL, &column);) {
                struct php_key key;
                const struct php_value *type = php_key_of(column, &key) ? php_array_get(types, key) : NULL;
                (void)php_array_append(
                        &list, value_isset(type) ? php_copy(php_look(*type)) : php_int(PDO_STR));
        }
        return list;
}

static enum php_flow send_change(struct php_run *run, struct php_call *call, const struct change *change,
        const struct buffer *sql, struct php_value types)
{
        _cleanup_(cursor_unrefp) struct cursor *cursor = NULL;
        _cleanup_php_value_ struct php_value list = list_of_types(change, types);
        TRY(connection_execute(run, sql->data, sql->size, change->values, list, &cursor));
        return return_changed_rows(run, call, cursor);
}

static enum php_flow begin_change(struct php_run *run, const struct php_call *call, const char *words,
        struct buffer *sql, struct change *ret)
{
        _cleanup_php_value_ struct php_value table = PHP_NULL_VALUE;
        TRY(php_stringify(run, php_argument(call, 0), &table));
        for (size_t i = 1; i < call->count; i++)
                TRY(check_array(run, call, i));
        *ret = (struct change){.columns = php_new_array(), .values = php_new_array()};
        buffer_append_string(sql, words);
        buffer_append(sql, php_string_bytes(table), php_string_size(table));
        return PHP_OK;
}

static enum php_flow insert(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer sql = {0};
        _cleanup_(change_deinit) struct change change = {0};
        TRY(begin_change(run, call, "INSERT INTO ", &sql, &change));
        append_set(&change, php_argument(call, 1));
        struct php_value column;
        bool first = true;
        buffer_append_string(&sql, " (");
        for (size_t at = 0; php_array_next(change.columns, &at, NULL, &column); first = false) {
                struct php_key key;
                (void)php_key_of(column, &key);
                buffer_append_string(&sql, first ? "" : ", ");
                append_key(&sql, key);
        }
        buffer_append_string(&sql, ") VALUES (");
        for (size_t i = 0; i < php_array_count(change.columns); i++)
                buffer_append_string(&sql, i == 0 ? "?" : ", ?");
        buffer_append_string(&sql, ")");
        bool is_empty = php_array_count(change.columns) == 0;
        return send_change(run, call, &change, &sql, is_empty ? PHP_NULL_VALUE : argument_or_null(call, 2));
}

static enum php_flow update(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer sql = {0};
        _cleanup_(change_deinit) struct change change = {0};
        TRY(begin_change(run, call, "UPDATE ", &sql, &change));
        append_set(&change, php_argument(call, 1));
        append_criteria(run, &change, php_argument(call, 2));
        buffer_append_string(&sql, " SET ");
        buffer_append(&sql, change.set.data ? change.set.data : "", change.set.size);
        buffer_append_string(&sql, " WHERE ");
        buffer_append(&sql, change.conditions.data ? change.conditions.data : "", change.conditions.size);
        return send_change(run, call, &change, &sql, argument_or_null(call, 3));
}

static enum php_flow delete (struct php_run *run, struct php_call *call) {
        _cleanup_buffer_ struct buffer sql = {0}; _cleanup_(change_deinit) struct change change = {0};
        TRY(begin_change(run, call, "DELETE FROM ", &sql, &change));
        if (php_array_count(php_argument(call, 1)) == 0) return doctrine_throw(run,
                DBAL "Exception\\InvalidArgumentException", 0,
                "Empty criteria was used, expected non-empty criteria");
        append_criteria(run, &change, php_argument(call, 1));
        buffer_append_string(&sql, " WHERE ");
        buffer_append(&sql, change.conditions.data, change.conditions.size);
        return send_change(run, call, &change, &sql, argument_or_null(call, 2));
}

/* Quoting */

enum php_flow connection_quote(
        struct php_run *run, struct php_value value, struct php_value type, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value converted = PHP_NULL_VALUE, text = PHP_NULL_VALUE;
        struct sql_source *source = doctrine_of(run)->source;
        enum pdo_type kind;
        TRY(sql_convert(run, value, type, &converted, &kind));
        if (kind == PDO_LOB || converted.type == PHP_TYPE_ARRAY)
                return php_needs_php(run, "quote() of a %s", kind == PDO_LOB ? "binary" : "array");
        if (kind == PDO_NULL && php_look(type).type == PHP_TYPE_INT && version_of(run) >= DOCTRINE_3_7)
                return php_needs_php(run, "quote() as null");
        TRY(php_stringify(run, converted, &text));
        _cleanup_free_ char *quoted =
                source->quote(source->context, php_string_bytes(text), php_string_size(text));
        *ret = php_text(quoted);
        return PHP_OK;
}

static enum php_flow quote(struct php_run *run, struct php_call *call)
{
        return connection_quote(run, php_argument(call, 0), argument_or_null(call, 1), call->ret);
}

static enum php_flow quote_identifier(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value platform = doctrine_new_platform(run);
        return php_call_method(run, platform, "quoteIdentifier", call->arguments, call->count, call->ret);
}

/* Transactions: the migration runs in one, so that those inside it send nothing. */

static enum php_flow return_success(struct php_run *run, struct php_call *call)
{
        return php_return(call, version_of(run) >= DOCTRINE_2_10 ? php_bool(true) : PHP_NULL_VALUE);
}

static enum php_flow begin_transaction(struct php_run *run, struct php_call *call)
{
        struct connection *connection = call->this_host;
        connection->nesting++;
        return return_success(run, call);
}

static enum php_flow commit(struct php_run *run, struct php_call *call)
{
        struct connection *connection = call->this_host;
        if (connection->nesting < 2)
                return php_needs_php(run, "commit() of the migration's own transaction");
        connection->nesting--;
        return return_success(run, call);
}

static enum php_flow roll_back(struct php_run *run, _unused struct php_call *call)
{
        return php_needs_php(run, "rollBack() in the migration's transaction");
}

static enum php_flow transactional(struct php_run *run, struct php_call *call)
{
        struct connection *connection = call->this_host;
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
        connection->nesting++;
        enum php_flow flow = php_call(run, php_argument(call, 0), &call->this, 1, &result);
        connection->nesting--;
        if (flow == PHP_THROWN)
                return php_needs_php(run, "an exception inside of transactional()");
        if (flow != PHP_OK)
                return flow;
        return php_return(call, version_of(run) >= DOCTRINE_2_10 ? php_steal(&result) : PHP_NULL_VALUE);
}

static enum php_flow is_transaction_active(_unused struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(true));
}

static enum php_flow nesting_level(_unused struct php_run *run, struct php_call *call)
{
        const struct connection *connection = call->this_host;
        return php_return(call, php_int(connection->nesting));
}

/* What belongs to it */

static enum php_flow get_platform(struct php_run *run, struct php_call *call)
{
        return php_return(call, doctrine_new_platform(run));
}

static enum php_flow get_schema_manager(struct php_run *run, struct php_call *call)
{
        return php_return(call, doctrine_new_schema_manager(run));
}

static enum php_flow create_query_builder(struct php_run *run, struct php_call *call)
{
        return php_return(call, query_builder_new(run, call->this));
}

static enum php_flow get_expression_builder(struct php_run *run, struct php_call *call)
{
        struct connection *connection = call->this_host;
        if (connection->expressions.type == PHP_TYPE_NULL)
                connection->expressions = expression_builder_new(run);
        return php_return(call, php_copy(connection->expressions));
}

static enum php_flow get_database(struct php_run *run, struct php_call *call)
{
        const char *name = doctrine_of(run)->source->database;
        if (!name || !name[0])
                return php_needs_php(run, "the database's name");
        return php_return(call, php_text(name));
}

static enum php_flow get_configuration(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_host_object(run, DBAL "Configuration", NULL));
}

static enum php_flow nothing(_unused struct php_run *run, struct php_call *call)
{
        return php_return(call, PHP_NULL_VALUE);
}

static enum php_flow convert_value(struct php_run *run, struct php_call *call, const char *method)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE, type = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value platform = doctrine_new_platform(run);
        TRY(php_argument_string(run, call, 1, &name));
        TRY(type_get(run, php_string_bytes(name), &type));
        struct php_value arguments[] = {php_argument(call, 0), platform};
        return php_call_method(run, type, method, arguments, 2, call->ret);
}

static enum php_flow to_database_value(struct php_run *run, struct php_call *call)
{
        return convert_value(run, call, "convertToDatabaseValue");
}

static enum php_flow to_php_value(struct php_run *run, struct php_call *call)
{
        return convert_value(run, call, "convertToPHPValue");
}

static enum php_flow yes(_unused struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(true));
}

/* Known, and not answered: they hold secrets, or what only a server knows after a write. */
#define NEEDS_PHP(function, name)                                                                            \
        static enum php_flow function(struct php_run *run, _unused struct php_call *call)                    \
        {                                                                                                    \
                return php_needs_php(run, "Connection::" name "()");                                         \
        }
NEEDS_PHP(close_connection, "close")
NEEDS_PHP(connect, "connect")
NEEDS_PHP(error_code, "errorCode")
NEEDS_PHP(error_info, "errorInfo")
NEEDS_PHP(get_driver, "getDriver")
NEEDS_PHP(get_event_manager, "getEventManager")
NEEDS_PHP(get_host, "getHost")
NEEDS_PHP(get_native, "getNativeConnection")
NEEDS_PHP(get_params, "getParams")
NEEDS_PHP(get_password, "getPassword")
NEEDS_PHP(get_port, "getPort")
NEEDS_PHP(get_username, "getUsername")
NEEDS_PHP(get_wrapped, "getWrappedConnection")
NEEDS_PHP(project, "project")
NEEDS_PHP(savepoint, "createSavepoint")
NEEDS_PHP(set_auto_commit, "setAutoCommit")
NEEDS_PHP(set_fetch_mode, "setFetchMode")
NEEDS_PHP(set_isolation, "setTransactionIsolation")
NEEDS_PHP(set_nesting, "setNestTransactionsWithSavepoints")
NEEDS_PHP(set_rollback_only, "setRollbackOnly")

static enum php_flow last_insert_id(struct php_run *run, struct php_call *call)
{
        struct sql_source *source = doctrine_of(run)->source;
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *id = NULL;
        int result = source->last_insert_id(source->context, &id, &err);
        if (result < 0)
                return php_fail(run, &err);
        return result == 1 ? php_needs_php(run, "Connection::lastInsertId() of a row that is only planned")
                           : php_return(call, php_text(id));
}

#define QUERY_NAMES "sql,params,types,qcp"

static const struct doctrine_method connection_methods[] = {
        {{"beginTransaction", begin_transaction, 0, 0, false, ""}, 0, 0},
        {{"close", close_connection, 0, 0, false, ""}, 0, 0},
        {{"commit", commit, 0, 0, false, ""}, 0, 0},
        {{"connect", connect, 0, 0, false, ""}, 0, 0},
        {{"convertToDatabaseValue", to_database_value, 2, 2, false, "value,type"}, 0, 0},
        {{"convertToPHPValue", to_php_value, 2, 2, false, "value,type"}, 0, 0},
        {{"createExpressionBuilder", get_expression_builder, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"createQueryBuilder", create_query_builder, 0, 0, false, ""}, 0, 0},
        {{"createSavepoint", savepoint, 1, 1, false, NULL}, 0, 0},
        {{"createSchemaManager", get_schema_manager, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"delete", delete, 2, 3, false, NULL}, 0, 0},
        {{"errorCode", error_code, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{"errorInfo", error_info, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{"exec", exec, 1, 1, false, NULL}, 0, 0},
        {{"executeQuery", execute_query, 1, 4, false, NULL}, 0, DOCTRINE_2_13},
        {{"executeQuery", execute_query, 1, 4, false, QUERY_NAMES}, DOCTRINE_2_13, 0},
        {{"executeStatement", execute_statement, 1, 3, false, "sql,params,types"}, DOCTRINE_2_13, 0},
        {{"executeUpdate", execute_statement, 1, 3, false, NULL}, 0, 0},
        {{"fetchAll", fetch_all, 1, 3, false, NULL}, 0, DOCTRINE_3_7},
        {{"fetchAllAssociative", fetch_all_associative, 1, 3, false, "query,params,types"}, DOCTRINE_2_13, 0},
        {{"fetchAllAssociativeIndexed", fetch_all_indexed, 1, 3, false, "query,params,types"}, DOCTRINE_2_13,
                0},
        {{"fetchAllKeyValue", fetch_all_key_value, 1, 3, false, "query,params,types"}, DOCTRINE_2_13, 0},
        {{"fetchAllNumeric", fetch_all_numeric, 1, 3, false, "query,params,types"}, DOCTRINE_2_13, 0},
        {{"fetchArray", fetch_numeric, 1, 3, false, NULL}, 0, DOCTRINE_3_7},
        {{"fetchAssoc", fetch_associative, 1, 3, false, NULL}, 0, DOCTRINE_3_7},
        {{"fetchAssociative", fetch_associative, 1, 3, false, "query,params,types"}, DOCTRINE_2_13, 0},
        {{"fetchColumn", fetch_column, 1, 4, false, NULL}, 0, DOCTRINE_3_7},
        {{"fetchFirstColumn", fetch_first_column, 1, 3, false, "query,params,types"}, DOCTRINE_2_13, 0},
        {{"fetchNumeric", fetch_numeric, 1, 3, false, "query,params,types"}, DOCTRINE_2_13, 0},
        {{"fetchOne", fetch_one, 1, 3, false, "query,params,types"}, DOCTRINE_2_13, 0},
        {{"getConfiguration", get_configuration, 0, 0, false, ""}, 0, 0},
        {{"getDatabase", get_database, 0, 0, false, ""}, 0, 0},
        {{"getDatabasePlatform", get_platform, 0, 0, false, ""}, 0, 0},
        {{"getDriver", get_driver, 0, 0, false, ""}, 0, 0},
        {{"getEventManager", get_event_manager, 0, 0, false, ""}, 0, 0},
        {{"getExpressionBuilder", get_expression_builder, 0, 0, false, ""}, 0, 0},
        {{"getHost", get_host, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{"getNativeConnection", get_native, 0, 0, false, ""}, DOCTRINE_3_7, 0},
        {{"getParams", get_params, 0, 0, false, ""}, 0, 0},
        {{"getPassword", get_password, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{"getPort", get_port, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{"getSchemaManager", get_schema_manager, 0, 0, false, ""}, 0, 0},
        {{"getTransactionNestingLevel", nesting_level, 0, 0, false, ""}, 0, 0},
        {{"getUsername", get_username, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{"getWrappedConnection", get_wrapped, 0, 0, false, ""}, 0, 0},
        {{"insert", insert, 2, 3, false, NULL}, 0, 0},
        {{"isAutoCommit", yes, 0, 0, false, ""}, 0, 0},
        {{"isConnected", yes, 0, 0, false, ""}, 0, 0},
        {{"isTransactionActive", is_transaction_active, 0, 0, false, ""}, 0, 0},
        {{"iterateAssociative", iterate_associative, 1, 3, false, NULL}, DOCTRINE_2_13, 0},
        {{"iterateAssociativeIndexed", iterate_indexed, 1, 3, false, NULL}, DOCTRINE_2_13, 0},
        {{"iterateColumn", iterate_column, 1, 3, false, NULL}, DOCTRINE_2_13, 0},
        {{"iterateKeyValue", iterate_key_value, 1, 3, false, NULL}, DOCTRINE_2_13, 0},
        {{"iterateNumeric", iterate_numeric, 1, 3, false, NULL}, DOCTRINE_2_13, 0},
        {{"lastInsertId", last_insert_id, 0, 1, false, NULL}, 0, 0},
        {{"ping", yes, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{"prepare", prepare, 1, 1, false, NULL}, 0, 0},
        {{"project", project, 3, 3, false, NULL}, 0, DOCTRINE_3_7},
        {{"query", query, 1, PHP_ANY, false, NULL}, 0, 0},
        {{"quote", quote, 1, 2, false, NULL}, 0, 0},
        {{"quoteIdentifier", quote_identifier, 1, 1, false, NULL}, 0, 0},
        {{"releaseSavepoint", savepoint, 1, 1, false, NULL}, 0, 0},
        {{"rollBack", roll_back, 0, 0, false, ""}, 0, 0},
        {{"rollbackSavepoint", savepoint, 1, 1, false, NULL}, 0, 0},
        {{"setAutoCommit", set_auto_commit, 1, 1, false, NULL}, 0, 0},
        {{"setFetchMode", set_fetch_mode, 1, 1, false, NULL}, 0, DOCTRINE_3_7},
        {{"setNestTransactionsWithSavepoints", set_nesting, 1, 1, false, NULL}, 0, 0},
        {{"setRollbackOnly", set_rollback_only, 0, 0, false, ""}, 0, 0},
        {{"setTransactionIsolation", set_isolation, 1, 1, false, NULL}, 0, 0},
        {{"transactional", transactional, 1, 1, false, NULL}, 0, 0},
        {{"update", update, 3, 4, false, NULL}, 0, 0},
        {{NULL}, 0, 0},
};

#define NUMBER(name, value)                                                                                  \
        {                                                                                                    \
                name, PHP_TYPE_INT, value, NULL                                                              \
        }

static const struct doctrine_constant connection_constants[] = {
        {NUMBER("ARRAY_PARAM_OFFSET", 100), 0, 0},
        {NUMBER("PARAM_ASCII_STR_ARRAY", 117), DOCTRINE_3_7, 0},
        {NUMBER("PARAM_INT_ARRAY", 101), 0, 0},
        {NUMBER("PARAM_STR_ARRAY", 102), 0, 0},
        {NUMBER("TRANSACTION_READ_COMMITTED", 2), 0, DOCTRINE_3_7},
        {NUMBER("TRANSACTION_READ_UNCOMMITTED", 1), 0, DOCTRINE_3_7},
        {NUMBER("TRANSACTION_REPEATABLE_READ", 3), 0, DOCTRINE_3_7},
        {NUMBER("TRANSACTION_SERIALIZABLE", 4), 0, DOCTRINE_3_7},
        {{NULL}, 0, 0},
};

static const struct doctrine_method configuration_methods[] = {
        {{"getSQLLogger", nothing, 0, 0, false, ""}, 0, 0},
        {{"setSQLLogger", nothing, 0, 1, false, NULL}, 0, 0},
        {{NULL}, 0, 0},
};

static const struct doctrine_constant parameter_type_constants[] = {
        {NUMBER("ASCII", 17), DOCTRINE_2_13, 0},
        {NUMBER("BINARY", 16), 0, 0},
        {NUMBER("BOOLEAN", 5), 0, 0},
        {NUMBER("INTEGER", 1), 0, 0},
        {NUMBER("LARGE_OBJECT", 3), 0, 0},
        {NUMBER("NULL", 0), 0, 0},
        {NUMBER("STRING", 2), 0, 0},
        {{NULL}, 0, 0},
};

static const struct doctrine_constant array_parameter_type_constants[] = {
        {NUMBER("ASCII", 117), 0, 0},
        {NUMBER("BINARY", 116), 0, 0},
        {NUMBER("INTEGER", 101), 0, 0},
        {NUMBER("STRING", 102), 0, 0},
        {{NULL}, 0, 0},
};

static const struct doctrine_constant fetch_mode_constants[] = {
        {NUMBER("ASSOCIATIVE", 2), 0, 0},
        {NUMBER("COLUMN", 7), 0, 0},
        {NUMBER("CUSTOM_OBJECT", 8), 0, DOCTRINE_3_7},
        {NUMBER("MIXED", 4), 0, DOCTRINE_3_7},
        {NUMBER("NUMERIC", 3), 0, 0},
        {NUMBER("STANDARD_OBJECT", 5), 0, DOCTRINE_3_7},
        {{NULL}, 0, 0},
};

static const struct doctrine_constant pdo_constants[] = {
        {NUMBER("FETCH_ASSOC", 2), 0, 0},
        {NUMBER("FETCH_BOTH", 4), 0, 0},
        {NUMBER("FETCH_CLASS", 8), 0, 0},
        {NUMBER("FETCH_COLUMN", 7), 0, 0},
        {NUMBER("FETCH_GROUP", 65536), 0, 0},
        {NUMBER("FETCH_KEY_PAIR", 12), 0, 0},
        {NUMBER("FETCH_NUM", 3), 0, 0},
        {NUMBER("FETCH_OBJ", 5), 0, 0},
        {NUMBER("FETCH_UNIQUE", 196608), 0, 0},
        {NUMBER("PARAM_BOOL", 5), 0, 0},
        {NUMBER("PARAM_INT", 1), 0, 0},
        {NUMBER("PARAM_LOB", 3), 0, 0},
        {NUMBER("PARAM_NULL", 0), 0, 0},
        {NUMBER("PARAM_STR", 2), 0, 0},
        {{NULL}, 0, 0},
};

const struct doctrine_class connection_classes[] = {
        {.class = {.name = CONNECTION, .construct = doctrine_no_new, .release = connection_release},
                .methods = connection_methods,
                .constants = connection_constants},
        {.class = {.name = DBAL "Configuration", .construct = doctrine_no_new},
                .methods = configuration_methods},
        {.class = {.name = DBAL "ParameterType", .is_abstract = true},
                .constants = parameter_type_constants,
                .from = DOCTRINE_2_10},
        {.class = {.name = DBAL "ArrayParameterType", .is_abstract = true},
                .constants = array_parameter_type_constants,
                .from = DOCTRINE_3_7},
        {.class = {.name = DBAL "FetchMode", .is_abstract = true},
                .constants = fetch_mode_constants,
                .from = DOCTRINE_2_10},
        {.class = {.name = "PDO", .is_abstract = true}, .constants = pdo_constants},
        {.class = {.name = NULL}},
};
