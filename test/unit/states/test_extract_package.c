/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/gate.h"
#include "test/unit/states/package_fixture.h"

#include <sys/statfs.h>
#include <sys/statvfs.h>

#define STAGE &stage_extract_package
#define OUT "root/" NAME_MAUTIC_3_FILES

static uint64_t free_bytes, free_inodes; /* what the file system says it has; 0: the truth */

int fstatvfs(int fd, struct statvfs *ret)
{
        struct statfs status;
        if (fstatfs(fd, &status) < 0)
                return -1;
        *ret = (struct statvfs){
                .f_bsize = (unsigned long)status.f_bsize,
                .f_frsize = (unsigned long)status.f_frsize,
                .f_blocks = status.f_blocks,
                .f_bfree = status.f_bfree,
                .f_bavail = free_bytes > 0 ? free_bytes / (uint64_t)status.f_frsize : status.f_bavail,
                .f_files = status.f_files,
                .f_ffree = free_inodes > 0 ? free_inodes : status.f_ffree,
                .f_favail = free_inodes > 0 ? free_inodes : status.f_ffree,
        };
        return 0;
}

/* A fixture whose package was downloaded. */
static void begin(struct fixture *fixture)
{
        free_bytes = free_inodes = 0;
        fixture_init(fixture, &stage_download_package);
        put_good_package(fixture, "given.zip");
        set_path(fixture, "package.file", "given.zip");
        stage_succeeds(fixture, &stage_download_package);
}

static mode_t mode_of(struct fixture *fixture, const char *name)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        struct stat status;
        assert_int_equal(lstat(path, &status), 0);
        return status.st_mode & 07777;
}

static void assert_extracted(struct fixture *fixture)
{
        static const struct {
                const char *name, *text;
                mode_t mode;
        } files[] = {
                {OUT "/index.php", "<?php\n", 0644},
                {OUT "/bin/console", "#!", 0755},
                {OUT "/app/deep/file", "deep", 0644},
                {OUT "/app/release_metadata.json", METADATA_OF("3.0.2", "3.0.0-alpha"), 0644},
        };
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                _cleanup_free_ char *text = fixture_read(fixture, files[i].name);
                assert_string_equal(text, files[i].text);
                assert_int_equal(mode_of(fixture, files[i].name), files[i].mode);
        }
        _cleanup_string_list_ struct string_list names = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(folder_list(fixture->context.site->root_fd, NAME_MAUTIC_3_FILES, &names, &err), 0);
        size_t guards = 0;
        for (size_t i = 0; i < names.count; i++)
                guards += gate_is_guard(names.items[i]);
        assert_int_equal(guards, 4);
        assert_int_equal(names.count - guards, 5); /* app bin index.php media vendor: nothing else of ours */
        assert_int_equal(mode_of(fixture, OUT), 0700);
        assert_int_equal(mode_of(fixture, OUT "/media"), 0755);
}

static void test_extracts(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_step_list_ struct step_list steps = {0};
        _cleanup_error_ struct error err = {0};
        begin(&fixture);
        stage_succeeds(&fixture, STAGE);
        assert_extracted(&fixture);
        assert_true(has_said("Extracted 10 files and folders"));
        assert_true(progress_done > 0 && progress_done == progress_total);
        assert_int_equal(
                checkpoint_load_steps(fixture.context.checkpoint, "extract_package", &steps, &err), 0);
        assert_int_equal(steps.count, 2);
        assert_true(steps.items[0].done && steps.items[1].done);
        assert_non_null(strstr(steps.items[1].evidence, "10 entries, "));
        stage_succeeds(&fixture, STAGE);
        assert_true(has_said("5 files of an earlier try were kept"));
}

static void test_foreign_folder_is_refused(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        _cleanup_free_ char *folder = fixture_path(&fixture, OUT);
        assert_int_equal(mkdir(folder, 0755), 0);
        put_bytes(&fixture, OUT "/precious", "precious", 8);
        stage_fails(&fixture, STAGE, REASON_ALREADY_EXISTS, "was not made by this upgrade");
        _cleanup_free_ char *precious = fixture_read(&fixture, OUT "/precious");
        assert_string_equal(precious, "precious");
        assert_false(fixture_has(&fixture, OUT "/index.php"));
        assert_int_equal(mode_of(&fixture, OUT), 0755);
        test_remove_tree(folder);
        stage_succeeds(&fixture, STAGE);
        assert_extracted(&fixture);
}

