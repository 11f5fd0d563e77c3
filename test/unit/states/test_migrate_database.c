/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/stages.h"

#include "lib/lock.h"
#include "states/generated_columns.h"
#include "states/native_migrations.h"
#include "test/unit/states/site_fixture.h"

/* The fake console: what it was asked for is in "calls"; a file "act-VERSION" says what it does instead of
 * recording the version. */
static const char *const fake_php =
        "cd \"${0%/*}\"\n"
        "while [ $# -gt 0 ] && [ \"${1%/console}\" = \"$1\" ]; do shift; done\n"
        "console=${1#\"$PWD/root/\"}; shift\n"
        "echo \"$console $*\" >>calls\n"
        "version=$2\n"
        "[ \"$1\" = doctrine:migrations:migrate ] && version=migrate\n"
        "record() { mariadb --no-defaults --user=root --socket=\"$(cat socket)\" shop"
        " -e \"INSERT INTO mtc_migrations (version) VALUES ('$version')\" || exit 1; }\n"
        "if [ -e \"act-$version\" ]; then . \"./act-$version\"; exit; fi\n"
        "[ \"$version\" = migrate ] && exit 0\n"
        "echo \"  ++ migrating $version\"\n"
        "record\n";

#define COMMON " --no-interaction --env=prod --no-debug\n"
#define EXECUTE(console, version) console " doctrine:migrations:execute " version " --up" COMMON
#define COMPLETE "bin/console doctrine:migrations:migrate --allow-no-migration" COMMON

static struct test_server server;

static void add_migration(struct fixture *fixture, const char *version)
{
        _cleanup_free_ char *name = string_format("root/app/migrations/Version%s.php", version);
        _cleanup_free_ char *content =
                string_format("<?php\n\nnamespace Mautic\\Migrations;\n\n"
                              "use Doctrine\\DBAL\\Schema\\Schema;\n"
                              "use Mautic\\CoreBundle\\Doctrine\\AbstractMauticMigration;\n\n"
                              "class Version%s extends AbstractMauticMigration\n{\n"
                              "    public function up(Schema $schema)\n    {\n"
                              "        $this->addSql('SELECT 1');\n    }\n}\n",
                        version);
        fixture_write(fixture, name, content);
}

/* Files 1 to 5 (years 2015 to 2019); rows: 2 and 4, and one of a file that is gone. So 1 and 3 are New
 * although a later one is executed. */
static void begin(struct fixture *fixture, const struct stage *stage)
{
        static const char *const versions[] = {
                "20150101000000", "20160101000000", "20170101000000", "20180101000000", "20190101000000"};
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE OR REPLACE DATABASE shop");
        test_sql(database, "CREATE TABLE shop.mtc_migrations (version VARCHAR(255) PRIMARY KEY)");
        test_sql(database, "INSERT INTO shop.mtc_migrations VALUES ('20160101000000'), ('20180101000000'), "
                           "('20140101000000')");
        fixture_init(fixture, stage);
        fixture_make_site(fixture, &server, "shop", "mtc_");
        for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
                add_migration(fixture, versions[i]);
        _cleanup_free_ char *php = fixture_path(fixture, "php");
        fixture_script(fixture, "php", fake_php);
        fixture_write(fixture, "socket", server.socket);
        fixture_set(fixture, "php.path", php);
}

static void assert_calls(struct fixture *fixture, const char *expected)
{
        _cleanup_free_ char *calls = fixture_read(fixture, "calls");
        assert_string_equal(calls, expected);
}

static void assert_rows(const char *expected)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        _cleanup_free_ char *rows = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(
                database_query_value(database, &rows, &err,
                        "SELECT GROUP_CONCAT(LEFT(version, 4) ORDER BY version) FROM mtc_migrations"),
                0);
        assert_string_equal(rows, expected);
}

static void forget_calls(struct fixture *fixture)
{
        fixture_write(fixture, "calls", "");
}

