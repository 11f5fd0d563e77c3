/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/database.h"

#include "lib/cancel.h"
#include "lib/memory.h"
#include "test/unit/test_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

static struct test_server server;

static void test_connects_and_speaks_utf8mb4(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        _cleanup_free_ char *value = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(
                database_query_value(database, &value, &err, "SELECT @@character_set_connection"), 0);
        assert_string_equal(value, "utf8mb4");
        string_replace(&value, NULL);
        assert_int_equal(database_query_value(database, &value, &err, "SELECT '%s'", "😀"), 0);
        assert_string_equal(value, "😀");
}

/* A server that makes all clients speak what it likes, but for those with SUPER. */
static void test_says_its_character_set_again(void **state)
{
        struct database_parameters parameters;
        _cleanup_(database_closep) struct database *root = test_server_connect(&server, "plain");
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_free_ char *value = NULL;
        _cleanup_error_ struct error err = {0};
        test_sql(root, "SET GLOBAL init_connect = 'SET NAMES latin1'");
        test_server_parameters(&server, "plain", &parameters);
        string_replace(&parameters.user, string_copy("limited"));
        int result = database_connect(&parameters, &database, &err);
        test_sql(root, "SET GLOBAL init_connect = ''");
        database_parameters_deinit(&parameters);
        assert_int_equal(result, 0);
        assert_int_equal(database_query_value(database, &value, &err, "SELECT '%s'", "Ж😀"), 0);
        assert_string_equal(value, "Ж😀");
}

static void test_connect_errors(void **state)
{
        static const struct {
                const char *host, *socket, *name, *user, *password;
                unsigned port;
                enum reason reason;
                const char *names[3];
        } cases[] = {
                {"localhost", "/nonexistent/s", "plain", "root", "top-secret", 0, REASON_DATABASE_UNREACHABLE,
                        {"/nonexistent/s", "root", "plain"}},
                {"127.0.0.1", NULL, "plain", "root", "top-secret", 1, REASON_DATABASE_UNREACHABLE,
                        {"127.0.0.1", "port 1", "root"}},
                {"localhost", server.socket, "plain", "root", "top-secret", 0, REASON_DATABASE_ACCESS_DENIED,
                        {"root", "1045", server.socket}},
                {"localhost", server.socket, "plain", "nobody-there", "top-secret", 0,
                        REASON_DATABASE_ACCESS_DENIED, {"nobody-there", "1045", server.socket}},
                {"localhost", server.socket, "secrets", "limited", "", 0, REASON_DATABASE_ACCESS_DENIED,
                        {"secrets", "limited", "1044"}},
                {"localhost", server.socket, "not_there", "root", "", 0, REASON_DATABASE_UNREACHABLE,
                        {"not_there", "1049", "root"}},
                {NULL, server.socket, "not_there", "root", "", 0, REASON_DATABASE_UNREACHABLE,
                        {"not_there", "1049", "root"}},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct database_parameters parameters = {
                        .host = (char *)(uintptr_t)cases[i].host,
                        .port = cases[i].port,
                        .unix_socket = (char *)(uintptr_t)cases[i].socket,
                        .name = (char *)(uintptr_t)cases[i].name,
                        .user = (char *)(uintptr_t)cases[i].user,
                        .password = (char *)(uintptr_t)cases[i].password,
                        .timeout_s = 5,
                };
                _cleanup_error_ struct error err = {0};
                struct database *database = NULL;
                assert_int_equal(database_connect(&parameters, &database, &err), -1);
                assert_null(database);
                assert_int_equal(err.reason, cases[i].reason);
                assert_int_not_equal(err.number, 0);
                for (size_t j = 0; j < ARRAY_SIZE(cases[i].names); j++)
                        if (!strstr(err.message, cases[i].names[j]))
                                fail_msg("'%s' does not name %s", err.message, cases[i].names[j]);
                assert_null(strstr(err.message, "top-secret"));
        }
}

