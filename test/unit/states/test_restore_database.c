/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/restore_database.h"

#include "states/backup.h"
#include "states/backup_verify.h"
#include "states/gate.h"
#include "states/machine.h"
#include "states/scratch_schema.h"
#include "test/unit/states/site_fixture.h"

#include <dlfcn.h>
#include <mysql.h>

#define EXIT_KILLED 99
#define DATABASE "way `back` ü"

static struct test_server server;

/* Every type with its edges, and every kind of thing a schema can hold. */
static const char *const schema[] = {
        "CREATE TABLE mtc_numbers (id INT AUTO_INCREMENT PRIMARY KEY, a TINYINT, b SMALLINT UNSIGNED,"
        " c MEDIUMINT, d BIGINT, e BIGINT UNSIGNED, f DECIMAL(65,30), g DOUBLE, h BIT(64), i YEAR, j BOOLEAN)"
        " AUTO_INCREMENT = 500",
        "INSERT INTO mtc_numbers VALUES (1, -128, 0, -8388608, -9223372036854775808, 18446744073709551615,"
        " -99999999999999999999999999999999999.999999999999999999999999999999, 1.7976931348623157e308,"
        " b'1111111111111111111111111111111111111111111111111111111111111111', 1901, 1),"
        " (2, 127, 65535, 8388607, 9223372036854775807, 0, 0.000000000000000000000000000001,"
        " 2.2250738585072014e-308, 0, 0, 0), (3, NULL, NULL, NULL, NULL, NULL, NULL, 0.1, NULL, 2155, NULL),"
        " (4, 0, 0, 0, 0, 0, 0, -0.0, b'1', 1970, 1), (0, 1, 1, 1, 1, 1, 1, 1e17, 1, 2000, 1)",
        "UPDATE mtc_numbers SET id = 0 WHERE b = 1",
        "CREATE TABLE mtc_times (a DATE, b TIME(6), c DATETIME(6), d TIMESTAMP(6) NULL, e TIMESTAMP NOT NULL"
        " DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
        "SET time_zone = '+00:00'",
        "INSERT INTO mtc_times VALUES ('0000-00-00', '-838:59:59', '0000-00-00 00:00:00', NULL,"
        " '2020-01-01 00:00:00'), ('9999-12-31', '838:59:59.999999', '9999-12-31 23:59:59.999999',"
        " '2038-01-19 03:14:07.999999', '1970-01-01 00:00:01'), ('2020-02-30', '00:00:00', '2020-00-00',"
        " '2021-03-28 02:30:00', '2021-10-31 02:30:00')",
        "CREATE TABLE mtc_texts (id INT PRIMARY KEY, a CHAR(10), b VARCHAR(191) CHARACTER SET latin1,"
        " c TINYTEXT, d TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, e MEDIUMTEXT, f LONGTEXT, g "
        "BINARY(4),"
        " h VARBINARY(300), i TINYBLOB, j BLOB, k LONGBLOB, l ENUM('a','b''c','d,e',''), m SET('x','y','z'),"
        " n JSON) COMMENT 'it''s; -- a ) ENGINE=comment AUTO_INCREMENT=5 `'",
        "INSERT INTO mtc_texts VALUES (1, '  x  ', 'caf\xc3\xa9', '', '\xf0\x9f\x98\x80', "
        "'a\\\\b\\'c\"d\\n;\\n-- "
        "Dump completed', 'DELIMITER ;;', 'ab', X'00FF5C27220A1A', '', X'', X'00', 'b''c', 'x,z', '{\"a\": "
        "[1, \"()\"]}'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL), (3, '),(', '),(', '/* x', '*/', '''', '\"', '(', '\\\\', '(', ')', '(', '', '', '[]')",
        "CREATE TABLE mtc_generated (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED,"
        " c VARCHAR(20) GENERATED ALWAYS AS (concat('x', a)) VIRTUAL, KEY (c), CHECK (a > 0))",
        "INSERT INTO mtc_generated (a) VALUES (1), (2), (41)",
        "CREATE TABLE mtc_empty (id INT AUTO_INCREMENT PRIMARY KEY)",
        "CREATE TABLE `mtc_odd ``name; --'\"` (`odd ``column` INT, `SELECT` INT, KEY `ind``ex` (`SELECT`))",
        "INSERT INTO `mtc_odd ``name; --'\"` VALUES (1, 2), (3, 4)",
        "SET foreign_key_checks = 0",
        "CREATE TABLE mtc_a (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES mtc_b (id) ON DELETE SET "
        "NULL)",
        "CREATE TABLE mtc_b (id INT PRIMARY KEY, a INT, CONSTRAINT back FOREIGN KEY (a) REFERENCES mtc_a (id)"
        " ON DELETE CASCADE)",
        "INSERT INTO mtc_a VALUES (1, 2), (2, 1)",
        "INSERT INTO mtc_b VALUES (1, 1), (2, 2)",
        "SET foreign_key_checks = 1",
        "CREATE TABLE mtc_parts (id INT, d INT) PARTITION BY RANGE (d) (PARTITION p0 VALUES LESS THAN (10),"
        " PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "INSERT INTO mtc_parts VALUES (1, 1), (2, 11), (3, 12)",
        "CREATE TABLE mtc_old (id INT PRIMARY KEY, t TEXT, FULLTEXT (t)) ENGINE=MyISAM DEFAULT "
        "CHARSET=latin1",
        "INSERT INTO mtc_old VALUES (1, 'one'), (2, 'two')",
        "CREATE TABLE mtc_memory (id INT PRIMARY KEY) ENGINE=MEMORY",
        "INSERT INTO mtc_memory VALUES (7)",
        "CREATE TABLE mtc_points (p POINT NOT NULL, SPATIAL KEY (p)) ENGINE=MyISAM",
        "INSERT INTO mtc_points VALUES (POINT(1, 2)), (POINT(-0.5, 1e10))",
        "CREATE SEQUENCE mtc_sequence START WITH 7",
        "CREATE TABLE mtc_log (what VARCHAR(40))",
        "CREATE VIEW mtc_view_of_view AS SELECT 1 AS a",
        "CREATE VIEW mtc_view AS SELECT a, b FROM mtc_generated WHERE a > 1",
        "CREATE OR REPLACE VIEW mtc_view_of_view AS SELECT a FROM mtc_view",
        "CREATE TRIGGER mtc_first BEFORE INSERT ON mtc_generated FOR EACH ROW BEGIN"
        " /* a comment; with */ INSERT INTO mtc_log VALUES (';; it''s'); END",
        "CREATE TRIGGER mtc_second BEFORE INSERT ON mtc_generated FOR EACH ROW INSERT INTO mtc_log VALUES "
        "('2')",
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
        "CREATE TRIGGER mtc_third AFTER DELETE ON mtc_generated FOR EACH ROW INSERT INTO mtc_log VALUES "
        "('\\')",
        "CREATE FUNCTION mtc_backslash() RETURNS TEXT DETERMINISTIC RETURN concat('\\', ';;')",
        "SET sql_mode = 'NO_ENGINE_SUBSTITUTION'",
        "CREATE PROCEDURE mtc_answer(OUT n INT) COMMENT 'it''s' BEGIN SELECT ';;' INTO @x; SELECT 42 INTO n; "
        "END",
        "CREATE EVENT `mtc_at night` ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 03:00:00' DO"
        " DELETE FROM mtc_log",
};

