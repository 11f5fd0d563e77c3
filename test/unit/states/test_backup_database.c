/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/stages.h"

#include "lib/compress.h"
#include "states/backup.h"
#include "states/dump_tool.h"
#include "test/unit/states/site_fixture.h"

#include <sys/mount.h>

#define BACKUP "state/" NAME_STATE_BACKUP
#define PART BACKUP ".part"
#define OPTION_FILE "state/database-client.cnf"
#define INVENTORY "state/" NAME_STATE_INVENTORY
#define DATABASE "odd name`s ü; --"
#define EMPTY_DATABASE "nothing in it" /* what a program that only pretends to dump has dumped whole */

static struct test_server server;
static struct fixture *current; /* for on_progress */

static const char *const schema[] = {
        "CREATE TABLE mtc_leads (id INT AUTO_INCREMENT PRIMARY KEY, `odd ``column; --` VARCHAR(191) NOT NULL,"
        " nothing DATETIME NULL, price DECIMAL(20,10), created TIMESTAMP NOT NULL DEFAULT '2020-01-01 "
        "00:00:00')"
        " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        "INSERT INTO mtc_leads (`odd ``column; --`, price) VALUES ('😀 it''s \\\\ \"odd\"\n-- Dump "
        "completed', 0.1),"
        " ('', -1), (CHAR(0,1,26), NULL)",
        "CREATE TABLE `table with 'quotes'` (id INT PRIMARY KEY, content LONGBLOB) ENGINE=InnoDB",
        "CREATE TABLE old_engine (id INT PRIMARY KEY) ENGINE=MyISAM",
        "INSERT INTO old_engine VALUES (1), (2)",
        "CREATE TABLE measured (id INT PRIMARY KEY, value FLOAT)",
        "INSERT INTO measured VALUES (1, 16777217), (2, 0.1)",
        "CREATE VIEW `a view` AS SELECT id, price FROM mtc_leads WHERE price > 0",
        "CREATE TRIGGER counting BEFORE INSERT ON old_engine FOR EACH ROW SET NEW.id = NEW.id + 100",
        "CREATE PROCEDURE answer(OUT n INT) BEGIN SELECT 42 INTO n; END",
        "CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n",
        "CREATE EVENT `at night` ON SCHEDULE EVERY 1 DAY DO DELETE FROM old_engine",
};

static void make_database(void)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_free_ char *name = database_quote_name(DATABASE);
        _cleanup_free_ char *create = string_format("CREATE DATABASE %s CHARACTER SET utf8mb4", name);
        _cleanup_free_ char *use = string_format("USE %s", name);
        test_sql(database, create);
        test_sql(database, use);
        for (size_t i = 0; i < ARRAY_SIZE(schema); i++)
                test_sql(database, schema[i]);
        _cleanup_buffer_ struct buffer bytes = {0};
        for (int i = 0; i < 256; i++)
                buffer_append_format(&bytes, "%02X", i);
        _cleanup_free_ char *insert = string_format(
                "INSERT INTO `table with 'quotes'` VALUES (1, X'%s'), (2, NULL), (3, '')", bytes.data);
        test_sql(database, insert);
        /* More than the pipe and the program's own buffers hold. */
        for (int i = 0; i < 20; i++)
                test_sql(database,
                        "INSERT INTO `table with 'quotes'` SELECT MAX(id) + 1, REPEAT(MD5(MAX(id)), 32768)"
                        " FROM `table with 'quotes'`");
}

static void begin(struct fixture *fixture)
{
        fixture_init(fixture, &stage_backup_database);
        fixture_make_site(fixture, &server, DATABASE, "mtc_");
        current = fixture;
}

static void begin_empty(struct fixture *fixture)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE OR REPLACE DATABASE `" EMPTY_DATABASE "`");
        begin(fixture);
        fixture_write_local(fixture, EMPTY_DATABASE, "root", "", "mtc_");
}

