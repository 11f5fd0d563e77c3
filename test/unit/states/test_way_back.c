/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files there and back again: every stage that moves files, taken back from wherever it stood. */

#include "two_sites.h"

#include <sys/mman.h>

static int run_nothing(struct stage_context *context, struct error *err)
{
        return STAGE_DONE;
}
static int undo_preflight(struct stage_context *context, struct error *err)
{
        return stage_preflight.undo(context, err);
}
static const struct stage preflight = {.name = "preflight", .run = run_nothing, .undo = undo_preflight};
static const struct stage *const moving[] = {&preflight, &stage_move_files, NULL};
static const struct stage *const lifted[] = {
        &preflight, &stage_move_files, &stage_restore_user_data, &lift, NULL};
static const struct stage *const upgrading[] = {
        &preflight, &stage_move_files, &stage_restore_user_data, &lift, &stage_cleanup_files, NULL};

static const struct stage *const cleaning[] = {&stage_cleanup_files, NULL};

#define SUFFIX "00112233445566778899aabbccddeeff" /* fix_names() */

static int raise_gate(struct stage_context *context, struct error *err)
{
        return gate_raise_for_rollback(context, err);
}
static const struct stage in_front = {
        .name = "in_front", .title = "Raise", .run = raise_gate, .undo = gate_lower_after_rollback};
static const struct stage *const raising[] = {&preflight, &in_front, NULL};

/* A time that nothing gets by accident. */
static int make_old(const char *path, const struct stat *info, int type, struct FTW *walk)
{
        const struct timespec times[] = {
                {.tv_nsec = UTIME_OMIT}, {.tv_sec = 978307200, .tv_nsec = 123456789}};
        return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

static struct fixture *old_site(void)
{
        struct fixture *fixture = two_sites();
        put(fixture, ".htaccess.m3", "the user's own");
        put(fixture, ".htaccess.mautic-2", "the user's own, too");
        put(fixture, NAME_BACKUP, "dump of the script");
        put(fixture, "media/empty/", "");
        fix_names(fixture);
        _cleanup_free_ char *backup = string_format("%s/" NAME_BACKUP, fixture->root);
        _cleanup_free_ char *images = string_format("%s/media/images", fixture->root);
        assert_int_equal(chmod(backup, 0640), 0);
        assert_int_equal(chmod(images, 02775), 0);
        assert_int_equal(nftw(fixture->root, make_old, 16, FTW_DEPTH | FTW_PHYS), 0);
        return fixture;
}

static struct fixture *old_site_that_copies(void)
{
        struct fixture *fixture = old_site();
        string_replace(&fixture->config.user_data, string_copy("copy"));
        return fixture;
}

static void list_exactly(const char *folder, const char *below, struct buffer *ret)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_string_list_ struct string_list names = {0};
        assert_int_equal(folder_list(fd, ".", &names, &err), 0);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = string_format("%s/%s", folder, names.items[i]);
                _cleanup_free_ char *shown = string_format("%s/%s", below, names.items[i]);
                struct stat info;
                assert_int_equal(lstat(path, &info), 0);
                if (string_equal(shown, "/" NAME_MAUTIC_3_FILES)) /* extract_package's */
                        continue;
                buffer_append_format(ret, "%s %o %u:%u %ju links, inode %ju, %jd.%09ld\n", shown,
                        info.st_mode, info.st_uid, info.st_gid, (uintmax_t)info.st_nlink,
                        (uintmax_t)info.st_ino, (intmax_t)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
                if (S_ISDIR(info.st_mode))
                        list_exactly(path, shown, ret);
        }
}

/* Names, modes, owners, links, inodes and times of all but the root itself and mautic-3-temp-files. A file
 * that kept its inode, time and size here kept its content. */
static char *exactly(const struct fixture *fixture)
{
        struct buffer text = {0};
        list_exactly(fixture->root, "", &text);
        return buffer_steal(&text);
}

/* The files of mautic-3-temp-files with their contents, but what the gate and cleanup_files change there. */
static char *mautic_3_of(const struct fixture *fixture)
{
        static const char *const own[] = {"/.copy", "/.user.ini", "/mautic-upgraded-gate.php",
                "/mautic-upgraded-probe.php", "/app/console", "/bin-console", "/bin/console",
                "/critical_migrations.txt"};
        _cleanup_buffer_ struct buffer all = {0};
        _cleanup_free_ char *folder = string_format("%s/" NAME_MAUTIC_3_FILES, fixture->root);
        struct buffer text = {0};
        dump_folder(folder, "", &all);
        char *rest = all.data;
        for (char *line; (line = strsep(&rest, "\n"));) {
                char *mode = strrchr(line, ' ');
                /* No content: a folder. What a kill left is extract_package's, too. */
                bool skip = !mode || mode[1] == '\0' || strstr(line, ".mautic-upgraded ") ||
                            strstr(line, ".mautic-upgraded/");
                for (size_t i = 0; !skip && i < ARRAY_SIZE(own); i++)
                        skip = string_begins(line, own[i]) && line[strlen(own[i])] == ' ';
                if (!skip)
                        buffer_append_format(&text, "%s\n", line);
        }
        return buffer_steal(&text);
}

