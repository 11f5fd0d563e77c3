/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/console.h"

#include "test/unit/states/stage_fixture.h"

#include <pthread.h>

static const struct stage test_stage = {.name = "test", .title = "Test"};
static const char *const arguments[] = {"doctrine:migrations:status", "it's odd; $(x) \"y\"", NULL};

static void set_php(struct fixture *fixture, const char *body)
{
        fixture_script(fixture, "php", body);
        _cleanup_free_ char *path = fixture_path(fixture, "php");
        fixture_set(fixture, "php.path", path);
}

static void test_command_line(void **state)
{
        static const struct {
                enum console console;
                const char *socket, *expected;
        } cases[] = {
                {CONSOLE_MAUTIC_2, "", "[-d][memory_limit=512M][%s/app/console]"},
                {CONSOLE_MAUTIC_3, "", "[-d][memory_limit=512M][%s/bin/console]"},
                {CONSOLE_MAUTIC_3, "/run/odd dir/s",
                        "[-d][memory_limit=512M][-d][pdo_mysql.default_socket=/run/odd dir/s]"
                        "[-d][mysqli.default_socket=/run/odd dir/s][%s/bin/console]"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_fixture_ struct fixture fixture;
                fixture_init(&fixture, &test_stage);
                set_php(&fixture, "for a; do printf '[%s]' \"$a\"; done; printf ' in %s' \"$(pwd)\"");
                fixture_set(&fixture, "database.socket", cases[i].socket);
                _cleanup_process_result_ struct process_result result = {0};
                _cleanup_error_ struct error err = {0};
                assert_int_equal(
                        console_run(&fixture.context, cases[i].console, arguments, &result, &err), 0);
                const char *root = strstr(cases[i].expected, "%s");
                _cleanup_free_ char *expected = string_format(
                        "%.*s%s%s[doctrine:migrations:status][it's odd; $(x) \"y\"][--no-interaction]"
                        "[--env=prod][--no-debug] in %s",
                        (int)(root - cases[i].expected), cases[i].expected, fixture.root, root + 2,
                        fixture.root);
                assert_string_equal(result.output, expected);
        }
}

static void test_environment(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, &test_stage);
        assert_int_equal(setenv("MAUTIC_DB_PASSWORD", "from the environment", 1), 0);
        assert_int_equal(setenv("NOTIFY_SOCKET", "/run/notify", 1), 0);
        assert_int_equal(setenv("LISTEN_FDS", "1", 1), 0);
        assert_int_equal(setenv("COLUMNS", "80", 1), 0);
        set_php(&fixture, "env");
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(console_run(&fixture.context, CONSOLE_MAUTIC_2, arguments, &result, &err), 0);
        assert_non_null(strstr(result.output, "MAUTIC_DB_PASSWORD=from the environment\n"));
        assert_non_null(strstr(result.output, "COLUMNS=1000\n"));
        assert_non_null(strstr(result.output, "LINES=50\n"));
        assert_null(strstr(result.output, "COLUMNS=80\n"));
        assert_null(strstr(result.output, "NOTIFY_SOCKET"));
        assert_null(strstr(result.output, "LISTEN_FDS"));
        (void)unsetenv("MAUTIC_DB_PASSWORD");
        (void)unsetenv("NOTIFY_SOCKET");
        (void)unsetenv("LISTEN_FDS");
        (void)unsetenv("COLUMNS");
}

static void set_password(struct fixture *fixture, const char *password)
{
        static const char *const folders[] = {"root/app", "root/app/config"};
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
                _cleanup_free_ char *folder = fixture_path(fixture, folders[i]);
                assert_int_equal(mkdir(folder, 0755), 0);
        }
        _cleanup_free_ char *path = fixture_path(fixture, "root/app/config/local.php");
        _cleanup_free_ char *settings = string_format(
                "<?php\n$parameters = ['db_name' => 'mautic', 'db_password' => '%s'];\n", password);
        write_file(path, settings, 0600);
}

static void test_hides_the_password(void **state)
{
        static const char trace[] =
                "echo \"PDO->__construct('mysql:host=db', 'root', '$1', Array)\"; exit 255";
        static const char *const passwords[][2] = {
                {"s3cr3t", "s3cr3t"}, {"a very long secret", "a very long sec..."}};
        for (size_t i = 0; i < ARRAY_SIZE(passwords); i++) {
                _cleanup_fixture_ struct fixture fixture;
                fixture_init(&fixture, &test_stage);
                set_password(&fixture, passwords[i][0]);
                _cleanup_free_ char *script = string_format("set -- '%s'; %s", passwords[i][1], trace);
                set_php(&fixture, script);
                _cleanup_error_ struct error err = {0};
                assert_int_equal(console_run(&fixture.context, CONSOLE_MAUTIC_2, arguments, NULL, &err), -1);
                assert_non_null(strstr(err.message, "'root', '***', Array"));
        }
}

static void test_keeps_the_locks(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, &test_stage);
        fixture.context.lock_fds = &fixture.context.state_fd;
        fixture.context.lock_count = 1;
        _cleanup_free_ char *script = string_format("ls -l /proc/self/fd/%d", fixture.context.state_fd);
        set_php(&fixture, script);
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(console_run(&fixture.context, CONSOLE_MAUTIC_2, arguments, &result, &err), 0);
        assert_non_null(strstr(result.output, fixture.state));
}