static char *artifact_sha256(struct fixture *fixture)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_error_ struct error err = {0};
        if (checkpoint_load_artifact(fixture->context.checkpoint, "database_backup", &record, &err) != 0)
                return NULL;
        _cleanup_free_ char *path = fixture_path(fixture, BACKUP);
        assert_string_equal(record.path, path);
        struct stat status;
        assert_int_equal(lstat(path, &status), 0);
        assert_int_equal(status.st_size, record.size);
        assert_int_equal(status.st_mode, S_IFREG | 0600);
        char sha256[65];
        uint64_t size;
        assert_int_equal(
                file_sha256(fixture->context.state_fd, NAME_STATE_BACKUP, NULL, sha256, &size, &err), 0);
        assert_string_equal(record.sha256, sha256);
        return string_copy(sha256);
}

static void assert_backed_up(struct fixture *fixture)
{
        _cleanup_free_ char *sha256 = artifact_sha256(fixture);
        assert_non_null(sha256);
        assert_true(fixture_has(fixture, INVENTORY));
        assert_false(fixture_has(fixture, PART));
        assert_false(fixture_has(fixture, INVENTORY ".part"));
        assert_false(fixture_has(fixture, OPTION_FILE));
}

static void assert_nothing_left(struct fixture *fixture)
{
        _cleanup_free_ char *sha256 = artifact_sha256(fixture);
        assert_null(sha256);
        assert_false(fixture_has(fixture, BACKUP));
        assert_false(fixture_has(fixture, PART));
        assert_false(fixture_has(fixture, OPTION_FILE));
}

static void decompress(struct fixture *fixture, const char *from, const char *to)
{
        _cleanup_free_ char *source = fixture_path(fixture, from);
        _cleanup_free_ char *target = fixture_path(fixture, to);
        _cleanup_close_ int fd = open(source, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        FILE *file = fopen(target, "we");
        assert_non_null(file);
        _cleanup_(decompress_reader_freep) struct decompress_reader *reader = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(decompress_reader_new(fd, from, &reader, &err), 0);
        char piece[65536];
        size_t size;
        int result;
        while ((result = decompress_reader_read(reader, piece, sizeof(piece), &size, &err)) == 0)
                assert_int_equal(fwrite(piece, 1, size, file), size);
        assert_int_equal(result, 1);
        assert_int_equal(fclose(file), 0);
}

/* By its standard input: in a file that it is told to read by a command it passes over what fails. */
static void restore(struct fixture *fixture, const char *sql_file, const char *database)
{
        _cleanup_free_ char *path = fixture_path(fixture, sql_file);
        _cleanup_free_ char *log = fixture_path(fixture, "restore.log");
        _cleanup_free_ char *socket = string_format("--socket=%s", server.socket);
        const char *const arguments[] = {"sh", "-c", "exec mariadb \"$@\" < \"$0\"", path, "--no-defaults",
                "--user=root", "--max-allowed-packet=64M", socket, database, NULL};
        if (test_wait(test_spawn(log, arguments)) != 0) {
                _cleanup_free_ char *said_there = fixture_read(fixture, "restore.log");
                fail_msg("the dump can't be restored: %s", said_there);
        }
}

static char *ask(const char *database_name, const char *sql)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, database_name);
        _cleanup_error_ struct error err = {0};
        char *value = NULL;
        if (database_query_value(database, &value, &err, "%s", sql) < 0)
                fail_msg("%s: %s", sql, error_message(&err));
        return value ?: string_copy("NULL");
}

static uint64_t dumped;

static bool in_the_dump(void)
{
        return string_equal(progress_unit, "bytes") && progress_done > 0;
}

static void watch_dump(void)
{
        if (in_the_dump())
                dumped = progress_done;
}

static void die_in_the_dump(void)
{
        if (in_the_dump())
                (void)raise(SIGKILL);
}

