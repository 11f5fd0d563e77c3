/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

#include "states/machine.h"

#define SUFFIX "00112233445566778899aabbccddeeff" /* fix_names() */
#define AWAY "var/mautic-2-backup-files-" SUFFIX

static const struct stage *const all[] = {
        &stage_move_files, &stage_restore_user_data, &lift, &stage_cleanup_files, NULL};

static void save_state(const struct fixture *fixture, const char *name, enum stage_state state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        const struct stage_record record = {
                .name = (char *)name, .state = (char *)stage_state_name(state), .attempts = 1};
        assert_int_equal(checkpoint_open(fixture->state, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_save_stage(checkpoint, &record, &err), 0);
}

/* As the runner does: the stage's state before and after it. */
static int run_recorded(const struct fixture *fixture, const struct stage *stage, struct error *err)
{
        save_state(fixture, stage->name, STAGE_RUNNING);
        int result = run_stage(fixture, stage, err);
        if (result >= 0)
                save_state(fixture, stage->name, STAGE_SUCCEEDED);
        return result;
}

static int prove(const struct fixture *fixture, const struct stage *stage, struct error *err)
{
        struct stage proof = *stage;
        proof.run = stage->prove;
        return run_stage(fixture, &proof, err);
}

static void assert_proven(const struct fixture *fixture, const struct stage *stage)
{
        _cleanup_error_ struct error err = {0};
        if (prove(fixture, stage, &err) != 0)
                fail_msg("%s: %s", stage->name, error_message(&err));
}

static void assert_contradicted(const struct fixture *fixture, const struct stage *stage, const char *says)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(prove(fixture, stage, &err), -1);
        if (err.reason != REASON_EVIDENCE_CONTRADICTS || !strstr(error_message(&err), says))
                fail_msg("%s: %s: %s", stage->name, reason_name(err.reason), error_message(&err));
}

static struct fixture *site_after(size_t count)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        for (size_t i = 0; i < count; i++) {
                _cleanup_error_ struct error err = {0};
                if (run_recorded(fixture, all[i], &err) < 0)
                        fail_msg("%s: %s", all[i]->name, error_message(&err));
        }
        for (size_t i = 0; i < count; i++)
                assert_proven(fixture, all[i]);
        return fixture;
}

static void rename_in(const struct fixture *fixture, const char *from, const char *to)
{
        _cleanup_free_ char *left = string_format("%s/%s", fixture->root, from);
        _cleanup_free_ char *right = string_format("%s/%s", fixture->root, to);
        if (rename(left, right) < 0)
                fail_msg("%s: %s", from, strerror(errno));
}

/* One thing taken away: the proof says so; put back, it is proven. */
static void assert_noticed(const struct fixture *fixture, const struct stage *stage, const char *path)
{
        rename_in(fixture, path, "taken-away");
        assert_contradicted(fixture, stage, "");
        rename_in(fixture, "taken-away", path);
        assert_proven(fixture, stage);
}

static void assert_unnoticed(const struct fixture *fixture, const struct stage *stage, const char *path)
{
        rename_in(fixture, path, "taken-away");
        assert_proven(fixture, stage);
        rename_in(fixture, "taken-away", path);
}

static void test_moved_things(void **state)
{
        static const char *const paths[] = {NAME_MAUTIC_2_FILES "/app", NAME_MAUTIC_2_FILES "/index.php",
                NAME_MAUTIC_2_FILES "/vendor", NAME_MAUTIC_2_FILES "/plugins",
                NAME_MAUTIC_2_FILES "/odd name\n%é.txt", NAME_MAUTIC_2_FILES "/linked-folder", "app",
                "vendor", "bin", "index-" SUFFIX ".php", "app/config/local.php"};
        struct fixture *fixture = site_after(1);
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                assert_noticed(fixture, &stage_move_files, paths[i]);
        /* Another of that name is not it; but a file of Mautic 3's may be edited by those who look after it.
         */
        rename_in(fixture, NAME_MAUTIC_2_FILES "/vendor", "taken-away");
        put(fixture, NAME_MAUTIC_2_FILES "/vendor/autoload.php", "<?php // m2 vendor\n");
        assert_contradicted(fixture, &stage_move_files, NAME_MAUTIC_2_FILES "/vendor is not there");
        fixture_free(fixture);

        fixture = site_after(1);
        rename_in(fixture, "robots.txt", "old");
        put(fixture, "robots.txt", "User-agent: me\n");
        assert_proven(fixture, &stage_move_files);
        fixture_free(fixture);
}