static void test_reason_in_the_words_of_php(void **state)
{
        static const struct {
                const char *text;
                enum reason reason;
        } cases[] = {
                {NULL, REASON_NONE},
                {"", REASON_NONE},
                {"no such luck (2006)", REASON_NONE},
                {"SQLSTATE[HY000] [2002] No such file or directory", REASON_DATABASE_UNREACHABLE},
                {"SQLSTATE[08004] [1040] Too many connections", REASON_DATABASE_UNREACHABLE},
                {"SQLSTATE[HY000] [1045] Access denied for user", REASON_DATABASE_ACCESS_DENIED},
                {"SQLSTATE[HY000]: General error: 2006 MySQL server has gone away", REASON_DATABASE_LOST},
                {"SQLSTATE[42000]: Syntax error or access violation: 1142 ALTER command denied to user",
                        REASON_DATABASE_ACCESS_DENIED},
                {"SQLSTATE[HY000]: General error: 1114 The table 'x' is full", REASON_DISK_FULL},
                {"SQLSTATE[HY000]: General error: 3 Error writing file './m/#sql-alter-1.frm' (Errcode: 28 "
                 "\"No "
                 "space left on device\")",
                        REASON_DISK_FULL},
                {"SQLSTATE[HY000]: General error: 1005 Can't create table `m`.`t` (errno: 28 \"No space left "
                 "on "
                 "device\")",
                        REASON_DISK_FULL},
                {"SQLSTATE[HY000]: General error: 1005 Can't create table `m`.`t` (errno: 135 \"No more room "
                 "in "
                 "record file\")",
                        REASON_DISK_FULL},
                {"SQLSTATE[HY000]: General error: 1005 Can't create table `m`.`t` (errno: 184 \"Tablespace "
                 "already exists\")",
                        REASON_DATABASE_DAMAGED},
                {"SQLSTATE[42S02]: Base table or view not found: 1932 Table 'm.t' doesn't exist in engine",
                        REASON_DATABASE_DAMAGED},
                {"SQLSTATE[HY000]: General error: 1034 Index for table 't' is corrupt; try to repair it",
                        REASON_DATABASE_DAMAGED},
                {"SQLSTATE[HY000]: General error: 1034 Incorrect key file for table '/tmp/#sql_1_0.MAI'; try "
                 "to "
                 "repair it",
                        REASON_DISK_FULL},
                {"SQLSTATE[HY000]: General error: 1194 Table 't' is marked as crashed and should be repaired",
                        REASON_DATABASE_DAMAGED},
                {"SQLSTATE[HY000]: General error: 1005 Can't create table `m`.`t` (errno: 150 \"Foreign key "
                 "constraint is incorrectly formed\")",
                        REASON_NONE},
                {"SQLSTATE[HY000]: General error: 1026 Error writing file './m' (OS errno 28 - No space "
                 "left)",
                        REASON_DISK_FULL},
                {"SQLSTATE[HY000]: General error: 1005 Can't create table\n(errno: 28)", REASON_NONE},
                {"SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry '(errno: 28)'",
                        REASON_NONE},
                {"SQLSTATE[42S22]: Column not found: 1054 Unknown column '2006'", REASON_NONE},
                {"SQLSTATE[HY000]: General error\n: 2006", REASON_NONE},
                {"SQLSTATE[", REASON_NONE},
                {"SQLSTATE[HY000] [", REASON_NONE},
                {"SQLSTATE[HY000] [99999999999999999999] x", REASON_NONE},
                /* the last one is what it died of */
                {"SQLSTATE[HY000]: General error: 2013 Lost connection\nSQLSTATE[HY000] [2002] refused",
                        REASON_DATABASE_UNREACHABLE},
                {"SQLSTATE[HY000] [2002] refused, later SQLSTATE[42S02]: Base table not found: 1146 Table",
                        REASON_NONE},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (database_reason_in_text(cases[i].text) != cases[i].reason)
                        fail_msg("%s", cases[i].text);
}

static void test_rows_keep_null_and_binary(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_query(database, &rows, &err,
                                 "SELECT 'a', NULL, X'610062' UNION ALL SELECT '', 'x', ''"),
                0);
        assert_int_equal(rows.rows, 2);
        assert_int_equal(rows.columns, 3);
        assert_string_equal(database_cell(&rows, 0, 0), "a");
        assert_null(database_cell(&rows, 0, 1));
        assert_int_equal(rows.sizes[2], 3);
        assert_memory_equal(database_cell(&rows, 0, 2), "a\0b", 4);
        assert_string_equal(database_cell(&rows, 1, 0), "");
        assert_null(database_cell(&rows, 2, 0));
        assert_null(database_cell(&rows, 0, 3));
}