/* What an upgrade, and what a day of visitors, do to it. */
static const char *const upgrade[] = {
        "DROP VIEW mtc_view",
        "DROP TRIGGER mtc_first",
        "DROP EVENT `mtc_at night`",
        "CREATE EVENT mtc_new_event ON SCHEDULE EVERY 1 YEAR DO DELETE FROM mtc_log",
        "DROP PROCEDURE mtc_answer",
        "CREATE PROCEDURE mtc_new() SELECT 1",
        "ALTER TABLE mtc_numbers ADD z INT, DROP a, AUTO_INCREMENT = 9000",
        "INSERT INTO mtc_numbers (z) VALUES (1), (2)",
        "DELETE FROM mtc_texts WHERE id = 2",
        "UPDATE mtc_texts SET a = b, b = '' WHERE id = 3",
        "SET foreign_key_checks = 0",
        "DROP TABLE mtc_a",
        "SET foreign_key_checks = 1",
        "RENAME TABLE mtc_parts TO mtc_pieces",
        "CREATE TABLE mtc_new (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES mtc_b (id))",
        "INSERT INTO mtc_new VALUES (1, 1)",
        "CREATE VIEW mtc_new_view AS SELECT * FROM mtc_new",
        "TRUNCATE mtc_old",
        "DROP SEQUENCE mtc_sequence",
        "ALTER TABLE mtc_empty CONVERT TO CHARACTER SET latin1",
};

static struct database *connect(void)
{
        return test_server_connect(&server, DATABASE);
}

static void run_all(const char *const *statements, size_t count)
{
        _cleanup_(database_closep) struct database *database = connect();
        test_sql(database, "SET sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'");
        for (size_t i = 0; i < count; i++)
                test_sql(database, statements[i]);
}

static void make_empty(const char *charset)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_free_ char *name = database_quote_name(DATABASE);
        _cleanup_free_ char *create =
                string_format("CREATE OR REPLACE DATABASE %s CHARACTER SET %s", name, charset);
        test_sql(database, "SET foreign_key_checks = 0");
        test_sql(database, create);
}

static void make_database(void)
{
        make_empty("utf8mb4");
        run_all(schema, ARRAY_SIZE(schema));
}

static void alter_schema(const char *how)
{
        _cleanup_(database_closep) struct database *database = connect();
        _cleanup_free_ char *name = database_quote_name(DATABASE);
        _cleanup_free_ char *sql = string_format("ALTER DATABASE %s %s", name, how);
        test_sql(database, sql);
}

/* The whole schema as the vendor's own program writes it. */
static char *dump(const struct fixture *fixture)
{
        _cleanup_free_ char *path = fixture_path(fixture, "dump.sql");
        _cleanup_free_ char *socket = string_format("--socket=%s", server.socket);
        (void)unlink(path);
        const char *const arguments[] = {"mariadb-dump", "--no-defaults", "--user=root", socket, "--routines",
                "--events", "--hex-blob", "--skip-dump-date", "--order-by-primary", "--skip-extended-insert",
                DATABASE, NULL};
        assert_int_equal(test_wait(test_spawn(path, arguments)), 0);
        char *text = fixture_read(fixture, "dump.sql");
        _cleanup_(database_closep) struct database *database = connect();
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *collation = NULL;
        assert_int_equal(database_query_value(database, &collation, &err, "SELECT @@collation_database"), 0);
        char *both = string_format("%s\n%s", text, collation);
        free(text);
        return both;
}

static void expect_same(const struct fixture *fixture, const char *wanted)
{
        _cleanup_free_ char *found = dump(fixture);
        if (string_equal(found, wanted))
                return;
        size_t at = 0;
        while (wanted[at] == found[at])
                at++;
        at = at > 200 ? at - 200 : 0;
        fail_msg("the databases differ:\n--- wanted\n%.600s\n--- found\n%.600s", wanted + at, found + at);
}

