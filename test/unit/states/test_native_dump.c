/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/native_dump.h"
#include "states/native_dump_private.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/text.h"
#include "test/unit/test_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#define SCHEMA "sch`ema"
#define BIG_ROWS 6000

static struct test_server server;
static struct cancel cancelled;
static char *folder; /* of the files */
static int folder_fd;
static char told[4096];
static void (*on_bytes)(uint64_t bytes);

static char *path_of(const char *name)
{
        return string_format("%s/%s", folder, name);
}

static void note(void *userdata, const char *sentence)
{
        strncat(told, sentence, sizeof(told) - strlen(told) - 1);
}

static void on_progress(uint64_t bytes, void *userdata)
{
        if (on_bytes)
                on_bytes(bytes);
}

struct dumped {
        struct compress_total total;
        struct dump_contents contents;
        struct error err;
};

static void dumped_deinit(struct dumped *dumped)
{
        dump_contents_deinit(&dumped->contents);
        error_deinit(&dumped->err);
}
#define _cleanup_dumped_ _cleanup_(dumped_deinit)

static int dump_as(const char *schema, const char *user, const char *file, const struct native_dump *how,
        struct dumped *ret)
{
        struct database_parameters parameters;
        struct native_dump dump = *how;
        test_server_parameters(&server, schema, &parameters);
        string_replace(&parameters.user, string_copy(user));
        *ret = (struct dumped){0};
        *told = '\0';
        dump.parameters = &parameters;
        dump.level = dump.level ?: 1;
        dump.cancel = &cancelled;
        dump.tell = note;
        dump.on_progress = on_progress;
        _cleanup_free_ char *path = *file == '/' ? string_copy(file) : path_of(file);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        int result = native_dump(&dump, fd, file, &ret->total, &ret->contents, &ret->err);
        database_parameters_deinit(&parameters);
        return result;
}

static void must_dump(const char *schema, const char *file, const struct native_dump *how, struct dumped *ret)
{
        if (dump_as(schema, "root", file, how, ret) < 0)
                fail_msg("%s", error_message(&ret->err));
}

/* The file's size and hash are those that were told. */
static void assert_total(const struct dumped *dumped, const char *file)
{
        _cleanup_error_ struct error err = {0};
        char sha256[65];
        uint64_t size;
        assert_int_equal(file_sha256(folder_fd, file, NULL, sha256, &size, &err), 0);
        assert_int_equal(size, dumped->total.bytes_out);
        assert_string_equal(sha256, dumped->total.sha256);
        assert_int_equal(dumped->contents.bytes, dumped->total.bytes_in);
}