static void test_no_value(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        char *value = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_query_value(database, &value, &err, "SELECT NULL"), 1);
        assert_int_equal(database_query_value(database, &value, &err, "SELECT 1 FROM t WHERE id < 0"), 1);
        assert_int_equal(database_query_value(database, &value, &err, "DO 1"), 1);
        assert_null(value);
}

static void test_query_errors(void **state)
{
        static const struct {
                const char *user, *sql;
                enum reason reason;
                int number;
        } cases[] = {
                {"root", "SELEKT 1", REASON_DATABASE_QUERY_FAILED, 1064},
                {"root", "SELECT * FROM not_there", REASON_DATABASE_QUERY_FAILED, 1146},
                {"root", "SELECT 1; SELECT 2", REASON_DATABASE_QUERY_FAILED, 1064},
                {"limited", "SELECT * FROM secrets.t", REASON_DATABASE_ACCESS_DENIED, 1142},
                {"limited", "CREATE TABLE secrets.u (a INT)", REASON_DATABASE_ACCESS_DENIED, 1142},
                {"limited", "SET GLOBAL max_connections = 10", REASON_DATABASE_ACCESS_DENIED, 1227},
                {"root", "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'full'",
                        REASON_DISK_FULL, 1114},
                {"root",
                        "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1030,"
                        " MESSAGE_TEXT = 'Got error 28 \"No space left on device\" from storage engine'",
                        REASON_DISK_FULL, 1030},
                {"root",
                        "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1005, MESSAGE_TEXT = 'Can''t create table"
                        " `m`.`t` (errno: 28 \"No space left on device\")'",
                        REASON_DISK_FULL, 1005},
                {"root",
                        "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1030, MESSAGE_TEXT = 'Got error 1 from x'",
                        REASON_DATABASE_QUERY_FAILED, 1030},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct database_parameters parameters;
                test_server_parameters(&server, "plain", &parameters);
                string_replace(&parameters.user, string_copy(cases[i].user));
                _cleanup_(database_closep) struct database *database = NULL;
                _cleanup_error_ struct error err = {0};
                assert_int_equal(database_connect(&parameters, &database, &err), 0);
                assert_int_equal(database_query(database, NULL, &err, "%s", cases[i].sql), -1);
                assert_int_equal(err.number, cases[i].number);
                assert_int_equal(err.reason, cases[i].reason);
                assert_non_null(strstr(err.message, server.socket));
                /* The connection serves on. */
                error_deinit(&err);
                assert_int_equal(database_query(database, NULL, &err, "SELECT 1"), 0);
                database_parameters_deinit(&parameters);
        }
}

static void test_lost_connection(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        _cleanup_(database_closep) struct database *other = test_server_connect(&server, "plain");
        _cleanup_free_ char *id = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_query_value(database, &id, &err, "SELECT CONNECTION_ID()"), 0);
        assert_int_equal(database_query(other, NULL, &err, "KILL %s", id), 0);
        assert_int_equal(database_query(database, NULL, &err, "SELECT 1"), -1);
        assert_int_equal(err.reason, REASON_DATABASE_LOST);
        /* No silent reconnect: it stays lost. */
        assert_int_equal(database_query(database, NULL, &err, "SELECT 1"), -1);
        assert_int_equal(err.reason, REASON_DATABASE_LOST);
}

/* Neither another's lock nor a silent server holds up who gives it a limit. */
static void test_answers_within_a_limit(void **state)
{
        static const struct {
                const char *sql;
                enum reason reason;
        } cases[] = {
                {"SELECT * FROM t", REASON_TABLE_LOCKED}, /* told by the server */
                {"SELECT SLEEP(1000)", REASON_DATABASE_LOST},
        };
        _cleanup_(database_closep) struct database *other = test_server_connect(&server, "plain");
        struct database_parameters parameters;
        test_server_parameters(&server, "plain", &parameters);
        parameters.answer_s = 3;
        test_sql(other, "LOCK TABLES t WRITE");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(database_closep) struct database *database = NULL;
                _cleanup_error_ struct error err = {0};
                assert_int_equal(database_connect(&parameters, &database, &err), 0);
                assert_int_equal(database_query(database, NULL, &err, "%s", cases[i].sql), -1);
                if (err.reason != cases[i].reason)
                        fail_msg("%s: %s", cases[i].sql, error_message(&err));
        }
        database_parameters_deinit(&parameters);
}