static void record_stage(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        const struct stage_record record = {.name = (char *)"backup_database",
                .state = (char *)stage_state_name(STAGE_SUCCEEDED),
                .attempts = 1};
        assert_int_equal(checkpoint_save_stage(fixture->context.checkpoint, &record, &err), 0);
}

static void begin_with(struct fixture *fixture, const char *prefix, const char *verify)
{
        fixture_init(fixture, &stage_backup_database);
        fixture_make_site(fixture, &server, DATABASE, prefix);
        fixture_set(fixture, "backup.verify", verify);
        expect_stage(fixture, STAGE_DONE);
        record_stage(fixture);
        fixture->context.stage = &stage_migrate_mautic_3;
}

static void restore(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        if (restore_database(&fixture->context, &err) < 0)
                fail_msg("%s\n%s", error_message(&err), said.data ?: "");
}

/* What the inventory says is changed, with its record: as if the dump held something else. */
static void forge_inventory(struct fixture *fixture, const char *old, const char *new)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_inventory_ struct inventory inventory = {0};
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_free_ char *text = fixture_read(fixture, "state/" NAME_STATE_INVENTORY);
        char *at = strstr(text, old);
        assert_non_null(at);
        assert_int_equal(strlen(old), strlen(new));
        memcpy(at, new, strlen(new));
        fixture_write(fixture, "state/" NAME_STATE_INVENTORY, text);
        assert_int_equal(backup_load_inventory(
                                 fixture->context.checkpoint, fixture->context.state_fd, &inventory, &err),
                -1);
        assert_int_equal(err.reason, REASON_BACKUP_MISSING);
        assert_int_equal(
                checkpoint_load_artifact(fixture->context.checkpoint, ARTIFACT_INVENTORY, &record, &err), 0);
        char sha256[65];
        uint64_t size;
        assert_int_equal(
                file_sha256(fixture->context.state_fd, NAME_STATE_INVENTORY, NULL, sha256, &size, &err), 0);
        string_replace(&record.sha256, string_copy(sha256));
        assert_int_equal(checkpoint_save_artifact(fixture->context.checkpoint, &record, &err), 0);
}

static void test_everything(void **state)
{
        static const char *const verify[] = {"yes", "no"};
        for (size_t i = 0; i < ARRAY_SIZE(verify); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                make_database();
                begin_with(&fixture, "mtc_", verify[i]);
                assert_true(i > 0 || has_said("The backup is proven"));
                assert_false(has_said("not dropped"));
                _cleanup_free_ char *wanted = dump(&fixture);
                run_all(upgrade, ARRAY_SIZE(upgrade));
                alter_schema("CHARACTER SET latin1");
                restore(&fixture);
                expect_same(&fixture, wanted);
                /* Also when there is nothing to take back. */
                restore(&fixture);
                expect_same(&fixture, wanted);
        }
}

/* Other applications' things in the same schema: made after the backup or before it, they stay as they are.
 */
static void test_prefix(void **state)
{
        static const char *const others[] = {
                "CREATE TABLE other (id INT PRIMARY KEY)",
                "INSERT INTO other VALUES (1)",
                "CREATE TABLE mtcless (id INT PRIMARY KEY)",
                "CREATE TRIGGER mtc_looks_so BEFORE INSERT ON other FOR EACH ROW SET NEW.id = NEW.id",
                "CREATE PROCEDURE other_answer() SELECT 1",
                "CREATE VIEW other_view AS SELECT * FROM other",
        };
        static const char *const later[] = {
                "INSERT INTO other VALUES (2)",
                "DROP TABLE mtcless",
                "CREATE TABLE other_new (id INT PRIMARY KEY, n INT, FOREIGN KEY (n) REFERENCES mtc_b (id))",
                "INSERT INTO other_new VALUES (1, 1)",
        };
        _cleanup_site_fixture_ struct fixture fixture;
        make_database();
        run_all(others, ARRAY_SIZE(others));
        begin_with(&fixture, "mtc_", "auto");
        run_all(later, ARRAY_SIZE(later));
        _cleanup_free_ char *wanted = dump(&fixture);
        run_all(upgrade, ARRAY_SIZE(upgrade));
        restore(&fixture);
        expect_same(&fixture, wanted);
        assert_true(has_said("table other_new"));
}

static void test_no_prefix(void **state)
{
        static const char *const later[] = {
                "CREATE TABLE other_new (id INT PRIMARY KEY)",
                "DROP TABLE mtc_old",
        };
        _cleanup_site_fixture_ struct fixture fixture;
        make_database();
        begin_with(&fixture, "", "auto");
        _cleanup_free_ char *wanted = dump(&fixture);
        run_all(later, ARRAY_SIZE(later));
        restore(&fixture);
        expect_same(&fixture, wanted);
}

/* What it leaves can be dumped. */
static const char *const a_day[] = {
        "DROP TABLE mtc_old",
        "CREATE TABLE mtc_new (id INT PRIMARY KEY)",
        "DELETE FROM mtc_parts WHERE id = 2",
};

static void expect_refused(struct fixture *fixture, enum reason reason, const char *text)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *before = dump(fixture);
        assert_int_equal(restore_database(&fixture->context, &err), -1);
        if (err.reason != reason || !strstr(error_message(&err), text))
                fail_msg("%s: %s", reason_name(err.reason), error_message(&err));
        expect_same(fixture, before);
}

