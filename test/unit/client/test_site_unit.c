/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/site_unit.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* What systemd makes of these words is tried in test/e2e/sites.bats. */
static void test_paths_as_words(void **state)
{
        static const struct {
                const char *path;
                const char *expected; /* NULL: no unit can hold it */
        } cases[] = {
                {"/srv/crm", "\"-/srv/crm\""},
                {"/srv/my site", "\"-/srv/my site\""},
                {"/srv/100%n", "\"-/srv/100%%n\""},
                {"/srv/\"a\" 'b'", "\"-/srv/\\\"a\\\" 'b'\""},
                {"/srv/back\\slash\\", "\"-/srv/back\\\\slash\\\\\""},
                {"/srv/$HOME;#x", "\"-/srv/$HOME;#x\""},
                {"/srv/ünïcode 漢字", "\"-/srv/ünïcode 漢字\""},
                {"/srv/a..b/..c/d..", "\"-/srv/a..b/..c/d..\""},
                {"/srv/line\nReadWritePaths=/", NULL},
                {"/srv/tab\t", NULL},
                {"/srv/\x7f", NULL},
                {"/srv/\xc2\x85", NULL}, /* U+0085, a line's end to some */
                {"/srv/latin-1 \xe9", NULL},
                {"/srv/../etc", NULL},
                {"/srv/..", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = unit_quote("-", cases[i].path);
                if (!string_equal(text, cases[i].expected))
                        fail_msg("%s: %s", cases[i].path, text ? text : "refused");
        }
}

static void test_service(void **state)
{
        struct site_unit unit = {.user = "www-data", .group = "web", .root = "/srv/my site"};
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *text = NULL;
        string_list_add(&unit.writable, "/var/cache/50%");
        assert_int_equal(site_unit_service(&unit, &text, &err), 0);
        const char *body = strstr(text, "[Unit]");
        assert_non_null(body);
        assert_string_equal(body, "[Unit]\nRequiresMountsFor=\"/srv/my site\"\n\n"
                                  "[Service]\nUser=www-data\nGroup=web\nReadWritePaths=\"/srv/my site\"\n"
                                  "ReadWritePaths=\"-/var/cache/50%%\"\n");
        for (const char *line = text; line < body && *line != '\n'; line = strchr(line, '\n') + 1)
                assert_int_equal(*line, '#');
        string_list_deinit(&unit.writable);
}

static void test_what_the_service_would_not_see(void **state)
{
        static const struct {
                const char *root, *writable, *readable;
                bool home, temporary;
        } cases[] = {
                {"/srv/crm", NULL, NULL, false, false},
                {"/srv/home/crm", "/var/tmpfiles", "/homes/x", false, false},
                {"/home/crm/www", NULL, NULL, true, false},
                {"/home/crm/www", "/home/crm/cache", "/root/x.zip", true, false},
                {"/srv/crm", "/root/shared", NULL, true, false},
                {"/srv/crm", NULL, "/tmp/mysql.sock", false, true},
                {"/var/tmp/crm", "/tmp/x", "/home/x/package.zip", true, true},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct site_unit unit = {.user = "u", .group = "g", .root = cases[i].root};
                _cleanup_error_ struct error err = {0};
                _cleanup_free_ char *text = NULL;
                if (cases[i].writable)
                        string_list_add(&unit.writable, cases[i].writable);
                if (cases[i].readable)
                        string_list_add(&unit.readable, cases[i].readable);
                assert_int_equal(site_unit_service(&unit, &text, &err), 0);
                const char *home = strstr(text, "ProtectHome=read-only\n"),
                           *temporary = strstr(text, "PrivateTmp=no\n");
                assert_int_equal(home != NULL, cases[i].home);
                assert_int_equal(temporary != NULL, cases[i].temporary);
                assert_true(!home || !strstr(home + 1, "ProtectHome"));
                assert_true(!temporary || !strstr(temporary + 1, "PrivateTmp"));
                string_list_deinit(&unit.writable);
                string_list_deinit(&unit.readable);
        }
}

static void test_what_no_unit_can_hold(void **state)
{
        struct site_unit unit = {.user = "u", .group = "g", .root = "/srv/crm"};
        _cleanup_error_ struct error err = {0};
        char *text = NULL;
        string_list_add(&unit.writable, "/srv/x\nExecStartPre=/bin/sh");
        assert_int_equal(site_unit_service(&unit, &text, &err), -1);
        assert_int_equal(err.reason, REASON_UNSAFE_PATH);
        unit.socket = "/run/x\ny";
        assert_int_equal(site_unit_socket(&unit, &text, &err), -1);
        unit.root = "/srv/\n";
        string_list_deinit(&unit.writable);
        assert_int_equal(site_unit_service(&unit, &text, &err), -1);
        assert_null(text);
}

static void test_socket(void **state)
{
        struct site_unit unit = {.user = "crm", .group = "web", .root = "/srv/crm"};
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *own = NULL, *shared = NULL;
        assert_int_equal(site_unit_socket(&unit, &own, &err), 0);
        assert_string_equal(
                strstr(own, "[Socket]"), "[Socket]\nSocketUser=crm\nSocketGroup=web\nSocketMode=0600\n");
        unit.socket_group = "admins";
        unit.socket = "/run/100% mine.sock";
        assert_int_equal(site_unit_socket(&unit, &shared, &err), 0);
        assert_string_equal(strstr(shared, "[Socket]"),
                "[Socket]\nSocketUser=crm\nSocketGroup=admins\nSocketMode=0660\nListenStream=\n"
                "ListenStream=/run/100%% mine.sock\n");
        unit.socket = "/run/the line goes on\\";
        assert_int_equal(site_unit_socket(&unit, &own, &err), -1);
        assert_int_equal(err.reason, REASON_UNSAFE_PATH);
}

static void test_values(void **state)
{
        static const struct {
                const char *text, *expected;
        } cases[] = {
                {"", ""},
                {"User=crm", "crm"},
                {"# User=x\n[Service]\nUser = crm \r\nGroup=web\n", "crm"},
                {"UserX=a\nDynamicUser=b\n", ""},
                {"User=a\n\tUser=b\n", "b"},
                {"User=a\nUser=\n", ""},
                {"User\n=x", ""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *value = unit_value(cases[i].text, "User");
                assert_string_equal(value, cases[i].expected);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_paths_as_words),
                cmocka_unit_test(test_service),
                cmocka_unit_test(test_what_the_service_would_not_see),
                cmocka_unit_test(test_what_no_unit_can_hold),
                cmocka_unit_test(test_socket),
                cmocka_unit_test(test_values),
        };
        return cmocka_run_group_tests_name("site_unit", tests, NULL, NULL);
}