/* Through dump_reader, as the proof of a backup reads it. */
static void read_back(const char *file, const char *sql_file, struct dump_contents *ret)
{
        _cleanup_free_ char *path = path_of(file), *sql_path = path_of(sql_file);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        FILE *sql = fopen(sql_path, "we");
        _cleanup_(decompress_reader_freep) struct decompress_reader *frames = NULL;
        _cleanup_(dump_reader_freep) struct dump_reader *reader = dump_reader_new(NULL, NULL);
        _cleanup_error_ struct error err = {0};
        static char piece[65536];
        size_t size;
        int result;
        assert_true(fd >= 0 && sql);
        assert_int_equal(decompress_reader_new(fd, file, &frames, &err), 0);
        while ((result = decompress_reader_read(frames, piece, sizeof(piece), &size, &err)) == 0) {
                assert_int_equal(fwrite(piece, 1, size, sql), size);
                if (dump_reader_feed(reader, piece, size, &err) < 0)
                        fail_msg("%s", error_message(&err));
        }
        assert_int_equal(fclose(sql), 0);
        if (result < 0 || dump_reader_finish(reader, ret, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static void assert_same_contents(const struct dump_contents *left, const struct dump_contents *right)
{
        assert_int_equal(left->bytes, right->bytes);
        assert_int_equal(left->count, right->count);
        for (size_t i = 0; i < left->count; i++) {
                const struct dump_item *item =
                        dump_contents_find(right, left->items[i].object, left->items[i].name);
                assert_non_null(item);
                assert_int_equal(item->rows, left->items[i].rows);
        }
}

/* By its standard input: in a file that it is told to read by a command it passes over what fails. */
static void run_client(const char *schema, const char *sql_file)
{
        _cleanup_free_ char *path = path_of(sql_file), *log = path_of("client.log");
        _cleanup_free_ char *socket = string_format("--socket=%s", server.socket);
        const char *const arguments[] = {"sh", "-c", "exec mariadb \"$@\" < \"$0\"", path, "--no-defaults",
                "--user=root", "--comments", "--max-allowed-packet=64M", "--default-character-set=utf8mb4",
                socket, schema, NULL};
        int status = test_wait(test_spawn(log, arguments));
        if (status != 0)
                test_show_end(log);
        assert_int_equal(status, 0);
}

static char *dump_by_tool(const char *schema, const char *file)
{
        _cleanup_free_ char *path = path_of(file), *log = path_of("tool.log");
        _cleanup_free_ char *socket = string_format("--socket=%s", server.socket);
        _cleanup_free_ char *result = string_format("--result-file=%s", path);
        const char *const arguments[] = {"mariadb-dump", "--no-defaults", "--user=root", socket,
                "--single-transaction", "--routines", "--triggers", "--events", "--hex-blob",
                "--default-character-set=utf8mb4", "--skip-comments", result, schema, NULL};
        assert_int_equal(test_wait(test_spawn(log, arguments)), 0);
        _cleanup_error_ struct error err = {0};
        char *text = NULL;
        size_t size;
        assert_int_equal(file_read(folder_fd, file, 1 << 26, &text, &size, &err), 0);
        return text;
}

static char *ask(const char *schema, const char *sql)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, schema);
        _cleanup_error_ struct error err = {0};
        char *value = NULL;
        if (database_query_value(database, &value, &err, "%s", sql) < 0)
                fail_msg("%s: %s", sql, error_message(&err));
        return value ?: string_copy("NULL");
}

static void make_schema(const char *name)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_free_ char *quoted = database_quote_name(name);
        _cleanup_free_ char *sql =
                string_format("CREATE OR REPLACE DATABASE %s CHARACTER SET latin1", quoted);
        test_sql(database, sql);
}

/* What random schemas do not have, as mariadb-dump itself has trouble with it. */
static const char *const hard[] = {
        "SET sql_mode = ''",
        "CREATE TABLE `all gene;rated` (a INT AS (1) VIRTUAL, b INT AS (2) STORED)",
        "INSERT INTO `all gene;rated` () VALUES (), (), ()",
        "CREATE TABLE numbers (id INT AUTO_INCREMENT PRIMARY KEY, f FLOAT, d DOUBLE, g DOUBLE AS (d + f) "
        "STORED,"
        " hidden INT INVISIBLE, `VALUES` DECIMAL(65,30))",
        "INSERT INTO numbers (f, d, hidden, `VALUES`) VALUES (0.1, -0e0, 7, -0.1), (16777217, 0.1, NULL, 0),"
        " (-0e0, 5e-324, 0, NULL), (3.402823466e38, 1.7976931348623157e308, 1, 1)",
        "CREATE TABLE bytes (b BIT(9), raw LONGBLOB, latin VARCHAR(300) CHARACTER SET latin1, p POINT) "
        "ENGINE=MyISAM",
        "CREATE TABLE twin (id INT PRIMARY KEY, b INT)",
        "CREATE TABLE TWIN (id INT PRIMARY KEY, other INT)",
        "INSERT INTO twin VALUES (1, NULL), (2, 3)",
        "INSERT INTO TWIN VALUES (5, 6)",
        "CREATE SEQUENCE counting START WITH 3",
        "CREATE VIEW a_first AS SELECT * FROM z_last WITH CASCADED CHECK OPTION",
};
static const char *const programs[] = {
        ("CREATE TRIGGER `odd ;; trigger` BEFORE INSERT ON numbers FOR EACH ROW BEGIN /* a */ SET @a = "
         "';; */'; END"),
        "CREATE PROCEDURE speaking() COMMENT 'it''s' BEGIN SELECT ';;', ';;;', '\\\\'; END",
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
        "CREATE FUNCTION \"odd\"\"name\"() RETURNS VARCHAR(20) CHARSET latin1 DETERMINISTIC RETURN '\\'",
        "SET sql_mode = 'ORACLE'",
        "CREATE PACKAGE pack AS FUNCTION f RETURN INT; END",
        "CREATE PACKAGE BODY pack AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END",
        "SET sql_mode = ''",
        "ALTER DATABASE CHARACTER SET utf8mb4",
        "CREATE EVENT `at night` ON SCHEDULE EVERY 1 DAY STARTS '2033-01-01 00:00:00' DO SELECT ';;'",
};