static void test_foreign_file_or_link_is_refused(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        _cleanup_free_ char *name = fixture_path(&fixture, OUT), *target = fixture_path(&fixture, "target");
        put_bytes(&fixture, OUT, "file", 4);
        stage_fails(&fixture, STAGE, REASON_ALREADY_EXISTS, NAME_MAUTIC_3_FILES);
        assert_int_equal(unlink(name), 0);
        assert_int_equal(mkdir(target, 0700), 0);
        assert_int_equal(symlink("../target", name), 0);
        stage_fails(&fixture, STAGE, REASON_ALREADY_EXISTS, NAME_MAUTIC_3_FILES);
        assert_false(fixture_has(&fixture, "target/index.php"));
        assert_int_equal(unlink(name), 0);
        assert_int_equal(symlink("nowhere", name), 0);
        stage_fails(&fixture, STAGE, REASON_ALREADY_EXISTS, NAME_MAUTIC_3_FILES);
}

/* Somebody has exchanged the folder between two tries. */
static void test_exchanged_folder_is_refused(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        stage_succeeds(&fixture, STAGE);
        _cleanup_free_ char *name = fixture_path(&fixture, OUT), *away = fixture_path(&fixture, "away");
        assert_int_equal(rename(name, away), 0);
        assert_int_equal(mkdir(name, 0700), 0);
        put_bytes(&fixture, OUT "/precious", "precious", 8);
        stage_fails(&fixture, STAGE, REASON_ALREADY_EXISTS, NAME_MAUTIC_3_FILES);
        assert_true(fixture_has(&fixture, OUT "/precious"));
        test_remove_tree(name);
        stage_succeeds(&fixture, STAGE); /* made anew */
        assert_extracted(&fixture);
        stage_succeeds(&fixture, STAGE);
}

static void test_package_gone_or_changed(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        _cleanup_free_ char *name = fixture_path(&fixture, "state/package.zip");
        PUT_PACKAGE(&fixture, "state/package.zip", PACKAGE_ITEMS("3.0.1", "3.0.0-alpha"));
        stage_fails(&fixture, STAGE, REASON_EVIDENCE_CONTRADICTS, "was changed since it was checked");
        assert_int_equal(unlink(name), 0);
        stage_fails(&fixture, STAGE, REASON_EVIDENCE_CONTRADICTS, "is gone: put it back");
        assert_false(fixture_has(&fixture, OUT));
        put_good_package(&fixture, "state/package.zip");
        stage_succeeds(&fixture, STAGE);
}

static void test_package_never_recorded(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "state/package.zip");
        stage_fails(&fixture, STAGE, REASON_EVIDENCE_CONTRADICTS, "no package was recorded");
}

static void test_no_room(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        free_bytes = 10000;
        stage_fails(&fixture, STAGE, REASON_DISK_FULL, "more bytes below");
        free_bytes = 0;
        free_inodes = 3;
        stage_fails(&fixture, STAGE, REASON_DISK_FULL, "more inodes below");
        assert_false(fixture_has(&fixture, OUT "/index.php"));
        free_inodes = 0;
        stage_succeeds(&fixture, STAGE);
        /* What is there already is not asked for again. */
        free_bytes = 10000;
        free_inodes = 3;
        stage_succeeds(&fixture, STAGE);
        free_bytes = free_inodes = 0;
}

static struct fixture *cancelled;

static void cancel_now(void)
{
        if (progress_done > strlen("<?php\n")) /* in the second file */
                cancel_request(&cancelled->cancel, CANCEL_BY_STOP);
}

static void test_cancel(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        begin(&fixture);
        cancelled = &fixture;
        on_progress = cancel_now;
        stage_fails(&fixture, STAGE, REASON_STOPPING, "stopping");
        on_progress = NULL;
        cancel_reset(&fixture.cancel);
        stage_succeeds(&fixture, STAGE);
        assert_extracted(&fixture);
        assert_true(has_said("; 1 files of an earlier try"));
}