static void test_applies_each_new_one(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        expect_stage(&fixture, STAGE_DONE);
        assert_calls(&fixture, EXECUTE("app/console", "20150101000000") EXECUTE("app/console",
                                       "20170101000000") EXECUTE("app/console", "20190101000000"));
        assert_rows("2014,2015,2016,2017,2018,2019");
        assert_int_equal(progress_done, 3);
        assert_int_equal(progress_total, 3);
        assert_true(has_said("1 executed migrations have no file any more"));
        assert_true(has_said("All Mautic 2 migrations applied successfully (3 in total)"));
        assert_false(has_said("warning"));
        /* The journal knows each one. */
        _cleanup_step_list_ struct step_list steps = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(
                checkpoint_load_steps(fixture.context.checkpoint, "migrate_mautic_2", &steps, &err), 0);
        assert_int_equal(steps.count, 3);
        for (size_t i = 0; i < steps.count; i++)
                assert_true(steps.items[i].done);
        const char *detail = steps.items[1].detail;
        assert_ptr_equal(strstr(detail, "{\"version\":\"20170101000000\",\"tables\":{"), detail);
        /* And nothing is run twice. */
        forget_calls(&fixture);
        expect_stage(&fixture, STAGE_DONE);
        assert_calls(&fixture, "");
}

static void must_prove(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        if (fixture->context.stage->prove(&fixture->context, &err) != 0)
                fail_msg("%s", error_message(&err));
}

static void must_contradict(struct fixture *fixture, const char *says)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(fixture->context.stage->prove(&fixture->context, &err), -1);
        if (err.reason != REASON_EVIDENCE_CONTRADICTS || !strstr(error_message(&err), says))
                fail_msg("%s: %s", reason_name(err.reason), error_message(&err));
}

static void save_begun(struct fixture *fixture, const char *stage)
{
        _cleanup_error_ struct error err = {0};
        const struct stage_record record = {
                .name = (char *)stage, .state = (char *)"succeeded", .attempts = 1};
        assert_int_equal(checkpoint_save_stage(fixture->context.checkpoint, &record, &err), 0);
}

static void test_proof(void **state)
{
        static const struct stage *const both[] = {&stage_migrate_mautic_2, &stage_migrate_mautic_3};
        for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin(&fixture, both[i]);
                expect_stage(&fixture, STAGE_DONE);
                _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
                must_prove(&fixture);
                test_sql(database, "DELETE FROM mtc_migrations WHERE version = '20170101000000'");
                must_contradict(&fixture, "1 migrations of Mautic ");
                must_contradict(&fixture, "(the first is 20170101000000)");
                test_sql(database, "INSERT INTO mtc_migrations VALUES ('20170101000000')");
                must_prove(&fixture);
                add_migration(&fixture, "20200101000000");
                must_contradict(&fixture, "(the first is 20200101000000)");
                test_sql(database, "DROP TABLE mtc_migrations");
                must_contradict(&fixture, "6 migrations of Mautic ");
                /* What comes later has the word. */
                save_begun(&fixture, i == 0 ? "migrate_mautic_3" : "build_cache");
                must_prove(&fixture);
        }
}

/* Mautic 2's files are on their way: the root holds a stub, and then Mautic 3. */
static void test_proof_while_files_move(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        expect_stage(&fixture, STAGE_DONE);
        _cleanup_free_ char *away = fixture_path(&fixture, "root/" NAME_MAUTIC_2_FILES);
        _cleanup_free_ char *stub = fixture_path(&fixture, "root/" NAME_MAUTIC_2_FILES "/app");
        _cleanup_free_ char *app = fixture_path(&fixture, "root/app");
        assert_int_equal(mkdir(away, 0700), 0);
        assert_int_equal(mkdir(stub, 0700), 0);
        must_prove(&fixture);
        assert_int_equal(renameat2(AT_FDCWD, app, AT_FDCWD, stub, RENAME_EXCHANGE), 0);
        must_prove(&fixture);
        _cleanup_free_ char *migrations = fixture_path(&fixture, "root/app/migrations");
        assert_int_equal(mkdir(migrations, 0755), 0);
        add_migration(&fixture, "20991231000000"); /* Mautic 3's */
        must_prove(&fixture);
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        test_sql(database, "DELETE FROM mtc_migrations WHERE version = '20170101000000'");
        must_contradict(&fixture, "(the first is 20170101000000)");
}

static void test_proof_without_the_database(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        expect_stage(&fixture, STAGE_DONE);
        fixture_set(&fixture, "database.socket", "/nonexistent/socket");
        must_prove(&fixture);
        assert_true(has_said("warning: Whether all migrations of Mautic 2 are still recorded can't be seen"));
}