static void fill_hard(void)
{
        make_schema(SCHEMA);
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, SCHEMA);
        for (size_t i = 0; i + 1 < ARRAY_SIZE(hard); i++)
                test_sql(database, hard[i]);
        for (int i = 0; i < 256; i++) {
                _cleanup_free_ char *sql = string_format(
                        "INSERT INTO bytes VALUES (%d, X'%02X00', _latin1 X'41%02X', POINT(%d, 0.5))", i, i,
                        i, i);
                test_sql(database, sql);
        }
        /* One row that is longer than any statement of several. */
        test_sql(database,
                "INSERT INTO bytes VALUES (NULL, REPEAT(X'00FF27', 1500000), REPEAT('''', 300), NULL)");
        test_sql(database, "SELECT NEXTVAL(counting)");
        test_sql(database, "CREATE VIEW z_last AS SELECT id, hidden AS `hid``den` FROM numbers");
        test_sql(database, hard[ARRAY_SIZE(hard) - 1]);
        for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
                test_sql(database, programs[i]);
}

static void test_everything_comes_back(void **state)
{
        static const char *const questions[] = {
                "SELECT COUNT(*) FROM `all gene;rated`",
                "SELECT GROUP_CONCAT(id, '|', f * 1e0, '|', d, '|', g, '|', `VALUES` ORDER BY id) FROM "
                "numbers",
                "SELECT ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
                "SELECT GROUP_CONCAT(ROUTINE_NAME, ROUTINE_DEFINITION, SQL_MODE, DATABASE_COLLATION ORDER BY "
                "ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
                "SELECT EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
                "SELECT @@collation_database",
                "SELECT COUNT(*) FROM a_first",
                "SELECT GROUP_CONCAT(id, '|', COALESCE(b, '-') ORDER BY id) FROM twin",
                "SELECT GROUP_CONCAT(id, '|', other) FROM TWIN",
        };
        static const char *const checksums[] = {"numbers", "bytes"};
        const struct native_dump how = {.connections = 3, .level = 3};
        _cleanup_dumped_ struct dumped dumped;
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        fill_hard();
        must_dump(SCHEMA, "hard.zst", &how, &dumped);
        assert_string_equal(told, "");
        assert_total(&dumped, "hard.zst");
        read_back("hard.zst", "hard.sql", &contents);
        assert_same_contents(&dumped.contents, &contents);
        assert_null(contents.foreign);

        make_schema("copy");
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "copy");
        test_sql(database, "ALTER DATABASE CHARACTER SET utf8mb4");
        run_client("copy", "hard.sql");
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
                _cleanup_free_ char *before = ask(SCHEMA, questions[i]);
                _cleanup_free_ char *after = ask("copy", questions[i]);
                assert_string_equal(before, after);
                assert_string_not_equal(before, "NULL");
        }
        for (size_t i = 0; i < ARRAY_SIZE(checksums); i++) {
                _cleanup_free_ char *sql = string_format("CHECKSUM TABLE %s", checksums[i]);
                _cleanup_(database_closep) struct database *was = test_server_connect(&server, SCHEMA);
                _cleanup_database_rows_ struct database_rows left = {0}, right = {0};
                _cleanup_error_ struct error err = {0};
                assert_int_equal(database_query(was, &left, &err, "%s", sql), 0);
                assert_int_equal(database_query(database, &right, &err, "%s", sql), 0);
                assert_string_equal(database_cell(&left, 0, 1), database_cell(&right, 0, 1));
        }
        /* On an event with two semicolons in a row mariadb-dump 10.11 works for ever. */
        _cleanup_(database_closep) struct database *original = test_server_connect(&server, SCHEMA);
        test_sql(original, "DROP EVENT `at night`");
        test_sql(database, "DROP EVENT `at night`");
        _cleanup_free_ char *before = dump_by_tool(SCHEMA, "before.sql");
        _cleanup_free_ char *after = dump_by_tool("copy", "after.sql");
        /* That one alone names the schema, around what was made when its collation was another. */
        _cleanup_free_ char *plain = text_replace(before, "`sch``ema`", "`copy`");
        assert_string_equal(plain, after);
}