/* rounded: of a FLOAT the dump has six digits, and its table no checksum. */
static void restores_everything(const char *tool, const char *by, bool rounded)
{
        static const char *const questions[] = {
                "SELECT GROUP_CONCAT(HEX(`odd ``column; --`), '/', IFNULL(price, '-') ORDER BY id) FROM "
                "mtc_leads",
                "SELECT GROUP_CONCAT(IFNULL(SHA2(content, 256), '-') ORDER BY id) FROM `table with 'quotes'`",
                "SELECT COUNT(*) FROM `a view`",
                "SELECT twice(21)",
                "SELECT EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
                "SELECT ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
                "SELECT GROUP_CONCAT(ROUTINE_NAME ORDER BY 1) FROM information_schema.ROUTINES"
                " WHERE ROUTINE_SCHEMA = DATABASE()",
                "SELECT GROUP_CONCAT(id ORDER BY id) FROM old_engine",
                "SELECT GROUP_CONCAT(TABLE_NAME, TABLE_TYPE, IFNULL(ENGINE, '') ORDER BY TABLE_NAME)"
                " FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
        };
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        fixture_set(&fixture, "backup.tool", tool);
        on_progress = watch_dump;
        dumped = 0;
        expect_stage(&fixture, STAGE_DONE);
        on_progress = NULL;
        assert_backed_up(&fixture);
        assert_true(dumped > 20000000);
        assert_true(has_said(by));
        assert_true(has_said("The backup is proven"));
        assert_true(has_said("warning: "));
        assert_true(has_said("old_engine (MyISAM)"));
        assert_false(has_said("mtc_leads"));
        assert_int_equal(has_said("Table measured has FLOAT columns"), rounded);
        _cleanup_inventory_ struct inventory inventory = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(
                backup_load_inventory(fixture.context.checkpoint, fixture.context.state_fd, &inventory, &err),
                0);
        const struct inventory_item *measured = inventory_find(&inventory, DUMP_TABLE, "measured");
        assert_int_equal(measured->checksum == NULL, rounded);
        assert_int_equal(measured->rounded, rounded);

        decompress(&fixture, BACKUP, "restored.sql");
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE OR REPLACE DATABASE restored CHARACTER SET latin1");
        restore(&fixture, "restored.sql", "restored");
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
                _cleanup_free_ char *before = ask(DATABASE, questions[i]);
                _cleanup_free_ char *after = ask("restored", questions[i]);
                assert_string_equal(before, after);
                assert_string_not_equal(before, "NULL");
        }
}

static void test_restores_everything(void **state)
{
        restores_everything("auto", "with mariadb-dump", true);
}

static void test_restores_everything_natively(void **state)
{
        restores_everything("native", "with connections of its own", false);
}

static void test_second_run_does_nothing(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        expect_stage(&fixture, STAGE_DONE);
        _cleanup_free_ char *sha256 = artifact_sha256(&fixture);
        buffer_deinit(&said);
        expect_stage(&fixture, STAGE_DONE);
        _cleanup_free_ char *again = artifact_sha256(&fixture);
        assert_string_equal(again, sha256);
        assert_false(has_said("Backing up"));
}

/* The one name in the state folder that begins with m3_upgrade_db_backup-; the caller's. */
static char *find_kept(struct fixture *fixture)
{
        struct string_list names = {0};
        _cleanup_error_ struct error err = {0};
        char *found = NULL;
        assert_int_equal(folder_list(fixture->context.state_fd, ".", &names, &err), 0);
        for (size_t i = 0; i < names.count; i++)
                if (string_begins(names.items[i], "m3_upgrade_db_backup-") &&
                        strstr(names.items[i], ".sql.zst")) {
                        assert_null(found);
                        found = string_format("state/%s", names.items[i]);
                }
        string_list_deinit(&names);
        return found;
}

static void test_changed_backup_is_kept_and_made_again(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        expect_stage(&fixture, STAGE_DONE);
        fixture_write(&fixture, BACKUP, "something else");
        expect_stage(&fixture, STAGE_DONE);
        assert_backed_up(&fixture);
        assert_true(has_said("is gone or was changed"));
        _cleanup_free_ char *kept = find_kept(&fixture);
        assert_non_null(kept);
        _cleanup_free_ char *content = fixture_read(&fixture, kept);
        assert_string_equal(content, "something else");
}

static void test_older_backup_is_never_overwritten(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        fixture_write(&fixture, BACKUP, "of the last upgrade");
        expect_stage(&fixture, STAGE_DONE);
        assert_backed_up(&fixture);
        _cleanup_free_ char *kept = find_kept(&fixture);
        assert_non_null(kept);
        _cleanup_free_ char *content = fixture_read(&fixture, kept);
        assert_string_equal(content, "of the last upgrade");
}

