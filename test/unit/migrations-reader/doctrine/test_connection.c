/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/doctrine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* Connections, statements and query builders against a database that holds a table t of two rows: what a
 * migration is given back, and the statements that a server would see. */

static struct buffer sent; /* statements, a line each */

/* The value of a column of t: 1, 'a' and 2, NULL. */
static char *cell_of(const char *column, size_t row)
{
        if (strcmp(column, "id") == 0)
                return string_copy(row == 0 ? "1" : "2");
        return row == 0 ? string_copy("a") : NULL;
}

static void fill_rows(const char *columns, struct database_rows *ret)
{
        char *rest = NULL;
        _cleanup_free_ char *list = string_copy(columns);
        ret->rows = 2;
        ret->cells = memory_new_array(8, sizeof(*ret->cells));
        ret->sizes = memory_new_array(8, sizeof(*ret->sizes));
        ret->names = memory_new_array(4, sizeof(*ret->names));
        for (char *name = strtok_r(list, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest))
                ret->names[ret->columns++] = string_copy(name);
        for (size_t i = 0; i < 2 * ret->columns; i++) {
                ret->cells[i] = cell_of(ret->names[i % ret->columns], i / ret->columns);
                ret->sizes[i] = ret->cells[i] ? strlen(ret->cells[i]) : 0;
        }
}

static int read_rows(_unused void *context, const char *sql, size_t size, struct database_rows *ret,
        char **ret_why, struct error *err)
{
        if (sent.size > 0)
                buffer_append(&sent, "\n", 1);
        buffer_append(&sent, sql, size);
        if (strstr(sql, "touched")) {
                *ret_why = string_copy("touched");
                return 2;
        }
        if (strstr(sql, "nowhere"))
                return 1;
        if (strstr(sql, "missing")) {
                error_set(err, REASON_DATABASE_QUERY_FAILED,
                        "the database server (here) says: Table 'd.missing' doesn't exist (1146)");
                err->number = 1146;
                return -1;
        }
        if (strstr(sql, "SELECT x ")) {
                error_set(err, REASON_DATABASE_QUERY_FAILED,
                        "the database server (here) says: Unknown column 'x' in 'field list' (1054)");
                err->number = 1054;
                return -1;
        }
        const char *from = strstr(sql, " FROM ");
        assert_non_null(from);
        _cleanup_free_ char *columns = memory_copy(sql + 7, (size_t)(from - sql) - 7);
        fill_rows(columns, ret);
        return 0;
}

static int write_down(_unused void *context, _unused const char *sql, _unused size_t size,
        _unused struct php_value params, const char *bound, size_t bound_size, _unused unsigned line,
        char **ret_why, _unused struct error *err)
{
        if (sent.size > 0)
                buffer_append(&sent, "\n", 1);
        buffer_append(&sent, bound, bound_size);
        if (!strstr(bound, "missing"))
                return 0;
        *ret_why = string_copy("Table 'd.missing' doesn't exist");
        return 1;
}

static int no_id(_unused void *context, _unused char **ret, _unused struct error *err)
{
        return 1;
}

static char *quote(_unused void *context, const char *text, size_t size)
{
        static const char escaped[] = "\\'\"\n\r\0\x1a", letters[] = "\\'\"nr0Z";
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, "'", 1);
        for (size_t i = 0; i < size; i++) {
                const char *found = memchr(escaped, text[i], sizeof(escaped) - 1);
                if (found)
                        buffer_append(&out, "\\", 1);
                buffer_append(&out, found ? &letters[found - escaped] : text + i, 1);
        }
        buffer_append(&out, "'", 1);
        return buffer_steal(&out);
}

static enum php_flow connection(struct php_run *run, struct php_call *call)
{
        return php_return(call, doctrine_new_connection(run));
}

static const struct php_host_function functions[] = {
        {"connection", connection, 0, 0, 0, ""},
        {NULL, NULL, 0, 0, 0, NULL},
};

/* "json of the result", or "stopped: why". Owned by the caller. */
static char *evaluate(enum doctrine_version version, const char *body)
{
        struct sql_source source = {.read = read_rows,
                .write = write_down,
                .last_insert_id = no_id,
                .quote = quote,
                .database = "d"};
        struct doctrine doctrine = {.version = version, .source = &source};
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_file_freep) struct php_file *file = NULL;
        _cleanup_free_ char *code =
                string_format("<?php function body($c) { %s }\n"
                              "function test() { try { $r = body(connection()); } catch (\\Throwable $e) {\n"
                              "$r = get_class($e) . ': ' . $e->getMessage(); } return json_encode($r); }",
                        body);
        _cleanup_(php_run_freep) struct php_run *run = php_run_new(PHP_LIMITS_DEFAULT, NULL, NULL);
        if (php_file_read("test.php", code, strlen(code), &file, &err) < 0)
                fail_msg("%s: %s", body, error_message(&err));
        buffer_deinit(&sent);
        php_add_standard(run);
        php_run_add_functions(run, functions);
        php_run_set_host(run, &doctrine);
        doctrine_register(run, &doctrine);
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE, test = php_text("test");
        enum php_flow flow = php_run_file(run, file);
        if (flow == PHP_OK)
                flow = php_call(run, test, NULL, 0, &result);
        if (flow == PHP_STOPPED)
                return string_format("stopped: %s", php_run_stop(run)->message);
        assert_int_equal(flow, PHP_OK);
        return string_copy(php_string_bytes(result));
}

enum { V2_5 = 1, V2_10 = 2, V2_13 = 4, V3_7 = 8, ALL = 15 };

struct connection_case {
        unsigned versions;
        const char *body; /* of a function that gets the connection $c */
        const char *result; /* as JSON; exceptions "Class: message"; NULL: nothing */
        const char *sent;
};

