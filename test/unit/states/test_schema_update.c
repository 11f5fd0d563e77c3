/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/schema_update.h"

#include "migrations-reader/apply_journal.h"
#include "states/machine.h"
#include "states/migrations_table.h"
#include "test/unit/states/site_fixture.h"

/* The fake console: prints the file "plan" when asked for it; --force runs the file "force". */
static const char *const fake_php = "cd \"${0%/*}\"\n"
                                    "while [ $# -gt 0 ] && [ \"${1%/console}\" = \"$1\" ]; do shift; done\n"
                                    "echo \"${1#\"$PWD/root/\"} $2 $3 $4\" >>calls\n"
                                    "if [ \"$3\" = --dump-sql ]; then cat plan; exit; fi\n"
                                    ". ./force\n";

#define PLAN "ALTER TABLE leads DROP by_hand;\nDROP TABLE mtc_migrations;\n"
#define SQL(statement)                                                                                       \
        "mariadb --no-defaults --user=root --socket=\"$(cat socket)\" shop -e '" statement "' || exit 1\n"
#define FORCE SQL("ALTER TABLE leads DROP by_hand; DROP TABLE mtc_migrations")

static struct test_server server;

static void make_backup(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *path = fixture_path(fixture, "state/" NAME_STATE_BACKUP);
        char sha256[65];
        uint64_t size;
        write_file(path, "a dump", 0600);
        assert_int_equal(
                file_sha256(fixture->context.state_fd, NAME_STATE_BACKUP, NULL, sha256, &size, &err), 0);
        const struct artifact_record artifact = {
                .name = (char *)ARTIFACT_BACKUP, .path = path, .size = size, .sha256 = sha256};
        const struct stage_record stage = {.name = (char *)"backup_database",
                .state = (char *)stage_state_name(STAGE_SUCCEEDED),
                .attempts = 1,
                .finished_ms = 1234};
        assert_int_equal(checkpoint_save_artifact(fixture->context.checkpoint, &artifact, &err), 0);
        assert_int_equal(checkpoint_save_stage(fixture->context.checkpoint, &stage, &err), 0);
}

static void begin(struct fixture *fixture)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE OR REPLACE DATABASE shop");
        test_sql(database, "CREATE TABLE shop.mtc_migrations (version VARCHAR(255) PRIMARY KEY)");
        test_sql(database, "INSERT INTO shop.mtc_migrations VALUES ('20160101000000'), ('20180101000000')");
        test_sql(database, "CREATE TABLE shop.leads (id INT, by_hand INT)");
        fixture_init(fixture, &schema_update_stage);
        fixture_make_site(fixture, &server, "shop", "mtc_");
        _cleanup_free_ char *php = fixture_path(fixture, "php");
        fixture_script(fixture, "php", fake_php);
        fixture_write(fixture, "socket", server.socket);
        fixture_write(fixture, "plan", PLAN);
        fixture_write(fixture, "force", FORCE);
        fixture_set(fixture, "php.path", php);
}

static char *plan_of(struct fixture *fixture, bool complete)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_schema_plan_ struct schema_plan plan = {0};
        const struct schema_order order = {.complete = complete};
        if (schema_update(&fixture->context, &order, &plan, &err) < 0)
                fail_msg("%s", error_message(&err));
        return steal(&plan.id);
}

static void refuses(
        struct fixture *fixture, const struct schema_order *order, enum reason reason, const char *text)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_schema_plan_ struct schema_plan plan = {0};
        assert_int_equal(schema_update(&fixture->context, order, &plan, &err), -1);
        if (err.reason != reason || !strstr(error_message(&err), text))
                fail_msg("%s: %s", reason_name(err.reason), error_message(&err));
}