/* With another prefix it would be other tables that are dropped. */
static void test_another_prefix_than_then(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        _cleanup_database_preview_ struct database_preview preview = {0};
        make_database();
        begin_with(&fixture, "mtc_", "no");
        fixture_set(&fixture, "site.root", fixture.root);
        _cleanup_free_ char *wanted = dump(&fixture);
        run_all(a_day, ARRAY_SIZE(a_day));
        assert_int_equal(restore_database_needed(&fixture.context, &err), 0);
        static const char *const prefixes[] = {"", "mtc_a", "other_"};
        for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
                _cleanup_error_ struct error refused = {0};
                fixture_write_local(&fixture, DATABASE, "root", "", prefixes[i]);
                expect_refused(&fixture, REASON_EVIDENCE_CONTRADICTS, "the tables with 'mtc_'");
                assert_int_equal(
                        restore_database_preview(&fixture.config, fixture.state, NULL, &preview, &refused),
                        -1);
                assert_non_null(strstr(error_message(&refused), "the tables with 'mtc_'"));
        }
        fixture_write_local(&fixture, DATABASE, "root", "", "mtc_");
        restore(&fixture);
        expect_same(&fixture, wanted);
        /* An inventory that was taken before prefixes were noted has none to compare. */
        forge_inventory(&fixture, "\"prefix\": \"mtc_\"", "\"prefiy\": \"mtc_\"");
        run_all(a_day, ARRAY_SIZE(a_day));
        restore(&fixture);
        expect_same(&fixture, wanted);
}

/* A user of the one schema, without any right beyond it, as most sites' are. */
static void make_narrow_user(struct database *database)
{
        _cleanup_free_ char *name = database_quote_name(DATABASE);
        _cleanup_free_ char *grant = string_format("GRANT ALL ON %s.* TO narrow@localhost", name);
        test_sql(database, "CREATE OR REPLACE USER narrow@localhost IDENTIFIED BY 'x'");
        test_sql(database, grant);
}

/* backup.verify = no: nobody has tried whether the database user may make it all again. */
static void test_what_belongs_to_another(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_site_fixture_ struct fixture fixture;
        make_narrow_user(database);
        make_database();
        begin_with(&fixture, "mtc_", "no");
        _cleanup_free_ char *wanted = dump(&fixture);
        run_all(a_day, ARRAY_SIZE(a_day));
        fixture_write_local(&fixture, DATABASE, "narrow", "x", "mtc_");
        expect_refused(&fixture, REASON_DATABASE_ACCESS_DENIED, "belong to root@localhost");
        test_sql(database, "GRANT SET USER ON *.* TO narrow@localhost");
        restore(&fixture);
        expect_same(&fixture, wanted);
}

/* Taken away since the start, and seen before anything is dropped. */
static void test_rights_that_went(void **state)
{
        static const char *const rights[] = {"DROP", "CREATE VIEW", "TRIGGER", "ALTER ROUTINE", "EVENT"};
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_free_ char *name = database_quote_name(DATABASE);
        _cleanup_site_fixture_ struct fixture fixture;
        make_database();
        begin_with(&fixture, "mtc_", "no");
        fixture_write_local(&fixture, DATABASE, "narrow", "x", "mtc_");
        for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
                _cleanup_free_ char *revoke =
                        string_format("REVOKE %s ON %s.* FROM narrow@localhost", rights[i], name);
                _cleanup_free_ char *told = string_format("that restoring the backup takes: %s", rights[i]);
                make_narrow_user(database);
                test_sql(database, "GRANT SET USER ON *.* TO narrow@localhost");
                test_sql(database, revoke);
                expect_refused(&fixture, REASON_DATABASE_ACCESS_DENIED, told);
        }
}

static void set_packet(const char *size)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_free_ char *sql = string_format("SET GLOBAL max_allowed_packet = %s", size);
        test_sql(database, sql);
}

static void test_a_server_that_takes_less(void **state)
{
        static const char *const own[] = {
                "CREATE TABLE mtc_long (id INT PRIMARY KEY, t LONGTEXT)",
                "INSERT INTO mtc_long VALUES (1, REPEAT('x', 200000))",
        };
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        make_empty("utf8mb4");
        run_all(own, ARRAY_SIZE(own));
        begin_with(&fixture, "mtc_", "no");
        _cleanup_free_ char *before = dump(&fixture);
        set_packet("131072");
        assert_int_equal(restore_database(&fixture.context, &err), -1);
        set_packet("67108864");
        if (!strstr(error_message(&err), "longest statement (table mtc_long)"))
                fail_msg("%s", error_message(&err));
        expect_same(&fixture, before);
        restore(&fixture);
        expect_same(&fixture, before);
}

/* Where the database is, is known all the same. */
static void test_without_local_config(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        make_database();
        begin_with(&fixture, "mtc_", "no");
        _cleanup_free_ char *wanted = dump(&fixture);
        run_all(a_day, ARRAY_SIZE(a_day));
        _cleanup_free_ char *config = fixture_read(&fixture, "root/app/config/local.php");
        _cleanup_free_ char *path = fixture_path(&fixture, "root/app/config/local.php");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(restore_database(&fixture.context, &err), -1);
        assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
        fixture_write(&fixture, "state/local.php.mautic-2", config);
        restore(&fixture);
        assert_true(has_said("app/config/local.php is gone"));
        expect_same(&fixture, wanted);
        assert_int_equal(access(path, F_OK), -1);
}

