/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

static const struct stage *const moving[] = {&stage_move_files, NULL};
static const struct stage *const restoring[] = {&stage_restore_user_data, NULL};

static struct fixture *restored(void)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &stage_restore_user_data);
        return fixture;
}

static void test_what_users_keep_comes_back(void **state)
{
        static const char *const files[][2] = {
                {"plugins/AcmeBundle/Acme.php", "acme"},
                {"plugins/MauticCrmBundle/Mine.php", "added by me"},
                {"plugins/MauticCrmBundle/Crm.php", "m3 crm"},
                {"themes/mine/theme.html", "my theme"},
                {"themes/blank/theme.html", "m3 blank"},
                {"media/files/upload.pdf", "pdf"},
                {"media/files/.htaccess", "# m3"},
                {"media/own/own.txt", "own"},
                {"media/images/logo.png", "my logo"},
                {"media/images/favicon.ico", "icon"},
                {"translations/fr/Core/messages.ini", "fr"},
                {"google1234.html", "verification"},
                {"odd name\n%é.txt", "odd"},
                {"shared-files/one.txt", "one"},
                {"var/spool/default/waiting.message", "mail"},
                {"robots.txt", "User-agent: *\nDisallow: /\n"},
                {".user.ini", "memory_limit = 1G\n"},
        };
        struct fixture *fixture = restored();
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                assert_text(fixture, files[i][0], files[i][1]);
        fixture_free(fixture);
}

static void test_what_mautic_2_shipped_stays_away(void **state)
{
        static const char *const paths[] = {
                "plugins/MauticSocialBundle/Integration/GooglePlusIntegration.php",
                "plugins/NewInThreeBundle/Old.php", "upgrade_v3.php", "app/cache", "app/version.txt"};
        struct fixture *fixture = restored();
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                _cleanup_free_ char *kept = string_format("mautic-2-backup-files/%s", paths[i]);
                assert_false(there_is(fixture, paths[i]));
                assert_true(there_is(fixture, kept));
        }
        assert_non_null(strstr(logged.data, "warning: plugins/NewInThreeBundle stays"));
        fixture_free(fixture);
}

static void test_scripts_wait_behind_the_gate(void **state)
{
        struct fixture *fixture = restored();
        assert_false(there_is(fixture, "custom_offline.php"));
        assert_text(fixture, "mautic-3-temp-files/custom_offline.php", "<?php // mine\n");
        fixture_free(fixture);
}

static void assert_link(const struct fixture *fixture, const char *path, const char *expected)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        char target[256] = "";
        assert_true(readlink(full, target, sizeof(target) - 1) > 0);
        assert_string_equal(target, expected);
}

static void test_links_stay_links(void **state)
{
        struct fixture *fixture = restored();
        assert_link(fixture, "linked-folder", "/nowhere");
        assert_link(fixture, "media/linked", "../../elsewhere");
        fixture_free(fixture);
}

/* The script moved the files out of the link's target, and deleted them there later. */
static void test_a_link_to_media_outside_of_the_root(void **state)
{
        struct fixture *fixture = two_sites();
        put(fixture, "../outside/upload.pdf", "precious");
        _cleanup_free_ char *media = string_format("%s/media", fixture->root);
        assert_int_equal(nftw(media, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
        put(fixture, "media/images/logo.png", "my logo");
        put_link(fixture, "media/files", "../../outside");
        put(fixture, "mautic-3-temp-files/media/css/app.css", "css");
        put_link(fixture, "media/css", "../../outside");
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &stage_restore_user_data);
        assert_link(fixture, "media/files", "../../outside");
        assert_text(fixture, "media/files/upload.pdf", "precious");
        assert_text(fixture, "mautic-2-backup-files/media/files.mautic-3/.htaccess", "# m3");
        /* a folder that Mautic 3 has files in is not given up for a link */
        assert_text(fixture, "media/css/app.css", "css");
        assert_non_null(strstr(logged.data, "warning: media/css stays"));
        fixture_free(fixture);
}

static void test_a_changed_htaccess_stays_live(void **state)
{
        struct fixture *fixture = restored();
        assert_text(fixture, ".htaccess", "# Mautic 2\n");
        assert_text(fixture, ".htaccess.mautic-2", "# Mautic 2\n");
        assert_text(fixture, ".htaccess.m3", "# Mautic 3\n");
        assert_non_null(strstr(logged.data, "warning: Your .htaccess differs"));
        fixture_free(fixture);
}

static void test_a_changed_htaccess_beside_the_users_own(void **state)
{
        struct fixture *fixture = two_sites();
        put(fixture, ".htaccess.m3", "mine");
        put(fixture, ".htaccess.mautic-2", "mine, too");
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &stage_restore_user_data);
        assert_text(fixture, ".htaccess", "# Mautic 2\n");
        assert_text(fixture, ".htaccess.m3", "mine");
        assert_text(fixture, ".htaccess.m3-2", "# Mautic 3\n");
        assert_text(fixture, ".htaccess.mautic-2", "mine, too");
        assert_text(fixture, ".htaccess.mautic-2-2", "# Mautic 2\n");
        assert_non_null(
                strstr(logged.data, "(a copy is .htaccess.mautic-2-2); Mautic 3's is .htaccess.m3-2:"));
        assert_false(there_is(fixture, NAME_SET_ASIDE));
        fixture_free(fixture);
}