static void test_kill_between_rename_and_record(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        expect_stage(&fixture, STAGE_DONE);
        _cleanup_free_ char *sha256 = artifact_sha256(&fixture);
        _cleanup_error_ struct error err = {0};
        _cleanup_step_list_ struct step_list steps = {0};
        assert_int_equal(
                checkpoint_load_steps(fixture.context.checkpoint, "backup_database", &steps, &err), 0);
        assert_int_equal(steps.count, 1);
        _cleanup_free_ char *detail = string_copy(steps.items[0].detail);
        assert_non_null(strstr(detail, sha256));

        /* The same with a checkpoint that holds the intent alone. */
        assert_int_equal(checkpoint_clear_upgrade(fixture.context.checkpoint, NULL, &err), 0);
        int64_t number;
        assert_int_equal(checkpoint_add_step(fixture.context.checkpoint, "backup_database", "publish", detail,
                                 &number, &err),
                0);
        buffer_deinit(&said);
        expect_stage(&fixture, STAGE_DONE);
        assert_false(has_said("Backing up"));
        assert_backed_up(&fixture);
        _cleanup_free_ char *kept = find_kept(&fixture);
        assert_null(kept);
}

static void test_killed_in_the_dump(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        on_progress = die_in_the_dump;
        run_until_killed(&fixture);
        on_progress = NULL;
        assert_true(fixture_has(&fixture, PART));
        assert_true(fixture_has(&fixture, OPTION_FILE));
        expect_stage(&fixture, STAGE_DONE);
        assert_backed_up(&fixture);
}

static void cancel_on_progress(void)
{
        if (in_the_dump())
                cancel_request(&current->cancel, CANCEL_BY_USER);
}

static void test_cancelled_in_the_dump(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        on_progress = cancel_on_progress;
        expect_failure(&fixture, REASON_CANCELLED, "cancelled", NULL);
        assert_nothing_left(&fixture);
        on_progress = NULL;
        cancel_reset(&fixture.cancel);
        expect_stage(&fixture, STAGE_DONE);
        assert_backed_up(&fixture);
}

static void kill_server_on_progress(void)
{
        if (in_the_dump())
                test_server_kill(&server);
}

static void test_server_lost_in_the_dump(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        on_progress = kill_server_on_progress;
        expect_failure(&fixture, REASON_DATABASE_LOST, "mariadb-dump", NULL);
        assert_nothing_left(&fixture);
        on_progress = NULL;
        expect_failure(&fixture, REASON_DATABASE_UNREACHABLE, server.socket, DATABASE);
        assert_true(test_server_launch(&server));
        expect_stage(&fixture, STAGE_DONE);
        assert_backed_up(&fixture);
}

static void test_users_without_rights(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE OR REPLACE USER reader@localhost IDENTIFIED BY 'pass word'");
        _cleanup_free_ char *name = database_quote_name(DATABASE);
        _cleanup_free_ char *grant = string_format("GRANT SELECT ON %s.* TO reader@localhost", name);
        test_sql(database, grant);

        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        fixture_write_local(&fixture, DATABASE, "reader", "wrong", "mtc_");
        expect_failure(&fixture, REASON_DATABASE_ACCESS_DENIED, "reader", "1045");
        assert_nothing_left(&fixture);
        /* May read, but can't see what else belongs in a backup: not a silent half. */
        fixture_write_local(&fixture, DATABASE, "reader", "pass word", "mtc_");
        expect_failure(&fixture, REASON_DATABASE_ACCESS_DENIED, "SHOW VIEW", "denied");
        assert_nothing_left(&fixture);
        fixture_write_local(&fixture, "not there", "root", "", "mtc_");
        expect_failure(&fixture, REASON_DATABASE_UNREACHABLE, "not there", "1049");
        assert_nothing_left(&fixture);
}

