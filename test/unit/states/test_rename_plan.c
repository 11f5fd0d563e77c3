/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What file systems do to renames that a plain rename does not: after a power cut, or to a folder's time. */

#include "states/rename_plan.h"

#include "test/unit/states/two_sites.h"

#define PHASE "go"

static int run(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        return rename_plan_load(context, "plan", &plan, err) < 0 ||
                               rename_plan_run(context, &plan, PHASE, err) < 0
                       ? -1
                       : STAGE_DONE;
}

static int undo(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        return rename_plan_load(context, "plan", &plan, err) < 0 ||
                               rename_plan_undo(context, &plan, PHASE, RENAME_LOST_FAILS, err) < 0
                       ? -1
                       : STAGE_DONE;
}

static int plan_step(struct stage_context *context, const char *phase, enum rename_kind kind,
        const char *from, const char *to, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {.journal = "plan"};
        struct stat thing, partner;
        int root = context->site->root_fd;
        assert_int_equal(fstatat(root, from, &thing, AT_SYMLINK_NOFOLLOW), 0);
        if (kind == RENAME_SWAP)
                assert_int_equal(fstatat(root, to, &partner, AT_SYMLINK_NOFOLLOW), 0);
        rename_plan_add(&plan, phase, kind, from, to, &thing, kind == RENAME_SWAP ? &partner : NULL);
        return rename_plan_record(context, &plan, err);
}

static int plan_move(struct stage_context *context, struct error *err)
{
        return plan_step(context, PHASE, RENAME_MOVE, "old/file", "new/file", err);
}

/* As rename_set_aside() journals it. */
static int plan_set_aside(struct stage_context *context, struct error *err)
{
        return plan_step(context, "set_aside", RENAME_MOVE, "old/file", NAME_SET_ASIDE "/0001-file", err);
}

static int plan_swap(struct stage_context *context, struct error *err)
{
        return plan_step(context, PHASE, RENAME_SWAP, "old", "new", err);
}

static const struct stage moving = {.name = "move", .run = run, .undo = undo};

static void call(
        const struct fixture *fixture, int (*function)(struct stage_context *context, struct error *err))
{
        _cleanup_error_ struct error err = {0};
        if (call_stage(fixture, &moving, function, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static struct fixture *site_with_folders(void)
{
        struct fixture *fixture = two_sites();
        put(fixture, "old/file", "text");
        put(fixture, "new/", "");
        return fixture;
}

/* As btrfs can leave it when the power goes between the syncs of the two folders. */
static void give_second_name(const struct fixture *fixture, const char *from, const char *to)
{
        _cleanup_free_ char *there = string_format("%s/%s", fixture->root, from);
        _cleanup_free_ char *second = string_format("%s/%s", fixture->root, to);
        assert_int_equal(link(there, second), 0);
}

static void test_under_both_names(void **state)
{
        struct fixture *fixture = site_with_folders();
        call(fixture, plan_move);
        give_second_name(fixture, "old/file", "new/file");
        call(fixture, run);
        assert_false(there_is(fixture, "old/file"));
        assert_text(fixture, "new/file", "text");
        give_second_name(fixture, "new/file", "old/file");
        call(fixture, undo);
        assert_false(there_is(fixture, "new/file"));
        assert_text(fixture, "old/file", "text");
        fixture_free(fixture);
}

static void test_set_aside_under_both_names(void **state)
{
        struct fixture *fixture = site_with_folders();
        put(fixture, NAME_SET_ASIDE "/", "");
        call(fixture, plan_set_aside);
        give_second_name(fixture, "old/file", NAME_SET_ASIDE "/0001-file");
        call(fixture, run);
        assert_false(there_is(fixture, "old/file"));
        assert_text(fixture, NAME_SET_ASIDE "/0001-file", "text");
        fixture_free(fixture);
}

static struct timespec time_of(const struct fixture *fixture, const char *path)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        struct stat info;
        assert_int_equal(lstat(full, &info), 0);
        return info.st_mtim;
}

/* XFS takes a change of places for a change of each of the two folders. */
static void test_time_of_a_folder_that_changes_places(void **state)
{
        struct fixture *fixture = site_with_folders();
        struct timespec before = time_of(fixture, "old");
        call(fixture, plan_swap);
        call(fixture, run);
        assert_text(fixture, "new/file", "text");
        const struct timespec later[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = before.tv_sec + 60}};
        _cleanup_free_ char *moved = string_format("%s/new", fixture->root);
        assert_int_equal(utimensat(AT_FDCWD, moved, later, AT_SYMLINK_NOFOLLOW), 0);
        call(fixture, undo);
        struct timespec after = time_of(fixture, "old");
        assert_text(fixture, "old/file", "text");
        assert_int_equal(after.tv_sec, before.tv_sec);
        assert_int_equal(after.tv_nsec, before.tv_nsec);
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_under_both_names),
                cmocka_unit_test(test_set_aside_under_both_names),
                cmocka_unit_test(test_time_of_a_folder_that_changes_places),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
