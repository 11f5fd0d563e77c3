/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

#include "states/rename_plan.h"

#include <sched.h>
#include <sys/mount.h>

static const struct stage *const nothing[] = {NULL};
static const struct stage *const moving[] = {&stage_move_files, NULL};

static void test_both_sites_are_in_their_places(void **state)
{
        struct fixture *fixture = two_sites();
        assert_stage(fixture, &stage_move_files);
        assert_text(fixture, "mautic-2-backup-files/index.php", "<?php // Mautic 2\n");
        assert_text(fixture, "mautic-2-backup-files/app/console", "<?php // Mautic 2\n");
        assert_text(fixture, "mautic-2-backup-files/odd name\n%é.txt", "odd");
        assert_text(fixture, "app/release_metadata.json", METADATA);
        assert_text(fixture, "app/config/paths_local.php", "<?php $paths['themes'] = 'themes';\n");
        assert_text(fixture, "mautic-2-backup-files/app/config/paths_local.php",
                "<?php $paths['themes'] = 'themes';\n");
        assert_true(there_is(fixture, "app/config/local.php"));
        assert_text(fixture, "vendor/autoload.php", "<?php // m3 vendor\n");
        assert_true(there_is(fixture, "mautic-2-backup-files/linked-folder"));
        assert_int_equal(mode_of(fixture, "mautic-2-backup-files"), 0700);
        fixture_free(fixture);
}

static void test_the_web_servers_own_files_stay(void **state)
{
        struct fixture *fixture = two_sites();
        assert_stage(fixture, &stage_move_files);
        assert_text(fixture, ".user.ini", "memory_limit = 1G\n");
        assert_text(fixture, ".well-known/token", "acme");
        assert_text(fixture, ".htaccess", "# Mautic 2\n");
        assert_text(fixture, ".htaccess.m3", "# Mautic 3\n");
        assert_text(fixture, NAME_LOG, "[2026-11-22 16:23:15] begun\n");
        fixture_free(fixture);
}

/* Also the one that has the name which Mautic 3's own is to get. */
static void test_the_users_own_names_stay(void **state)
{
        struct fixture *fixture = two_sites();
        put(fixture, ".htaccess.m3", "mine");
        put(fixture, ".htaccess.m3-2", "mine, too");
        assert_stage(fixture, &stage_move_files);
        assert_text(fixture, ".htaccess", "# Mautic 2\n");
        assert_text(fixture, ".htaccess.m3", "mine");
        assert_text(fixture, ".htaccess.m3-2", "mine, too");
        assert_text(fixture, ".htaccess.m3-3", "# Mautic 3\n");
        assert_false(there_is(fixture, NAME_SET_ASIDE));
        fixture_free(fixture);
}

static void test_no_script_of_either_is_live(void **state)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        assert_stage(fixture, &stage_move_files);
        _cleanup_free_ char *index = text_of(fixture, "index.php"),
                            *console = text_of(fixture, "app/console");
        assert_non_null(strstr(index, "http_response_code(503)"));
        assert_non_null(strstr(console, "exit(75)"));
        assert_text(fixture, "index-00112233445566778899aabbccddeeff.php", "<?php // Mautic 3\n");
        assert_text(fixture, "mautic-3-temp-files/index_dev.php", "<?php // Mautic 3 dev\n");
        assert_false(there_is(fixture, "index_dev.php"));
        assert_false(there_is(fixture, "custom_offline.php"));
        assert_false(there_is(fixture, "upgrade_v3.php"));
        fixture_free(fixture);
}

/* The script's worst: run again after a later failure, it moved Mautic 3 into Mautic 2's backup. */
static void test_a_second_run_does_nothing(void **state)
{
        struct fixture *fixture = two_sites();
        assert_stage(fixture, &stage_move_files);
        put(fixture, "index_dev.php", "another");
        put(fixture, "media/new.txt", "new");
        _cleanup_free_ char *before = dump(fixture);
        assert_stage(fixture, &stage_move_files);
        _cleanup_free_ char *after = dump(fixture);
        assert_string_equal(before, after);
        fixture_free(fixture);
}