static void test_an_unchanged_htaccess_gives_way(void **state)
{
        struct fixture *fixture = two_sites();
        put(fixture, ".htaccess", "# Mautic 3\n"); /* equal to Mautic 3's */
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &stage_restore_user_data);
        assert_text(fixture, ".htaccess", "# Mautic 3\n");
        assert_text(fixture, "mautic-2-backup-files/.htaccess.mautic-2", "# Mautic 3\n");
        assert_false(there_is(fixture, ".htaccess.m3"));
        assert_false(there_is(fixture, ".htaccess.mautic-2"));
        fixture_free(fixture);
}

static void test_the_manifest_names_each(void **state)
{
        struct fixture *fixture = restored();
        _cleanup_free_ char *text = text_of(fixture, "mautic-2-backup-files/RESTORED.txt");
        assert_non_null(
                strstr(text, "moved   mautic-2-backup-files/plugins/AcmeBundle -> plugins/AcmeBundle\n"));
        assert_non_null(strstr(text, "copied  .htaccess -> .htaccess.mautic-2\n"));
        assert_int_equal(mode_of(fixture, "mautic-2-backup-files/RESTORED.txt"), 0600);
        fixture_free(fixture);
}

static void set_mode(const struct fixture *fixture, const char *path, mode_t mode)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        assert_int_equal(chmod(full, mode), 0);
}

/* Where the web server writes through a group it must be able to afterwards. */
static void test_folders_of_both_keep_their_rights(void **state)
{
        struct fixture *fixture = two_sites();
        put(fixture, "mautic-3-temp-files/media/images/flags/de.png", "m3 flag");
        put(fixture, "media/images/flags/de.png", "flag");
        put(fixture, "elsewhere/one.txt", "one");
        put(fixture, "mautic-3-temp-files/themes/linked/theme.html", "m3");
        put_link(fixture, "themes/linked", "../elsewhere");
        set_mode(fixture, "mautic-3-temp-files/media/images", 0755);
        set_mode(fixture, "media/images", 02775);
        set_mode(fixture, "media/images/flags", 0770);
        set_mode(fixture, "app/cache", 0777);
        set_mode(fixture, "app/spool", 0710);
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &stage_restore_user_data);
        assert_int_equal(mode_of(fixture, "media/images"), 02775);
        assert_int_equal(mode_of(fixture, "media/images/flags"), 0770);
        assert_int_equal(mode_of(fixture, "themes/linked"), 0755);
        assert_int_equal(mode_of(fixture, "var/cache"), 0777);
        assert_int_equal(mode_of(fixture, "var/tmp"), 0777);
        assert_int_equal(mode_of(fixture, "var/spool"), 0710);
        assert_text(fixture, "plugins/AcmeBundle/Acme.php", "acme");
        fixture_free(fixture);
}

static struct fixture *copying_site(void)
{
        struct fixture *fixture = two_sites();
        string_replace(&fixture->config.user_data, string_copy("copy"));
        return fixture;
}

