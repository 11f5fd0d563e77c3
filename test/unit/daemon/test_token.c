/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/token.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN "0123456789abcdef0123456789ABCDEF"

static int set_up(void **state)
{
        char *folder = string_copy("/tmp/test-token-XXXXXX");
        assert_non_null(mkdtemp(folder));
        *state = string_format("%s/token", folder);
        free(folder);
        return 0;
}

static int tear_down(void **state)
{
        char *path = *state;
        (void)unlink(path);
        *strrchr(path, '/') = '\0';
        assert_int_equal(rmdir(path), 0);
        free(path);
        return 0;
}

static void put(const char *path, const char *text, size_t size, mode_t mode)
{
        (void)unlink(path);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, size), size);
        assert_int_equal(fchmod(fd, mode), 0);
}

static void assert_refused(const char *path, const char *says)
{
        struct token token = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(token_load(path, &token, &err), -1);
        if (!strstr(error_message(&err), says) || strstr(error_message(&err), TOKEN))
                fail_msg("%s", error_message(&err));
        assert_string_equal(token.hash, "");
}

static void test_files_that_are_refused(void **state)
{
        static const char lines[] = TOKEN "\n" TOKEN "\n", zero[] = TOKEN "\0x";
        const char *path = *state;
        _cleanup_buffer_ struct buffer large = {0};
        static const mode_t modes[] = {0640, 0604, 0620, 0660, 0644, 0666, 0610};
        assert_refused(path, "No such file");
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                put(path, TOKEN, strlen(TOKEN), modes[i]);
                assert_refused(path, "0600");
        }
        put(path, TOKEN, strlen(TOKEN) - 1, 0600);
        assert_refused(path, "one line");
        put(path, "", 0, 0600);
        assert_refused(path, "one line");
        put(path, lines, sizeof(lines) - 1, 0600);
        assert_refused(path, "one line");
        put(path, zero, sizeof(zero) - 1, 0600);
        assert_refused(path, "one line");
        put(path, TOKEN " " TOKEN, 2 * strlen(TOKEN) + 1, 0600);
        assert_refused(path, "one line");
        for (int i = 0; i < 100; i++)
                buffer_append_string(&large, TOKEN);
        put(path, large.data, large.size, 0600);
        assert_refused(path, "one line");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("/etc/hostname", path), 0);
        assert_refused(path, "opening");
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_refused(path, "no file");
}

static void test_another_users_file_is_refused(void **state)
{
        const char *path = *state;
        if (geteuid() != 0)
                skip();
        put(path, TOKEN, strlen(TOKEN), 0600);
        assert_int_equal(lchown(path, 65534, (gid_t)-1), 0);
        assert_refused(path, "belongs to 65534");
}

static void test_what_fits(void **state)
{
        static const struct {
                const char *authorization;
                bool fits;
        } cases[] = {
                {"Bearer " TOKEN, true},
                {"bearer " TOKEN, true},
                {NULL, false},
                {"", false},
                {"Bearer", false},
                {"Bearer ", false},
                {TOKEN, false},
                {"Basic " TOKEN, false},
                {"Bearer " TOKEN " ", false},
                {"Bearer  " TOKEN, false},
                {"Bearer " TOKEN "0", false},
                {"Bearer 0123456789abcdef0123456789ABCDE", false},
                {"Bearer 1123456789abcdef0123456789ABCDEF", false},
        };
        const char *path = *state;
        const struct token none = {0};
        struct token token = {0};
        _cleanup_error_ struct error err = {0};
        put(path, TOKEN "\n", strlen(TOKEN) + 1, 0600);
        assert_int_equal(token_load(path, &token, &err), 0);
        assert_null(strstr(token.hash, TOKEN));
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                assert_int_equal(token_fits(&token, cases[i].authorization), cases[i].fits);
                assert_false(token_fits(&none, cases[i].authorization));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_files_that_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_another_users_file_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_fits, set_up, tear_down),
        };
        return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