static void test_several_results_stay_in_step(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        test_sql(database, "CREATE OR REPLACE PROCEDURE two() BEGIN SELECT 1; SELECT 2; END");
        _cleanup_free_ char *value = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_query_value(database, &value, &err, "CALL two()"), 0);
        assert_string_equal(value, "1");
        string_replace(&value, NULL);
        assert_int_equal(database_query_value(database, &value, &err, "SELECT 3"), 0);
        assert_string_equal(value, "3");
}

static void test_quotes_survive(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        const char *texts[] = {"", "plain", "it's", "\\", "\\'; DROP TABLE t; -- ", "a\nb\r\x1a", "100%s"};
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_free_ char *quoted = database_quote(database, texts[i]);
                _cleanup_free_ char *value = NULL;
                _cleanup_error_ struct error err = {0};
                assert_int_equal(database_query_value(database, &value, &err, "SELECT %s", quoted), 0);
                assert_string_equal(value, texts[i]);
        }
        _cleanup_free_ char *name = database_quote_name("odd`name 😀;");
        assert_string_equal(name, "`odd``name 😀;`");
}

static void test_server_version(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        struct database_server version = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_server_version(database, &version, &err), 0);
        assert_true(version.mariadb);
        assert_true(version.major >= 10);
        _cleanup_free_ char *begin = string_format("%u.%u.%u", version.major, version.minor, version.patch);
        assert_int_equal(strncmp(version.text, begin, strlen(begin)), 0);
}

static void test_lock_excludes(void **state)
{
        static const char *const names[] = {"mautic-upgraded:db:prefix_",
                "mautic-upgraded:"
                "a_database_name_of_the_full_sixty_four_characters_that_are_legal:and_a_long_prefix_"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_error_ struct error err = {0};
                struct database *first = test_server_connect(&server, "plain");
                _cleanup_(database_closep) struct database *second = test_server_connect(&server, "plain");
                assert_int_equal(database_lock(first, names[i], 0, &err), 0);
                assert_int_equal(database_lock(second, names[i], 0, &err), -1);
                assert_int_equal(err.reason, REASON_DATABASE_LOCKED);
                assert_int_equal(database_lock(second, "another", 0, &err), 0);
                database_close(first);
                assert_int_equal(database_lock(second, names[i], 10, &err), 0);
        }
}

static void *run_statement(void *sql)
{
        struct database *database = test_server_connect(&server, "plain");
        _cleanup_error_ struct error err = {0};
        (void)!database_query(database, NULL, &err, "%s", (const char *)sql);
        database_close(database);
        return NULL;
}

static void wait_for_statement(struct database *database, const char *like)
{
        for (;;) {
                _cleanup_free_ char *found = NULL;
                _cleanup_error_ struct error err = {0};
                assert_true(database_query_value(database, &found, &err,
                                    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%s'"
                                    " AND ID <> CONNECTION_ID()",
                                    like) >= 0);
                if (!string_equal(found, "0"))
                        return;
        }
}