static void test_copies_leave_the_backup_whole(void **state)
{
        struct fixture *fixture = copying_site();
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &stage_restore_user_data);
        static const char *const paths[] = {"plugins/AcmeBundle/Acme.php", "media/own/own.txt", "robots.txt",
                "google1234.html", "linked-folder", "media/linked"};
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                _cleanup_free_ char *kept = string_format("mautic-2-backup-files/%s", paths[i]);
                assert_true(there_is(fixture, paths[i]));
                assert_true(there_is(fixture, kept));
        }
        assert_text(fixture, "robots.txt", "User-agent: *\nDisallow: /\n");
        assert_text(fixture, "mautic-2-backup-files/robots.txt.mautic-3", "User-agent: *\n");
        fixture_free(fixture);
}

static void test_folders_that_paths_local_names(void **state)
{
        struct fixture *fixture = two_sites();
        put(fixture, "app/config/paths_local.php", "<?php $paths['plugins'] = 'custom/plugins';\n");
        put(fixture, "custom/plugins/MauticCrmBundle/Crm.php", "m2 crm");
        put(fixture, "custom/plugins/AcmeBundle/Acme.php", "acme");
        put(fixture, "custom/plugins/MauticSocialBundle/Integration/GooglePlusIntegration.php", "dropped");
        put(fixture, "custom/notes.txt", "notes");
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &stage_restore_user_data);
        assert_text(fixture, "custom/plugins/MauticCrmBundle/Crm.php", "m3 crm");
        assert_text(fixture, "custom/plugins/AcmeBundle/Acme.php", "acme");
        assert_text(fixture, "custom/notes.txt", "notes");
        assert_false(
                there_is(fixture, "custom/plugins/MauticSocialBundle/Integration/GooglePlusIntegration.php"));
        fixture_free(fixture);
}

static void test_many_uploads(void **state)
{
        struct fixture *fixture = two_sites();
        for (unsigned i = 0; i < 1000; i++) {
                _cleanup_free_ char *path = string_format("media/files/%04u.txt", i);
                put(fixture, path, path);
        }
        assert_stage(fixture, &stage_move_files);
        acts = 0;
        assert_stage(fixture, &stage_restore_user_data);
        assert_text(fixture, "media/files/0999.txt", "media/files/0999.txt");
        assert_true(acts < 1000 + 400); /* recorded and synced by the hundred */
        fixture_free(fixture);
}

static void test_a_second_run_does_nothing(void **state)
{
        struct fixture *fixture = restored();
        put(fixture, "media/files/new.txt", "new");
        _cleanup_free_ char *before = dump(fixture);
        assert_stage(fixture, &stage_restore_user_data);
        _cleanup_free_ char *after = dump(fixture);
        assert_string_equal(before, after);
        fixture_free(fixture);
}

static void test_killed_at_every_act(void **state)
{
        assert_survives_kills(two_sites, moving, restoring, 7);
}

static void test_killed_at_every_act_while_copying(void **state)
{
        assert_survives_kills(copying_site, moving, restoring, 23);
}

static void test_no_backup(void **state)
{
        struct fixture *fixture = two_sites();
        assert_stage_fails(fixture, &stage_restore_user_data, REASON_NOT_FOUND);
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_users_keep_comes_back),
                cmocka_unit_test(test_what_mautic_2_shipped_stays_away),
                cmocka_unit_test(test_scripts_wait_behind_the_gate),
                cmocka_unit_test(test_links_stay_links),
                cmocka_unit_test(test_a_link_to_media_outside_of_the_root),
                cmocka_unit_test(test_a_changed_htaccess_stays_live),
                cmocka_unit_test(test_a_changed_htaccess_beside_the_users_own),
                cmocka_unit_test(test_an_unchanged_htaccess_gives_way),
                cmocka_unit_test(test_the_manifest_names_each),
                cmocka_unit_test(test_folders_of_both_keep_their_rights),
                cmocka_unit_test(test_copies_leave_the_backup_whole),
                cmocka_unit_test(test_folders_that_paths_local_names),
                cmocka_unit_test(test_many_uploads),
                cmocka_unit_test(test_a_second_run_does_nothing),
                cmocka_unit_test(test_killed_at_every_act),
                cmocka_unit_test(test_killed_at_every_act_while_copying),
                cmocka_unit_test(test_no_backup),
        };
        return cmocka_run_group_tests_name("restore_user_data", tests, NULL, NULL);
}