static void test_same_data_same_text(void **state)
{
        _cleanup_dumped_ struct dumped one, other;
        const struct native_dump single = {.connections = 1}, several = {.connections = 4};
        must_dump(SCHEMA, "one.zst", &single, &one);
        must_dump(SCHEMA, "other.zst", &several, &other);
        assert_string_equal(one.total.sha256, other.total.sha256);
}

/* Ranges: keys with a gap, below zero, and at both ends of what there is. */
static void fill_big(void)
{
        make_schema("big");
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "big");
        _cleanup_free_ char *sql = string_format(
                "INSERT INTO signed SELECT IF(seq < 3000, CAST(seq AS INT) - 1500, seq * 1000000), MD5(seq),"
                " REPEAT(MD5(seq), 60) FROM seq_1_to_%d",
                BIG_ROWS);
        test_sql(database, "CREATE TABLE signed (id BIGINT, x CHAR(32), body TEXT, PRIMARY KEY (id, x))");
        test_sql(database, "CREATE TABLE positive (id BIGINT UNSIGNED PRIMARY KEY, body TEXT)");
        test_sql(database, "CREATE TABLE named (id CHAR(32) PRIMARY KEY, body TEXT)");
        test_sql(database, sql);
        test_sql(database,
                "INSERT INTO signed VALUES (-9223372036854775808, '', ''), (9223372036854775807, '', '')");
        test_sql(database, "INSERT INTO positive SELECT seq, REPEAT(MD5(seq), 60) FROM seq_0_to_3000");
        test_sql(database, "INSERT INTO positive VALUES (18446744073709551615, '')");
        test_sql(database, "INSERT INTO named SELECT x, body FROM signed WHERE x <> ''");
        test_sql(database, "ANALYZE TABLE signed, positive, named");
}

static size_t count_frames(const char *sql_file, const char *begin)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_error_ struct error err = {0};
        size_t size, count = 0;
        assert_int_equal(file_read(folder_fd, sql_file, 1 << 28, &text, &size, &err), 0);
        for (const char *at = text; (at = strstr(at, begin)); at++)
                count++;
        return count;
}

static void test_big_tables_in_ranges(void **state)
{
        static const char *const tables[] = {"signed", "positive", "named"};
        const struct native_dump whole = {.connections = 1},
                                 ranges = {.connections = 3, .range_size = 1 << 20};
        _cleanup_dumped_ struct dumped one, other;
        _cleanup_dump_contents_ struct dump_contents contents = {0}, of_one = {0};
        fill_big();
        must_dump("big", "one.zst", &whole, &one);
        must_dump("big", "other.zst", &ranges, &other);
        read_back("one.zst", "one.sql", &of_one);
        read_back("other.zst", "other.sql", &contents);
        assert_same_contents(&other.contents, &contents);
        assert_int_equal(dump_contents_find(&contents, DUMP_TABLE, "signed")->rows, BIG_ROWS + 2);
        /* Each range begins a statement of its own. */
        assert_true(count_frames("other.sql", "INSERT INTO `signed`") >
                    count_frames("one.sql", "INSERT INTO `signed`") + 2);
        assert_true(count_frames("other.sql", "INSERT INTO `positive`") >
                    count_frames("one.sql", "INSERT INTO `positive`") + 2);
        make_schema("copy");
        run_client("copy", "other.sql");
        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
                _cleanup_free_ char *sql =
                        string_format("SELECT BIT_XOR(CRC32(CONCAT_WS('|', t.id, t.body))) "
                                      "FROM `%s` t",
                                tables[i]);
                _cleanup_free_ char *before = ask("big", sql), *after = ask("copy", sql);
                assert_string_equal(before, after);
        }
}

/* Two accounts between which money moves all the time: in each moment there is as much of it. */
static atomic_bool moving;