/* What is not restored may belong to whom it will. */
static void test_neighbours_things_may_belong_to_another(void **state)
{
        static const char *const own[] = {
                "CREATE TABLE mtc_t (id INT PRIMARY KEY)",
                "CREATE TABLE other (id INT PRIMARY KEY)",
                "CREATE VIEW other_view AS SELECT * FROM other",
        };
        static const char *const later[] = {"INSERT INTO mtc_t VALUES (1)"};
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_site_fixture_ struct fixture fixture;
        make_narrow_user(database);
        make_empty("utf8mb4");
        run_all(own, ARRAY_SIZE(own));
        begin_with(&fixture, "mtc_", "no");
        _cleanup_free_ char *wanted = dump(&fixture);
        run_all(later, ARRAY_SIZE(later));
        fixture_write_local(&fixture, DATABASE, "narrow", "x", "mtc_");
        restore(&fixture);
        expect_same(&fixture, wanted);
}

/* "mtc_test_" begins with "mtc_", too. */
static void test_another_mautic_beside_it(void **state)
{
        static const char *const neighbour[] = {
                "CREATE TABLE mtc_test_leads (id INT PRIMARY KEY)",
                "CREATE TABLE mtc_test_lead_fields (id INT PRIMARY KEY)",
                "CREATE TABLE mtc_test_campaigns (id INT PRIMARY KEY)",
        };
        static const char *const later[] = {
                "INSERT INTO mtc_test_leads VALUES (1)",
                "CREATE TABLE mtc_test_new (id INT PRIMARY KEY)",
        };
        _cleanup_site_fixture_ struct fixture fixture;
        make_database();
        run_all(neighbour, ARRAY_SIZE(neighbour));
        begin_with(&fixture, "mtc_", "auto");
        run_all(later, ARRAY_SIZE(later));
        _cleanup_free_ char *wanted = dump(&fixture);
        run_all(upgrade, ARRAY_SIZE(upgrade));
        restore(&fixture);
        expect_same(&fixture, wanted);
}

static void test_nothing_in_it(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        make_empty("utf8mb4");
        begin_with(&fixture, "", "yes");
        _cleanup_free_ char *wanted = dump(&fixture);
        static const char *const later[] = {"CREATE TABLE t (id INT)", "CREATE VIEW v AS SELECT * FROM t"};
        run_all(later, ARRAY_SIZE(later));
        restore(&fixture);
        expect_same(&fixture, wanted);
}

/* Kills */

static unsigned queries, kill_at; /* kill_at 0: never */
static bool kill_behind;

int STDCALL mysql_send_query(MYSQL *mysql, const char *sql, unsigned long size)
{
        static int (*real)(MYSQL *, const char *, unsigned long);
        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "mysql_send_query");
        if (++queries == kill_at && !kill_behind)
                _exit(EXIT_KILLED);
        return real(mysql, sql, size);
}

my_bool STDCALL mysql_read_query_result(MYSQL *mysql)
{
        static my_bool (*real)(MYSQL *);
        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "mysql_read_query_result");
        my_bool result = real(mysql);
        if (queries == kill_at)
                _exit(EXIT_KILLED);
        return result;
}

/* In a process of its own; the checkpoint is opened anew there and afterwards. */
static bool dies(struct fixture *fixture, int (*function)(struct stage_context *, struct error *))
{
        checkpoint_close(fixture->context.checkpoint);
        fixture->context.checkpoint = NULL;
        (void)fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                struct error err = {0};
                queries = 0;
                int result = checkpoint_open(fixture->state, &fixture->context.checkpoint, &err);
                if (result == 0)
                        result = function(&fixture->context, &err);
                if (result < 0)
                        fprintf(stderr, "not killed: %s\n", error_message(&err));
                _exit(result < 0 ? 1 : 0);
        }
        int status = test_wait(pid);
        if (status != EXIT_KILLED && status != 0)
                fail_msg("status %d", status);
        fixture_open_checkpoint(fixture);
        return status == EXIT_KILLED;
}

/* RESTORE_EVERY=1 tries each query. */
static unsigned kill_distance(unsigned distance)
{
        const char *every = getenv("RESTORE_EVERY");
        return every ? (unsigned)strtoul(every, NULL, 10) : distance;
}

static void test_killed_at_queries(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        make_database();
        begin_with(&fixture, "mtc_", "auto");
        _cleanup_free_ char *wanted = dump(&fixture);
        unsigned distance = kill_distance(41), tried = 0;
        for (unsigned point = 7;; point += distance) {
                run_all(upgrade, ARRAY_SIZE(upgrade));
                kill_at = point;
                kill_behind = tried % 2 == 1;
                bool died = dies(&fixture, restore_database);
                kill_at = 0;
                if (!died)
                        break;
                tried++;
                restore(&fixture);
                expect_same(&fixture, wanted);
        }
        print_message("# %u kills\n", tried);
        assert_true(tried >= 5);
        expect_same(&fixture, wanted);
}

static size_t scratch_schemas(void)
{
        _cleanup_(database_closep) struct database *database = connect();
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(
                database_query(database, &rows, &err, "SHOW DATABASES LIKE '%%mautic_upgraded_verify%%'"), 0);
        return rows.rows;
}

static int verify_only(struct stage_context *context, struct error *err)
{
        _cleanup_backup_verification_ struct backup_verification verification = {0};
        return backup_verify(context, &verification, err);
}

static void test_killed_verification(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        make_database();
        begin_with(&fixture, "mtc_", "auto");
        _cleanup_free_ char *before = dump(&fixture);
        unsigned distance = kill_distance(41), tried = 0;
        size_t left = 0;
        for (unsigned point = 2;; point += distance) {
                kill_at = point;
                kill_behind = tried % 2 == 1;
                bool died = dies(&fixture, verify_only);
                kill_at = 0;
                if (!died)
                        break;
                tried++;
                left += scratch_schemas();
                _cleanup_error_ struct error err = {0};
                assert_int_equal(backup_verify_clean(&fixture.context, &err), 0);
                assert_int_equal(scratch_schemas(), 0);
        }
        assert_true(left > 3);
        assert_int_equal(scratch_schemas(), 0);
        expect_same(&fixture, before);
}