static void test_restored_things(void **state)
{
        static const char *const paths[] = {
                "media/own", "plugins/AcmeBundle", "themes/mine", "google1234.html", "robots.txt"};
        struct fixture *fixture = site_after(2);
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                assert_noticed(fixture, &stage_restore_user_data, paths[i]);
        assert_noticed(fixture, &stage_move_files, NAME_MAUTIC_2_FILES "/app");
        /* Of what was moved on, too. */
        assert_noticed(fixture, &stage_move_files, "google1234.html");
        /* A plugin that Mautic 3 can't load is to be taken away: explain ERR_BUILD_M3_CACHE says so. */
        save_state(fixture, "build_cache", STAGE_FAILED);
        assert_unnoticed(fixture, &stage_restore_user_data, "plugins/AcmeBundle");
        assert_unnoticed(fixture, &stage_restore_user_data, "themes/mine");
        assert_noticed(fixture, &stage_restore_user_data, "media/own");
        fixture_free(fixture);
}

static void test_restored_copies(void **state)
{
        struct fixture *fixture = two_sites();
        _cleanup_error_ struct error err = {0};
        fix_names(fixture);
        string_replace(&fixture->config.user_data, string_copy("copy"));
        assert_true(run_recorded(fixture, &stage_move_files, &err) >= 0);
        assert_true(run_recorded(fixture, &stage_restore_user_data, &err) >= 0);
        assert_noticed(fixture, &stage_restore_user_data, "media/own");
        assert_noticed(fixture, &stage_move_files, NAME_MAUTIC_2_FILES "/media");
        fixture_free(fixture);
}

/* Mautic 3 is its users': what they do to their data and its files is no contradiction. */
static void test_a_live_mautic_3(void **state)
{
        static const char *const theirs[] = {"media/own", "plugins/AcmeBundle", "themes/mine",
                "google1234.html", "robots.txt", "vendor", "app/config/local.php", "index.php"};
        struct fixture *fixture = site_after(3);
        for (size_t i = 0; i < ARRAY_SIZE(theirs); i++) {
                assert_unnoticed(fixture, &stage_move_files, theirs[i]);
                assert_unnoticed(fixture, &stage_restore_user_data, theirs[i]);
        }
        put(fixture, "media/files/new.pdf", "uploaded");
        put(fixture, "app/config/local.php", "<?php $parameters = ['changed' => 1];\n");
        for (size_t i = 0; i < 3; i++)
                assert_proven(fixture, all[i]);
        assert_noticed(fixture, &stage_move_files, NAME_MAUTIC_2_FILES "/app");
        /* Somebody has put the gate's page back from a backup of his own. */
        put(fixture, "index.php", "<?php /* mautic-upgraded: gate */\n");
        assert_contradicted(fixture, &lift, "503");
        fixture_free(fixture);
}

static void test_files_that_were_put_away(void **state)
{
        struct fixture *fixture = site_after(4);
        assert_noticed(fixture, &stage_move_files, AWAY "/app");
        assert_unnoticed(fixture, &stage_cleanup_files, "var/upgrade_log_" SUFFIX ".txt");
        rename_in(fixture, AWAY, "taken-away");
        assert_contradicted(fixture, &stage_cleanup_files, AWAY " any more");
        assert_contradicted(fixture, &stage_move_files, "is not there any more");
        put(fixture, AWAY "/app/version.txt", "2.16.5\n");
        assert_contradicted(fixture, &stage_cleanup_files, "something else stands there");
        fixture_free(fixture);
}

static int run_all(void *fixture)
{
        _cleanup_error_ struct error err = {0};
        for (size_t i = 0; all[i]; i++)
                if (run_recorded(fixture, all[i], &err) < 0)
                        return EXIT_STAGE_FAILED;
        return 0;
}

