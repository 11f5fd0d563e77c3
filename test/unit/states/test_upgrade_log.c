/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/upgrade_log.h"

#include "lib/files.h"
#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>
#include <sys/utsname.h>

#define WHEN 1795364595000 /* 2026-11-22 16:23:15 UTC */
#define NAME "upgrade_log.txt"

static char base[64];
static int folder = -1;

static int set_up(void **state)
{
        snprintf(base, sizeof base, "%s", "/tmp/test-upgrade-log-XXXXXX");
        assert_non_null(mkdtemp(base));
        folder = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return folder < 0;
}

static int tear_down(void **state)
{
        _cleanup_error_ struct error err = {0};
        closep(&folder);
        _cleanup_close_ int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return tree_remove(parent, base + strlen("/tmp/"), &err);
}

static char *content(const char *name)
{
        _cleanup_error_ struct error err = {0};
        char *data = NULL;
        size_t size = 0;
        assert_int_equal(file_read(folder, name, 65536, &data, &size, &err), 0);
        return data;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(file_write_atomic(folder, name, text, strlen(text), mode, &err), 0);
}

static void test_a_log_like_the_scripts(void **state)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(upgrade_log_header(folder, NAME, WHEN, "2.16.5", "7.3.10", &err), 0);
        assert_int_equal(
                upgrade_log_append(folder, NAME, WHEN + 1000, "Doing pre-upgrade checks...", &err), 0);
        struct utsname system;
        assert_int_equal(uname(&system), 0);
        _cleanup_free_ char *wanted = string_format(
                "\n[2026-11-22 16:23:15] ===== STARTING MAUTIC 3 UPGRADE AT 2026-11-22 16:23:15... =====\n"
                "Installed Mautic version:\t2.16.5\n"
                "PHP version:\t\t\t\t7.3.10\n"
                "OS:\t\t\t\t\t\t\t%s\n"
                "Upgrade type:\t\t\t\tdaemon (mautic-upgraded " PROJECT_VERSION ")\n"
                "\n"
                "[2026-11-22 16:23:16] Doing pre-upgrade checks...\n",
                system.sysname);
        _cleanup_free_ char *found = content(NAME);
        assert_string_equal(found, wanted);
        struct stat status;
        assert_int_equal(file_stat(folder, NAME, &status, &err), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_the_scripts_log_is_gone_on_with_and_made_private(void **state)
{
        _cleanup_error_ struct error err = {0};
        write_file(NAME, "[before] by the script\n", 0644);
        assert_int_equal(upgrade_log_header(folder, NAME, WHEN, NULL, NULL, &err), 0);
        _cleanup_free_ char *found = content(NAME);
        assert_int_equal(strncmp(found, "[before] by the script\n\n[2026", 29), 0);
        assert_non_null(
                strstr(found, "Installed Mautic version:\tnot found\nPHP version:\t\t\t\tnot found\n"));
        struct stat status;
        assert_int_equal(file_stat(folder, NAME, &status, &err), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_a_line_makes_no_log(void **state)
{
        _cleanup_error_ struct error err = {0};
        struct stat status;
        assert_int_equal(upgrade_log_append(folder, NAME, WHEN, "text", &err), 1);
        assert_int_equal(file_stat(folder, NAME, &status, &err), 1);
        assert_int_equal(upgrade_log_append(folder, "no/such/" NAME, WHEN, "text", &err), 1);
}

static void test_texts_stay_one_line(void **state)
{
        static const struct {
                const char *text, *line;
        } cases[] = {
                {"", "[2026-11-22 16:23:15] \n"},
                {"two\nlines", "[2026-11-22 16:23:15] two lines\n"},
                {"a\tb\r\n\x1b[31mc\x7f", "[2026-11-22 16:23:15] a b   [31mc \n"},
                {"M\xc3\xbcll.zip and 100%s", "[2026-11-22 16:23:15] M\xc3\xbcll.zip and 100%s\n"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                write_file(NAME, "", 0600);
                assert_int_equal(upgrade_log_append(folder, NAME, WHEN, cases[i].text, &err), 0);
                _cleanup_free_ char *found = content(NAME);
                assert_string_equal(found, cases[i].line);
        }
}

static void make_link(void)
{
        write_file("victim", "precious", 0644);
        assert_int_equal(symlinkat("victim", folder, NAME), 0);
}

static void make_dangling_link(void)
{
        assert_int_equal(symlinkat("victim", folder, NAME), 0);
}

static void make_link_outside(void)
{
        assert_int_equal(symlinkat("/dev/null", folder, NAME), 0);
}

static void make_second_name(void)
{
        write_file("victim", "precious", 0644);
        assert_int_equal(linkat(folder, "victim", folder, NAME, 0), 0);
}

static void make_pipe(void)
{
        assert_int_equal(mkfifoat(folder, NAME, 0600), 0);
}

static void make_folder(void)
{
        assert_int_equal(mkdirat(folder, NAME, 0700), 0);
}

static void test_what_may_be_planted_there(void **state)
{
        static void (*const plants[])(void) = {
                make_link, make_dangling_link, make_link_outside, make_second_name, make_pipe, make_folder};
        for (size_t i = 0; i < ARRAY_SIZE(plants); i++) {
                _cleanup_error_ struct error err = {0};
                plants[i]();
                if (upgrade_log_header(folder, NAME, WHEN, "2.16.5", NULL, &err) != -1 ||
                        upgrade_log_append(folder, NAME, WHEN, "text", &err) != -1)
                        fail_msg("plant %zu was written to", i);
                _cleanup_free_ char *victim = NULL;
                size_t size = 0;
                if (file_read(folder, "victim", 100, &victim, &size, &err) == 0)
                        assert_string_equal(victim, "precious");
                assert_true(tree_remove(folder, NAME, &err) == 0);
                assert_true(tree_remove(folder, "victim", &err) >= 0);
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_log_like_the_scripts),
                TEST(test_the_scripts_log_is_gone_on_with_and_made_private),
                TEST(test_a_line_makes_no_log),
                TEST(test_texts_stay_one_line),
                TEST(test_what_may_be_planted_there),
        };
        return cmocka_run_group_tests_name("upgrade_log", tests, NULL, NULL);
}