/* A schema that the user may make, but not drop, is dropped by whoever can later. */
static void test_a_schema_that_stays(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_site_fixture_ struct fixture fixture;
        make_narrow_user(database);
        test_sql(database, "GRANT SET USER ON *.* TO narrow@localhost");
        test_sql(database, "GRANT ALL ON `way%`.* TO narrow@localhost");
        test_sql(database, "REVOKE DROP ON `way%`.* FROM narrow@localhost");
        make_database();
        begin_with(&fixture, "mtc_", "no");
        fixture_write_local(&fixture, DATABASE, "narrow", "x", "mtc_");
        fixture_set(&fixture, "backup.verify", "auto");
        for (int i = 0; i < 2; i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_backup_verification_ struct backup_verification verification = {0};
                assert_int_equal(backup_verify(&fixture.context, &verification, &err), 0);
                /* The second does not make another one beside it. */
                assert_int_equal(verification.verdict, BACKUP_STRUCTURE_ONLY);
                assert_non_null(strstr(
                        verification.why, i == 0 ? "a schema of its own" : "dropping the schema way `back`"));
                assert_int_equal(scratch_schemas(), 1);
        }
        _cleanup_error_ struct error err = {0};
        fixture.context.stage = &stage_backup_database;
        fixture_set(&fixture, "backup.verify", "no");
        buffer_deinit(&said);
        expect_stage(&fixture, STAGE_DONE);
        assert_true(has_said("warning: dropping what a verification of the backup has left: dropping the "
                             "schema way `back`"));
        assert_int_equal(scratch_schemas(), 1);
        test_sql(database, "GRANT DROP ON `way%`.* TO narrow@localhost");
        expect_stage(&fixture, STAGE_DONE);
        assert_int_equal(scratch_schemas(), 0);
        bool left = true;
        assert_int_equal(scratch_schema_is_left(&fixture.context, &left, &err), 0);
        assert_false(left);
}

/* Verdicts */

static void expect_verdict(struct fixture *fixture, enum backup_verdict verdict, const char *why)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_backup_verification_ struct backup_verification verification = {0}, kept = {0};
        if (backup_verify(&fixture->context, &verification, &err) < 0)
                fail_msg("%s", error_message(&err));
        if (verification.verdict != verdict || (why && !strstr(verification.why, why)))
                fail_msg("%s: %s", backup_verdict_name(verification.verdict), verification.why ?: "");
        _cleanup_free_ char *fact = NULL;
        assert_int_equal(
                checkpoint_get_fact(fixture->context.checkpoint, FACT_BACKUP_VERIFICATION, &fact, &err), 0);
        assert_true(backup_verification_read(fact, &kept));
        assert_int_equal(kept.verdict, verdict);
        assert_int_equal(scratch_schemas(), 0);
}

static void forge_checksum(struct fixture *fixture, char from, char to)
{
        _cleanup_free_ char *text = fixture_read(fixture, "state/" NAME_STATE_INVENTORY);
        char *checksum = strstr(text, "\"checksum\": \"");
        assert_non_null(checksum);
        char old[32], new[32];
        (void)snprintf(old, sizeof(old), "%.20s", checksum);
        (void)snprintf(new, sizeof(new), "%.20s", checksum);
        new[13] = new[13] == from ? to : from;
        forge_inventory(fixture, old, new);
}

static void test_verdicts(void **state)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        make_narrow_user(database);
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        make_database();
        begin_with(&fixture, "mtc_", "auto");
        expect_verdict(&fixture, BACKUP_VERIFIED, NULL);

        /* A user who may not make what is root's, nor a schema. */
        fixture_write_local(&fixture, DATABASE, "narrow", "x", "mtc_");
        expect_verdict(&fixture, BACKUP_FAILED, "SET USER");
        fixture_set(&fixture, "backup.verify", "yes");
        struct backup_verification unused = {0};
        assert_int_equal(backup_verify(&fixture.context, &unused, &err), -1);
        assert_int_equal(err.reason, REASON_BACKUP_UNPROVEN);
        assert_non_null(strstr(error_message(&err), "may not make a schema"));
        fixture_set(&fixture, "backup.verify", "auto");
        test_sql(database, "GRANT SET USER ON *.* TO narrow@localhost");
        expect_verdict(&fixture, BACKUP_STRUCTURE_ONLY, "may not make a schema");
        test_sql(database, "GRANT ALL ON `way%`.* TO narrow@localhost");
        expect_verdict(&fixture, BACKUP_VERIFIED, NULL);
        test_sql(database, "REVOKE SET USER ON *.* FROM narrow@localhost");
        expect_verdict(&fixture, BACKUP_FAILED, "it belongs to root@localhost");

        /* A copy that is not the database that was. */
        fixture_write_local(&fixture, DATABASE, "root", "", "mtc_");
        forge_checksum(&fixture, '1', '2');
        expect_verdict(&fixture, BACKUP_FAILED, "other contents");
        assert_int_equal(restore_database(&fixture.context, &err), -1);
        assert_int_equal(err.reason, REASON_BACKUP_UNPROVEN);
}