static void prove_what_succeeded(const struct fixture *fixture, unsigned nth)
{
        for (size_t i = 0; all[i]; i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
                _cleanup_stage_record_ struct stage_record record = {0};
                assert_int_equal(checkpoint_open(fixture->state, &checkpoint, &err), 0);
                if (checkpoint_load_stage(checkpoint, all[i]->name, &record, &err) != 0 ||
                        !string_equal(record.state, "succeeded"))
                        continue;
                checkpoint_close(steal(&checkpoint));
                if (prove(fixture, all[i], &err) != 0)
                        fail_msg("killed at act %u: %s: %s", nth, all[i]->name, error_message(&err));
        }
}

/* No kill makes a false alarm. */
static void test_killed_at_every_act(void **state)
{
        unsigned nth = 1;
        for (bool died = true; died; nth++) {
                struct fixture *fixture = two_sites();
                fix_names(fixture);
                int status = 0;
                died = dies_at(nth, run_all, fixture, &status);
                assert_true(died || status == 0);
                prove_what_succeeded(fixture, nth);
                fixture_free(fixture);
        }
        assert_true(nth > 50);
}

/* Files in the state folder */

static void put_in_state(const struct fixture *fixture, const char *name, const char *text)
{
        _cleanup_free_ char *path = string_format("../state/%s", name);
        put(fixture, path, text);
}

static void save_artifact(const struct fixture *fixture, const char *artifact, const char *name)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_close_ int fd = open(fixture->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char hash[65];
        struct artifact_record record = {.name = (char *)artifact, .path = (char *)name, .sha256 = hash};
        assert_int_equal(file_sha256(fd, name, NULL, hash, &record.size, &err), 0);
        assert_int_equal(checkpoint_open(fixture->state, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_save_artifact(checkpoint, &record, &err), 0);
}

static void assert_artifact_is_proven(
        const struct fixture *fixture, const struct stage *stage, const char *artifact, const char *name)
{
        _cleanup_free_ char *path = string_format("%s/%s", fixture->state, name);
        put_in_state(fixture, name, "0123456789");
        save_artifact(fixture, artifact, name);
        assert_proven(fixture, stage);
        put_in_state(fixture, name, "012345678");
        assert_contradicted(fixture, stage, "has 9 bytes; expected: 10 bytes");
        put_in_state(fixture, name, "0123456780");
        assert_contradicted(fixture, stage, "was changed: its SHA-256 is ");
        assert_int_equal(unlink(path), 0);
        assert_contradicted(fixture, stage, "is gone; expected: 10 bytes");
        assert_int_equal(mkdir(path, 0755), 0);
        assert_contradicted(fixture, stage, "is no file any more");
        assert_int_equal(rmdir(path), 0);
        put_in_state(fixture, name, "0123456789");
        assert_proven(fixture, stage);
}

static void test_the_backup_and_its_inventory(void **state)
{
        struct fixture *fixture = two_sites();
        assert_contradicted(fixture, &stage_backup_database, "is not recorded");
        assert_artifact_is_proven(fixture, &stage_backup_database, ARTIFACT_BACKUP, NAME_STATE_BACKUP);
        assert_artifact_is_proven(fixture, &stage_backup_database, ARTIFACT_INVENTORY, NAME_STATE_INVENTORY);
        fixture_free(fixture);
}

static void test_the_package_until_it_is_extracted(void **state)
{
        struct fixture *fixture = two_sites();
        assert_artifact_is_proven(fixture, &stage_download_package, ARTIFACT_PACKAGE, NAME_STATE_PACKAGE);
        put_in_state(fixture, NAME_STATE_PACKAGE, "changed");
        save_state(fixture, "extract_package", STAGE_FAILED);
        assert_contradicted(fixture, &stage_download_package, "has 7 bytes");
        save_state(fixture, "extract_package", STAGE_SUCCEEDED);
        assert_proven(fixture, &stage_download_package);
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_moved_things),
                cmocka_unit_test(test_restored_things),
                cmocka_unit_test(test_restored_copies),
                cmocka_unit_test(test_a_live_mautic_3),
                cmocka_unit_test(test_files_that_were_put_away),
                cmocka_unit_test(test_killed_at_every_act),
                cmocka_unit_test(test_the_backup_and_its_inventory),
                cmocka_unit_test(test_the_package_until_it_is_extracted),
        };
        return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