/* A folder with the fake program goes in front of PATH. */
static void use_fake(struct fixture *fixture, const char *version, const char *body)
{
        fixture_make_folder(fixture, "bin");
        _cleanup_free_ char *script =
                string_format("[ \"$2\" = --version ] && { echo \"$0  %s\"; exit 0; }\n%s", version, body);
        fixture_script(fixture, "bin/mysqldump", script);
        _cleanup_free_ char *folder = fixture_path(fixture, "bin");
        _cleanup_free_ char *path = string_format("%s:/usr/bin:/bin", folder);
        assert_int_equal(setenv("PATH", path, 1), 0);
        fixture_set(fixture, "backup.tool", "mysqldump");
}

static void test_programs_that_fail(void **state)
{
        static const struct {
                const char *body;
                enum reason reason;
                const char *says;
        } cases[] = {
                {"echo 'mysqldump: Got error: 1045: Access denied for user' >&2; exit 2",
                        REASON_DATABASE_ACCESS_DENIED, "Got error: 1045"},
                {"echo 'mysqldump: Error 2013: Lost connection to server' >&2; exit 3", REASON_DATABASE_LOST,
                        "Lost connection"},
                {"echo \"mysqldump: Couldn't execute 'SHOW EVENTS': Access denied (1044)\" >&2; exit 2",
                        REASON_DATABASE_ACCESS_DENIED, "SHOW EVENTS"},
                {"echo \"table 2013 has 1045 rows\" >&2; exit 2", REASON_PROGRAM_FAILED, "status 2"},
                {"exit 2", REASON_DATABASE_LOST, "loses the server"},
                {"printf '%s\\n' '-- Dump completed'; exit 1", REASON_PROGRAM_FAILED, "status 1"},
                {"printf '%s\\n' '-- Dump completed'; kill -9 $$", REASON_PROGRAM_FAILED, "signal 9"},
                {"echo 'CREATE TABLE t (id INT);'", REASON_BACKUP_INCOMPLETE, "Dump completed"},
                {"exit 0", REASON_BACKUP_INCOMPLETE, "Dump completed"},
                {"printf '%s\\n' '-- Dump completed' 'INSERT'", REASON_BACKUP_INCOMPLETE, "Dump completed"},
                {"printf '%s\\n' 'x -- Dump completed'", REASON_BACKUP_INCOMPLETE, "Dump completed"},
                {"echo starting >&2; exec sleep 1000", REASON_TIMED_OUT, "starting"},
                {"echo 'the password is s3cret-word! (using password)' >&2; exit 5", REASON_PROGRAM_FAILED,
                        "the password is *** (using"},
        };
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE OR REPLACE USER secretive@localhost IDENTIFIED BY 's3cret-word!'");
        test_sql(database, "GRANT ALL ON *.* TO secretive@localhost");
        _cleanup_free_ char *path = string_copy(getenv("PATH"));
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin_empty(&fixture);
                use_fake(&fixture, "Ver 10.19 Distrib 10.11.6-MariaDB, for Linux", cases[i].body);
                fixture_write_local(&fixture, EMPTY_DATABASE, "secretive", "s3cret-word!", "mtc_");
                fixture_set(&fixture, "backup.timeout", cases[i].reason == REASON_TIMED_OUT ? "1" : "600");
                expect_failure(&fixture, cases[i].reason, "mysqldump", cases[i].says);
                assert_nothing_left(&fixture);
        }
        (void)setenv("PATH", path, 1);
}

static void write_meanwhile(void)
{
        static unsigned rows;
        if (!in_the_dump() || rows++ > 0)
                return;
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, DATABASE);
        test_sql(database, "INSERT INTO mtc_leads (`odd ``column; --`) VALUES ('a visitor')");
}

/* Other tables than those that somebody writes to are still compared to the byte. */
static void test_written_meanwhile(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        _cleanup_inventory_ struct inventory inventory = {0};
        begin(&fixture);
        on_progress = write_meanwhile;
        expect_stage(&fixture, STAGE_DONE);
        on_progress = NULL;
        assert_true(has_said("1 tables were written to"));
        assert_true(has_said("The backup is proven"));
        assert_int_equal(
                backup_load_inventory(fixture.context.checkpoint, fixture.context.state_fd, &inventory, &err),
                0);
        const struct inventory_item *busy = inventory_find(&inventory, DUMP_TABLE, "mtc_leads");
        const struct inventory_item *steady = inventory_find(&inventory, DUMP_TABLE, "table with 'quotes'");
        assert_false(busy->steady || busy->checksum);
        assert_true(busy->counted && busy->rows >= 3 && busy->definition);
        assert_true(steady->steady && steady->checksum);
}