static void test_nothing_new(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        test_sql(database, "INSERT INTO mtc_migrations VALUES ('20150101000000'), ('20170101000000'), "
                           "('20190101000000')");
        expect_stage(&fixture, STAGE_SKIP);
        assert_false(fixture_has(&fixture, "calls"));
        assert_true(has_said("No available database migrations found."));
}

static void test_mautic_3_completes_once(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_3);
        fixture_write(&fixture, "act-migrate", "echo 'generated columns failed' >&2; exit 1");
        expect_failure(
                &fixture, REASON_MIGRATION_FAILED, "generated columns failed", "all migrations are applied");
        assert_calls(&fixture, EXECUTE("bin/console", "20150101000000") EXECUTE("bin/console",
                                       "20170101000000") EXECUTE("bin/console", "20190101000000") COMPLETE);
        forget_calls(&fixture);
        fixture_write(&fixture, "act-migrate", "exit 0");
        expect_stage(&fixture, STAGE_DONE);
        assert_calls(&fixture, COMPLETE);
        forget_calls(&fixture);
        expect_stage(&fixture, STAGE_DONE);
        assert_calls(&fixture, "");
}

static void test_failing_migration(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20170101000000",
                "echo 'Migration 20170101000000 failed during Execution.'; echo 'No such column' >&2; exit "
                "1");
        expect_failure(&fixture, REASON_MIGRATION_FAILED, "migration 20170101000000", "No such column");
        assert_calls(
                &fixture, EXECUTE("app/console", "20150101000000") EXECUTE("app/console", "20170101000000"));
        assert_rows("2014,2015,2016,2018");
        assert_int_equal(progress_done, 1);

        /* Corrected and resumed: it goes on where it stood. */
        fixture_write(&fixture, "act-20170101000000", "record");
        forget_calls(&fixture);
        expect_stage(&fixture, STAGE_DONE);
        assert_true(has_said("Migration 20170101000000 was begun before"));
        assert_false(has_said("Migration 20150101000000 was begun before"));
        assert_calls(
                &fixture, EXECUTE("app/console", "20170101000000") EXECUTE("app/console", "20190101000000"));
        assert_int_equal(progress_done, 3);
        assert_int_equal(progress_total, 3);
}

static void test_success_without_a_row(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20150101000000", "echo 'all is well'; exit 0");
        expect_failure(&fixture, REASON_MIGRATION_FAILED, "20150101000000", "all is well");
        assert_calls(&fixture, EXECUTE("app/console", "20150101000000"));
        assert_rows("2014,2016,2018");
}

static void test_rows_that_vanish(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        /* One comes, one goes: without a guard it would never end. */
        fixture_write(&fixture, "act-20150101000000",
                "record; mariadb --no-defaults --user=root --socket=\"$(cat socket)\" shop"
                " -e \"DELETE FROM mtc_migrations WHERE version = '20160101000000'\"");
        expect_failure(&fixture, REASON_MIGRATION_FAILED, "20150101000000", "still 3 new");
        assert_calls(&fixture, EXECUTE("app/console", "20150101000000"));
}

static void test_row_decides_over_the_status(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20150101000000", "record; kill -SEGV $$");
        expect_stage(&fixture, STAGE_DONE);
        assert_true(has_said("warning: Migration 20150101000000 is recorded as executed"));
        assert_rows("2014,2015,2016,2017,2018,2019");
}

static void test_hanging_console(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20150101000000", "echo waiting for a lock; exec sleep 1000");
        fixture_set(&fixture, "php.timeout", "1");
        expect_failure(&fixture, REASON_TIMED_OUT, "20150101000000", "waiting for a lock");
        assert_rows("2014,2016,2018");
}

static void test_megabytes_of_output(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20150101000000", "yes | head -c 20000000; record");
        fixture_write(&fixture, "act-20170101000000", "yes | head -c 20000000; echo the end; exit 1");
        _cleanup_error_ struct error err = {0};
        assert_int_equal(stage_migrate_mautic_2.run(&fixture.context, &err), -1);
        assert_int_equal(err.reason, REASON_MIGRATION_FAILED);
        assert_non_null(strstr(err.message, "the end"));
        assert_true(strlen(err.message) < 4000);
        assert_rows("2014,2015,2016,2018");
}