static void *move_money(void *userdata)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "bank");
        for (unsigned i = 0; atomic_load(&moving); i++) {
                test_sql(database, "BEGIN");
                test_sql(database, "UPDATE first SET amount = amount - 1");
                test_sql(database, "UPDATE second SET amount = amount + 1");
                test_sql(database, "COMMIT");
        }
        return NULL;
}

static void grant(const char *user, const char *rights)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_free_ char *create = string_format("CREATE OR REPLACE USER %s@localhost", user);
        _cleanup_free_ char *sql = string_format("GRANT %s TO %s@localhost", rights, user);
        test_sql(database, create);
        test_sql(database, sql);
}

static unsigned long connections_to(struct database *database, const char *schema, const char *doing)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *count = NULL;
        assert_int_equal(database_query_value(database, &count, &err,
                                 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = '%s'"
                                 " AND INFO LIKE '%s%%'",
                                 schema, doing),
                0);
        return strtoul(count, NULL, 10);
}

static void *read_for_long(void *userdata)
{
        struct database *database = userdata;
        _cleanup_error_ struct error err = {0};
        (void)!database_query(database, NULL, &err, "SELECT SLEEP(600) FROM first");
        return NULL;
}

/* By all commits, which root may hold up, and by the tables: readers are not in the way. */
static void test_one_moment(void **state)
{
        pthread_t thread, reading;
        const struct native_dump how = {.connections = 4};
        make_schema("bank");
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "bank");
        test_sql(database, "CREATE TABLE first (id INT PRIMARY KEY, amount INT)");
        test_sql(database, "CREATE TABLE second (id INT PRIMARY KEY, amount INT)");
        test_sql(database, "INSERT INTO first SELECT seq, 1000000 FROM seq_1_to_20");
        test_sql(database, "INSERT INTO second SELECT seq, 1000000 FROM seq_1_to_20");
        grant("modest", "ALL ON bank.*");
        _cleanup_(database_closep) struct database *reader = test_server_connect(&server, "bank");
        assert_int_equal(pthread_create(&reading, NULL, read_for_long, reader), 0);
        while (connections_to(database, "bank", "SELECT SLEEP") == 0)
                ;
        atomic_store(&moving, true);
        assert_int_equal(pthread_create(&thread, NULL, move_money, NULL), 0);
        for (int i = 0; i < 12; i++) {
                _cleanup_dumped_ struct dumped dumped;
                _cleanup_dump_contents_ struct dump_contents contents = {0};
                if (dump_as("bank", i % 2 == 0 ? "root" : "modest", "bank.zst", &how, &dumped) < 0)
                        fail_msg("%s", error_message(&dumped.err));
                assert_string_equal(told, "");
                read_back("bank.zst", "bank.sql", &contents);
                make_schema("copy");
                run_client("copy", "bank.sql");
                _cleanup_free_ char *sum = ask("copy",
                        "SELECT SUM(amount) FROM (SELECT amount FROM first UNION ALL SELECT amount FROM "
                        "second) a");
                assert_string_equal(sum, "40000000");
        }
        atomic_store(&moving, false);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(connections_to(database, "bank", "SELECT SLEEP"), 1);
        database_interrupt(reader);
        assert_int_equal(pthread_join(reading, NULL), 0);
}

static void test_without_the_right_to_lock(void **state)
{
        const struct native_dump how = {.connections = 4, .range_size = 1 << 20};
        _cleanup_dumped_ struct dumped dumped, denied;
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        grant("modest", "SELECT, EVENT, TRIGGER, SHOW VIEW ON big.*");
        assert_int_equal(dump_as("big", "modest", "modest.zst", &how, &dumped), 0);
        assert_non_null(strstr(told, "over one connection"));
        assert_non_null(strstr(told, "Access denied"));
        read_back("modest.zst", "modest.sql", &contents);
        assert_int_equal(dump_contents_find(&contents, DUMP_TABLE, "signed")->rows, BIG_ROWS + 2);
        /* What it may not see is no reason to leave it out without a word. */
        grant("blind", "SELECT ON `sch``ema`.*");
        assert_int_equal(dump_as(SCHEMA, "blind", "blind.zst", &how, &denied), -1);
        assert_int_equal(denied.err.reason, REASON_DATABASE_ACCESS_DENIED);
        /* Nor are events, of which the server tells others nothing. */
        _cleanup_dumped_ struct dumped without_events;
        grant("uneventful", "SELECT, LOCK TABLES, TRIGGER ON big.*");
        assert_int_equal(dump_as("big", "uneventful", "blind.zst", &how, &without_events), -1);
        assert_int_equal(without_events.err.reason, REASON_DATABASE_ACCESS_DENIED);
        assert_non_null(strstr(error_message(&without_events.err), "events"));
}