static void test_waits_for_schema_changes(void **state)
{
        static const struct {
                const char *sql;
                const char *like;
                bool counts;
        } cases[] = {
                {"  # said first\n /* and */ alter TABLE t ADD COLUMN extra INT", "%alter TABLE t ADD%",
                        true},
                {"RENAME TABLE t TO t2", "RENAME%", true},
                {"/*!50000 DROP TABLE t */", "%DROP TABLE t%", true},
                {"UPDATE t SET id = id + 1 /* ALTER */", "UPDATE%", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(database_closep) struct database *watcher = test_server_connect(&server, "plain");
                struct database *holder = test_server_connect(&server, "plain");
                _cleanup_error_ struct error err = {0};
                test_sql(watcher, "DROP TABLE IF EXISTS t, t2");
                test_sql(watcher, "CREATE TABLE t (id INT PRIMARY KEY)");
                assert_int_equal(database_wait_for_schema_changes(watcher, 0, NULL, &err), 0);
                test_sql(holder, "LOCK TABLES t READ");
                pthread_t thread;
                assert_int_equal(
                        pthread_create(&thread, NULL, run_statement, (void *)(uintptr_t)cases[i].sql), 0);
                wait_for_statement(watcher, cases[i].like);
                int result = database_wait_for_schema_changes(watcher, 0, NULL, &err);
                assert_int_equal(result, cases[i].counts ? -1 : 0);
                if (cases[i].counts)
                        assert_int_equal(err.reason, REASON_TIMED_OUT);
                database_close(holder); /* lets it go */
                assert_int_equal(database_wait_for_schema_changes(watcher, 60, NULL, &err), 0);
                assert_int_equal(pthread_join(thread, NULL), 0);
        }
}

static void test_wait_is_cancelled(void **state)
{
        _cleanup_(database_closep) struct database *watcher = test_server_connect(&server, "plain");
        struct database *holder = test_server_connect(&server, "plain");
        _cleanup_error_ struct error err = {0};
        test_sql(watcher, "DROP TABLE IF EXISTS t, t2");
        test_sql(watcher, "CREATE TABLE t (id INT PRIMARY KEY)");
        test_sql(holder, "LOCK TABLES t READ");
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_statement, (char[]){"DROP TABLE t"}), 0);
        wait_for_statement(watcher, "DROP TABLE t");
        struct cancel cancel;
        assert_int_equal(cancel_init(&cancel, &err), 0);
        cancel_request(&cancel, CANCEL_BY_USER);
        assert_int_equal(database_wait_for_schema_changes(watcher, 600, &cancel, &err), -1);
        assert_int_equal(err.reason, REASON_CANCELLED);
        cancel_deinit(&cancel);
        database_close(holder);
        assert_int_equal(pthread_join(thread, NULL), 0);
}

/* A statement in a thread, on a connection that is watched */

struct watched {
        const char *sql;
        bool in_transaction;
        struct cancel cancel;
        struct buffer told;
        int result;
        struct error err;
        struct database *database;
        pthread_t thread;
};

static void note(void *userdata, const char *sentence)
{
        struct watched *watched = userdata;
        buffer_append_string(&watched->told, sentence);
}

static void *run_watched(void *userdata)
{
        struct watched *watched = userdata;
        if (watched->in_transaction)
                test_sql(watched->database, "START TRANSACTION");
        watched->result = database_query(watched->database, NULL, &watched->err, "%s", watched->sql);
        return NULL;
}

static void begin_watched(struct watched *watched)
{
        _cleanup_error_ struct error err = {0};
        watched->database = test_server_connect(&server, "plain");
        assert_int_equal(cancel_init(&watched->cancel, &err), 0);
        const struct database_watch watch = {.cancel = &watched->cancel, .tell = note, .userdata = watched};
        database_watch(watched->database, &watch);
        assert_int_equal(pthread_create(&watched->thread, NULL, run_watched, watched), 0);
}

static void end_watched(struct watched *watched)
{
        database_close(watched->database);
        cancel_deinit(&watched->cancel);
        buffer_deinit(&watched->told);
        error_deinit(&watched->err);
}

static unsigned long connection_of(struct database *database)
{
        _cleanup_free_ char *id = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_query_value(database, &id, &err, "SELECT CONNECTION_ID()"), 0);
        return strtoul(id, NULL, 10);
}

static void test_names_who_holds_a_table(void **state)
{
        struct database_parameters parameters;
        test_server_parameters(&server, "plain", &parameters);
        parameters.lock_wait_s = 1;
        _cleanup_(database_closep) struct database *holder = test_server_connect(&server, "plain");
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_error_ struct error err = {0};
        test_sql(holder, "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY)");
        test_sql(holder, "LOCK TABLES t READ");
        assert_int_equal(database_connect(&parameters, &database, &err), 0);
        database_parameters_deinit(&parameters);
        assert_int_equal(database_query(database, NULL, &err, "ALTER TABLE t ADD c INT"), -1);
        assert_int_equal(err.reason, REASON_TABLE_LOCKED);
        _cleanup_free_ char *named = string_format("connection %lu (root@", connection_of(holder));
        if (!strstr(err.message, named))
                fail_msg("'%s' does not name %s", err.message, named);
        /* No statement of ours waits a day. */
        _cleanup_(database_closep) struct database *plain = test_server_connect(&server, "plain");
        _cleanup_free_ char *bound = NULL;
        assert_int_equal(database_query_value(plain, &bound, &err, "SELECT @@SESSION.lock_wait_timeout"), 0);
        assert_string_equal(bound, "60");
}