/* What doctrine/dbal itself gave and sent to MariaDB. */
static const struct connection_case cases[] = {
        {ALL, "$c->executeQuery('SELECT id, name FROM t WHERE id = ? AND name = ?', [1, \"it's\"]);", NULL,
                "SELECT id, name FROM t WHERE id = '1' AND name = 'it\\'s'"},
        {ALL,
                "$c->executeQuery('SELECT id, name FROM t WHERE id = :id OR name = :name OR id = :id', ['id' "
                "=> 1, 'name' => null]);",
                NULL, "SELECT id, name FROM t WHERE id = '1' OR name = NULL OR id = '1'"},
        {ALL,
                "$c->executeQuery('SELECT id, name FROM t WHERE id IN (?) AND name = ?', [[1, '2', 3], 'x'], "
                "[101, 2]);",
                NULL, "SELECT id, name FROM t WHERE id IN (1, 2, 3) AND name = 'x'"},
        {ALL,
                "$c->executeQuery('SELECT id, name FROM t WHERE id IN (:ids) AND name IN (:names)', ['ids' "
                "=> [1, 2], 'names' => ['a', 'b\\'c']], ['ids' => 101, 'names' => 102]);",
                NULL, "SELECT id, name FROM t WHERE id IN (1, 2) AND name IN ('a', 'b\\'c')"},
        {ALL, "$c->executeQuery('SELECT id, name FROM t WHERE id IN (:ids)', ['ids' => []], ['ids' => 101]);",
                NULL, "SELECT id, name FROM t WHERE id IN (NULL)"},
        {ALL,
                "$c->executeQuery('SELECT id, name FROM t WHERE id = ? AND name = ? AND id = ? AND id = ? "
                "AND 1', [true, false, 7, 1.5]);",
                NULL,
                "SELECT id, name FROM t WHERE id = '1' AND name = '' AND id = '7' AND id = '1.5' AND 1"},
        {ALL,
                "$c->executeQuery('SELECT id, name FROM t WHERE id = ? AND id = ? AND id = ? AND name = ?', "
                "['12abc', '5', true, 9], [1, 2, 5, 0]);",
                NULL, "SELECT id, name FROM t WHERE id = 12 AND id = '5' AND id = 1 AND name = NULL"},
        {V2_5 | V2_10, "$c->executeQuery('SELECT id, name FROM t WHERE id = :a', ['b' => 1]);",
                "\"Doctrine\\\\DBAL\\\\DBALException: An exception occurred while executing 'SELECT id, name "
                "FROM t WHERE id = :a' with params [1]:\\n\\nValue for :a not found in params array. Params "
                "array key should be \\\"a\\\"\"",
                ""},
        {V2_13, "$c->executeQuery('SELECT id, name FROM t WHERE id = :a', ['b' => 1]);",
                "\"Doctrine\\\\DBAL\\\\Exception: An exception occurred while executing 'SELECT id, name "
                "FROM t WHERE id = :a' with params [1]:\\n\\nValue for :a not found in params array. Params "
                "array key should be \\\"a\\\"\"",
                ""},
        {V3_7, "$c->executeQuery('SELECT id, name FROM t WHERE id = :a', ['b' => 1]);",
                "\"Doctrine\\\\DBAL\\\\ArrayParameters\\\\Exception\\\\MissingNamedParameter: Named "
                "parameter \\\"a\\\" does not have a bound value.\"",
                ""},
        {V2_5 | V2_10 | V2_13, "$c->executeQuery('SELECT id, name FROM t WHERE id = ? AND id = ?', [1]);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\DriverException: An exception occurred while executing "
                "'SELECT id, name FROM t WHERE id = ? AND id = ?' with params [1]:\\n\\nSQLSTATE[HY093]: "
                "Invalid parameter number: number of bound variables does not match number of tokens\"",
                ""},
        {V3_7, "$c->executeQuery('SELECT id, name FROM t WHERE id = ? AND id = ?', [1]);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\DriverException: An exception occurred while executing a "
                "query: SQLSTATE[HY093]: Invalid parameter number: number of bound variables does not match "
                "number of tokens\"",
                ""},
        {V2_5 | V2_10 | V2_13, "$c->executeQuery('SELECT id, name FROM t WHERE id = ?', [1, 2]);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\DriverException: An exception occurred while executing "
                "'SELECT id, name FROM t WHERE id = ?' with params [1, 2]:\\n\\nSQLSTATE[HY093]: Invalid "
                "parameter number: number of bound variables does not match number of tokens\"",
                ""},
        {V3_7, "$c->executeQuery('SELECT id, name FROM t WHERE id = ?', [1, 2]);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\DriverException: An exception occurred while executing a "
                "query: SQLSTATE[HY093]: Invalid parameter number: number of bound variables does not match "
                "number of tokens\"",
                ""},
        {ALL,
                "$c->executeQuery('SELECT id, name FROM t WHERE name = \"?\" AND name <> \\':x\\' AND id = ? "
                "-- ? it', [1]);",
                NULL, "SELECT id, name FROM t WHERE name = \"?\" AND name <> ':x' AND id = '1' -- ? it"},
        {ALL,
                "$c->executeQuery('SELECT id, name FROM t WHERE name = \\':x\\' AND `name` <> \":y\" AND id "
                "= :id /* here */', ['id' => 3]);",
                NULL,
                "SELECT id, name FROM t WHERE name = ':x' AND `name` <> \":y\" AND id = '3' /* here */"},
        {V2_5 | V2_10 | V2_13, "$c->executeQuery('SELECT id, name FROM t WHERE id = :id', [':id' => 3]);",
                NULL, "SELECT id, name FROM t WHERE id = '3'"},
        {V3_7, "$c->executeQuery('SELECT id, name FROM t WHERE id = :id', [':id' => 3]);",
                "\"Doctrine\\\\DBAL\\\\ArrayParameters\\\\Exception\\\\MissingNamedParameter: Named "
                "parameter \\\"id\\\" does not have a bound value.\"",
                ""},
        {ALL,
                "$c->executeQuery('SELECT id, name FROM t WHERE name = ? AND id = ?', ['x', true], "
                "['string', 'boolean']);",
                NULL, "SELECT id, name FROM t WHERE name = 'x' AND id = 1"},
        {V2_5 | V2_10 | V2_13,
                "$c->executeQuery('SELECT id, name FROM t WHERE id = ? AND name = ?', [1 => 'x', 0 => 5], [0 "
                "=> 1, 1 => 2]);",
                NULL, "SELECT id, name FROM t WHERE id = 5 AND name = 'x'"},
        {V3_7,
                "$c->executeQuery('SELECT id, name FROM t WHERE id = ? AND name = ?', [1 => 'x', 0 => 5], [0 "
                "=> 1, 1 => 2]);",
                NULL, "SELECT id, name FROM t WHERE id = 'x' AND name = 5"},
        {ALL,
                "$c->executeUpdate('UPDATE t SET name = :n WHERE id = :id', ['n' => "
                "\"a\\\\b\\n\\0\\x1a\\\"\", 'id' => 3], ['id' => 1]);",
                NULL, "UPDATE t SET name = 'a\\\\b\\n\\0\\Z\\\"' WHERE id = 3"},
        {V2_5, "$c->executeQuery('SELECT id, name FROM t WHERE id = ?', [1], ['nonsense']);",
                "\"Doctrine\\\\DBAL\\\\DBALException: Unknown column type \\\"nonsense\\\" requested. Any "
                "Doctrine type that you use has to be registered with "
                "\\\\Doctrine\\\\DBAL\\\\Types\\\\Type::addType(). You can get a list of all the known types "
                "with \\\\Doctrine\\\\DBAL\\\\Types\\\\Type::getTypesMap(). If this error occurs during "
                "database introspection then you might have forgot to register all database types for a "
                "Doctrine Type. Use AbstractPlatform#registerDoctrineTypeMapping() or have your custom types "
                "implement Type#getMappedDatabaseTypes(). If the type name is empty you might have a problem "
                "with the cache or forgot some mapping information.\"",
                ""},
        {V2_10, "$c->executeQuery('SELECT id, name FROM t WHERE id = ?', [1], ['nonsense']);",
                "\"Doctrine\\\\DBAL\\\\DBALException: Unknown column type \\\"nonsense\\\" requested. Any "
                "Doctrine type that you use has to be registered with "
                "\\\\Doctrine\\\\DBAL\\\\Types\\\\Type::addType(). You can get a list of all the known types "
                "with \\\\Doctrine\\\\DBAL\\\\Types\\\\Type::getTypesMap(). If this error occurs during "
                "database introspection then you might have forgotten to register all database types for a "
                "Doctrine Type. Use AbstractPlatform#registerDoctrineTypeMapping() or have your custom types "
                "implement Type#getMappedDatabaseTypes(). If the type name is empty you might have a problem "
                "with the cache or forgot some mapping information.\"",
                ""},
        {V2_13 | V3_7, "$c->executeQuery('SELECT id, name FROM t WHERE id = ?', [1], ['nonsense']);",
                "\"Doctrine\\\\DBAL\\\\Exception: Unknown column type \\\"nonsense\\\" requested. Any "
                "Doctrine type that you use has to be registered with "
                "\\\\Doctrine\\\\DBAL\\\\Types\\\\Type::addType(). You can get a list of all the known types "
                "with \\\\Doctrine\\\\DBAL\\\\Types\\\\Type::getTypesMap(). If this error occurs during "
                "database introspection then you might have forgotten to register all database types for a "
                "Doctrine Type. Use AbstractPlatform#registerDoctrineTypeMapping() or have your custom types "
                "implement Type#getMappedDatabaseTypes(). If the type name is empty you might have a problem "
                "with the cache or forgot some mapping information.\"",
                ""},
        {ALL, "$c->executeUpdate(\"UPDATE t AS `a:b` SET name = '10:30', id = ? -- :x ?\", [1]);", NULL,
                "UPDATE t AS `a:b` SET name = '10:30', id = '1' -- :x ?"},
        {V3_7, "$c->executeQuery('SELECT id FROM t', [1]);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\DriverException: An exception occurred while executing a "
                "query: SQLSTATE[HY093]: Invalid parameter number: number of bound variables does not match "
                "number of tokens\"",
                ""},
        {ALL, "$c->insert('t', ['id' => 1, 'name' => null]);", NULL,
                "INSERT INTO t (id, name) VALUES ('1', NULL)"},
        {ALL, "$c->insert('t', ['id' => 1, 'name' => 'x'], ['name' => 2, 'id' => 1]);", NULL,
                "INSERT INTO t (id, name) VALUES (1, 'x')"},
        {ALL, "$c->insert('t', ['id' => 1, 'name' => 'x'], [1, 2]);", NULL,
                "INSERT INTO t (id, name) VALUES (1, 'x')"},
        {ALL, "$c->insert('t', []);", NULL, "INSERT INTO t () VALUES ()"},
        {V2_5, "$c->update('t', ['name' => 'x', 'id' => 5], ['id' => 1, 'name' => null]);", NULL,
                "UPDATE t SET name = 'x', id = '5' WHERE id = '1' AND name = NULL"},
        {V2_10 | V2_13 | V3_7, "$c->update('t', ['name' => 'x', 'id' => 5], ['id' => 1, 'name' => null]);",
                NULL, "UPDATE t SET name = 'x', id = '5' WHERE id = '1' AND name IS NULL"},
        {ALL, "$c->update('t', ['name' => 'x'], ['id' => 1], ['id' => 'integer']);", NULL,
                "UPDATE t SET name = 'x' WHERE id = 1"},
        {V2_5, "$c->delete('t', ['id' => 1, 'name' => null]);", NULL,
                "DELETE FROM t WHERE id = '1' AND name = NULL"},
        {V2_10 | V2_13 | V3_7, "$c->delete('t', ['id' => 1, 'name' => null]);", NULL,
                "DELETE FROM t WHERE id = '1' AND name IS NULL"},
        {ALL, "$c->delete('t', []);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\InvalidArgumentException: Empty criteria was used, "
                "expected non-empty criteria\"",
                ""},
        {ALL, "$c->exec('DELETE FROM t');", NULL, "DELETE FROM t"},
        {V2_13 | V3_7, "$c->executeStatement('DELETE FROM t WHERE id = ?', [1]);", NULL,
                "DELETE FROM t WHERE id = '1'"},
        {V2_5 | V2_10 | V2_13,
                "return [$c->fetchAll('SELECT id, name FROM t'), $c->fetchAssoc('SELECT id, name FROM t'), "
                "$c->fetchArray('SELECT id, name FROM t'), $c->fetchColumn('SELECT id, name FROM t'), "
                "$c->fetchColumn('SELECT id, name FROM t', [], 1)];",
                "[[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":null}],{\"id\":\"1\",\"name\":\"a\"},"
                "[\"1\",\"a\"],\"1\",\"a\"]",
                "SELECT id, name FROM t\nSELECT id, name FROM t\nSELECT id, name FROM t\nSELECT id, name "
                "FROM t\nSELECT id, name FROM t"},
        {V2_13 | V3_7,
                "return [$c->fetchAllAssociative('SELECT id, name FROM t'), $c->fetchAssociative('SELECT id, "
                "name FROM t'), $c->fetchNumeric('SELECT id, name FROM t'), $c->fetchOne('SELECT name FROM "
                "t'), $c->fetchFirstColumn('SELECT name FROM t'), $c->fetchAllNumeric('SELECT id, name FROM "
                "t'), $c->fetchAllKeyValue('SELECT id, name FROM t'), $c->fetchAllAssociativeIndexed('SELECT "
                "id, name FROM t')];",
                "[[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":null}],{\"id\":\"1\",\"name\":\"a\"},"
                "[\"1\",\"a\"],\"a\",[\"a\",null],[[\"1\",\"a\"],[\"2\",null]],{\"1\":\"a\",\"2\":null},{"
                "\"1\":{\"name\":\"a\"},\"2\":{\"name\":null}}]",
                "SELECT id, name FROM t\nSELECT id, name FROM t\nSELECT id, name FROM t\nSELECT name FROM "
                "t\nSELECT name FROM t\nSELECT id, name FROM t\nSELECT id, name FROM t\nSELECT id, name FROM "
                "t"},
        {V2_13 | V3_7,
                "$r = []; foreach ($c->iterateAssociative('SELECT id, name FROM t') as $k => $v) $r[] = [$k, "
                "$v]; foreach ($c->iterateKeyValue('SELECT id, name FROM t') as $k => $v) $r[] = [$k, $v]; "
                "foreach ($c->iterateColumn('SELECT id FROM t') as $v) $r[] = $v; foreach "
                "($c->iterateAssociativeIndexed('SELECT id, name FROM t') as $k => $v) $r[] = [$k, $v]; "
                "foreach ($c->iterateNumeric('SELECT id, name FROM t') as $k => $v) $r[] = [$k, $v]; return "
                "$r;",
                "[[0,{\"id\":\"1\",\"name\":\"a\"}],[1,{\"id\":\"2\",\"name\":null}],[\"1\",\"a\"],[\"2\","
                "null],\"1\",\"2\",[\"1\",{\"name\":\"a\"}],[\"2\",{\"name\":null}],[0,[\"1\",\"a\"]],[1,["
                "\"2\",null]]]",
                "SELECT id, name FROM t\nSELECT id, name FROM t\nSELECT id FROM t\nSELECT id, name FROM "
                "t\nSELECT id, name FROM t"},
        {V2_13 | V3_7, "return $c->fetchAllKeyValue('SELECT id FROM t');",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\NoKeyValue: Fetching as key-value pairs requires the "
                "result to contain at least 2 columns, 1 given.\"",
                "SELECT id FROM t"},
        {V2_5 | V2_10 | V2_13,
                "$s = $c->query('SELECT id, name FROM t'); return [$s->fetch(), $s->fetch(3), $s->fetch(2), "
                "$s->fetch()];",
                "[{\"id\":\"1\",\"name\":\"a\"},[\"2\",null],false,false]", "SELECT id, name FROM t"},
        {V3_7, "$s = $c->query('SELECT id, name FROM t'); return [$s->fetch(), $s->fetch(3), $s->fetch(2)];",
                "[{\"id\":\"1\",\"name\":\"a\"},[\"2\",null],false]", "SELECT id, name FROM t"},
        {V2_5 | V2_10 | V2_13,
                "$s = $c->executeQuery('SELECT id, name FROM t'); return [$s->rowCount(), $s->columnCount(), "
                "$s->fetchColumn(1), $s->fetchColumn(1), $s->fetchColumn(1)];",
                "[2,2,\"a\",null,false]", "SELECT id, name FROM t"},
        {ALL,
                "$s = $c->executeQuery('SELECT id, name FROM t'); return [$s->fetchAll(\\PDO::FETCH_ASSOC), "
                "$s->fetchAll(\\PDO::FETCH_ASSOC)];",
                "[[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":null}],[]]",
                "SELECT id, name FROM t"},
        {V2_5 | V2_10 | V2_13,
                "$s = $c->executeQuery('SELECT id, name FROM t'); $s->setFetchMode(\\PDO::FETCH_NUM); $r = "
                "[$s->fetch()]; $s->closeCursor(); return $r;",
                "[[\"1\",\"a\"]]", "SELECT id, name FROM t"},
        {V2_5 | V2_10 | V2_13,
                "$r = []; foreach ($c->query('SELECT id, name FROM t') as $row) $r[] = $row; return $r;",
                "[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":null}]", "SELECT id, name FROM t"},
        {V2_5 | V2_10 | V2_13,
                "return [$c->query('SELECT id, name FROM t')->fetchAll(\\PDO::FETCH_KEY_PAIR), "
                "$c->query('SELECT id, name FROM t')->fetchAll(\\PDO::FETCH_COLUMN, 1), (array) "
                "$c->query('SELECT id, name FROM t')->fetch(\\PDO::FETCH_OBJ)];",
                "[{\"1\":\"a\",\"2\":null},[\"a\",null],{\"id\":\"1\",\"name\":\"a\"}]",
                "SELECT id, name FROM t\nSELECT id, name FROM t\nSELECT id, name FROM t"},
        {V2_13 | V3_7,
                "$s = $c->executeQuery('SELECT id, name FROM t'); return [$s->fetchAssociative(), "
                "$s->fetchNumeric(), $s->fetchOne(), $s->fetchAllAssociative(), $s->fetchFirstColumn()];",
                "[{\"id\":\"1\",\"name\":\"a\"},[\"2\",null],false,[],[]]", "SELECT id, name FROM t"},
        {V3_7, "return $c->executeQuery('SELECT id, name FROM t')->fetchAll(\\PDO::FETCH_OBJ);",
                "\"LogicException: Only fetch modes declared on Doctrine\\\\DBAL\\\\FetchMode are supported "
                "by legacy API.\"",
                "SELECT id, name FROM t"},
        {ALL,
                "$s = $c->prepare('SELECT id, name FROM t WHERE id = :id OR name = :n'); $s->bindValue('id', "
                "'5', \\PDO::PARAM_INT); $s->bindValue(':n', 5); $s->execute(); $s->bindValue('id', null); "
                "$s->execute();",
                NULL,
                "SELECT id, name FROM t WHERE id = 5 OR name = '5'\nSELECT id, name FROM t WHERE id = NULL "
                "OR name = '5'"},
        {V2_5 | V2_10 | V2_13,
                "$s = $c->prepare('SELECT id, name FROM t WHERE id > ?'); return [$s->execute([0]), "
                "$s->fetch(\\PDO::FETCH_ASSOC), $s->fetchAll(\\PDO::FETCH_NUM), $s->rowCount()];",
                "[true,{\"id\":\"1\",\"name\":\"a\"},[[\"2\",null]],2]",
                "SELECT id, name FROM t WHERE id > '0'"},
        {V2_13 | V3_7,
                "$s = $c->prepare('SELECT id, name FROM t WHERE 1'); return "
                "[$s->executeQuery()->fetchAllAssociative()];",
                "[[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":null}]]",
                "SELECT id, name FROM t WHERE 1"},
        {V2_13 | V3_7,
                "$s = $c->prepare('UPDATE t SET name = ? WHERE id = ?'); $s->bindValue(1, 'x'); "
                "$s->bindValue(2, 7, 'integer'); $s->executeStatement();",
                NULL, "UPDATE t SET name = 'x' WHERE id = 7"},
        {ALL,
                "$s = $c->prepare('UPDATE t SET name = :a WHERE id = :b'); $s->execute(['a' => 'x', ':b' => "
                "2]); $s->execute(['a' => false, 'b' => null]);",
                NULL, "UPDATE t SET name = 'x' WHERE id = '2'\nUPDATE t SET name = '' WHERE id = NULL"},
        {V2_5 | V2_10 | V2_13,
                "$s = $c->prepare('SELECT id, name FROM t WHERE id = :id'); $s->bindValue('x', 1); "
                "$s->execute();",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\DriverException: An exception occurred while executing "
                "'SELECT id, name FROM t WHERE id = :id' with params [1]:\\n\\nSQLSTATE[HY093]: Invalid "
                "parameter number: parameter was not defined\"",
                ""},
        {V3_7,
                "$s = $c->prepare('SELECT id, name FROM t WHERE id = :id'); $s->bindValue('x', 1); "
                "$s->execute();",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\DriverException: An exception occurred while executing a "
                "query: SQLSTATE[HY093]: Invalid parameter number: parameter was not defined\"",
                ""},
        {ALL, "$s = $c->prepare('SELECT id, name FROM t WHERE name = \\'?\\''); $s->execute();", NULL,
                "SELECT id, name FROM t WHERE name = '?'"},
        {ALL,
                "return [$c->quote('it\\'s'), $c->quote(5), $c->quote(true), $c->quote('5', "
                "\\PDO::PARAM_INT), $c->quoteIdentifier('a.b'), $c->quote('x', 'string'), $c->quote(1.5)];",
                "[\"'it\\\\'s'\",\"'5'\",\"'1'\",\"'5'\",\"`a`.`b`\",\"'x'\",\"'1.5'\"]", ""},
        {V2_5 | V2_10 | V2_13, "$c->executeQuery('SELECT x FROM missing');",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\TableNotFoundException: An exception occurred while "
                "executing 'SELECT x FROM missing':\\n\\nSQLSTATE[42S02]: Base table or view not found: 1146 "
                "Table 'd.missing' doesn't exist\"",
                "SELECT x FROM missing"},
        {V3_7, "$c->executeQuery('SELECT x FROM missing');",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\TableNotFoundException: An exception occurred while "
                "executing a query: SQLSTATE[42S02]: Base table or view not found: 1146 Table 'd.missing' "
                "doesn't exist\"",
                "SELECT x FROM missing"},
        {V2_5 | V2_10 | V2_13,
                "$c->executeQuery('SELECT id FROM missing WHERE id = :i AND name = :n', ['n' => 'a\"b', 'i' "
                "=> 1]);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\TableNotFoundException: An exception occurred while "
                "executing 'SELECT id FROM missing WHERE id = ? AND name = ?' with params [1, "
                "\\\"a\\\\\\\"b\\\"]:\\n\\nSQLSTATE[42S02]: Base table or view not found: 1146 Table "
                "'d.missing' doesn't exist\"",
                "SELECT id FROM missing WHERE id = '1' AND name = 'a\\\"b'"},
        {V3_7,
                "$c->executeQuery('SELECT id FROM missing WHERE id = :i AND name = :n', ['n' => 'a\"b', 'i' "
                "=> 1]);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\TableNotFoundException: An exception occurred while "
                "executing a query: SQLSTATE[42S02]: Base table or view not found: 1146 Table 'd.missing' "
                "doesn't exist\"",
                "SELECT id FROM missing WHERE id = '1' AND name = 'a\\\"b'"},
        {V2_5 | V2_10 | V2_13, "$c->executeUpdate('UPDATE missing SET id = ?', [true], ['boolean']);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\TableNotFoundException: An exception occurred while "
                "executing 'UPDATE missing SET id = ?' with params [1]:\\n\\nSQLSTATE[42S02]: Base table or "
                "view not found: 1146 Table 'd.missing' doesn't exist\"",
                "UPDATE missing SET id = 1"},
        {V3_7, "$c->executeUpdate('UPDATE missing SET id = ?', [true], ['boolean']);",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\TableNotFoundException: An exception occurred while "
                "executing a query: SQLSTATE[42S02]: Base table or view not found: 1146 Table 'd.missing' "
                "doesn't exist\"",
                "UPDATE missing SET id = 1"},
        {V2_5 | V2_10 | V2_13,
                "$s = $c->prepare('DELETE FROM missing WHERE id = :id'); $s->bindValue('id', 3, 1); "
                "$s->execute();",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\TableNotFoundException: An exception occurred while "
                "executing 'DELETE FROM missing WHERE id = :id' with params [3]:\\n\\nSQLSTATE[42S02]: Base "
                "table or view not found: 1146 Table 'd.missing' doesn't exist\"",
                "DELETE FROM missing WHERE id = 3"},
        {V3_7,
                "$s = $c->prepare('DELETE FROM missing WHERE id = :id'); $s->bindValue('id', 3, 1); "
                "$s->execute();",
                "\"Doctrine\\\\DBAL\\\\Exception\\\\TableNotFoundException: An exception occurred while "
                "executing a query: SQLSTATE[42S02]: Base table or view not found: 1146 Table 'd.missing' "
                "doesn't exist\"",
                "DELETE FROM missing WHERE id = 3"},
        {ALL,
                "try { $c->executeQuery('SELECT id FROM missing'); } catch "
                "(\\Doctrine\\DBAL\\Exception\\TableNotFoundException $e) { return 'caught'; }",
                "\"caught\"", "SELECT id FROM missing"},
        {V2_5,
                "$r = [$c->beginTransaction(), $c->getTransactionNestingLevel(), $c->commit(), "
                "$c->isTransactionActive()]; return $r;",
                "[null,2,null,true]", ""},
        {V2_10 | V2_13 | V3_7,
                "$r = [$c->beginTransaction(), $c->getTransactionNestingLevel(), $c->commit(), "
                "$c->isTransactionActive()]; return $r;",
                "[true,2,true,true]", ""},
        {V2_5, "return $c->transactional(function ($x) use ($c) { return $x === $c; });", NULL, ""},
        {V2_10 | V2_13 | V3_7, "return $c->transactional(function ($x) use ($c) { return $x === $c; });",
                "true", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a', 'b')->from('t', 'x')->where('a = 1'); return "
                "$q->getSQL();",
                "\"SELECT a, b FROM t x WHERE a = 1\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select(['a', 'b'])->addSelect('c')->from('t')->from('u', "
                "'v')->where('a = 1', 'b = 2')->andWhere('c')->orWhere('d')->andWhere('e', 'f'); return "
                "$q->getSQL();",
                "\"SELECT a, b, c FROM t, u v WHERE (((a = 1) AND (b = 2) AND (c)) OR (d)) AND (e) AND (f)\"",
                ""},
        {V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $q->select('a')->addSelect(['b'])->from('t', "
                "'x')->innerJoin('x', 'u', 'y', 'x.a = y.a')->leftJoin('y', 'v', 'z', 'z.a')->rightJoin('x', "
                "'w', 'ww', 'q')->join('z', 'k', 'kk'); return $q->getSQL();",
                "\"SELECT a, b FROM t x INNER JOIN u y ON x.a = y.a RIGHT JOIN w ww ON q LEFT JOIN v z ON "
                "z.a INNER JOIN k kk\"",
                ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t', 'x')->join('x', 'u', 'y', 'x.a = "
                "y.a')->leftJoin('y', 'v', 'z', 'z.a'); return $q->getSQL();",
                "\"SELECT a FROM t x INNER JOIN u y ON x.a = y.a LEFT JOIN v z ON z.a\"", ""},
        {V2_5 | V2_10,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t', 'x')->join('x', 'u', 'y'); return "
                "$q->getSQL();",
                "\"SELECT a FROM t x INNER JOIN u y ON \"", ""},
        {V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t', 'x')->join('x', 'u', 'y'); return "
                "$q->getSQL();",
                "\"SELECT a FROM t x INNER JOIN u y\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t', 'x')->join('nope', 'u', 'y', "
                "'c'); return $q->getSQL();",
                "\"Doctrine\\\\DBAL\\\\Query\\\\QueryException: The given alias 'nope' is not part of any "
                "FROM or JOIN clause table. The currently registered aliases are: x.\"",
                ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t', 'x')->join('x', 'u', 'x', 'c'); "
                "return $q->getSQL();",
                "\"Doctrine\\\\DBAL\\\\Query\\\\QueryException: The given alias 'x' is not unique in FROM "
                "and JOIN clause table. The currently registered aliases are: x.\"",
                ""},
        {V2_5 | V2_10 | V2_13,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->groupBy('a', "
                "'b')->addGroupBy('c')->having('x > "
                "1')->andHaving('y')->orHaving('z')->orderBy('a')->addOrderBy('b', 'DESC')->addOrderBy('c', "
                "''); return $q->getSQL();",
                "\"SELECT a FROM t GROUP BY a, b, c HAVING ((x > 1) AND (y)) OR (z) ORDER BY a ASC, b DESC, "
                "c ASC\"",
                ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->groupBy('a', "
                "'b')->addGroupBy('c')->having('x > "
                "1')->andHaving('y')->orHaving('z')->orderBy('a')->addOrderBy('b', 'DESC')->addOrderBy('c', "
                "null); return $q->getSQL();",
                "\"SELECT a FROM t GROUP BY a, b, c HAVING ((x > 1) AND (y)) OR (z) ORDER BY a ASC, b DESC, "
                "c ASC\"",
                ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->setMaxResults(10); return "
                "$q->getSQL();",
                "\"SELECT a FROM t LIMIT 10\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->setFirstResult(5); return "
                "$q->getSQL();",
                "\"SELECT a FROM t LIMIT 18446744073709551615 OFFSET 5\"", ""},
        {V2_5,
                "$q = $c->createQueryBuilder(); "
                "$q->select('a')->from('t')->setFirstResult(0)->setMaxResults(5); return $q->getSQL();",
                "\"SELECT a FROM t LIMIT 5 OFFSET 0\"", ""},
        {V2_10 | V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); "
                "$q->select('a')->from('t')->setFirstResult(0)->setMaxResults(5); return $q->getSQL();",
                "\"SELECT a FROM t LIMIT 5\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); "
                "$q->select('a')->from('t')->setFirstResult('3')->setMaxResults('7'); return $q->getSQL();",
                "\"SELECT a FROM t LIMIT 7 OFFSET 3\"", ""},
        {V2_5,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->setFirstResult(-1); return "
                "$q->getSQL();",
                "\"Doctrine\\\\DBAL\\\\DBALException: LIMIT argument offset=-1 is not valid\"", ""},
        {V2_10,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->setFirstResult(-1); return "
                "$q->getSQL();",
                "\"Doctrine\\\\DBAL\\\\DBALException: Offset must be a positive integer or zero, -1 given\"",
                ""},
        {V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->setFirstResult(-1); return "
                "$q->getSQL();",
                "\"Doctrine\\\\DBAL\\\\Exception: Offset must be a positive integer or zero, -1 given\"", ""},
        {V2_5,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->setFirstResult(0); return "
                "$q->getSQL();",
                "\"SELECT a FROM t LIMIT 18446744073709551615 OFFSET 0\"", ""},
        {V2_10 | V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->setFirstResult(0); return "
                "$q->getSQL();",
                "\"SELECT a FROM t\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->setMaxResults(null); return "
                "$q->getSQL();",
                "\"SELECT a FROM t\"", ""},
        {ALL, "$q = $c->createQueryBuilder(); $q->select()->from('t'); return $q->getSQL();",
                "\"SELECT  FROM t\"", ""},
        {V2_10 | V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $q->distinct()->select('a')->from('t'); return $q->getSQL();",
                "\"SELECT DISTINCT a FROM t\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->update('t', 'x')->set('x.a', ':a')->set('x.b', "
                "'NULL')->where('x.c = 1'); return $q->getSQL();",
                "\"UPDATE t x SET x.a = :a, x.b = NULL WHERE x.c = 1\"", ""},
        {ALL, "$q = $c->createQueryBuilder(); $q->update('t')->set('a', 1); return $q->getSQL();",
                "\"UPDATE t SET a = 1\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->delete('t')->where('a = 1')->andWhere('b = 2'); return "
                "$q->getSQL();",
                "\"DELETE FROM t WHERE (a = 1) AND (b = 2)\"", ""},
        {ALL, "$q = $c->createQueryBuilder(); $q->delete('t', 'x'); return $q->getSQL();",
                "\"DELETE FROM t x\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->insert('t')->values(['a' => '?', 'b' => "
                "':b'])->setValue('c', 1); return $q->getSQL();",
                "\"INSERT INTO t (a, b, c) VALUES(?, :b, 1)\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->insert('t')->setValue('a', '?'); $q->getSQL(); "
                "$q->setValue('b', '?'); return $q->getSQL();",
                "\"INSERT INTO t (a) VALUES(?)\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->where('a'); "
                "$q->resetQueryPart('where'); $q->resetQueryParts(['select', 'from']); "
                "$q->select('z')->from('u'); return $q->getSQL();",
                "\"SELECT z FROM u\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t'); $q->getSQL(); "
                "$q->resetQueryParts(); return $q->getSQL();",
                "\"SELECT \"", ""},
        {V2_5,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); return (string) "
                "$q->select('a')->from('t')->where($e->andX($e->eq('a', 1), $e->orX($e->neq('b', ':b'), "
                "$e->lt('c', 2)), $e->andX()))->andWhere($e->in('d', [1, 2, 'x']), $e->notIn('e', ':e'));",
                "\"SELECT a FROM t WHERE (a = 1) AND ((b <> :b) OR (c < 2)) AND (()) AND (d IN (1, 2, x)) "
                "AND (e NOT IN (:e))\"",
                ""},
        {V2_10 | V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); return (string) "
                "$q->select('a')->from('t')->where($e->andX($e->eq('a', 1), $e->orX($e->neq('b', ':b'), "
                "$e->lt('c', 2)), $e->andX()))->andWhere($e->in('d', [1, 2, 'x']), $e->notIn('e', ':e'));",
                "\"SELECT a FROM t WHERE (a = 1) AND ((b <> :b) OR (c < 2)) AND (d IN (1, 2, x)) AND (e NOT "
                "IN (:e))\"",
                ""},
        {V2_5 | V2_10,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); $x = $e->orX('a'); "
                "$q->select('a')->from('t')->where($x)->orWhere('b'); return [(string) $x, $q->getSQL(), "
                "count($x), $x->getType()];",
                "[\"(a) OR (b)\",\"SELECT a FROM t WHERE (a) OR (b)\",2,\"OR\"]", ""},
        {V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); $x = $e->orX('a'); "
                "$q->select('a')->from('t')->where($x)->orWhere('b'); return [(string) $x, $q->getSQL(), "
                "count($x), $x->getType()];",
                "[\"a\",\"SELECT a FROM t WHERE (a) OR (b)\",1,\"OR\"]", ""},
        {V2_5 | V2_10 | V2_13,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); $x = $e->andX(); $x->add('a'); "
                "$x->addMultiple(['b', null, '', $e->orX('c', 'd')]); return (string) $x;",
                "\"(a) AND (b) AND ((c) OR (d))\"", ""},
        {V3_7,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); $x = $e->andX(); $x->add('a'); "
                "$x->addMultiple(['b', null, '', $e->orX('c', 'd')]); return (string) $x;",
                "\"(a) AND (b) AND () AND ((c) OR (d))\"", ""},
        {V2_5,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); return [$e->lte('a', 1), $e->gt('a', 'b'), "
                "$e->gte('a', 1), $e->isNull('a'), $e->isNotNull('a'), $e->like('a', \"'x'\"), "
                "$e->notLike('a', ':x'), $e->comparison('a', '+', 'b'), $e->literal('x\\'y'), "
                "$e->literal(5), $e->in('a', 'x'), (string) $e->andX(), $e->like('a', 'b', \"'!'\")];",
                "[\"a <= 1\",\"a > b\",\"a >= 1\",\"a IS NULL\",\"a IS NOT NULL\",\"a LIKE 'x'\",\"a NOT "
                "LIKE :x\",\"a + b\",\"'x\\\\'y'\",\"'5'\",\"a IN (x)\",\"()\",\"a LIKE b\"]",
                ""},
        {V2_10 | V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); return [$e->lte('a', 1), $e->gt('a', 'b'), "
                "$e->gte('a', 1), $e->isNull('a'), $e->isNotNull('a'), $e->like('a', \"'x'\"), "
                "$e->notLike('a', ':x'), $e->comparison('a', '+', 'b'), $e->literal('x\\'y'), "
                "$e->literal(5), $e->in('a', 'x'), (string) $e->andX(), $e->like('a', 'b', \"'!'\")];",
                "[\"a <= 1\",\"a > b\",\"a >= 1\",\"a IS NULL\",\"a IS NOT NULL\",\"a LIKE 'x'\",\"a NOT "
                "LIKE :x\",\"a + b\",\"'x\\\\'y'\",\"'5'\",\"a IN (x)\",\"()\",\"a LIKE b ESCAPE '!'\"]",
                ""},
        {V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $e = $q->expr(); return [(string) $e->and('a', 'b'), "
                "(string) $e->or('a', $e->and('b', 'c'))];",
                "[\"(a) AND (b)\",\"(a) OR ((b) AND (c))\"]", ""},
        {V2_5 | V2_10 | V2_13,
                "$q = $c->createQueryBuilder(); $q->select('id', 'name')->from('t')->where('id = "
                ":id')->andWhere('name IN (:names)')->setParameter('id', 5)->setParameter('names', ['a', "
                "'b'], 102)->execute(); return [$q->getParameters(), $q->getParameterTypes(), "
                "$q->getParameter('id'), $q->getParameter('z')];",
                "[{\"id\":5,\"names\":[\"a\",\"b\"]},{\"names\":102},5,null]",
                "SELECT id, name FROM t WHERE (id = '5') AND (name IN ('a', 'b'))"},
        {V3_7,
                "$q = $c->createQueryBuilder(); $q->select('id', 'name')->from('t')->where('id = "
                ":id')->andWhere('name IN (:names)')->setParameter('id', 5)->setParameter('names', ['a', "
                "'b'], 102)->execute(); return [$q->getParameters(), $q->getParameterTypes(), "
                "$q->getParameter('id'), $q->getParameter('z')];",
                "[{\"id\":5,\"names\":[\"a\",\"b\"]},{\"id\":2,\"names\":102},5,null]",
                "SELECT id, name FROM t WHERE (id = '5') AND (name IN ('a', 'b'))"},
        {ALL,
                "$q = $c->createQueryBuilder(); $r = $q->select('id, "
                "name')->from('t')->setMaxResults(2)->execute()->fetchAll(); return $r;",
                "[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":null}]",
                "SELECT id, name FROM t LIMIT 2"},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('id')->from('t')->where('id = ' . "
                "$q->createNamedParameter(5))->andWhere('name = ' . $q->createNamedParameter('x', 2, "
                "':foo'))->andWhere('id = ' . $q->createNamedParameter('7', 1)); $q->execute(); return "
                "[$q->getSQL(), $q->getParameters()];",
                "[\"SELECT id FROM t WHERE (id = :dcValue1) AND (name = :foo) AND (id = "
                ":dcValue2)\",{\"dcValue1\":5,\"foo\":\"x\",\"dcValue2\":\"7\"}]",
                "SELECT id FROM t WHERE (id = '5') AND (name = 'x') AND (id = 7)"},
        {V2_5 | V2_10 | V2_13,
                "$q = $c->createQueryBuilder(); $q->select('id')->from('t')->where('id = ' . "
                "$q->createPositionalParameter(5, 1))->andWhere('name = ' . "
                "$q->createPositionalParameter('x')); $q->execute(); return [$q->getSQL(), "
                "$q->getParameters(), $q->getParameterTypes()];",
                "[\"SELECT id FROM t WHERE (id = ?) AND (name = "
                "?)\",{\"1\":5,\"2\":\"x\"},{\"1\":1,\"2\":2}]",
                "SELECT id FROM t WHERE (id = 5) AND (name = 'x')"},
        {V3_7,
                "$q = $c->createQueryBuilder(); $q->select('id')->from('t')->where('id = ' . "
                "$q->createPositionalParameter(5, 1))->andWhere('name = ' . "
                "$q->createPositionalParameter('x')); $q->execute(); return [$q->getSQL(), "
                "$q->getParameters(), $q->getParameterTypes()];",
                "[\"SELECT id FROM t WHERE (id = ?) AND (name = ?)\",[5,\"x\"],[1,2]]",
                "SELECT id FROM t WHERE (id = 5) AND (name = 'x')"},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->update('t')->set('name', ':n')->where('id = "
                ":id')->setParameters(['n' => 'x', 'id' => 9], ['id' => 1])->execute();",
                NULL, "UPDATE t SET name = 'x' WHERE id = 9"},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->update('t')->set('name', '?')->where('id = "
                "?')->setParameter(0, 'x')->setParameter(1, 9); $q->execute();",
                NULL, "UPDATE t SET name = 'x' WHERE id = '9'"},
        {V3_7,
                "$q = $c->createQueryBuilder(); return [$q->select('id')->from('t')->fetchOne(), "
                "$q->select('id', 'name')->fetchAllAssociative(), $q->executeQuery()->fetchNumeric()];",
                "[\"1\",[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":null}],[\"1\",\"a\"]]",
                "SELECT id FROM t\nSELECT id, name FROM t\nSELECT id, name FROM t"},
        {V3_7, "$q = $c->createQueryBuilder(); $q->delete('t')->where('id = 1')->executeStatement();", NULL,
                "DELETE FROM t WHERE id = 1"},
        {V2_13 | V3_7,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->where('x'); $p = clone $q; "
                "$p->andWhere('y'); return [$q->getSQL(), $p->getSQL()];",
                "[\"SELECT a FROM t WHERE x\",\"SELECT a FROM t WHERE (x) AND (y)\"]", ""},
        {V2_5 | V2_10 | V2_13,
                "$q = $c->createQueryBuilder(); "
                "$q->select('a')->from('t')->where('')->andWhere('y')->andWhere(null); return $q->getSQL();",
                "\"SELECT a FROM t WHERE y\"", ""},
        {V3_7,
                "$q = $c->createQueryBuilder(); "
                "$q->select('a')->from('t')->where('')->andWhere('y')->andWhere(null); return $q->getSQL();",
                "\"SELECT a FROM t WHERE () AND (y) AND ()\"", ""},
        {ALL,
                "$q = $c->createQueryBuilder(); $q->select('a')->from('t')->andWhere('y')->orWhere('z'); "
                "return [$q->getSQL(), (string) $q->getQueryPart('where'), $q->getQueryPart('from'), "
                "$q->getType(), $q->getState()];",
                "[\"SELECT a FROM t WHERE (y) OR (z)\",\"(y) OR "
                "(z)\",[{\"table\":\"t\",\"alias\":null}],0,1]",
                ""},
};