static void test_forged_rows(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        make_database();
        begin_with(&fixture, "mtc_", "auto");
        _cleanup_free_ char *before = dump(&fixture);
        forge_inventory(&fixture, "\"rows\": 3", "\"rows\": 4");
        expect_verdict(&fixture, BACKUP_FAILED, "rows");
        /* And nothing is dropped for it. */
        assert_int_equal(restore_database(&fixture.context, &err), -1);
        assert_int_equal(err.reason, REASON_BACKUP_UNPROVEN);
        expect_same(&fixture, before);
}

/* A row that was written and taken back in the meantime is enough to make a good dump differ. */
static void test_a_failed_backup_is_made_again(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        make_database();
        begin_with(&fixture, "mtc_", "auto");
        for (int i = 0; i < 3; i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_string_list_ struct string_list names = {0};
                size_t kept = 0;
                forge_inventory(&fixture, "\"rows\": 3", "\"rows\": 4");
                fixture.context.stage = &stage_migrate_mautic_3;
                expect_verdict(&fixture, BACKUP_FAILED, "rows");
                _cleanup_free_ char *failed = fixture_read(&fixture, "state/" NAME_STATE_INVENTORY);
                fixture.context.stage = &stage_backup_database;
                expect_stage(&fixture, STAGE_DONE);
                assert_true(has_said("The backup that failed its proof is kept as"));
                record_stage(&fixture);
                expect_verdict(&fixture, BACKUP_VERIFIED, NULL);
                /* However often it fails, the last one alone is kept. */
                _cleanup_free_ char *aside = fixture_read(&fixture, "state/" NAME_STATE_UNPROVEN_INVENTORY);
                assert_string_equal(aside, failed);
                assert_int_equal(folder_list(fixture.context.state_fd, ".", &names, &err), 0);
                for (size_t j = 0; j < names.count; j++)
                        kept += strstr(names.items[j], "m3_upgrade_db_backup-") != NULL;
                assert_int_equal(kept, 2);
                assert_true(fixture_has(&fixture, "state/" NAME_STATE_UNPROVEN));
        }
}

static void test_damaged_backup(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        make_database();
        begin_with(&fixture, "mtc_", "no");
        _cleanup_free_ char *before = dump(&fixture);
        _cleanup_free_ char *path = fixture_path(&fixture, "state/" NAME_STATE_BACKUP);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(truncate(path, status.st_size - 1), 0);
        assert_int_equal(restore_database(&fixture.context, &err), -1);
        assert_int_equal(err.reason, REASON_BACKUP_MISSING);
        assert_int_equal(stage_backup_database.prove(&fixture.context, &err), -1);
        assert_int_equal(err.reason, REASON_EVIDENCE_CONTRADICTS);
        expect_same(&fixture, before);
}

/* When the database is taken back, and when not */

static void set_fact(struct fixture *fixture, const char *name, const char *value)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(checkpoint_set_fact(fixture->context.checkpoint, name, value, &err), 0);
}