/* A program that ends well and has left something out. */
static void test_dumps_that_lack_something(void **state)
{
        static const struct {
                const char *body, *says;
        } cases[] = {
                {"mariadb-dump \"$@\" | sed '/^INSERT INTO .old_engine/,/;$/d'",
                        "table old_engine had 2 rows before and after the dump, but the dump holds 0"},
                {"for a; do shift; [ \"$a\" = --events ] && a=--skip-events; set -- \"$@\" \"$a\"; done\n"
                 "exec mariadb-dump \"$@\"",
                        "lacks event at night"},
                {"for a; do shift; [ \"$a\" = --triggers ] && a=--skip-triggers; set -- \"$@\" \"$a\"; done\n"
                 "exec mariadb-dump \"$@\"",
                        "lacks trigger counting"},
        };
        _cleanup_free_ char *path = string_copy(getenv("PATH"));
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin(&fixture);
                use_fake(&fixture, "Ver 10.19 Distrib 10.11.6-MariaDB, for Linux", cases[i].body);
                expect_failure(&fixture, REASON_BACKUP_INCOMPLETE, cases[i].says, NULL);
                assert_nothing_left(&fixture);
        }
        (void)setenv("PATH", path, 1);
}

static void test_command_line(void **state)
{
        static const struct {
                const char *version;
                bool mariadb;
                const char *has[2], *lacks[2];
        } cases[] = {
                {"Ver 10.19 Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)", true,
                        {"--events", "--single-transaction"}, {"--set-gtid-purged", "--column-statistics"}},
                {"from 11.4.2-MariaDB, client 10.19 for Linux", true, {"--routines", "--hex-blob"},
                        {"--set-gtid-purged", "--column-statistics"}},
                {"Ver 10.13 Distrib 5.7.44, for Linux (x86_64)", false,
                        {"--set-gtid-purged=OFF", "--no-tablespaces"}, {"--column-statistics", "--force"}},
                {"Ver 8.0.36-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))", false,
                        {"--set-gtid-purged=OFF", "--column-statistics=0"}, {"--force", "--opt"}},
        };
        _cleanup_free_ char *path = string_copy(getenv("PATH"));
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE OR REPLACE USER secretive@localhost IDENTIFIED BY 's3cret-word!'");
        test_sql(database, "GRANT ALL ON *.* TO secretive@localhost");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin_empty(&fixture);
                use_fake(&fixture, cases[i].version,
                        "f=${0%/*}\nfor a; do printf '[%s]' \"$a\"; done >$f/arguments\n"
                        "cat \"${1#--defaults-file=}\" >$f/options\nls -l \"${1#--defaults-file=}\" "
                        ">$f/mode\n"
                        "env >$f/environment\necho '-- Dump completed'");
                fixture_write_local(&fixture, EMPTY_DATABASE, "secretive", "s3cret-word!", "mtc_");
                expect_stage(&fixture, STAGE_DONE);
                assert_backed_up(&fixture);
                _cleanup_free_ char *arguments = fixture_read(&fixture, "bin/arguments");
                _cleanup_free_ char *options = fixture_read(&fixture, "bin/options");
                _cleanup_free_ char *mode = fixture_read(&fixture, "bin/mode");
                _cleanup_free_ char *environment = fixture_read(&fixture, "bin/environment");
                for (size_t j = 0; j < 2; j++) {
                        assert_non_null(strstr(arguments, cases[i].has[j]));
                        assert_null(strstr(arguments, cases[i].lacks[j]));
                }
                assert_int_equal(strncmp(arguments, "[--defaults-file=", 17), 0);
                assert_non_null(strstr(arguments, "[--][" EMPTY_DATABASE "]"));
                assert_null(strstr(arguments, "s3cret-word!"));
                assert_null(strstr(environment, "s3cret-word!"));
                assert_non_null(strstr(environment, "MYSQL_TEST_LOGIN_FILE="));
                assert_non_null(strstr(options, "password=\"s3cret-word!\""));
                assert_int_equal(strncmp(mode, "-rw------- ", 11), 0);
        }
        (void)setenv("PATH", path, 1);
}