/* What is not to be guessed. */
static const struct connection_case stops[] = {
        {ALL, "return $c->executeUpdate('DELETE FROM t');", "stopped: uses how many rows a write changes",
                "DELETE FROM t"},
        {ALL, "$n = $c->delete('t', ['id' => 1]);", "stopped: uses how many rows a write changes",
                "DELETE FROM t WHERE id = '1'"},
        {ALL, "$c->executeQuery('SELECT id FROM touched');",
                "stopped: reads rows that an earlier direct write changes (touched)",
                "SELECT id FROM touched"},
        {ALL, "$c->executeQuery('SELECT id FROM nowhere');",
                "stopped: reads rows, which a schema dump does not hold", "SELECT id FROM nowhere"},
        {ALL, "$c->executeQuery('DELETE FROM t')->fetch();", "stopped: fetching from a statement that writes",
                "DELETE FROM t"},
        {ALL, "return $c->getParams();", "stopped: Connection::getParams()", ""},
        {ALL, "$c->insert('t', ['id' => 1]); return $c->lastInsertId();",
                "stopped: Connection::lastInsertId() of a row that is only planned",
                "INSERT INTO t (id) VALUES ('1')"},
        {ALL, "$c->beginTransaction(); $c->rollBack();", "stopped: rollBack() in the migration's transaction",
                ""},
        {ALL, "$c->commit();", "stopped: commit() of the migration's own transaction", ""},
        {ALL, "$c->executeQuery('SELECT id FROM t WHERE id = ?', [[1]]);", "stopped: an array as a parameter",
                ""},
        {ALL, "$c->executeQuery('SELECT id FROM t WHERE id = ?', ['x'], [3]);", "stopped: a binary parameter",
                ""},
        {ALL, "$c->executeQuery('SELECT id FROM t WHERE id = ?', ['x'], [99]);",
                "stopped: a parameter of type 99", ""},
        {ALL, "$c->executeQuery('SELECT id FROM t WHERE id ?\? 1', [1]);",
                "stopped: ?\? in a statement that is prepared", ""},
        {V2_5 | V2_10 | V2_13,
                "$c->executeQuery(\"SELECT id FROM t WHERE name = 'a\\\\\\\\' AND id = :id\", ['id' => 1]);",
                "stopped: parameters of a statement that has a backslash or ARRAY[ in its text", ""},
        {V2_5 | V2_10, "$q = $c->createQueryBuilder()->select('a')->from('t'); $p = clone $q;",
                "stopped: a clone of Doctrine\\DBAL\\Query\\QueryBuilder", ""},
        {ALL, "$q = $c->createQueryBuilder()->delete()->from('t'); return $q->getSQL();",
                "stopped: a query builder that writes without a table", ""},
        {ALL, "$s = $c->prepare('SELECT id FROM t'); $x = 1; $s->bindParam('a', $x);",
                "stopped: Statement::bindParam()", ""},
        {V2_5 | V2_10, "$c->executeStatement('DELETE FROM t');",
                "stopped: method Doctrine\\DBAL\\Connection::executeStatement()", ""},
        {V3_7, "$c->fetchAll('SELECT id FROM t');", "stopped: method Doctrine\\DBAL\\Connection::fetchAll()",
                ""},
        {V3_7, "$c->prepare('SELECT id FROM t')->fetchAll();",
                "stopped: method Doctrine\\DBAL\\Statement::fetchAll()", ""},
        {V2_5 | V2_10, "$c->createQueryBuilder()->expr()->and('a');",
                "stopped: method Doctrine\\DBAL\\Query\\Expression\\ExpressionBuilder::and()", ""},
        {ALL, "$c->prepare('SELECT id FROM t WHERE id = ?')->bindValue(0, 1);",
                "stopped: a parameter's position before the first", ""},
        {ALL, "$c->prepare('SELECT id FROM t WHERE id = ?')->execute();",
                "stopped: placeholders without parameters", ""},
        {V2_5 | V2_10 | V2_13, "$c->executeQuery('SELECT id FROM t', [1]);",
                "stopped: parameters without placeholders", ""},
};

static bool is_same(const char *what, const char *is, const char *want, const char *body, unsigned version)
{
        if (strcmp(is, want) == 0)
                return true;
        print_error("version %u: %s\n %s is   %s\n %s want %s\n", version, body, what, is, what, want);
        return false;
}

static void check_cases(const struct connection_case *table, size_t count)
{
        size_t differences = 0;
        for (size_t i = 0; i < count; i++)
                for (unsigned version = DOCTRINE_2_5; version <= DOCTRINE_3_7; version++) {
                        if (!(table[i].versions & 1u << version))
                                continue;
                        _cleanup_free_ char *result = evaluate((enum doctrine_version)version, table[i].body);
                        const char *want = table[i].result ? table[i].result : "null";
                        differences += !is_same("result", result, want, table[i].body, version);
                        differences += !is_same(
                                "sent", sent.data ? sent.data : "", table[i].sent, table[i].body, version);
                }
        buffer_deinit(&sent);
        assert_int_equal(differences, 0);
}

static void test_answers(void **state)
{
        (void)state;
        check_cases(cases, ARRAY_SIZE(cases));
}

static void test_stops(void **state)
{
        (void)state;
        check_cases(stops, ARRAY_SIZE(stops));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_stops),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
