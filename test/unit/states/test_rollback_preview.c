/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

#include "states/footprint.h"
#include "states/gate.h"
#include "states/leftovers.h"
#include "states/machine.h"
#include "states/rollback_preview.h"

#include <time.h>

static int take_footprint(struct stage_context *context, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        return footprint_take(context->site->root_fd, &text, err) < 0
                       ? -1
                       : checkpoint_set_fact(context->checkpoint, FACT_FOOTPRINT, text, err);
}
static const struct stage start = {.name = "start", .title = "Start", .run = take_footprint};

static int64_t now_ms(void)
{
        struct timespec now;
        assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Times of change can't be set: what was there must be older than the moment that counts, what is written
 * afterwards newer, by more than the steps in which the file system's clock goes. */
static void let_time_pass(void)
{
        for (int64_t begin = now_ms(); now_ms() - begin < 30;)
                (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void record_live(const struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        let_time_pass();
        const struct stage_record record = {.name = (char *)"build_cache",
                .state = (char *)stage_state_name(STAGE_SUCCEEDED),
                .attempts = 1,
                .finished_ms = now_ms()};
        assert_int_equal(checkpoint_open(fixture->state, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_save_stage(checkpoint, &record, &err), 0);
        let_time_pass();
}

static struct fixture *behind_the_gate(void)
{
        struct fixture *fixture = two_sites();
        _cleanup_error_ struct error err = {0};
        fix_names(fixture);
        assert_int_equal(config_set(&fixture->config, "site.root", fixture->root, &err), 0);
        assert_stage(fixture, &start);
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &stage_restore_user_data);
        return fixture;
}

static struct fixture *live_site(void)
{
        struct fixture *fixture = behind_the_gate();
        assert_stage(fixture, &lift);
        put(fixture, "var/cache/prod/container.php", "built");
        record_live(fixture);
        return fixture;
}

static void look(const struct fixture *fixture, struct rollback_preview *ret)
{
        _cleanup_error_ struct error err = {0};
        if (rollback_preview(&fixture->config, fixture->state, NULL, ret, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static const struct written_file *find(const struct rollback_preview *preview, const char *path)
{
        for (size_t i = 0; i < preview->count; i++)
                if (string_equal(preview->files[i].path, path))
                        return &preview->files[i];
        return NULL;
}

static void test_nothing_was_written(void **state)
{
        _cleanup_rollback_preview_ struct rollback_preview preview = {0};
        struct fixture *fixture = live_site();
        look(fixture, &preview);
        assert_true(preview.since_ms > 0 && preview.whole);
        assert_int_equal(preview.written, 0);
        assert_int_equal(preview.added.count, 0);
        assert_false(preview.database_touched);
        fixture_free(fixture);
}

static void test_not_in_service(void **state)
{
        _cleanup_rollback_preview_ struct rollback_preview preview = {0};
        struct fixture *fixture = behind_the_gate();
        put(fixture, "media/files/new.pdf", "by nobody");
        look(fixture, &preview);
        assert_int_equal(preview.since_ms, 0);
        assert_int_equal(preview.written, 0);
        fixture_free(fixture);
}

static void test_what_was_written(void **state)
{
        static const struct {
                const char *path;
                bool set_aside;
        } written[] = {
                {"media/own/upload.pdf", false}, /* in a folder that came with Mautic 2 */
                {"media/images/new.png", true}, /* in Mautic 3's own */
                {"vendor/composer/mine.php", true},
                {"verification.html", false},
                {"notes/a/b.txt", false},
                {".well-known/token-2", false},
        };
        static const char *const own[] = {"var/cache/prod/page.html", "var/logs/prod.log", "var/tmp/x",
                "mautic-2-backup-files/mine.txt", NAME_SET_ASIDE "/0001-x"};
        _cleanup_rollback_preview_ struct rollback_preview preview = {0};
        struct fixture *fixture = live_site();
        for (size_t i = 0; i < ARRAY_SIZE(written); i++)
                put(fixture, written[i].path, "written");
        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
                put(fixture, own[i], "passed over");
        look(fixture, &preview);
        for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
                const struct written_file *file = find(&preview, written[i].path);
                if (!file || file->set_aside != written[i].set_aside)
                        fail_msg("%s", written[i].path);
                assert_true(file->time_ms > preview.since_ms);
        }
        assert_int_equal(preview.written, ARRAY_SIZE(written));
        assert_int_equal(preview.set_aside, 2);
        assert_true(preview.files[0].set_aside && preview.files[1].set_aside);
        fixture_free(fixture);
}

static void test_more_than_are_shown(void **state)
{
        _cleanup_rollback_preview_ struct rollback_preview preview = {0};
        struct fixture *fixture = live_site();
        for (unsigned i = 0; i < WRITTEN_FILES_SHOWN + 9; i++) {
                _cleanup_free_ char *path = string_format("media/own/%u.pdf", i);
                put(fixture, path, "written");
        }
        put(fixture, "media/images/new.png", "written");
        look(fixture, &preview);
        assert_int_equal(preview.written, WRITTEN_FILES_SHOWN + 10);
        assert_int_equal(preview.count, WRITTEN_FILES_SHOWN);
        assert_string_equal(preview.files[0].path, "media/images/new.png");
        fixture_free(fixture);
}

/* What no journal knows: told before, told afterwards, and left. */
static void test_new_entries_of_the_root(void **state)
{
        static const char *const names[] = {"empty folder", "new\nline.txt", "notes"};
        _cleanup_rollback_preview_ struct rollback_preview preview = {0};
        _cleanup_error_ struct error err = {0};
        struct fixture *fixture = live_site();
        put(fixture, "empty folder/", "");
        put(fixture, "new\nline.txt", "x");
        put(fixture, "notes/a.txt", "x");
        put(fixture, NAME_SET_ASIDE "/0001-x", "the upgrade's own");
        look(fixture, &preview);
        assert_int_equal(preview.added.count, ARRAY_SIZE(names));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_true(string_list_has(&preview.added, names[i]));

        static const struct stage preflight = {.name = "preflight"};
        assert_int_equal(call_stage(fixture, &lift, gate_raise_again, &err), 0);
        assert_int_equal(
                call_stage(fixture, &stage_restore_user_data, stage_restore_user_data.undo, &err), 0);
        assert_int_equal(call_stage(fixture, &stage_move_files, stage_move_files.undo, &err), 0);
        _cleanup_free_ char *mautic_3 = string_format("%s/" NAME_MAUTIC_3_FILES, fixture->root);
        (void)nftw(mautic_3, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* extract_package's */
        buffer_deinit(&logged);
        assert_int_equal(call_stage(fixture, &preflight, leftovers_sweep, &err), 0);
        assert_non_null(
                strstr(logged.data, "3 entries of the site's folder came since the upgrade began, and "
                                    "stay: empty folder, new"));
        assert_non_null(strstr(logged.data, ", notes."));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_true(there_is(fixture, names[i]));
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_was_written),
                cmocka_unit_test(test_not_in_service),
                cmocka_unit_test(test_what_was_written),
                cmocka_unit_test(test_more_than_are_shown),
                cmocka_unit_test(test_new_entries_of_the_root),
        };
        return cmocka_run_group_tests_name("rollback_preview", tests, NULL, NULL);
}
