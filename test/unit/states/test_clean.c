/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

#include "states/clean.h"
#include "states/gate.h"

#define SUFFIX "00112233445566778899aabbccddeeff" /* fix_names() */
#define BACKUP "var/mautic-2-backup-files-" SUFFIX

static const struct stage *const upgrading[] = {
        &stage_move_files, &stage_restore_user_data, &lift, &stage_cleanup_files, NULL};
static const struct stage *const cleaning[] = {&clean_stage, NULL};

static void put_in_state(const struct fixture *fixture, const char *name, const char *text)
{
        _cleanup_free_ char *path = string_format("%s/%s", fixture->state, name);
        _cleanup_fclose_ FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
}

static bool is_in_state(const struct fixture *fixture, const char *name)
{
        _cleanup_free_ char *path = string_format("%s/%s", fixture->state, name);
        return access(path, F_OK) == 0;
}

static const char *const of_the_way_back[] = {NAME_STATE_BACKUP, NAME_STATE_INVENTORY, "local.php.mautic-2",
        "migrations-table.json", NAME_STATE_PACKAGE, NAME_STATE_PACKAGE ".damaged"};
static const char *const to_stay[] = {"checkpoint.sqlite3", "upgrade_log-x.txt", "local.php.set-aside-1",
        "m3_upgrade_db_backup-20261122T162315Z.sql.zst", "foreign.txt"};

static struct fixture *site_with_state(void)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        for (size_t i = 0; i < ARRAY_SIZE(of_the_way_back); i++)
                put_in_state(fixture, of_the_way_back[i], "0123456789");
        for (size_t i = 1; i < ARRAY_SIZE(to_stay); i++)
                put_in_state(fixture, to_stay[i], "mine");
        put(fixture, "../outside/precious", "behind a link");
        put_link(fixture, "media/outside", "../../outside");
        put(fixture, NAME_SET_ASIDE "/0001-logs", "kept");
        return fixture;
}

static struct fixture *finished_site(void)
{
        struct fixture *fixture = site_with_state();
        for (size_t i = 0; upgrading[i]; i++)
                assert_stage(fixture, upgrading[i]);
        put_link(fixture, BACKUP "/outside", "../../../outside");
        return fixture;
}

static const struct clean_entry *find_entry(
        const struct clean_entry *entries, size_t count, const char *ending)
{
        for (size_t i = 0; i < count; i++) {
                size_t length = strlen(entries[i].path);
                if (length >= strlen(ending) &&
                        strcmp(entries[i].path + length - strlen(ending), ending) == 0)
                        return &entries[i];
        }
        fail_msg("no %s", ending);
        return NULL;
}

static void test_what_only_the_way_back_needed(void **state)
{
        struct fixture *fixture = finished_site();
        assert_true(there_is(fixture, BACKUP "/app/version.txt"));
        assert_stage(fixture, &clean_stage);
        assert_false(there_is(fixture, BACKUP));
        for (size_t i = 0; i < ARRAY_SIZE(of_the_way_back); i++)
                assert_false(is_in_state(fixture, of_the_way_back[i]));
        for (size_t i = 0; i < ARRAY_SIZE(to_stay); i++)
                assert_true(is_in_state(fixture, to_stay[i]));
        assert_text(fixture, "../outside/precious", "behind a link");
        assert_true(there_is(fixture, "var/upgrade_log_" SUFFIX ".txt"));
        assert_text(fixture, "var/mautic-2-set-aside-files-" SUFFIX "/0001-logs", "kept");
        assert_non_null(strstr(logged.data, "warning: "));
        assert_non_null(strstr(logged.data, "var/mautic-2-set-aside-files-" SUFFIX " is left"));
        assert_non_null(strstr(logged.data, "local.php.set-aside-1 is left"));
        assert_non_null(strstr(logged.data, "(the files of Mautic 2, "));
        _cleanup_free_ char *once = dump(fixture);
        assert_stage(fixture, &clean_stage);
        _cleanup_free_ char *twice = dump(fixture);
        assert_string_equal(once, twice);
        fixture_free(fixture);
}

/* A folder of that name that is another one is not what the upgrade has put there. */
static void test_another_folder_of_that_name(void **state)
{
        struct fixture *fixture = finished_site();
        _cleanup_free_ char *from = string_format("%s/" BACKUP, fixture->root);
        _cleanup_free_ char *to = string_format("%s/kept-by-me", fixture->root);
        assert_int_equal(rename(from, to), 0);
        put(fixture, BACKUP "/mine", "mine");
        assert_stage(fixture, &clean_stage);
        assert_text(fixture, BACKUP "/mine", "mine");
        assert_text(fixture, "kept-by-me/app/version.txt", "2.16.5\n");
        assert_non_null(
                strstr(logged.data, BACKUP " is left: not the folder that the upgrade has put there"));
        assert_false(is_in_state(fixture, NAME_STATE_BACKUP));
        fixture_free(fixture);
}

/* As after a rollback: whatever the journal says, a root with Mautic 2 in it loses nothing. */
static void test_a_site_that_is_mautic_2_again(void **state)
{
        struct fixture *fixture = finished_site();
        put(fixture, "app/version.txt", "2.16.5\n");
        _cleanup_free_ char *metadata = string_format("%s/app/release_metadata.json", fixture->root);
        assert_int_equal(unlink(metadata), 0);
        assert_stage(fixture, &clean_stage);
        assert_true(there_is(fixture, BACKUP "/app/version.txt"));
        assert_false(is_in_state(fixture, NAME_STATE_BACKUP));
        fixture_free(fixture);
}

static void set_touched(const struct fixture *fixture, const char *value)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(checkpoint_open(fixture->state, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_set_fact(checkpoint, FACT_DATABASE_TOUCHED, value, &err), 0);
}