/* Daemon and console die together, as in a power cut. */
static void test_killed_with_its_console(void **state)
{
        static const struct {
                const char *act;
                const char *rows_then;
                bool again;
        } cases[] = {
                {"kill -9 $PPID; kill -9 $$", "2014,2015,2016,2018", true},
                {"record; kill -9 $PPID; kill -9 $$", "2014,2015,2016,2017,2018", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin(&fixture, &stage_migrate_mautic_2);
                fixture_write(&fixture, "act-20170101000000", cases[i].act);
                run_until_killed(&fixture);
                assert_rows(cases[i].rows_then);
                fixture_write(&fixture, "act-20170101000000", "record");
                forget_calls(&fixture);
                expect_stage(&fixture, STAGE_DONE);
                if (cases[i].again)
                        assert_calls(&fixture, EXECUTE("app/console", "20170101000000")
                                                       EXECUTE("app/console", "20190101000000"));
                else
                        assert_calls(&fixture, EXECUTE("app/console", "20190101000000"));
                assert_false(has_said("half applied"));
                assert_rows("2014,2015,2016,2017,2018,2019");
                assert_int_equal(progress_done, 3);
                assert_int_equal(progress_total, 3);
        }
}

/* The daemon alone is killed: its console ends the migration, holding the lock meanwhile. */
static void test_killed_before_its_console(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20170101000000",
                "sql() { mariadb --no-defaults --user=root --socket=\"$(cat socket)\" shop -e \"$1\" || exit "
                "1; }\n"
                "sql 'CREATE TABLE first (id INT)'; kill -9 $PPID\n"
                "while kill -0 $PPID; do sleep 0.02; done\n"
                "echo goes on; sql 'CREATE TABLE second (id INT)'; record");
        _cleanup_error_ struct error err = {0};
        int lock = -1;
        assert_int_equal(lock_folder(fixture.context.state_fd, "state", 0, &lock, &err), 0);
        fixture.context.lock_fds = &lock;
        fixture.context.lock_count = 1;
        run_until_killed(&fixture);
        closep(&lock);
        /* As the next daemon does. */
        assert_int_equal(lock_folder(fixture.context.state_fd, "state", 60000, &lock, &err), 0);
        forget_calls(&fixture);
        expect_stage(&fixture, STAGE_DONE);
        assert_calls(&fixture, EXECUTE("app/console", "20190101000000"));
        assert_rows("2014,2015,2016,2017,2018,2019");
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        test_sql(database, "SELECT * FROM first, second");
        closep(&lock);
}

#define SQL(statement)                                                                                       \
        "mariadb --no-defaults --user=root --socket=\"$(cat socket)\" shop -e '" statement "' || exit 1\n"
#define SKIPS "echo '  SS skipped (Reason: Schema includes this migration)'; record"

/* Broken off after its first statement, and resumed: it is not run again. */
static void begin_torn(struct fixture *fixture, const char *tear)
{
        begin(fixture, &stage_migrate_mautic_2);
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        test_sql(database, "CREATE TABLE pages (id INT, hits INT)");
        test_sql(database, "CREATE TABLE leads (id INT)");
        _cleanup_free_ char *act =
                string_format("%s%s", SQL("CREATE TABLE first (id INT); ALTER TABLE pages DROP hits"), tear);
        fixture_write(fixture, "act-20170101000000", act);
        if (strstr(tear, "PPID"))
                run_until_killed(fixture);
        else
                expect_failure(fixture, REASON_MIGRATION_INTERRUPTED,
                        "half applied: these tables have changed since it began: pages, first (new)",
                        "20170101000000");
        fixture_write(fixture, "act-20170101000000", SKIPS);
        forget_calls(fixture);
        for (int i = 0; i < 2; i++) {
                expect_failure(fixture, REASON_MIGRATION_INTERRUPTED, "migration 20170101000000",
                        "pages, first (new)");
                expect_failure(fixture, REASON_MIGRATION_INTERRUPTED, "rerun_migration_20170101000000", NULL);
        }
        assert_calls(fixture, "");
        assert_rows("2014,2015,2016,2018");
}