static bool was_forced(struct fixture *fixture)
{
        _cleanup_free_ char *calls = fixture_read(fixture, "calls");
        return strstr(calls, "--force") != NULL;
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

static void test_the_plan(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        _cleanup_error_ struct error err = {0};
        _cleanup_schema_plan_ struct schema_plan plan = {0};
        const struct schema_order order = {.complete = true};
        assert_int_equal(schema_update(&fixture.context, &order, &plan, &err), 0);
        assert_int_equal(plan.statements.count, 2);
        assert_int_equal(plan.statements.drop_count, 2);
        assert_string_equal(plan.database, "shop");
        assert_string_equal(plan.migrations_table, "mtc_migrations");
        assert_null(plan.backup);
        assert_int_equal(plan.executed, 0);
        _cleanup_free_ char *calls = fixture_read(&fixture, "calls");
        assert_string_equal(calls, "app/console doctrine:schema:update --dump-sql --complete\n");
        assert_false(has_said("")); /* a look is no event */
        /* The id is that of these statements, so asked. */
        _cleanup_free_ char *again = plan_of(&fixture, true), *other = plan_of(&fixture, false);
        assert_string_equal(plan.id, again);
        assert_string_not_equal(plan.id, other);
        fixture_write(&fixture, "plan", "ALTER TABLE leads DROP by_hand;\n");
        _cleanup_free_ char *changed = plan_of(&fixture, true);
        assert_string_not_equal(plan.id, changed);
        make_backup(&fixture);
        _cleanup_schema_plan_ struct schema_plan backed = {0};
        assert_int_equal(schema_update(&fixture.context, &order, &backed, &err), 0);
        assert_int_equal(backed.backup_ms, 1234);
        assert_non_null(strstr(backed.backup, NAME_STATE_BACKUP));
}

static void test_consoles_that_are_not_understood(void **state)
{
        static const struct {
                const char *plan;
                const char *text;
        } cases[] = {
                {"", "prints neither"},
                {"TRUNCATE leads;\n", "TRUNCATE leads;"},
                {"ALTER TABLE leads DROP by_hand", "is not understood"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin(&fixture);
                fixture_write(&fixture, "plan", cases[i].plan);
                const struct schema_order order = {0};
                refuses(&fixture, &order, REASON_PROGRAM_FAILED, cases[i].text);
        }
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        const struct schema_order order = {0};
        fixture_script(&fixture, "php", "yes 'ALTER TABLE leads ADD a INT;'");
        refuses(&fixture, &order, REASON_PROGRAM_FAILED, "prints more than");
        fixture_script(&fixture, "php", "echo no such command >&2; exit 1");
        refuses(&fixture, &order, REASON_PROGRAM_FAILED, "no such command");
        fixture_set(&fixture, "php.path", "/nonexistent/php");
        refuses(&fixture, &order, REASON_PROGRAM_MISSING, "/nonexistent/php");
}

static void test_force(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        make_backup(&fixture);
        _cleanup_free_ char *id = plan_of(&fixture, true);
        const struct schema_order order = {
                .complete = true, .force = true, .plan = id, .confirmation = "shop"};
        _cleanup_error_ struct error err = {0};
        _cleanup_schema_plan_ struct schema_plan plan = {0};
        if (schema_update(&fixture.context, &order, &plan, &err) < 0)
                fail_msg("%s", error_message(&err));
        assert_int_equal(plan.executed, 2);
        assert_int_equal(plan.rows_put_back, 2);
        assert_rows("2016,2018");
        assert_true(has_said("ALTER TABLE leads DROP by_hand"));
        assert_true(has_said("2 kept rows had to be put back"));
        /* Then there is nothing to do, and nothing is done. */
        fixture_write(&fixture, "plan", "Nothing to update - all is well.\n");
        fixture_write(&fixture, "calls", "");
        _cleanup_free_ char *empty = plan_of(&fixture, true);
        const struct schema_order idle = {
                .complete = true, .force = true, .plan = empty, .confirmation = "shop"};
        _cleanup_schema_plan_ struct schema_plan nothing = {0};
        assert_int_equal(schema_update(&fixture.context, &idle, &nothing, &err), 0);
        assert_int_equal(nothing.executed, 0);
        assert_false(was_forced(&fixture));
}

static void test_what_is_not_confirmed_is_not_done(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        _cleanup_free_ char *id = plan_of(&fixture, true), *other = plan_of(&fixture, false);
        struct schema_order order = {.complete = true, .force = true, .plan = id, .confirmation = "shop"};
        refuses(&fixture, &order, REASON_BACKUP_MISSING, "no finished backup");
        make_backup(&fixture);
        static const char *const names[] = {NULL, "", "yes", "Shop", "shop ", "mtc_migrations"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                order.confirmation = names[i];
                refuses(&fixture, &order, REASON_CONFIRMATION_WRONG, "which is shop");
        }
        order.confirmation = "shop";
        const char *const plans[] = {NULL, "", other};
        for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
                order.plan = plans[i];
                refuses(&fixture, &order, REASON_PLAN_CHANGED, "nothing was done");
        }
        order.plan = id;
        fixture_write(&fixture, "plan", PLAN "DROP TABLE leads;\n");
        refuses(&fixture, &order, REASON_PLAN_CHANGED, "nothing was done");
        fixture_write(&fixture, "plan", PLAN);
        _cleanup_free_ char *backup = fixture_path(&fixture, "state/" NAME_STATE_BACKUP);
        write_file(backup, "A dump", 0600);
        refuses(&fixture, &order, REASON_BACKUP_MISSING, "is not what was written");
        assert_int_equal(unlink(backup), 0);
        refuses(&fixture, &order, REASON_BACKUP_MISSING, "is gone");
        make_backup(&fixture);
        _cleanup_error_ struct error err = {0};
        const struct stage_record failed = {
                .name = (char *)"backup_database", .state = (char *)stage_state_name(STAGE_FAILED)};
        assert_int_equal(checkpoint_save_stage(fixture.context.checkpoint, &failed, &err), 0);
        refuses(&fixture, &order, REASON_BACKUP_MISSING, "no finished backup");
        assert_false(was_forced(&fixture));
        assert_rows("2016,2018");
}

/* A database that another node upgrades, and a migration that the native engine has begun. */
static void test_what_must_not_be_disturbed(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        make_backup(&fixture);
        fixture_write(&fixture, "plan", PLAN "DROP TABLE by_hand;\n");
        _cleanup_free_ char *id = plan_of(&fixture, true);
        struct schema_order order = {.complete = true, .force = true, .plan = id, .confirmation = "shop"};
        _cleanup_error_ struct error err = {0};
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, "shop");
        assert_int_equal(database_lock(database, "mautic-upgraded:shop:mtc_", 0, &err), 0);
        refuses(&fixture, &order, REASON_DATABASE_LOCKED, "mautic-upgraded:shop:mtc_");
        database_close(database);
        database = test_server_connect(&server, "shop");

        _cleanup_(journal_deinit) struct journal journal = {0};
        assert_int_equal(journal_open(database, "mtc_", &journal, &err), 0);
        struct journal_entry *entries = memory_new_array(1, sizeof(*entries));
        entries[0] = (struct journal_entry){.sql = string_copy("SELECT 1"), .size = 8};
        assert_int_equal(journal_begin(&journal, "20170101000000", entries, 1, &err), 0);
        _cleanup_free_ char *plan = string_format(PLAN "DROP TABLE %s;\n", journal.table);
        fixture_write(&fixture, "plan", plan);
        _cleanup_free_ char *with_journal = plan_of(&fixture, true);
        order.plan = with_journal;
        refuses(&fixture, &order, REASON_REFUSED_IN_STATE, "done_migration_20170101000000");
        assert_false(was_forced(&fixture));
        assert_rows("2016,2018");
}