/* Killed at its Nth act on disk, for every N, then started again: the same end. */
static void test_killed_everywhere(void **state)
{
        bool died = true;
        unsigned deaths = 0;
        for (unsigned n = 1; died; n++) {
                _cleanup_fixture_ struct fixture fixture;
                int result = 0;
                begin(&fixture);
                checkpoint_close(fixture.context.checkpoint);
                fixture.context.checkpoint = NULL;
                fixture.context.stage = STAGE;
                died = dies_at(n, run_stage_anew, &fixture, &result);
                deaths += died;
                if (died)
                        (void)dies_at(0, run_stage_anew, &fixture, &result);
                if (result != 0)
                        fail_msg("killed at act %u, it fails", n);
                assert_extracted(&fixture);
        }
        assert_true(deaths > 15);
}

static void assert_proven(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        if (stage_extract_package.prove(&fixture->context, &err) != 0)
                fail_msg("%s", error_message(&err));
}

static void assert_contradicted(struct fixture *fixture, const char *says)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(stage_extract_package.prove(&fixture->context, &err), -1);
        assert_int_equal(err.reason, REASON_EVIDENCE_CONTRADICTS);
        if (!strstr(error_message(&err), says))
                fail_msg("%s", error_message(&err));
}

static void rename_name(struct fixture *fixture, const char *from, const char *to)
{
        _cleanup_free_ char *left = fixture_path(fixture, from), *right = fixture_path(fixture, to);
        assert_int_equal(rename(left, right), 0);
}

static void test_what_was_extracted_is_proven(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        int64_t step;
        begin(&fixture);
        stage_succeeds(&fixture, STAGE);
        assert_proven(&fixture);
        rename_name(&fixture, OUT "/vendor/autoload.php", "away");
        assert_contradicted(&fixture, " holds 9 entries, ");
        assert_contradicted(&fixture, "; expected: 10 entries, ");
        rename_name(&fixture, "away", OUT "/vendor/autoload.php");
        assert_proven(&fixture);
        rename_name(&fixture, OUT "/bin/console", OUT "/bin/consolf");
        assert_contradicted(&fixture, " holds 10 entries, ");
        rename_name(&fixture, OUT "/bin/consolf", OUT "/bin/console");
        put_bytes(&fixture, OUT "/app/deep/file", "deeper", 6);
        assert_contradicted(&fixture, " holds 10 entries, ");
        put_bytes(&fixture, OUT "/app/deep/file", "deep", 4);
        put_bytes(&fixture, OUT "/planted.php", "<?php", 5);
        assert_contradicted(&fixture, " holds 11 entries, ");
        rename_name(&fixture, OUT "/planted.php", "planted.php");
        assert_proven(&fixture);
        /* move_files puts its stub there before it has a plan; a script of somebody's is none. */
        assert_int_equal(gate_write_console(&fixture.context, NAME_MAUTIC_3_FILES "/app/console", &err), 0);
        assert_proven(&fixture);
        put_bytes(&fixture, OUT "/app/console", "<?php", 5);
        assert_contradicted(&fixture, " holds 11 entries, ");
        rename_name(&fixture, OUT, "all");
        assert_contradicted(&fixture, NAME_MAUTIC_3_FILES " is gone");
        /* From the plan of the move on its inodes count. */
        assert_int_equal(checkpoint_add_step(fixture.context.checkpoint, "move_files", "move_mautic_2",
                                 "move 40000 1 0 a b", &step, &err),
                0);
        assert_proven(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_extracted_is_proven),
                cmocka_unit_test(test_extracts),
                cmocka_unit_test(test_foreign_folder_is_refused),
                cmocka_unit_test(test_foreign_file_or_link_is_refused),
                cmocka_unit_test(test_exchanged_folder_is_refused),
                cmocka_unit_test(test_package_gone_or_changed),
                cmocka_unit_test(test_package_never_recorded),
                cmocka_unit_test(test_no_room),
                cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_killed_everywhere),
        };
        return cmocka_run_group_tests_name("extract_package", tests, NULL, NULL);
}