static void accept(struct fixture *fixture, const char *ids)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(
                checkpoint_set_fact(fixture->context.checkpoint, FACT_ACCEPTED_WARNINGS, ids, &err), 0);
}

static void test_torn_migration_completed_by_hand(void **state)
{
        static const char *const tears[] = {"exit 1", "kill -9 $$", "kill -9 $PPID; kill -9 $$"};
        for (size_t i = 0; i < ARRAY_SIZE(tears); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin_torn(&fixture, tears[i]);
                _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
                test_sql(database, "INSERT INTO mtc_migrations VALUES ('20170101000000')");
                expect_stage(&fixture, STAGE_DONE);
                assert_calls(&fixture, EXECUTE("app/console", "20190101000000"));
                assert_rows("2014,2015,2016,2017,2018,2019");
                assert_int_equal(progress_done, 3);
        }
}

static int64_t server_started(void)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_error_ struct error err = {0};
        int64_t started;
        assert_int_equal(database_started_at(database, &started, &err), 0);
        return started;
}

static void start_server_anew(void)
{
        int64_t started = server_started();
        while (time(NULL) < started + 4) /* else it is not seen to be another */
                (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        test_server_kill(&server);
        assert_true(test_server_launch(&server));
}

/* The power goes behind a migration's row, and with it the daemon and the server. */
static void test_server_started_anew_behind_a_row(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20170101000000", "record; kill -9 $PPID");
        run_until_killed(&fixture);
        start_server_anew();
        forget_calls(&fixture);
        for (int i = 0; i < 2; i++)
                expect_failure(&fixture, REASON_MIGRATION_INTERRUPTED, "started anew",
                        "done_migration_20170101000000");
        assert_calls(&fixture, "");
        accept(&fixture, "done_migration_20170101000000");
        expect_stage(&fixture, STAGE_DONE);
        assert_calls(&fixture, EXECUTE("app/console", "20190101000000"));
}

/* The power went before a try that had changed nothing; what is seen of the next try is that one's alone. */
static void test_server_started_anew_before_a_row(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20170101000000", "kill -9 $PPID; kill -9 $$");
        run_until_killed(&fixture);
        start_server_anew();
        fixture_write(&fixture, "act-20170101000000", "record; kill -9 $PPID");
        run_until_killed(&fixture);
        forget_calls(&fixture);
        expect_stage(&fixture, STAGE_DONE);
        assert_calls(&fixture, EXECUTE("app/console", "20190101000000"));
        assert_int_equal(progress_done, 3);
        assert_int_equal(progress_total, 3);
}

static void test_torn_migration_with_its_tables_put_back(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin_torn(&fixture, "exit 1");
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        test_sql(database, "DROP TABLE first");
        expect_failure(&fixture, REASON_MIGRATION_INTERRUPTED, "since it began: pages.", NULL);
        test_sql(database, "DROP TABLE pages");
        test_sql(database, "CREATE TABLE pages (id INT, hits INT)");
        expect_stage(&fixture, STAGE_DONE); /* it skips, and may */
        assert_calls(
                &fixture, EXECUTE("app/console", "20170101000000") EXECUTE("app/console", "20190101000000"));
}

/* Accepted, its guard takes it for done all the same: told once; who resumes then has seen to it. */
static void test_torn_migration_accepted_that_skips(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin_torn(&fixture, "exit 1");
        accept(&fixture, "plugins\nrerun_migration_2017010100000\nrerun_migration_201701010000000");
        expect_failure(&fixture, REASON_MIGRATION_INTERRUPTED, "20170101000000", NULL);
        accept(&fixture, "plugins\nrerun_migration_20170101000000");
        expect_failure(&fixture, REASON_MIGRATION_FAILED, "migration 20170101000000 was broken off",
                "doctrine:schema:update");
        assert_true(has_said("warning: Migration 20170101000000 was broken off"));
        assert_rows("2014,2015,2016,2017,2018");
        expect_stage(&fixture, STAGE_DONE);
        assert_rows("2014,2015,2016,2017,2018,2019");
}

static void test_torn_migration_accepted(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin_torn(&fixture, "kill -9 $$");
        fixture_write(&fixture, "act-20170101000000", "echo '  ++ migrated'; record");
        accept(&fixture, "rerun_migration_20170101000000");
        expect_stage(&fixture, STAGE_DONE);
        assert_calls(
                &fixture, EXECUTE("app/console", "20170101000000") EXECUTE("app/console", "20190101000000"));
}

static void test_unreadable_journal(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        _cleanup_error_ struct error err = {0};
        int64_t step;
        assert_int_equal(checkpoint_add_step(fixture.context.checkpoint, "migrate_mautic_2", "migration",
                                 "{\"version\":", &step, &err),
                0);
        expect_failure(&fixture, REASON_EVIDENCE_CONTRADICTS, "journal", NULL);
        assert_false(fixture_has(&fixture, "calls"));
}

static void test_untorn_migration_may_skip(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "act-20170101000000", "exit 1");
        expect_failure(&fixture, REASON_MIGRATION_FAILED, "20170101000000", "has changed no table");
        fixture_write(&fixture, "act-20170101000000", "echo '  SS skipped (Reason: not needed)'; record");
        expect_stage(&fixture, STAGE_DONE);
}