/* Each waits for a lock that is held until the end of the test: without the cancel none would come back. */
static void test_cancel_reaches_a_statement(void **state)
{
        static const struct {
                const char *hold, *sql;
                bool in_transaction, told;
        } cases[] = {
                {"LOCK TABLES t READ", "/* so */ ALTER TABLE t ADD c INT", false, true},
                {"LOCK TABLES t WRITE", "SELECT COUNT(*) FROM t", false, true},
                {"SET @a = 1", "SELECT SLEEP(600)", false, false},
                {"UPDATE t SET n = 2", "UPDATE t SET n = 3", true, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(database_closep) struct database *holder = test_server_connect(&server, "plain");
                _cleanup_(database_closep) struct database *watcher = test_server_connect(&server, "plain");
                struct watched watched = {.sql = cases[i].sql, .in_transaction = cases[i].in_transaction};
                test_sql(watcher, "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, n INT)");
                test_sql(watcher, "INSERT INTO t VALUES (1, 1)");
                test_sql(holder, "SET SESSION autocommit = 0");
                test_sql(holder, cases[i].hold);
                begin_watched(&watched);
                wait_for_statement(watcher, cases[i].sql);
                cancel_request(&watched.cancel, CANCEL_BY_USER);
                assert_int_equal(pthread_join(watched.thread, NULL), 0);
                assert_int_equal(watched.result, -1);
                assert_int_equal(watched.err.reason, REASON_CANCELLED);
                _cleanup_free_ char *named = string_format("connection %lu (root@", connection_of(holder));
                if (cases[i].told && (!watched.told.data || !strstr(watched.told.data, named)))
                        fail_msg("'%s' does not name %s", watched.told.data ?: "", named);
                /* The connection is fit for what has to be said after it. */
                test_sql(watched.database, "ROLLBACK");
                end_watched(&watched);
        }
}

/* Half of what it does would stay. */
static void test_cancel_lets_a_change_end(void **state)
{
        _cleanup_(database_closep) struct database *watcher = test_server_connect(&server, "plain");
        test_sql(watcher, "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, n INT) ENGINE=MyISAM");
        test_sql(watcher, "INSERT INTO t VALUES (1, 1), (2, 1), (3, 1)");
        struct watched watched = {.sql = "UPDATE t SET n = 2 WHERE SLEEP(1) = 0"};
        begin_watched(&watched);
        wait_for_statement(watcher, watched.sql);
        cancel_request(&watched.cancel, CANCEL_BY_USER);
        assert_int_equal(pthread_join(watched.thread, NULL), 0);
        assert_int_equal(watched.result, 0);
        end_watched(&watched);
}

static void test_finds_who_waits(void **state)
{
        _cleanup_(database_closep) struct database *watcher = test_server_connect(&server, "plain");
        struct database *holder = test_server_connect(&server, "plain");
        _cleanup_free_ char *found = NULL;
        _cleanup_error_ struct error err = {0};
        test_sql(watcher, "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY)");
        assert_int_equal(database_find_lock_wait(watcher, &found, &err), 1);
        test_sql(holder, "LOCK TABLES t READ");
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_statement, (char[]){"DROP TABLE t"}), 0);
        wait_for_statement(watcher, "DROP TABLE t");
        int result;
        while ((result = database_find_lock_wait(watcher, &found, &err)) == 1)
                (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        assert_int_equal(result, 0);
        _cleanup_free_ char *named = string_format("connection %lu (root@", connection_of(holder));
        if (!strstr(found, "Waiting for table metadata lock") || !strstr(found, named))
                fail_msg("'%s' does not name %s", found, named);
        database_close(holder);
        assert_int_equal(pthread_join(thread, NULL), 0);
}

/* The real client must come in with what the option file says. */
static void log_in_with_client(const char *password)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        _cleanup_free_ char *quoted = database_quote(database, password);
        _cleanup_free_ char *sql =
                string_format("CREATE OR REPLACE USER 'odd user'@'localhost' IDENTIFIED BY %s", quoted);
        test_sql(database, sql);

        struct database_parameters parameters;
        test_server_parameters(&server, "plain", &parameters);
        string_replace(&parameters.user, string_copy("odd user"));
        string_replace(&parameters.password, string_copy(password));
        _cleanup_free_ char *text = database_option_file(&parameters);
        database_parameters_deinit(&parameters);

        _cleanup_free_ char *path = string_format("%s/options", server.folder);
        _cleanup_free_ char *log = string_format("%s/client.log", server.folder);
        _cleanup_fclose_ FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fputs(text, file) < 0, 0);
        fclosep(&file);
        file = NULL;
        _cleanup_free_ char *option = string_format("--defaults-file=%s", path);
        const char *const arguments[] = {"mariadb", option, "--execute=SELECT 1", NULL};
        int status = test_wait(test_spawn(log, arguments));
        if (status != 0)
                fail_msg("the client can't log in with the option file\n%s", text);
}