static void undo(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        if (stage_migrate_mautic_3.undo(&fixture->context, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static void test_undo(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        make_database();
        begin_with(&fixture, "mtc_", "auto");
        _cleanup_free_ char *wanted = dump(&fixture);
        static const char *const changes[] = {"DROP TABLE mtc_old", "DELETE FROM mtc_parts WHERE id = 2"};
        run_all(changes, ARRAY_SIZE(changes));
        _cleanup_free_ char *upgraded = dump(&fixture);
        undo(&fixture); /* never touched */
        expect_same(&fixture, upgraded);
        assert_int_equal(restore_database_needed(&fixture.context, &err), 0);
        set_fact(&fixture, FACT_ROLLBACK_FILES_ONLY, "yes");
        undo(&fixture);
        expect_same(&fixture, upgraded);
        set_fact(&fixture, FACT_ROLLBACK_FILES_ONLY, "no");
        undo(&fixture);
        expect_same(&fixture, wanted);
        /* One that was begun is ended, also when only files are asked for now. */
        int64_t step;
        run_all(changes, ARRAY_SIZE(changes));
        set_fact(&fixture, FACT_ROLLBACK_FILES_ONLY, "yes");
        assert_int_equal(checkpoint_add_step(fixture.context.checkpoint, fixture.context.stage->name,
                                 "restore", "", &step, &err),
                0);
        undo(&fixture);
        expect_same(&fixture, wanted);
        set_fact(&fixture, FACT_ROLLBACK_FILES_ONLY, "no");
        /* What visitors write to the old site again is theirs. */
        static const char *const later[] = {"INSERT INTO mtc_log VALUES ('a visitor')"};
        run_all(later, 1);
        _cleanup_free_ char *visited = dump(&fixture);
        undo(&fixture);
        expect_same(&fixture, visited);
}

static const struct database_preview_table *find_table(
        const struct database_preview *preview, const char *name)
{
        for (size_t i = 0; i < preview->count; i++)
                if (string_equal(preview->tables[i].name, name))
                        return &preview->tables[i];
        return NULL;
}

static void test_preview(void **state)
{
        static const struct {
                const char *name;
                int64_t then, now;
        } expected[] = {{"mtc_numbers", 5, 7}, {"mtc_texts", 3, 2}, {"mtc_a", 2, -1}, {"mtc_new", -1, 1},
                {"mtc_parts", 3, -1}, {"mtc_pieces", -1, 3}, {"mtc_old", 2, 0}};
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        _cleanup_database_preview_ struct database_preview before = {0}, preview = {0};
        make_database();
        begin_with(&fixture, "mtc_", "auto");
        fixture_set(&fixture, "site.root", fixture.root);
        run_all(upgrade, ARRAY_SIZE(upgrade));
        assert_int_equal(restore_database_preview(&fixture.config, fixture.state, NULL, &before, &err), 0);
        assert_null(before.backup_path);
        assert_int_equal(restore_database_needed(&fixture.context, &err), 0);
        assert_int_equal(restore_database_preview(&fixture.config, fixture.state, NULL, &preview, &err), 0);
        assert_true(preview.backup_path && preview.backup_size > 0 && preview.backup_ms > 0);
        assert_non_null(strstr(preview.backup_path, NAME_STATE_BACKUP));
        assert_int_equal(preview.count, ARRAY_SIZE(expected));
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
                const struct database_preview_table *table = find_table(&preview, expected[i].name);
                assert_non_null(table);
                assert_int_equal(table->rows_then, expected[i].then);
                assert_int_equal(table->rows_now, expected[i].now);
        }
}

static void kill_server_while_sending(void)
{
        static unsigned calls;
        if (string_equal(progress_unit, "bytes") && ++calls == 2)
                test_server_kill(&server);
}

static void test_server_lost(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        make_database();
        begin_with(&fixture, "mtc_", "no");
        _cleanup_free_ char *wanted = dump(&fixture);
        run_all(upgrade, ARRAY_SIZE(upgrade));
        on_progress = kill_server_while_sending;
        assert_int_equal(restore_database(&fixture.context, &err), -1);
        assert_true(err.reason == REASON_DATABASE_LOST || err.reason == REASON_DATABASE_UNREACHABLE);
        on_progress = NULL;
        assert_true(test_server_launch(&server));
        restore(&fixture);
        /* Rows of MEMORY tables are gone with a server. */
        expect_same(&fixture, wanted);
}

/* The folder in which the server keeps the schema, whose name it has encoded. */
static int open_schema_folder(void)
{
        _cleanup_free_ char *data = string_format("%s/data", server.folder);
        _cleanup_closedir_ DIR *folder = opendir(data);
        assert_non_null(folder);
        for (struct dirent *entry; (entry = readdir(folder));)
                if (strncmp(entry->d_name, "way", 3) == 0)
                        return openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fail_msg("the schema has no folder in %s", data);
        return -1;
}

static void copy_table_file(int folder_fd, const char *from, const char *to)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *content = NULL;
        size_t size;
        assert_int_equal(file_read(folder_fd, from, 1 << 20, &content, &size, &err), 0);
        assert_int_equal(file_write_atomic(folder_fd, to, content, size, 0660, &err), 0);
}

/* DDL of MariaDB that a power cut has torn: a definition is gone, another is of before. */
static void test_torn_tables(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        make_database();
        begin_with(&fixture, "mtc_", "no");
        _cleanup_free_ char *wanted = dump(&fixture);
        _cleanup_close_ int folder_fd = open_schema_folder();
        copy_table_file(folder_fd, "mtc_generated.frm", "kept");
        run_all((const char *[]){"ALTER TABLE mtc_generated ADD z INT"}, 1);
        test_server_kill(&server);
        assert_int_equal(renameat(folder_fd, "kept", folder_fd, "mtc_generated.frm"), 0);
        assert_int_equal(unlinkat(folder_fd, "mtc_texts.frm", 0), 0);
        assert_true(test_server_launch(&server));
        restore(&fixture);
        expect_same(&fixture, wanted);
}

/* The file of a table that was dropped has come back: only who may write to the server's folder can help. */
static void test_file_of_no_table(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        make_database();
        begin_with(&fixture, "mtc_", "no");
        _cleanup_free_ char *wanted = dump(&fixture);
        _cleanup_close_ int folder_fd = open_schema_folder();
        copy_table_file(folder_fd, "mtc_log.ibd", "kept");
        run_all((const char *[]){"DROP TABLE mtc_log"}, 1);
        assert_int_equal(renameat(folder_fd, "kept", folder_fd, "mtc_log.ibd"), 0);
        assert_int_equal(restore_database(&fixture.context, &err), -1);
        assert_int_equal(err.reason, REASON_DATABASE_DAMAGED);
        assert_non_null(strstr(error_message(&err), "move the table's .ibd"));
        assert_int_equal(unlinkat(folder_fd, "mtc_log.ibd", 0), 0);
        restore(&fixture);
        expect_same(&fixture, wanted);
}

int main(void)
{
        if (!test_program_exists("mariadb-dump")) {
                fprintf(stderr, "skipped: mariadb-dump is not installed here\n");
                return TEST_SKIPPED;
        }
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_everything),
                cmocka_unit_test(test_prefix),
                cmocka_unit_test(test_no_prefix),
                cmocka_unit_test(test_another_prefix_than_then),
                cmocka_unit_test(test_what_belongs_to_another),
                cmocka_unit_test(test_rights_that_went),
                cmocka_unit_test(test_a_server_that_takes_less),
                cmocka_unit_test(test_without_local_config),
                cmocka_unit_test(test_neighbours_things_may_belong_to_another),
                cmocka_unit_test(test_another_mautic_beside_it),
                cmocka_unit_test(test_nothing_in_it),
                cmocka_unit_test(test_verdicts),
                cmocka_unit_test(test_forged_rows),
                cmocka_unit_test(test_a_failed_backup_is_made_again),
                cmocka_unit_test(test_damaged_backup),
                cmocka_unit_test(test_undo),
                cmocka_unit_test(test_preview),
                cmocka_unit_test(test_server_lost),
                cmocka_unit_test(test_torn_tables),
                cmocka_unit_test(test_file_of_no_table),
                cmocka_unit_test(test_killed_at_queries),
                cmocka_unit_test(test_killed_verification),
                cmocka_unit_test(test_a_schema_that_stays),
        };
        status = cmocka_run_group_tests_name("restore_database", tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