struct before {
        char *mautic_2, *mautic_3;
};

static struct before look(const struct fixture *fixture)
{
        return (struct before){exactly(fixture), mautic_3_of(fixture)};
}

static void before_deinit(struct before *before)
{
        free(before->mautic_2);
        free(before->mautic_3);
}

/* The lines of one text that the other has not, with a sign in front. */
static void add_differences(const char *text, const char *other, char sign, struct buffer *ret)
{
        _cleanup_free_ char *copy = string_copy(text);
        char *rest = copy;
        for (char *line; (line = strsep(&rest, "\n"));)
                if (*line && !strstr(other, line))
                        buffer_append_format(ret, "%c%s\n", sign, line);
}

static void assert_same(const char *when, unsigned number, const char *seen, const char *expected)
{
        _cleanup_buffer_ struct buffer text = {0};
        if (strcmp(seen, expected) == 0)
                return;
        add_differences(expected, seen, '-', &text);
        add_differences(seen, expected, '+', &text);
        fail_msg("%s %u:\n%.700s", when, number, text.data);
}

static void assert_as_before(
        const struct fixture *fixture, const struct before *before, const char *when, unsigned number)
{
        _cleanup_(before_deinit) struct before after = look(fixture);
        assert_same(when, number, after.mautic_2, before->mautic_2);
        assert_same(when, number, after.mautic_3, before->mautic_3);
}

static size_t *undone;

/* Kills fall on every third act or so; how many come before one differs from case to case, so that all have
 * their turn. */
#ifdef __SANITIZE_ADDRESS__ /* three times as slow */
#define STRIDE 11
#else
#define STRIDE 3
#endif

static void assert_undone(const struct fixture *fixture, const struct stage *const *list)
{
        _cleanup_error_ struct error err = {0};
        if (undo_stages(fixture, list, undone, &err) < 0)
                fail_msg("%s", error_message(&err));
        *undone = 0;
}

static int undo_all(void *userdata)
{
        const struct child *child = userdata;
        _cleanup_error_ struct error err = {0};
        if (undo_stages(child->fixture, child->list, undone, &err) == 0)
                return 0;
        (void)fprintf(stderr, "# %s\n", error_message(&err));
        return EXIT_STAGE_FAILED;
}

static int undo_in_child(const struct fixture *fixture, const struct stage *const *list, unsigned nth_act)
{
        struct child child = {fixture, list};
        int status = 0;
        (void)dies_at(nth_act, undo_all, &child, &status);
        return status;
}

static void there_and_back(struct fixture *fixture, const struct stage *const *list)
{
        _cleanup_(before_deinit) struct before before = look(fixture);
        assert_int_equal(run_in_child(fixture, list, 0), 0);
        assert_undone(fixture, list);
        assert_as_before(fixture, &before, "after", 0);
        assert_false(there_is(fixture, NAME_SET_ASIDE));
        fixture_free(fixture);
}

static void test_there_and_back(void **state)
{
        there_and_back(old_site(), moving);
        there_and_back(old_site(), lifted);
        there_and_back(old_site(), upgrading);
        there_and_back(old_site_that_copies(), lifted);
        there_and_back(old_site_that_copies(), upgrading);
}

/* The way there ends at every act, and from there it goes back. */
static void killed_there(struct fixture *(*make)(void), const struct stage *const *list, unsigned stride)
{
        unsigned nth;
        for (nth = 1;; nth += stride) {
                struct fixture *fixture = make();
                _cleanup_(before_deinit) struct before before = look(fixture);
                int result = run_in_child(fixture, list, nth);
                assert_true(result == 0 || result == EXIT_KILLED);
                assert_undone(fixture, list);
                assert_as_before(fixture, &before, "killed there at act", nth);
                assert_false(there_is(fixture, NAME_SET_ASIDE));
                fixture_free(fixture);
                if (result == 0)
                        break;
        }
        assert_true(nth > 20); /* else nothing was killed at all */
}

static void test_killed_there(void **state)
{
        killed_there(old_site, moving, 1);
        killed_there(old_site, upgrading, STRIDE);
}