static void test_versions(void **state)
{
        static const struct {
                const char *text;
                bool mariadb;
                unsigned major, minor;
        } cases[] = {
                {"mariadb-dump  Ver 10.19 Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)", true, 10,
                        11},
                {"mysqldump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)", true, 11, 4},
                {"/opt/mariadb/bin/mysqldump  Ver 8.4.0 for Linux on x86_64 (MySQL Community Server)", false,
                        8, 4},
                {"mysqldump  Ver 10.13 Distrib 5.6.51, for Linux (x86_64)", false, 5, 6},
                {"nonsense", false, 0, 0},
                {"", false, 0, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct dump_tool tool = {0};
                dump_tool_judge_version(cases[i].text, &tool);
                assert_int_equal(tool.mariadb, cases[i].mariadb);
                assert_int_equal(tool.major, cases[i].major);
                assert_int_equal(tool.minor, cases[i].minor);
        }
}

static void test_missing_program(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        string_replace(&fixture.config.backup_tool, string_copy("no-such-dump"));
        expect_failure(&fixture, REASON_PROGRAM_MISSING, "no-such-dump", "backup.tool");
        assert_nothing_left(&fixture);
}

static void test_full_disk(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        _cleanup_free_ char *small = fixture_path(&fixture, "small");
        assert_int_equal(mkdir(small, 0700), 0);
        if (mount("none", small, "tmpfs", 0, "size=256k") < 0) {
                fprintf(stderr, "skipped: can't mount a small file system here: %s\n", strerror(errno));
                skip();
        }
        int state_fd = fixture.context.state_fd;
        const char *state_path = fixture.context.state_path;
        fixture.context.state_fd = open(small, O_DIRECTORY | O_CLOEXEC);
        fixture.context.state_path = small;
        _cleanup_free_ char *path = string_copy(getenv("PATH"));
        use_fake(&fixture, "Ver 10.19 Distrib 10.11.6-MariaDB, for Linux",
                "head -c 3000000 /dev/urandom | base64 | sed 's/^/-- /'; echo '-- Dump completed'");
        expect_failure(&fixture, REASON_DISK_FULL, NAME_STATE_BACKUP ".part", "No space left");
        struct free_space space;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(file_system_free(fixture.context.state_fd, &space, &err), 0);
        struct string_list names = {0};
        assert_int_equal(folder_list(fixture.context.state_fd, ".", &names, &err), 0);
        assert_int_equal(names.count, 0);
        string_list_deinit(&names);
        (void)setenv("PATH", path, 1);
        closep(&fixture.context.state_fd);
        assert_int_equal(umount(small), 0);
        fixture.context.state_fd = state_fd;
        fixture.context.state_path = state_path;
}

int main(void)
{
        if (!test_program_exists("mariadb-dump") || !test_program_exists("mariadb")) {
                fprintf(stderr, "skipped: mariadb-dump or mariadb is not installed here\n");
                return TEST_SKIPPED;
        }
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        make_database();
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_versions),
                cmocka_unit_test(test_restores_everything),
                cmocka_unit_test(test_restores_everything_natively),
                cmocka_unit_test(test_second_run_does_nothing),
                cmocka_unit_test(test_changed_backup_is_kept_and_made_again),
                cmocka_unit_test(test_older_backup_is_never_overwritten),
                cmocka_unit_test(test_kill_between_rename_and_record),
                cmocka_unit_test(test_killed_in_the_dump),
                cmocka_unit_test(test_cancelled_in_the_dump),
                cmocka_unit_test(test_server_lost_in_the_dump),
                cmocka_unit_test(test_users_without_rights),
                cmocka_unit_test(test_programs_that_fail),
                cmocka_unit_test(test_written_meanwhile),
                cmocka_unit_test(test_dumps_that_lack_something),
                cmocka_unit_test(test_command_line),
                cmocka_unit_test(test_missing_program),
                cmocka_unit_test(test_full_disk),
        };
        status = cmocka_run_group_tests_name("backup_database", tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