static void test_cancelled(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        cancel_request(&fixture.cancel, CANCEL_BY_USER);
        expect_failure(&fixture, REASON_CANCELLED, "cancelled", NULL);
        assert_false(fixture_has(&fixture, "calls"));
}

static void test_server_lost_in_a_migration(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        _cleanup_free_ char *act =
                string_format("kill -9 %d; echo 'server has gone away' >&2; exit 1", server.pid);
        fixture_write(&fixture, "act-20170101000000", act);
        _cleanup_error_ struct error err = {0};
        assert_int_equal(stage_migrate_mautic_2.run(&fixture.context, &err), -1);
        assert_int_equal(err.reason, REASON_DATABASE_LOST);
        assert_non_null(strstr(err.message, "20170101000000"));
        assert_non_null(strstr(err.message, "server has gone away"));
        test_server_kill(&server);
        expect_failure(&fixture, REASON_DATABASE_UNREACHABLE, server.socket, "shop");
        assert_true(test_server_launch(&server));
        fixture_write(&fixture, "act-20170101000000", "record");
        expect_stage(&fixture, STAGE_DONE);
        assert_rows("2014,2015,2016,2017,2018,2019");
}

static void test_another_node_holds_the_database(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        _cleanup_(database_closep) struct database *other = test_server_connect(&server, "shop");
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_lock(other, "mautic-upgraded:shop:mtc_", 0, &err), 0);
        expect_failure(&fixture, REASON_DATABASE_LOCKED, "mautic-upgraded:shop:mtc_", NULL);
        assert_false(fixture_has(&fixture, "calls"));
}

static void test_migrations_that_cannot_be_counted(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "root/app/migrations/Version20200101000000.php", "<?php class { broken");
        expect_failure(&fixture, REASON_MIGRATIONS_UNDETECTED, "Version20200101000000.php", NULL);
        assert_false(fixture_has(&fixture, "calls"));
        assert_rows("2014,2016,2018");
}

static void test_missing_php(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_set(&fixture, "php.path", "php-that-is-not-there");
        expect_failure(&fixture, REASON_PROGRAM_MISSING, "php-that-is-not-there", "20150101000000");
}

/* Which engine */

static void record_all(void)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        test_sql(database, "INSERT IGNORE INTO mtc_migrations VALUES ('20150101000000'), ('20170101000000'), "
                           "('20190101000000')");
}

static void put_php_of_version(struct fixture *fixture, const char *version)
{
        _cleanup_free_ char *php = string_format(
                "if [ \"$1\" = -r ]; then printf '\\n@version %s\\n'; exit; fi\n%s", version, fake_php);
        fixture_script(fixture, "php", php);
}

static void test_native_needs_no_php(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        record_all();
        fixture_set(&fixture, "php.path", "/nonexistent/php");
        fixture_set(&fixture, "migrations.engine", "native");
        expect_stage(&fixture, STAGE_SKIP);
        assert_true(has_said("without PHP"));
}

