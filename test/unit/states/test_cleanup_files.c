/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

#include "states/cron_lines.h"
#include "states/gate.h"

#define SUFFIX "00112233445566778899aabbccddeeff" /* fix_names() */

static const struct stage *const upgrading[] = {&stage_move_files, &stage_restore_user_data, &lift, NULL};
static const struct stage *const cleaning[] = {&stage_cleanup_files, NULL};

static struct fixture *upgraded_site(void)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        for (size_t i = 0; upgrading[i]; i++)
                assert_stage(fixture, upgrading[i]);
        return fixture;
}

static char *fact(const struct fixture *fixture, const char *name)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        char *value = NULL;
        assert_int_equal(checkpoint_open(fixture->state, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_get_fact(checkpoint, name, &value, &err), 0);
        return value;
}

static void test_everything_is_put_away(void **state)
{
        struct fixture *fixture = upgraded_site();
        put(fixture, NAME_PACKAGE, "zip");
        put(fixture, NAME_SET_ASIDE "/0001-logs", "kept");
        assert_stage(fixture, &stage_cleanup_files);
        static const struct {
                const char *path;
                mode_t mode;
        } there[] = {
                {"var/mautic-2-backup-files-" SUFFIX, 0700},
                {"var/mautic-2-set-aside-files-" SUFFIX, 0700},
                {"var/upgrade_log_" SUFFIX ".txt", 0600},
                {"var/mautic-3-update-package_" SUFFIX ".zip", 0600},
        };
        for (size_t i = 0; i < ARRAY_SIZE(there); i++)
                assert_int_equal(mode_of(fixture, there[i].path), there[i].mode);
        static const char *const gone[] = {NAME_MAUTIC_2_FILES, NAME_MAUTIC_3_FILES, NAME_SET_ASIDE, NAME_LOG,
                NAME_PACKAGE, "critical_migrations.txt"};
        for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
                assert_false(there_is(fixture, gone[i]));
        assert_text(fixture, "var/mautic-2-backup-files-" SUFFIX "/app/version.txt", "2.16.5\n");
        _cleanup_free_ char *log = fact(fixture, FACT_UPGRADE_LOG);
        assert_string_equal(log, "var/upgrade_log_" SUFFIX ".txt");
        fixture_free(fixture);
}

static void test_what_is_not_the_upgrades_own_is_kept(void **state)
{
        struct fixture *fixture = upgraded_site();
        put(fixture, "mautic-3-temp-files/notes.txt", "mine");
        put(fixture, "mautic-3-temp-files/app/logs/prod.log", "a line");
        assert_stage(fixture, &stage_cleanup_files);
        assert_text(fixture, "var/mautic-2-set-aside-files-" SUFFIX "/0001-app/logs/prod.log", "a line");
        assert_text(fixture, "var/mautic-2-set-aside-files-" SUFFIX "/0002-notes.txt", "mine");
        fixture_free(fixture);
}

static void test_nothing_is_put_away_behind_a_closed_gate(void **state)
{
        struct fixture *fixture = two_sites();
        assert_stage(fixture, &stage_move_files);
        _cleanup_free_ char *before = dump(fixture);
        assert_stage_fails(fixture, &stage_cleanup_files, REASON_EVIDENCE_CONTRADICTS);
        _cleanup_free_ char *after = dump(fixture);
        assert_string_equal(before, after);
        fixture_free(fixture);
}

static struct fixture *site_with_leftovers(void)
{
        struct fixture *fixture = two_sites();
        put(fixture, NAME_BACKUP, "dump of the script");
        return fixture;
}

static void test_killed_at_every_act(void **state)
{
        assert_survives_kills(site_with_leftovers, upgrading, cleaning, 5);
}

static void test_lines_of_crontabs(void **state)
{
        static const struct {
                const char *line, *expected; /* NULL: none */
        } cases[] = {
                {"*/5 * * * * php /srv/site/app/console mautic:segments:update >/dev/null",
                        "t, line 1: /srv/site/app/console mautic:segments:update"},
                {"* * * * * cd /srv/site && PASSWORD=secret php app/console mautic:campaigns:trigger; true",
                        "t, line 1: app/console mautic:campaigns:trigger"},
                {"* * * * * /srv/site/app/console", "t, line 1: /srv/site/app/console "},
                {"* * * * * php /srv/site//app/console a", "t, line 1: /srv/site//app/console a"},
                {"* * * * * php /srv/other/app/console mautic:segments:update", NULL},
                {"* * * * * php /srv/site/bin/console mautic:segments:update", NULL},
                {"# php /srv/site/app/console mautic:segments:update", NULL},
                {"  # php app/console", NULL},
                {"", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_string_list_ struct string_list list = {0};
                cron_lines_pick("t", cases[i].line, "/srv/site", &list);
                assert_int_equal(list.count, cases[i].expected ? 1 : 0);
                if (cases[i].expected)
                        assert_string_equal(list.items[0], cases[i].expected);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_everything_is_put_away),
                cmocka_unit_test(test_what_is_not_the_upgrades_own_is_kept),
                cmocka_unit_test(test_nothing_is_put_away_behind_a_closed_gate),
                cmocka_unit_test(test_killed_at_every_act),
                cmocka_unit_test(test_lines_of_crontabs),
        };
        return cmocka_run_group_tests_name("cleanup_files", tests, NULL, NULL);
}