static void test_failures(void **state)
{
        static const struct {
                const char *body, *timeout;
                enum reason reason;
                const char *says[2], *says_not;
        } cases[] = {
                {"printf '\\033[37;41mNo such table\\033[39;49m\\n' >&2; exit 1", "600",
                        REASON_PROGRAM_FAILED, {"No such table", "status 1"}, "\033"},
                {"echo standard output; exit 255", "600", REASON_PROGRAM_FAILED,
                        {"standard output", "status 255"}, "standard error"},
                {"echo 'SQLSTATE[HY000] [1045] Access denied for user' >&2; exit 1", "600",
                        REASON_DATABASE_ACCESS_DENIED, {"Access denied", "status 1"}, "x"},
                {"kill -SEGV $$", "600", REASON_PROGRAM_FAILED, {"signal 11", "app/console"}, "x"},
                {"echo before it hangs; exec sleep 1000", "1", REASON_TIMED_OUT,
                        {"php.timeout", "before it hangs"}, "sleep"},
                {"yes 'the same line again and again' | head -c 20000000; echo the very end; exit 3", "600",
                        REASON_PROGRAM_FAILED, {"the very end", "status 3"}, "\n"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_fixture_ struct fixture fixture;
                fixture_init(&fixture, &test_stage);
                set_php(&fixture, cases[i].body);
                fixture_set(&fixture, "php.timeout", cases[i].timeout);
                _cleanup_process_result_ struct process_result result = {0};
                _cleanup_error_ struct error err = {0};
                assert_int_equal(
                        console_run(&fixture.context, CONSOLE_MAUTIC_2, arguments, &result, &err), -1);
                assert_int_equal(err.reason, cases[i].reason);
                assert_null(result.output);
                for (size_t j = 0; j < ARRAY_SIZE(cases[i].says); j++)
                        if (!strstr(err.message, cases[i].says[j]))
                                fail_msg("'%s' does not say '%s'", err.message, cases[i].says[j]);
                assert_non_null(strstr(err.message, "doctrine:migrations:status"));
                assert_null(strstr(err.message, cases[i].says_not));
                assert_true(strlen(err.message) < 3000);
        }
}

static void test_missing_php(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, &test_stage);
        fixture_set(&fixture, "php.path", "php-that-is-not-there");
        _cleanup_error_ struct error err = {0};
        assert_int_equal(console_run(&fixture.context, CONSOLE_MAUTIC_3, arguments, NULL, &err), -1);
        assert_int_equal(err.reason, REASON_PROGRAM_MISSING);
        assert_non_null(strstr(err.message, "php-that-is-not-there"));
}

static void test_cancelled(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, &test_stage);
        set_php(&fixture, "exec sleep 1000");
        cancel_request(&fixture.cancel, CANCEL_BY_STOP);
        _cleanup_error_ struct error err = {0};
        assert_int_equal(console_run(&fixture.context, CONSOLE_MAUTIC_3, arguments, NULL, &err), -1);
        assert_int_equal(err.reason, REASON_STOPPING);
}

static void *cancel_once_it_runs(void *userdata)
{
        struct fixture *fixture = userdata;
        while (!fixture_has(fixture, "runs"))
                (void)usleep(10000);
        cancel_request(&fixture->cancel, CANCEL_BY_USER);
        while (said_count == 0)
                (void)usleep(10000);
        fixture_script(fixture, "go", "");
        return NULL;
}

static void test_cancel_waits_for_the_end(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, &test_stage);
        set_php(&fixture, "d=${0%/*}; : >$d/runs; while [ ! -e $d/go ]; do sleep 0.02; done; echo 'done'");
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, cancel_once_it_runs, &fixture), 0);
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_error_ struct error err = {0};
        int ran = console_run_to_end(&fixture.context, CONSOLE_MAUTIC_3, arguments, &result, &err);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(ran, 0);
        assert_string_equal(result.output, "done\n");
        assert_true(has_said("Asked to stop"));
        assert_int_equal(cancel_check(&fixture.cancel, &err), -1);
}

static void test_megabytes_of_output_are_bounded(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, &test_stage);
        set_php(&fixture, "yes | head -c 30000000; echo '>> New Migrations: 0'");
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_error_ struct error err = {0};
        assert_int_equal(console_run(&fixture.context, CONSOLE_MAUTIC_3, arguments, &result, &err), 0);
        assert_true(result.output_cut);
        assert_true(strlen(result.output) <= PROCESS_OUTPUT_LIMIT);
        assert_non_null(strstr(result.output, ">> New Migrations: 0"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_command_line),
                cmocka_unit_test(test_environment),
                cmocka_unit_test(test_hides_the_password),
                cmocka_unit_test(test_keeps_the_locks),
                cmocka_unit_test(test_failures),
                cmocka_unit_test(test_missing_php),
                cmocka_unit_test(test_cancelled),
                cmocka_unit_test(test_cancel_waits_for_the_end),
                cmocka_unit_test(test_megabytes_of_output_are_bounded),
        };
        return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