/* As MigrationCommandSubscriber does it; what a kill has left is completed, and nothing is done twice. */
static void test_generated_columns_without_php(void **state)
{
        static const char subscriber[] =
                "<?php $sentDate = new GeneratedColumn('email_stats', 'generated_sent_date', 'DATE',"
                " \"CONCAT(YEAR(date_sent), '-', LPAD(MONTH(date_sent), 2, '0'), '-',"
                " LPAD(DAY(date_sent), 2, '0'))\");";
        static const char *const kills[] = {NULL,
                "ALTER TABLE mtc_email_stats DROP INDEX "
                "mtc_generated_sent_date_email_id",
                "ALTER TABLE mtc_email_stats DROP INDEX mtc_generated_sent_date_email_id,"
                " DROP generated_sent_date"};
        _cleanup_site_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        begin(&fixture, &stage_migrate_mautic_3);
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        test_sql(database,
                "CREATE TABLE mtc_email_stats (id INT PRIMARY KEY, email_id INT, date_sent DATETIME)");
        test_sql(database, "INSERT INTO mtc_email_stats VALUES (1, 1, '2020-02-03 04:05:06')");
        assert_int_equal(generated_columns_add(&fixture.context, database, "mtc_", &err), 0);
        assert_false(has_said("generated"));
        static const char *const folders[] = {"root/app/bundles", "root/app/bundles/EmailBundle",
                "root/app/bundles/EmailBundle/EventListener"};
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                fixture_make_folder(&fixture, folders[i]);
        fixture_write(&fixture, "root/app/bundles/EmailBundle/EventListener/GeneratedColumnSubscriber.php",
                subscriber);
        for (size_t i = 0; i < ARRAY_SIZE(kills); i++) {
                _cleanup_free_ char *value = NULL;
                _cleanup_database_rows_ struct database_rows created = {0};
                if (kills[i])
                        test_sql(database, kills[i]);
                for (int again = 0; again < 2; again++)
                        assert_int_equal(generated_columns_add(&fixture.context, database, "mtc_", &err), 0);
                assert_int_equal(database_query_value(database, &value, &err,
                                         "SELECT generated_sent_date FROM mtc_email_stats"),
                        0);
                assert_string_equal(value, "2020-02-03");
                assert_int_equal(
                        database_query(database, &created, &err, "SHOW CREATE TABLE mtc_email_stats"), 0);
                assert_non_null(strstr(database_cell(&created, 0, 1),
                        "KEY `mtc_generated_sent_date_email_id` (`generated_sent_date`,`email_id`)"));
                assert_non_null(strstr(database_cell(&created, 0, 1), "COMMENT '(DC2Type:generated)'"));
        }
}

/* What the native engine can't do is not begun: the console may take it, or a person says that it is done. */
static void test_a_migration_that_needs_php(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_write(&fixture, "root/app/migrations/Version20170101000000.php",
                "<?php\n\nnamespace Mautic\\Migrations;\n\nuse Doctrine\\DBAL\\Schema\\Schema;\n"
                "use Mautic\\CoreBundle\\Doctrine\\AbstractMauticMigration;\n\n"
                "class Version20170101000000 extends AbstractMauticMigration\n{\n"
                "    public function up(Schema $schema)\n    {\n"
                "        $this->container->get('translator')->trans('a');\n    }\n}\n");
        fixture_set(&fixture, "migrations.engine", "native");
        expect_failure(&fixture, REASON_MIGRATION_NEEDS_PHP, "translator", "done_migration_20170101000000");
        assert_rows("2014,2015,2016,2018");
        fixture_set(&fixture, "migrations.engine", "console");
        expect_stage(&fixture, STAGE_DONE);
        assert_rows("2014,2015,2016,2017,2018,2019");
        assert_calls(
                &fixture, EXECUTE("app/console", "20170101000000") EXECUTE("app/console", "20190101000000"));
}

static void test_a_migration_that_was_done_by_hand(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        fixture_set(&fixture, "migrations.engine", "native");
        fixture_set(&fixture, "php.path", "/nonexistent/php");
        accept(&fixture, "done_migration_20170101000000");
        expect_stage(&fixture, STAGE_DONE);
        assert_rows("2014,2015,2016,2017,2018,2019");
        assert_true(has_said("Migration 20170101000000 is recorded as executed, as accepted"));
}