static void test_folders_that_paths_php_names(void **state)
{
        struct fixture *fixture = two_sites();
        put(fixture, "app/config/paths.php",
                "<?php\n$paths = ['themes' => 'themes', 'assets' => 'public/media', 'plugins' => 'plugins', "
                "'local_config' => '%kernel.root_dir%/../settings/local.php'];\n");
        put(fixture, "settings/local.php", "<?php $parameters = [];");
        put(fixture, "public/media/files/upload.pdf", "pdf");
        assert_stage(fixture, &stage_move_files);
        assert_text(fixture, "public/media/files/.htaccess", "# m3");
        assert_text(fixture, "mautic-2-backup-files/public/media/files/upload.pdf", "pdf");
        assert_text(fixture, "settings/local.php", "<?php $parameters = [];");
        fixture_free(fixture);
}

static int refusal;
static int probe(struct stage_context *context, struct error *err)
{
        rename_number = refusal;
        int result = rename_probe(context->site->root_fd, err);
        rename_number = 0;
        return result;
}

static void test_why_names_cannot_be_exchanged(void **state)
{
        static const struct {
                int number;
                enum reason reason;
                const char *text;
        } cases[] = {
                {EINVAL, REASON_UNKNOWN, "a local file system"},
                {EACCES, REASON_PERMISSION_DENIED, "can't exchange two names in the site's root: Permission"},
                {EROFS, REASON_READ_ONLY, "can't exchange two names in the site's root: Read-only"},
        };
        struct fixture *fixture = two_sites();
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                refusal = cases[i].number;
                assert_int_equal(call_stage(fixture, &stage_move_files, probe, &err), -1);
                if (err.reason != cases[i].reason || !strstr(error_message(&err), cases[i].text))
                        fail_msg("%s: %s", reason_name(err.reason), error_message(&err));
                assert_false(there_is(fixture, ".mautic-upgraded-probe-1"));
        }
        fixture_free(fixture);
}

static void test_killed_at_every_act(void **state)
{
        assert_survives_kills(two_sites, nothing, moving, 9);
}

/* A PHP that is still at work makes its folders again, once, as soon as the root's is moved away. */
static const char *site_of_newcomers;
static void make_newcomers(const char *from, const char *to)
{
        static const char *const paths[] = {"app/logs", "app/cache", "media", "app/logs/prod.log"};
        if (strcmp(from, "plugins") != 0)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                _cleanup_free_ char *path = string_format("%s/%s", site_of_newcomers, paths[i]);
                (void)syscall(SYS_mkdirat, AT_FDCWD, path, 0755);
        }
}

static void test_newcomers_are_set_aside(void **state)
{
        struct fixture *fixture = two_sites();
        site_of_newcomers = fixture->root;
        before_rename = make_newcomers;
        assert_stage(fixture, &stage_move_files);
        assert_true(there_is(fixture, NAME_SET_ASIDE "/0001-media"));
        assert_text(fixture, "mautic-2-backup-files/media/own/own.txt", "own");
        assert_true(there_is(fixture, NAME_SET_ASIDE "/0002-app/logs/prod.log"));
        assert_text(fixture, "media/images/favicon.ico", "icon");
        assert_false(there_is(fixture, "app/logs"));
        assert_non_null(strstr(logged.data, "warning: mautic-3-temp-files/app"));
        fixture_free(fixture);
}

static void make_media_again(const char *from, const char *to)
{
        if (strcmp(from, "themes") != 0)
                return;
        _cleanup_free_ char *path = string_format("%s/media", site_of_newcomers);
        (void)syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
}

static void test_a_folder_made_again_is_set_aside(void **state)
{
        struct fixture *fixture = two_sites();
        site_of_newcomers = fixture->root;
        before_rename = make_media_again;
        assert_stage(fixture, &stage_move_files);
        assert_int_equal(mode_of(fixture, NAME_SET_ASIDE "/0001-media"), 0700);
        assert_int_equal(mode_of(fixture, "media"), 0755);
        assert_text(fixture, "mautic-2-backup-files/media/own/own.txt", "own");
        assert_text(fixture, "media/images/favicon.ico", "icon");
        fixture_free(fixture);
}

static void make_media_before_each(const char *from, const char *to)
{
        struct stat there;
        _cleanup_free_ char *mautic_2 = string_format("%s/mautic-2-backup-files/media", site_of_newcomers);
        _cleanup_free_ char *path = string_format("%s/media", site_of_newcomers);
        if (lstat(mautic_2, &there) == 0)
                (void)syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
}