/* After a rollback of the files alone the backup is the only Mautic 2 database that there is. */
static void test_a_backup_that_is_still_needed(void **state)
{
        struct fixture *fixture = finished_site();
        _cleanup_error_ struct error err = {0};
        _cleanup_clean_preview_ struct clean_preview preview = {0};
        put(fixture, "app/version.txt", "2.16.5\n");
        _cleanup_free_ char *metadata = string_format("%s/app/release_metadata.json", fixture->root);
        assert_int_equal(unlink(metadata), 0);
        set_touched(fixture, "yes");
        string_replace(&fixture->config.root, string_copy(fixture->root));
        assert_int_equal(clean_preview(&fixture->config, fixture->state, &preview, &err), 0);
        (void)find_entry(preview.kept, preview.kept_count, "/" NAME_STATE_BACKUP);
        assert_stage(fixture, &clean_stage);
        assert_true(is_in_state(fixture, NAME_STATE_BACKUP));
        assert_true(is_in_state(fixture, NAME_STATE_INVENTORY));
        assert_false(is_in_state(fixture, NAME_STATE_PACKAGE));
        assert_non_null(strstr(logged.data, NAME_STATE_BACKUP " is left: the database as Mautic 2 needs it"));
        set_touched(fixture, "restored");
        assert_stage(fixture, &clean_stage);
        assert_false(is_in_state(fixture, NAME_STATE_BACKUP));
        fixture_free(fixture);
}

static void test_what_cant_be_deleted_is_told(void **state)
{
        struct fixture *fixture = finished_site();
        _cleanup_error_ struct error err = {0};
        refused_name = "version.txt";
        assert_int_equal(run_stage(fixture, &clean_stage, &err), -1);
        refused_name = NULL;
        assert_int_equal(err.reason, REASON_PERMISSION_DENIED);
        assert_non_null(strstr(error_message(&err), "1 of 7 things could not be deleted as a whole: "));
        assert_non_null(strstr(error_message(&err), "version.txt"));
        assert_true(there_is(fixture, BACKUP "/app/version.txt"));
        assert_false(there_is(fixture, BACKUP "/vendor"));
        assert_false(is_in_state(fixture, NAME_STATE_BACKUP));
        assert_non_null(strstr(logged.data, BACKUP "/app can't be deleted: "));
        assert_non_null(strstr(logged.data, BACKUP " (the files of Mautic 2) could not be deleted as a"));
        assert_null(strstr(logged.data, BACKUP " (the files of Mautic 2, "));
        /* Asked again, it deletes what it can by then. */
        assert_stage(fixture, &clean_stage);
        assert_false(there_is(fixture, BACKUP));
        assert_non_null(strstr(logged.data, BACKUP " (the files of Mautic 2, "));
        fixture_free(fixture);
}

static void test_killed_at_every_act(void **state)
{
        assert_survives_kills(site_with_state, upgrading, cleaning, 5);
}

static void test_the_preview_lists_what_is_deleted(void **state)
{
        struct fixture *fixture = finished_site();
        _cleanup_error_ struct error err = {0};
        _cleanup_clean_preview_ struct clean_preview preview = {0}, after = {0};
        string_replace(&fixture->config.root, string_copy(fixture->root));
        _cleanup_free_ char *before = dump(fixture);
        assert_int_equal(clean_preview(&fixture->config, fixture->state, &preview, &err), 0);
        _cleanup_free_ char *untouched = dump(fixture);
        assert_string_equal(before, untouched);
        assert_int_equal(preview.count, 1 + ARRAY_SIZE(of_the_way_back));
        assert_int_equal(preview.kept_count, 2);
        assert_true(find_entry(preview.items, preview.count, "/" BACKUP)->entries > 10);
        assert_int_equal(find_entry(preview.items, preview.count, "/" NAME_STATE_BACKUP)->entries, 1);
        (void)find_entry(preview.kept, preview.kept_count, "/var/mautic-2-set-aside-files-" SUFFIX);
        (void)find_entry(preview.kept, preview.kept_count, "/local.php.set-aside-1");
        uint64_t sum = 0;
        for (size_t i = 0; i < preview.count; i++)
                sum += preview.items[i].bytes;
        assert_int_equal(preview.bytes, sum);

        assert_stage(fixture, &clean_stage);
        assert_int_equal(clean_preview(&fixture->config, fixture->state, &after, &err), 0);
        assert_int_equal(after.count, 0);
        assert_int_equal(after.bytes, 0);
        assert_int_equal(after.kept_count, 2);
        fixture_free(fixture);
}

static void test_the_preview_of_nothing(void **state)
{
        struct fixture *fixture = fixture_new();
        _cleanup_error_ struct error err = {0};
        _cleanup_clean_preview_ struct clean_preview preview = {0};
        string_replace(&fixture->config.root, string_copy(fixture->root));
        assert_int_equal(clean_preview(&fixture->config, fixture->state, &preview, &err), 0);
        assert_int_equal(preview.count + preview.kept_count, 0);
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_only_the_way_back_needed),
                cmocka_unit_test(test_another_folder_of_that_name),
                cmocka_unit_test(test_a_site_that_is_mautic_2_again),
                cmocka_unit_test(test_a_backup_that_is_still_needed),
                cmocka_unit_test(test_what_cant_be_deleted_is_told),
                cmocka_unit_test(test_killed_at_every_act),
                cmocka_unit_test(test_the_preview_lists_what_is_deleted),
                cmocka_unit_test(test_the_preview_of_nothing),
        };
        return cmocka_run_group_tests_name("clean", tests, NULL, NULL);
}