/* auto leaves the console only where the configuration needs no PHP and this one does not fit. */
static void test_auto_takes_a_php_that_fits(void **state)
{
        static const struct {
                const char *cache, *version;
                bool console;
        } cases[] = {
                {"yes", "8.2.7", true},
                {"defer", "7.3.33", true},
                {"defer", "5.6.18", false},
                {"defer", "7.4.0", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin(&fixture, &stage_migrate_mautic_2);
                put_php_of_version(&fixture, cases[i].version);
                fixture_set(&fixture, "cache.build", cases[i].cache);
                if (!cases[i].console)
                        record_all();
                expect_stage(&fixture, cases[i].console ? STAGE_DONE : STAGE_SKIP);
                assert_int_equal(fixture_has(&fixture, "calls"), cases[i].console);
                assert_int_equal(has_said("without PHP"), !cases[i].console);
        }
}

static void test_native_judges_what_a_console_tore(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin_torn(&fixture, "exit 1");
        fixture_set(&fixture, "migrations.engine", "native");
        expect_failure(&fixture, REASON_MIGRATION_INTERRUPTED, "20170101000000", "rerun_migration_");
        record_all();
        expect_stage(&fixture, STAGE_DONE); /* what comes behind the last one may be missing */
}

static void test_what_is_begun_natively_is_no_consoles(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture, &stage_migrate_mautic_2);
        _cleanup_error_ struct error err = {0};
        int64_t step;
        assert_int_equal(checkpoint_add_step(fixture.context.checkpoint, "migrate_mautic_2",
                                 NATIVE_STEP_PREFIX "migration", "20150101000000", &step, &err),
                0);
        fixture_set(&fixture, "migrations.engine", "console");
        expect_failure(
                &fixture, REASON_MIGRATION_INTERRUPTED, "20150101000000", "migrations.engine = native");
        assert_false(fixture_has(&fixture, "calls"));
        assert_int_equal(
                checkpoint_finish_step(fixture.context.checkpoint, "migrate_mautic_2", step, "by hand", &err),
                0);
        expect_stage(&fixture, STAGE_DONE);
}

int main(void)
{
        if (!test_program_exists("mariadb")) {
                fprintf(stderr, "skipped: the mariadb client is not installed here\n");
                return TEST_SKIPPED;
        }
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_applies_each_new_one),
                cmocka_unit_test(test_proof),
                cmocka_unit_test(test_proof_while_files_move),
                cmocka_unit_test(test_proof_without_the_database),
                cmocka_unit_test(test_nothing_new),
                cmocka_unit_test(test_mautic_3_completes_once),
                cmocka_unit_test(test_failing_migration),
                cmocka_unit_test(test_success_without_a_row),
                cmocka_unit_test(test_rows_that_vanish),
                cmocka_unit_test(test_row_decides_over_the_status),
                cmocka_unit_test(test_hanging_console),
                cmocka_unit_test(test_megabytes_of_output),
                cmocka_unit_test(test_killed_with_its_console),
                cmocka_unit_test(test_killed_before_its_console),
                cmocka_unit_test(test_torn_migration_completed_by_hand),
                cmocka_unit_test(test_server_started_anew_behind_a_row),
                cmocka_unit_test(test_server_started_anew_before_a_row),
                cmocka_unit_test(test_torn_migration_with_its_tables_put_back),
                cmocka_unit_test(test_torn_migration_accepted_that_skips),
                cmocka_unit_test(test_torn_migration_accepted),
                cmocka_unit_test(test_unreadable_journal),
                cmocka_unit_test(test_native_needs_no_php),
                cmocka_unit_test(test_generated_columns_without_php),
                cmocka_unit_test(test_a_migration_that_needs_php),
                cmocka_unit_test(test_a_migration_that_was_done_by_hand),
                cmocka_unit_test(test_auto_takes_a_php_that_fits),
                cmocka_unit_test(test_native_judges_what_a_console_tore),
                cmocka_unit_test(test_what_is_begun_natively_is_no_consoles),
                cmocka_unit_test(test_untorn_migration_may_skip),
                cmocka_unit_test(test_cancelled),
                cmocka_unit_test(test_server_lost_in_a_migration),
                cmocka_unit_test(test_another_node_holds_the_database),
                cmocka_unit_test(test_migrations_that_cannot_be_counted),
                cmocka_unit_test(test_missing_php),
        };
        status = cmocka_run_group_tests_name("migrate_database", tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