/* A writer that is quicker than anything can be recorded. */
static void test_a_folder_made_again_at_once(void **state)
{
        struct fixture *fixture = two_sites();
        site_of_newcomers = fixture->root;
        before_rename = make_media_before_each;
        assert_stage(fixture, &stage_move_files);
        assert_int_equal(mode_of(fixture, NAME_SET_ASIDE "/0001-media"), 0700);
        assert_int_equal(mode_of(fixture, NAME_SET_ASIDE "/0002-media"), 0700);
        assert_false(there_is(fixture, NAME_SET_ASIDE "/0003-media"));
        assert_false(there_is(fixture, "mautic-3-temp-files/media"));
        assert_text(fixture, "mautic-2-backup-files/media/own/own.txt", "own");
        assert_text(fixture, "media/images/favicon.ico", "icon");
        fixture_free(fixture);
}

static struct fixture *busy_site(void)
{
        struct fixture *fixture = two_sites();
        site_of_newcomers = fixture->root;
        before_rename = make_media_again;
        return fixture;
}

static void test_killed_at_every_act_with_newcomers(void **state)
{
        struct fixture *undisturbed = busy_site();
        fix_names(undisturbed);
        assert_int_equal(run_in_child(undisturbed, moving, 0), 0);
        unsigned nth;
        for (nth = 1;; nth++) {
                struct fixture *fixture = busy_site();
                int first = run_in_child(fixture, moving, nth);
                assert_int_equal(run_in_child(fixture, moving, 0), 0);
                /* How often it is made depends on where the kill fell, but Mautic's own are never mixed with
                 * it. */
                assert_text(fixture, "mautic-2-backup-files/media/own/own.txt", "own");
                assert_text(fixture, "media/images/favicon.ico", "icon");
                assert_false(there_is(fixture, "media/own"));
                assert_false(there_is(fixture, "mautic-2-backup-files/media/images/favicon.ico"));
                fixture_free(fixture);
                if (first == 0)
                        break;
        }
        assert_true(nth > 20);
        fixture_free(undisturbed);
}

static unsigned renames_until_failure;
static void stop_at_rename(const char *from, const char *to)
{
        if (renames_until_failure > 0 && --renames_until_failure == 0)
                _exit(EXIT_KILLED);
}

/* Kills in the middle, changes what lies there, and goes on. */
static struct fixture *half_moved(unsigned renames)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        before_rename = stop_at_rename;
        renames_until_failure = renames;
        assert_int_equal(run_in_child(fixture, moving, 0), EXIT_KILLED);
        before_rename = NULL;
        return fixture;
}

static bool is_half_moved(const struct fixture *fixture)
{
        return there_is(fixture, "mautic-2-backup-files/app/version.txt") && there_is(fixture, "vendor") &&
               there_is(fixture, "themes");
}

/* The first number of renames after which Mautic 2's app has gone and themes and vendor have not. */
static struct fixture *half_moved_site(void)
{
        for (unsigned renames = 1; renames < 200; renames++) {
                struct fixture *fixture = half_moved(renames);
                if (is_half_moved(fixture))
                        return fixture;
                fixture_free(fixture);
        }
        fail_msg("no such moment");
        return NULL;
}

static void test_what_is_gone_stops_it(void **state)
{
        struct fixture *fixture = half_moved_site();
        _cleanup_free_ char *vendor = string_format("%s/vendor", fixture->root);
        _cleanup_free_ char *away = string_format("%s/away", fixture->folder);
        assert_int_equal(rename(vendor, away), 0);
        assert_stage_fails(fixture, &stage_move_files, REASON_EVIDENCE_CONTRADICTS);
        /* put back, it goes on */
        assert_int_equal(rename(away, vendor), 0);
        assert_stage(fixture, &stage_move_files);
        assert_text(fixture, "mautic-2-backup-files/vendor/autoload.php", "<?php // m2 vendor\n");
        fixture_free(fixture);
}

static void test_what_was_edited_goes_on(void **state)
{
        struct fixture *fixture = half_moved_site();
        _cleanup_free_ char *robots = string_format("%s/robots.txt", fixture->root);
        assert_int_equal(unlink(robots), 0);
        put(fixture, "something", "else takes the inode");
        put(fixture, "robots.txt", "edited");
        assert_stage(fixture, &stage_move_files);
        assert_text(fixture, "mautic-2-backup-files/robots.txt", "edited");
        fixture_free(fixture);
}