static void test_killed_there_while_copying(void **state)
{
        killed_there(old_site_that_copies, upgrading, STRIDE);
}

/* Killed at every act of the way back, begun again and killed once more, begun again. */
static void killed_on_the_way_back(struct fixture *(*make)(void), const struct stage *const *list)
{
        unsigned nth;
        for (nth = 1;; nth += STRIDE) {
                struct fixture *fixture = make();
                _cleanup_(before_deinit) struct before before = look(fixture);
                assert_int_equal(run_in_child(fixture, list, 0), 0);
                int result = undo_in_child(fixture, list, nth);
                assert_true(result == 0 || result == EXIT_KILLED);
                assert_true(undo_in_child(fixture, list, 31) != EXIT_STAGE_FAILED);
                assert_undone(fixture, list);
                assert_as_before(fixture, &before, "killed on the way back at act", nth);
                assert_false(there_is(fixture, NAME_SET_ASIDE));
                fixture_free(fixture);
                if (result == 0)
                        break;
        }
        assert_true(nth > 20); /* else nothing was killed at all */
}

/* Of a rollback from before move_files: the gate goes up, the database is restored, it goes down. */
static void test_a_gate_in_front_of_mautic_2(void **state)
{
        static const char *const paths[] = {"index.php", "app/console"};
        struct fixture *fixture = old_site();
        _cleanup_(before_deinit) struct before before = look(fixture);
        for (int i = 0; i < 2; i++) {
                assert_stage(fixture, &in_front); /* up again is no contradiction */
                for (size_t j = 0; j < ARRAY_SIZE(paths); j++) {
                        _cleanup_free_ char *text = text_of(fixture, paths[j]);
                        assert_non_null(strstr(text, j == 0 ? "http_response_code(503)" : "exit(75)"));
                }
        }
        assert_text(fixture, "app/version.txt", "2.16.5\n"); /* read while the database is restored */
        assert_undone(fixture, raising);
        assert_as_before(fixture, &before, "lowered", 0);
        assert_undone(fixture, raising);
        assert_as_before(fixture, &before, "lowered again", 0);
        /* Another rollback of the same upgrade. */
        there_and_back(fixture, raising);
}

static void test_a_gate_in_front_of_mautic_2_killed(void **state)
{
        killed_there(old_site, raising, 1);
        killed_on_the_way_back(old_site, raising);
}

static void test_killed_on_the_way_back(void **state)
{
        killed_on_the_way_back(old_site, lifted);
        killed_on_the_way_back(old_site, upgrading);
}

static void test_killed_on_the_way_back_of_copies(void **state)
{
        killed_on_the_way_back(old_site_that_copies, upgrading);
}

/* Something that is not the upgrade's has come to be under the name of the folder that was put away. */
static void beside_a_stranger(const char *path)
{
        struct fixture *fixture = old_site();
        assert_int_equal(run_in_child(fixture, lifted, 0), 0);
        put(fixture, NAME_SET_ASIDE "/0001-logs", "set aside on the way there");
        assert_int_equal(run_in_child(fixture, cleaning, 0), 0);
        put(fixture, path, "a stranger's");
        assert_undone(fixture, upgrading);
        assert_text(fixture, "app/version.txt", "2.16.5\n");
        assert_text(fixture, NAME_SET_ASIDE "/0001-logs", "set aside on the way there");
        _cleanup_free_ char *kept = string_format(
                NAME_SET_ASIDE "/0002-" NAME_SET_ASIDE "-" SUFFIX "%s", path + strlen(NAME_SET_ASIDE));
        assert_text(fixture, kept, "a stranger's");
        fixture_free(fixture);
}

static void test_a_folder_of_that_name(void **state)
{
        beside_a_stranger(NAME_SET_ASIDE "/mine.txt");
        beside_a_stranger(NAME_SET_ASIDE);
}

int main(void)
{
        undone = mmap(NULL, sizeof(*undone), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (undone == MAP_FAILED)
                return 1;
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_there_and_back),
                cmocka_unit_test(test_a_folder_of_that_name),
                cmocka_unit_test(test_a_gate_in_front_of_mautic_2),
                cmocka_unit_test(test_a_gate_in_front_of_mautic_2_killed),
                cmocka_unit_test(test_killed_there),
                cmocka_unit_test(test_killed_there_while_copying),
                cmocka_unit_test(test_killed_on_the_way_back),
                cmocka_unit_test(test_killed_on_the_way_back_of_copies),
        };
        return cmocka_run_group_tests_name("way_back", tests, NULL, NULL);
}