/* A connection that was closed counts until the server has heard of it. */
static void wait_until_gone(struct database *database, const char *user)
{
        for (bool gone = false; !gone;) {
                _cleanup_error_ struct error err = {0};
                _cleanup_free_ char *count = NULL;
                assert_int_equal(database_query_value(database, &count, &err,
                                         "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = "
                                         "'%s'",
                                         user),
                        0);
                gone = string_equal(count, "0");
        }
}

/* What a user may have is the site's as well. */
static void test_few_connections(void **state)
{
        const struct native_dump how = {.connections = 3};
        _cleanup_dumped_ struct dumped enough, few;
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        grant("crowded", "ALL ON bank.*");
        test_sql(database, "ALTER USER crowded@localhost WITH MAX_USER_CONNECTIONS 5");
        assert_int_equal(dump_as("bank", "crowded", "bank.zst", &how, &enough), 0);
        assert_string_equal(told, "");
        wait_until_gone(database, "crowded");
        test_sql(database, "ALTER USER crowded@localhost WITH MAX_USER_CONNECTIONS 4");
        assert_int_equal(dump_as("bank", "crowded", "bank.zst", &how, &few), 0);
        assert_non_null(strstr(told, "over one connection"));
        assert_non_null(strstr(told, "max_user_connections"));
}

/* Another's backup; a transaction that has written and goes on. */
static void test_lock_that_is_not_to_be_had(void **state)
{
        const struct native_dump how = {.connections = 2};
        _cleanup_dumped_ struct dumped dumped, modest;
        _cleanup_(database_closep) struct database *other = test_server_connect(&server, "bank");
        test_sql(other, "BACKUP STAGE START");
        uint64_t begin_ms = clock_steady_ms();
        must_dump("bank", "bank.zst", &how, &dumped);
        assert_true(clock_steady_ms() - begin_ms < 30000);
        assert_non_null(strstr(told, "over one connection"));
        test_sql(other, "BACKUP STAGE END");
        test_sql(other, "BEGIN");
        test_sql(other, "UPDATE second SET amount = amount + 1");
        grant("modest", "ALL ON bank.*");
        assert_int_equal(dump_as("bank", "modest", "bank.zst", &how, &modest), 0);
        assert_non_null(strstr(told, "over one connection"));
        test_sql(other, "ROLLBACK");
        /* Nothing was left locked. */
        test_sql(other, "UPDATE first SET amount = amount");
        test_sql(other, "CREATE TABLE afterwards (id INT)");
}

/* The queue alone */

static struct dump_queue queue;
static struct dump_part *second;
static atomic_bool begun;

static void *read_second(void *userdata)
{
        int *result = userdata;
        *result = dump_queue_await_turn(&queue, second);
        atomic_store(&begun, true);
        return NULL;
}

static void advance(bool expected)
{
        struct dump_part *part;
        struct dump_piece *pieces;
        _cleanup_error_ struct error err = {0};
        bool ended;
        assert_int_equal(dump_queue_next(&queue, 1, &part, &pieces, &ended, &err), 0);
        assert_null(pieces);
        assert_int_equal(ended, expected);
        if (ended)
                dump_queue_advance(&queue);
}

/* A table that is locked while it is read is not begun before its turn. */
static void test_a_turn_is_awaited(void **state)
{
        pthread_t thread;
        for (int stopped = 0; stopped < 2; stopped++) {
                int result = 1;
                dump_queue_init(&queue);
                atomic_store(&begun, false);
                dump_queue_add_rows(&queue, memory_new(sizeof(struct dump_rows)));
                dump_queue_add_text(&queue, string_copy("text"));
                dump_queue_add_rows(&queue, memory_new(sizeof(struct dump_rows)));
                struct dump_part *first = dump_queue_take(&queue);
                second = dump_queue_take(&queue);
                assert_int_equal(pthread_create(&thread, NULL, read_second, &result), 0);
                dump_queue_end(&queue);
                advance(false);
                dump_queue_part_done(&queue, first, 0);
                advance(true);
                assert_false(atomic_load(&begun));
                if (stopped)
                        dump_queue_stop(&queue);
                else
                        advance(true);
                assert_int_equal(pthread_join(thread, NULL), 0);
                assert_int_equal(result, stopped ? -1 : 0);
                dump_queue_deinit(&queue);
        }
}

