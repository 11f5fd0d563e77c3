/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/written_files.h"

#include "states/gate.h"
#include "test/unit/states/package_fixture.h"

#define M3 "root/" NAME_MAUTIC_3_FILES "/"
#define KEPT "root/" NAME_SET_ASIDE "/written-to-mautic-3"

static void put(const struct fixture *fixture, const char *name, const char *text)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        for (char *slash = path + strlen(fixture->folder) + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                (void)mkdir(path, 0755);
                *slash = '/';
        }
        if (path[strlen(path) - 1] != '/')
                write_file(path, text, 0644);
}

static void expect(const struct fixture *fixture, const char *name, const char *text)
{
        _cleanup_free_ char *found = fixture_read(fixture, name);
        if (!string_equal(found, text))
                fail_msg("%s: %s", name, found ?: "(nothing)");
}

/* Mautic 3 as the package has it, after it was in service and the gate is up again. */
static void begin(struct fixture *fixture)
{
        static const char *const files[][2] = {{M3 "index.php", "<?php\n"}, {M3 "bin-console", "#!"},
                {M3 "app/deep/file", "deep"}, {M3 "vendor/autoload.php", "<?php\n"},
                {M3 ".htaccess.m3", "# m3"}, {M3 "media/", ""}, {M3 "var/cache/prod/container.php", "built"},
                {M3 "var/tmp/x", "passing"}, {M3 ".index.php.mautic-upgraded", "a part"}};
        _cleanup_error_ struct error err = {0};
        fixture_init(fixture, &stage_extract_package);
        PUT_PACKAGE(fixture, "state/" NAME_STATE_PACKAGE, PACKAGE_ITEMS("3.0.2", "3.0.0-alpha"),
                {".htaccess", "# m3"});
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                put(fixture, files[i][0], files[i][1]);
        assert_int_equal(gate_forbid_folder(&fixture->context, NAME_MAUTIC_3_FILES, &err), 0);
        assert_int_equal(gate_write_console(&fixture->context, NAME_MAUTIC_3_FILES "/app-console", &err), 0);
}

static void set_aside(struct fixture *fixture, bool with_package)
{
        static const struct archive_limits limits = {
                .entries = 1000, .bytes = 1 << 20, .file_bytes = 1 << 20, .ratio = 1000};
        _cleanup_error_ struct error err = {0};
        struct archive *archive = NULL;
        if (with_package &&
                archive_open(fixture->context.state_fd, NAME_STATE_PACKAGE, &limits, &archive, &err) < 0)
                fail_msg("%s", error_message(&err));
        if (written_files_set_aside(&fixture->context, archive, &err) < 0)
                fail_msg("%s", error_message(&err));
        archive_close(archive);
}

static void test_nothing_was_written(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        set_aside(&fixture, true);
        assert_false(fixture_has(&fixture, "root/" NAME_SET_ASIDE));
        assert_null(said.data);
        expect(&fixture, M3 "app/deep/file", "deep");
}

static void test_what_was_written(void **state)
{
        static const char *const written[][2] = {{"media/images/logo.png", "mine"},
                {"app/deep/new.php", "<?php // new"}, {"app/deep/file", "DEEP"}, {"notes.txt", "a note"},
                {"var/spool/default/a.message", "mail"}};
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
                _cleanup_free_ char *path = string_format(M3 "%s", written[i][0]);
                put(&fixture, path, written[i][1]);
        }
        put(&fixture, M3 "media/empty/", "");
        for (int i = 0; i < 2; i++) { /* it may be called again */
                set_aside(&fixture, true);
                for (size_t j = 0; j < ARRAY_SIZE(written); j++) {
                        _cleanup_free_ char *kept = string_format(KEPT "/%s", written[j][0]);
                        _cleanup_free_ char *path = string_format(M3 "%s", written[j][0]);
                        expect(&fixture, kept, written[j][1]);
                        assert_false(fixture_has(&fixture, path));
                }
        }
        assert_true(
                has_said("warning: app/deep/file was written to Mautic 3's files since the upgrade. It is "
                         "kept in " NAME_SET_ASIDE "/written-to-mautic-3."));
        expect(&fixture, M3 "vendor/autoload.php", "<?php\n");
        expect(&fixture, M3 "bin-console", "#!");
        assert_true(fixture_has(&fixture, M3 "var/cache/prod/container.php"));
        assert_false(fixture_has(&fixture, KEPT "/media/empty"));
        assert_true(fixture_has(&fixture, "root/" NAME_SET_ASIDE "/.htaccess"));
}

static void test_logs_go_to_the_state_folder(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        put(&fixture, M3 "var/logs/mautic_prod.log", "a line\n");
        set_aside(&fixture, true);
        expect(&fixture, "state/" WRITTEN_FILES_LOGS "/mautic_prod.log", "a line\n");
        assert_false(fixture_has(&fixture, "root/" NAME_SET_ASIDE));
        /* What is left of them after a kill must not take the copy's place. */
        _cleanup_free_ char *line = fixture_path(&fixture, M3 "var/logs/mautic_prod.log");
        assert_int_equal(unlink(line), 0);
        put(&fixture, M3 "var/logs/other.log", "later\n");
        set_aside(&fixture, true);
        expect(&fixture, "state/" WRITTEN_FILES_LOGS "/mautic_prod.log", "a line\n");
}

/* An earlier upgrade's are not mixed with them. */
static void test_the_name_is_taken(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        put(&fixture, KEPT "/notes.txt", "an earlier note");
        put(&fixture, M3 "notes.txt", "a note");
        set_aside(&fixture, true);
        expect(&fixture, KEPT "/notes.txt", "an earlier note");
        expect(&fixture, KEPT "-2/notes.txt", "a note");
        put(&fixture, M3 "more.txt", "more");
        set_aside(&fixture, true);
        expect(&fixture, KEPT "-2/more.txt", "more");
}

/* Then nothing can be told apart. */
static void test_the_package_is_gone(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        set_aside(&fixture, false);
        expect(&fixture, KEPT "/vendor/autoload.php", "<?php\n");
        expect(&fixture, KEPT "/app/deep/file", "deep");
        assert_false(fixture_has(&fixture, KEPT "/app-console"));
        assert_false(fixture_has(&fixture, KEPT "/var/cache"));
}

static void test_many(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        for (unsigned i = 0; i < 27; i++) {
                _cleanup_free_ char *path = string_format(M3 "media/%02u.png", i);
                put(&fixture, path, "x");
        }
        set_aside(&fixture, true);
        assert_true(has_said("media/19.png was written"));
        assert_false(has_said("media/20.png was written"));
        assert_true(has_said("warning: 7 more files and folders are kept in"));
        assert_true(fixture_has(&fixture, KEPT "/media/26.png"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_was_written),
                cmocka_unit_test(test_what_was_written),
                cmocka_unit_test(test_logs_go_to_the_state_folder),
                cmocka_unit_test(test_the_name_is_taken),
                cmocka_unit_test(test_the_package_is_gone),
                cmocka_unit_test(test_many),
        };
        return cmocka_run_group_tests_name("written_files", tests, NULL, NULL);
}