static void test_option_file_keeps_every_byte(void **state)
{
        if (!test_program_exists("mariadb"))
                skip();
        static const char *const passwords[] = {"", "plain", " leading and trailing ", "\"quoted\"",
                "'single'", "back\\slash", "\\", "ends with \\", "\\n is no newline", "a#b", "#",
                "; = [client]", "line\nbreak", "carriage\rreturn", "tab\tbackspace\b", "\t", "\\\"", "\"",
                "'", "it's \"both\"", "ümläut 😀", "\x01\x7f", "%s%n", "\\s"};
        for (size_t i = 0; i < ARRAY_SIZE(passwords); i++)
                log_in_with_client(passwords[i]);
        char every[256] = {0};
        for (int i = 1; i < 128; i++)
                every[i - 1] = (char)i;
        log_in_with_client(every);
}

static void test_option_file_for_tcp(void **state)
{
        const struct database_parameters parameters = {.host = (char *)(uintptr_t) "db.example.org",
                .unix_socket = (char *)(uintptr_t) "/run/s",
                .port = 3307};
        _cleanup_free_ char *text = database_option_file(&parameters);
        assert_non_null(strstr(text, "host=\"db.example.org\"\n"));
        assert_non_null(strstr(text, "port=3307\n"));
        assert_non_null(strstr(text, "protocol=\"TCP\"\n"));
        assert_null(strstr(text, "socket="));
}

/* The last one: the server does not come back. */
static void test_killed_server(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "plain");
        test_server_kill(&server);
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_query(database, NULL, &err, "SELECT 1"), -1);
        assert_int_equal(err.reason, REASON_DATABASE_LOST);
        struct database_parameters parameters;
        test_server_parameters(&server, "plain", &parameters);
        struct database *other = NULL;
        assert_int_equal(database_connect(&parameters, &other, &err), -1);
        assert_int_equal(err.reason, REASON_DATABASE_UNREACHABLE);
        database_parameters_deinit(&parameters);
}

int main(void)
{
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE DATABASE plain");
        test_sql(database, "CREATE TABLE plain.t (id INT PRIMARY KEY)");
        test_sql(database, "CREATE DATABASE secrets");
        test_sql(database, "CREATE TABLE secrets.t (id INT)");
        test_sql(database, "CREATE USER limited@localhost");
        test_sql(database, "GRANT SELECT ON plain.* TO limited@localhost");
        database_close(database);

        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_connects_and_speaks_utf8mb4),
                cmocka_unit_test(test_says_its_character_set_again),
                cmocka_unit_test(test_connect_errors),
                cmocka_unit_test(test_reason_in_the_words_of_php),
                cmocka_unit_test(test_rows_keep_null_and_binary),
                cmocka_unit_test(test_no_value),
                cmocka_unit_test(test_query_errors),
                cmocka_unit_test(test_lost_connection),
                cmocka_unit_test(test_answers_within_a_limit),
                cmocka_unit_test(test_several_results_stay_in_step),
                cmocka_unit_test(test_quotes_survive),
                cmocka_unit_test(test_server_version),
                cmocka_unit_test(test_lock_excludes),
                cmocka_unit_test(test_waits_for_schema_changes),
                cmocka_unit_test(test_wait_is_cancelled),
                cmocka_unit_test(test_names_who_holds_a_table),
                cmocka_unit_test(test_cancel_reaches_a_statement),
                cmocka_unit_test(test_cancel_lets_a_change_end),
                cmocka_unit_test(test_finds_who_waits),
                cmocka_unit_test(test_option_file_keeps_every_byte),
                cmocka_unit_test(test_option_file_for_tcp),
                cmocka_unit_test(test_killed_server),
        };
        status = cmocka_run_group_tests_name("database", tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