static void remove_at(const struct fixture *fixture, const char *path)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        assert_int_equal(nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void assert_refused(struct fixture *fixture, enum reason reason)
{
        _cleanup_free_ char *before = dump(fixture);
        assert_stage_fails(fixture, &stage_move_files, reason);
        _cleanup_free_ char *after = dump(fixture);
        assert_string_equal(before, after);
        fixture_free(fixture);
}

static void test_a_site_that_lacks_something_is_left_alone(void **state)
{
        static const char *const needed[] = {"index.php", NAME_MAUTIC_3_FILES "/index.php",
                NAME_MAUTIC_3_FILES "/app", NAME_MAUTIC_3_FILES};
        for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
                struct fixture *fixture = two_sites();
                remove_at(fixture, needed[i]);
                assert_refused(fixture, REASON_NOT_FOUND);
        }
}

static void test_a_link_in_place_of_app_is_left_alone(void **state)
{
        struct fixture *fixture = two_sites();
        _cleanup_free_ char *app = string_format("%s/app", fixture->root);
        _cleanup_free_ char *real = string_format("%s/real-app", fixture->root);
        assert_int_equal(rename(app, real), 0);
        put_link(fixture, "app", "real-app");
        assert_refused(fixture, REASON_UNSAFE_PATH);
}

static void test_an_older_backup_is_left_alone(void **state)
{
        struct fixture *fixture = two_sites();
        put(fixture, "mautic-2-backup-files/precious", "of an earlier try");
        assert_refused(fixture, REASON_ALREADY_EXISTS);
}

/* In a child with mounts of its own, where that is allowed. */
static void test_a_mount_point_is_left_alone(void **state)
{
        struct fixture *fixture = two_sites();
        (void)fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
                _cleanup_free_ char *folder = string_format("%s/media/odd name", fixture->root);
                put(fixture, "media/odd name/", "");
                if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                        mount("tmpfs", folder, "tmpfs", 0, NULL) < 0)
                        _exit(77);
                _cleanup_error_ struct error err = {0};
                int result = run_stage(fixture, &stage_move_files, &err);
                bool right = result < 0 && err.reason == REASON_UNSAFE_PATH &&
                             strstr(err.message, "media/odd name") && !there_is(fixture, NAME_MAUTIC_2_FILES);
                _exit(right ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        fixture_free(fixture);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                skip();
        assert_int_equal(status, 0);
}

/* Cron's console is closed before app goes, and stands in it again afterwards, app as old as it was. */
static void test_console_is_closed_first(void **state)
{
        struct fixture *fixture = two_sites();
        _cleanup_free_ char *app = string_format("%s/app", fixture->root);
        _cleanup_free_ char *moved = string_format("%s/" NAME_MAUTIC_2_FILES "/app", fixture->root);
        const struct timespec old[] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000, .tv_nsec = 123456789}};
        assert_int_equal(utimensat(AT_FDCWD, app, old, 0), 0);
        assert_stage(fixture, &stage_move_files);
        struct stat info;
        assert_int_equal(stat(moved, &info), 0);
        assert_int_equal(info.st_mtim.tv_sec, 1000000000);
        assert_int_equal(info.st_mtim.tv_nsec, 123456789);
        assert_text(fixture, NAME_MAUTIC_2_FILES "/app/console", "<?php // Mautic 2\n");
        assert_false(there_is(fixture, NAME_MAUTIC_2_FILES "/mautic-2-console"));
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_console_is_closed_first),
                cmocka_unit_test(test_both_sites_are_in_their_places),
                cmocka_unit_test(test_the_web_servers_own_files_stay),
                cmocka_unit_test(test_the_users_own_names_stay),
                cmocka_unit_test(test_no_script_of_either_is_live),
                cmocka_unit_test(test_a_second_run_does_nothing),
                cmocka_unit_test(test_folders_that_paths_php_names),
                cmocka_unit_test(test_why_names_cannot_be_exchanged),
                cmocka_unit_test(test_killed_at_every_act),
                cmocka_unit_test(test_newcomers_are_set_aside),
                cmocka_unit_test(test_a_folder_made_again_is_set_aside),
                cmocka_unit_test(test_a_folder_made_again_at_once),
                cmocka_unit_test(test_killed_at_every_act_with_newcomers),
                cmocka_unit_test(test_what_is_gone_stops_it),
                cmocka_unit_test(test_what_was_edited_goes_on),
                cmocka_unit_test(test_a_site_that_lacks_something_is_left_alone),
                cmocka_unit_test(test_a_link_in_place_of_app_is_left_alone),
                cmocka_unit_test(test_an_older_backup_is_left_alone),
                cmocka_unit_test(test_a_mount_point_is_left_alone),
        };
        return cmocka_run_group_tests_name("move_files", tests, NULL, NULL);
}