static void expect_failure(const char *schema, const char *file, const struct native_dump *how,
        enum reason reason, const char *says)
{
        _cleanup_dumped_ struct dumped dumped;
        uint64_t begin_ms = clock_steady_ms();
        assert_int_equal(dump_as(schema, "root", file, how, &dumped), -1);
        if (dumped.err.reason != reason || !strstr(error_message(&dumped.err), says))
                fail_msg("%s: %s", reason_name(dumped.err.reason), error_message(&dumped.err));
        assert_true(clock_steady_ms() - begin_ms < 20000);
        on_bytes = NULL;
        cancel_reset(&cancelled);
}

static void kill_connections(uint64_t bytes)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_query(database, &rows, &err,
                                 "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = 'big'"),
                0);
        for (size_t i = 0; i < rows.rows; i++)
                (void)!database_query(database, NULL, &err, "KILL %s", database_cell(&rows, i, 0));
}

static void cancel_it(uint64_t bytes)
{
        cancel_request(&cancelled, CANCEL_BY_USER);
}

static void test_faults(void **state)
{
        const struct native_dump how = {.connections = 2, .range_size = 1 << 20}, single = {.connections = 1},
                                 short_time = {.connections = 1, .time_limit_ms = 300};
        expect_failure("big", "/dev/full", &how, REASON_DISK_FULL, "/dev/full");
        expect_failure("not there", "none.zst", &how, REASON_DATABASE_UNREACHABLE, "not there");
        on_bytes = cancel_it;
        expect_failure("big", "cancelled.zst", &how, REASON_CANCELLED, "cancelled");

        /* What waits for a table that another connection has locked hears of a cancel, of a limit, and of a
         * connection that is cut. */
        _cleanup_(database_closep) struct database *other = test_server_connect(&server, "big");
        test_sql(other, "LOCK TABLES named WRITE");
        on_bytes = cancel_it;
        expect_failure("big", "cancelled.zst", &single, REASON_CANCELLED, "cancelled");
        expect_failure("big", "late.zst", &short_time, REASON_TIMED_OUT, "not done");
        on_bytes = kill_connections;
        expect_failure("big", "cut.zst", &single, REASON_DATABASE_LOST, "table named");
}

static void test_views_that_are_broken(void **state)
{
        const struct native_dump how = {.connections = 2};
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "bank");
        test_sql(database, "CREATE TABLE gone (id INT)");
        test_sql(database, "CREATE VIEW broken AS SELECT id FROM gone");
        test_sql(database, "DROP TABLE gone");
        expect_failure("bank", "bank.zst", &how, REASON_DATABASE_QUERY_FAILED, "view broken");
}

int main(void)
{
        _cleanup_error_ struct error err = {0};
        if (!test_program_exists("mariadb-dump") || !test_program_exists("mariadb")) {
                fprintf(stderr, "skipped: mariadb-dump or mariadb is not installed here\n");
                return TEST_SKIPPED;
        }
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        folder = server.folder;
        folder_fd = open(folder, O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0 || cancel_init(&cancelled, &err) < 0)
                return 1;
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_everything_comes_back),
                cmocka_unit_test(test_same_data_same_text),
                cmocka_unit_test(test_big_tables_in_ranges),
                cmocka_unit_test(test_one_moment),
                cmocka_unit_test(test_without_the_right_to_lock),
                cmocka_unit_test(test_few_connections),
                cmocka_unit_test(test_lock_that_is_not_to_be_had),
                cmocka_unit_test(test_a_turn_is_awaited),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_views_that_are_broken),
        };
        status = cmocka_run_group_tests_name("native_dump", tests, NULL, NULL);
        cancel_deinit(&cancelled);
        (void)close(folder_fd);
        test_server_stop(&server);
        return status;
}