/* Whatever becomes of the console, the rows come back: at once, or with the next call. */
static void test_consoles_that_end_badly(void **state)
{
        _cleanup_site_fixture_ struct fixture fixture;
        begin(&fixture);
        make_backup(&fixture);
        _cleanup_free_ char *id = plan_of(&fixture, true);
        const struct schema_order order = {
                .complete = true, .force = true, .plan = id, .confirmation = "shop"};
        fixture_write(&fixture, "force", FORCE "echo 'Doctrine is sorry' >&2; exit 3\n");
        refuses(&fixture, &order, REASON_PROGRAM_FAILED, "Doctrine is sorry");
        assert_rows("2016,2018");
}

static struct fixture *killed_fixture;
static const struct schema_order *killed_order;

static int force_until_killed(struct stage_context *context, struct error *err)
{
        _cleanup_schema_plan_ struct schema_plan plan = {0};
        return schema_update(&killed_fixture->context, killed_order, &plan, err);
}

static void test_killed_with_its_console(void **state)
{
        static const char *const forces[] = {"kill -9 $PPID\nkill -9 $$\n",
                FORCE "kill -9 $PPID\nkill -9 $$\n",
                SQL("DROP TABLE mtc_migrations; CREATE TABLE mtc_migrations (version VARCHAR(99) PRIMARY KEY)"
                    " SELECT \"20180101000000\" version") "kill -9 $PPID\nkill -9 $$\n"};
        for (size_t i = 0; i < ARRAY_SIZE(forces); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                begin(&fixture);
                make_backup(&fixture);
                _cleanup_free_ char *id = plan_of(&fixture, true);
                const struct schema_order order = {
                        .complete = true, .force = true, .plan = id, .confirmation = "shop"};
                const struct stage forcing = {.name = "schema_update", .run = force_until_killed};
                fixture_write(&fixture, "force", forces[i]);
                killed_fixture = &fixture;
                killed_order = &order;
                fixture.context.stage = &forcing;
                run_until_killed(&fixture);
                fixture.context.stage = &schema_update_stage;
                expect_stage(&fixture, STAGE_DONE);
                assert_rows("2016,2018");
                expect_stage(&fixture, STAGE_DONE);
        }
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
                cmocka_unit_test(test_the_plan),
                cmocka_unit_test(test_consoles_that_are_not_understood),
                cmocka_unit_test(test_force),
                cmocka_unit_test(test_what_is_not_confirmed_is_not_done),
                cmocka_unit_test(test_what_must_not_be_disturbed),
                cmocka_unit_test(test_consoles_that_end_badly),
                cmocka_unit_test(test_killed_with_its_console),
        };
        status = cmocka_run_group_tests_name("schema_update", tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
