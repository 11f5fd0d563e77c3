/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

#include "php_server.h"

#define CONSOLE                                                                                              \
        "#!/usr/bin/env php\n<?php\n"                                                                        \
        "if (in_array('--version', $argv)) { echo \"Mautic 3.0.2 - app/prod\\n\"; exit(0); }\n"              \
        "if ($argv[1] !== 'cache:clear' || !in_array('--env=prod', $argv)) exit(9);\n"                       \
        "if (is_file('var/cache/half')) { fwrite(STDERR, 'half a container'); exit(1); }\n"                  \
        "file_put_contents('var/cache/half', '');\n"                                                         \
        "@mkdir('var/cache/prod'); file_put_contents('var/cache/prod/built', 'x');\n"                        \
        "unlink('var/cache/half');\n"

static struct fixture *closed_site(const char *console, const char *index, const char *site_url)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        put(fixture, "mautic-3-temp-files/bin/console", console);
        put(fixture, "mautic-3-temp-files/index.php", index);
        _cleanup_free_ char *local = string_format(
                "<?php\n$parameters = array('db_driver' => 'pdo_mysql', 'db_host' => 'localhost', 'db_name' "
                "=> 'm', "
                "'db_user' => 'u', 'db_password' => '', 'secret_key' => 'x', 'site_url' => '%s');\n",
                site_url);
        put(fixture, "app/config/local.php", local);
        assert_stage(fixture, &stage_move_files);
        return fixture;
}

static bool is_gate_up(const struct fixture *fixture)
{
        _cleanup_free_ char *index = text_of(fixture, "index.php");
        return strstr(index, "http_response_code(503)") != NULL;
}

static void test_cache_is_built_and_the_gate_lifted(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = closed_site(CONSOLE, "<?php // Mautic 3", "");
        assert_stage(fixture, &stage_build_cache);
        static const char *const paths[] = {"var/cache/prod/built", "var/logs", "var/spool", "var/tmp"};
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                assert_true(there_is(fixture, paths[i]));
        assert_text(fixture, "index.php", "<?php // Mautic 3");
        assert_non_null(strstr(logged.data, "site_url is not set"));
        fixture_free(fixture);
}

static void test_consoles_that_fail_keep_the_gate_up(void **state)
{
        if (!has_php())
                skip();
        static const struct {
                const char *console;
                enum reason reason;
        } cases[] = {
                {"<?php fwrite(STDERR, 'no such class'); exit(1);", REASON_PROGRAM_FAILED},
                {"<?php echo 'Mautic 2.16.5';", REASON_SMOKE_TEST_FAILED},
                {"<?php echo 'Mautic 3.0.20';", REASON_SMOKE_TEST_FAILED},
                {"<?php echo 'Mautic 13.0.2';", REASON_SMOKE_TEST_FAILED},
                {"<?php", REASON_SMOKE_TEST_FAILED},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fixture *fixture = closed_site(cases[i].console, "<?php // Mautic 3", "");
                assert_stage_fails(fixture, &stage_build_cache, cases[i].reason);
                assert_true(is_gate_up(fixture));
                put(fixture, "bin/console", CONSOLE);
                assert_stage(fixture, &stage_build_cache);
                assert_false(is_gate_up(fixture));
                fixture_free(fixture);
        }
}

/* A console that was killed in the middle leaves what the next one dies of. */
static void test_half_a_cache_is_thrown_away(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture =
                closed_site("<?php touch('var/cache/half'); exit(1);", "<?php // Mautic 3", "");
        assert_stage_fails(fixture, &stage_build_cache, REASON_PROGRAM_FAILED);
        assert_true(there_is(fixture, "var/cache/half"));
        put(fixture, "bin/console", CONSOLE);
        assert_stage(fixture, &stage_build_cache);
        assert_false(there_is(fixture, "var/cache/half"));
        fixture_free(fixture);
}

/* cache.build = defer: no PHP is started, what an earlier build left is gone, visitors come in. */
static void test_the_cache_is_left_to_mautic(void **state)
{
        struct fixture *fixture = closed_site("<?php exit(1);", "<?php // Mautic 3", "");
        _cleanup_error_ struct error err = {0};
        put(fixture, "var/cache/prod/half", "of an earlier build");
        assert_int_equal(config_set(&fixture->config, "php.path", "/nonexistent/php", &err), 0);
        assert_stage_fails(fixture, &stage_build_cache, REASON_PROGRAM_MISSING);
        assert_true(is_gate_up(fixture));
        assert_int_equal(config_set(&fixture->config, "cache.build", "defer", &err), 0);
        assert_int_equal(run_stage(fixture, &stage_build_cache, &err), STAGE_SKIP);
        assert_false(is_gate_up(fixture));
        assert_false(there_is(fixture, "var/cache/prod"));
        assert_true(there_is(fixture, "var/cache"));
        assert_true(there_is(fixture, "var/tmp"));
        assert_text(fixture, "index.php", "<?php // Mautic 3");
        assert_non_null(strstr(logged.data, "cache.build = defer"));
        fixture_free(fixture);
}

/* The first request, which builds the cache, is ours: a Mautic 3 that dies of it is not shown to visitors. */
static void test_a_deferred_cache_is_tried_behind_the_gate(void **state)
{
        if (!has_php())
                skip();
        unsigned short port = free_port();
        _cleanup_free_ char *url = string_format("http://127.0.0.1:%u/", port);
        struct fixture *fixture = closed_site(CONSOLE, "<?php http_response_code(500);", url);
        struct php_server server = start_php_server_at(fixture, port);
        _cleanup_error_ struct error err = {0};
        assert_int_equal(config_set(&fixture->config, "cache.build", "defer", &err), 0);
        assert_stage_fails(fixture, &stage_build_cache, REASON_SMOKE_TEST_FAILED);
        assert_true(is_gate_up(fixture));
        stop_php_server(&server);
        fixture_free(fixture);
}

/* What the page of Mautic 3 does behind the gate, and what becomes of it. */
static void test_the_page_is_asked_for_behind_the_gate(void **state)
{
        if (!has_php())
                skip();
        static const struct {
                const char *index;
                bool passes;
        } cases[] = {
                {"<?php echo 'Mautic 3';", true},
                {"<?php header('Location: /s/login'); http_response_code(302);", true},
                {"<?php http_response_code(404);", true},
                {"<?php http_response_code(500);", false},
                {"<?php require 'nothing.php';", false},
                {"<?php this is no PHP", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                unsigned short port = free_port();
                _cleanup_free_ char *url = string_format("http://127.0.0.1:%u/", port);
                struct fixture *fixture = closed_site(CONSOLE, cases[i].index, url);
                struct php_server server = start_php_server_at(fixture, port);
                if (cases[i].passes)
                        assert_stage(fixture, &stage_build_cache);
                else
                        assert_stage_fails(fixture, &stage_build_cache, REASON_SMOKE_TEST_FAILED);
                assert_int_equal(is_gate_up(fixture), !cases[i].passes);
                if (cases[i].passes)
                        assert_non_null(strstr(logged.data, "info: Mautic 3 answers at 127.0.0.1"));
                stop_php_server(&server);
                fixture_free(fixture);
        }
}

static void test_a_site_that_cannot_be_asked_is_a_warning(void **state)
{
        if (!has_php())
                skip();
        static const char *const urls[] = {"http://127.0.0.1:1/", "not a url", "ftp://127.0.0.1:1/"};
        for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
                struct fixture *fixture = closed_site(CONSOLE, "<?php // Mautic 3", urls[i]);
                assert_stage(fixture, &stage_build_cache);
                assert_non_null(strstr(logged.data, "warning: "));
                assert_false(is_gate_up(fixture));
                fixture_free(fixture);
        }
}

/* Another server at that address may say what it likes. */
static void test_an_answer_from_elsewhere_is_a_warning(void **state)
{
        if (!has_php())
                skip();
        struct fixture *other = fixture_new();
        put(other, "index.php", "<?php http_response_code(500);");
        struct php_server server = start_php_server(other);
        _cleanup_free_ char *url = string_format("http://127.0.0.1:%u/", server.port);
        struct fixture *fixture = closed_site(CONSOLE, "<?php // Mautic 3", url);
        assert_stage(fixture, &stage_build_cache);
        assert_non_null(strstr(logged.data, "not from this site's folder"));
        stop_php_server(&server);
        fixture_free(fixture);
        fixture_free(other);
}

static struct fixture *site_to_kill(void)
{
        return closed_site(CONSOLE, "<?php // Mautic 3", "");
}

static void test_killed_at_every_act(void **state)
{
        if (!has_php())
                skip();
        static const struct stage *const nothing[] = {NULL};
        static const struct stage *const building[] = {&stage_build_cache, NULL};
        assert_survives_kills(site_to_kill, nothing, building, 11);
}

static struct fixture *site_to_kill_without_a_cache(void)
{
        struct fixture *fixture = closed_site("<?php exit(1);", "<?php // Mautic 3", "");
        _cleanup_error_ struct error err = {0};
        put(fixture, "var/cache/prod/half", "of an earlier build");
        put(fixture, "var/cache/prod/deep/half", "of an earlier build");
        assert_int_equal(config_set(&fixture->config, "cache.build", "defer", &err), 0);
        assert_int_equal(config_set(&fixture->config, "php.path", "/nonexistent/php", &err), 0);
        return fixture;
}

static void test_killed_at_every_act_of_a_deferred_cache(void **state)
{
        static const struct stage *const nothing[] = {NULL};
        static const struct stage *const building[] = {&stage_build_cache, NULL};
        assert_survives_kills(site_to_kill_without_a_cache, nothing, building, 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cache_is_built_and_the_gate_lifted),
                cmocka_unit_test(test_consoles_that_fail_keep_the_gate_up),
                cmocka_unit_test(test_half_a_cache_is_thrown_away),
                cmocka_unit_test(test_the_cache_is_left_to_mautic),
                cmocka_unit_test(test_a_deferred_cache_is_tried_behind_the_gate),
                cmocka_unit_test(test_the_page_is_asked_for_behind_the_gate),
                cmocka_unit_test(test_a_site_that_cannot_be_asked_is_a_warning),
                cmocka_unit_test(test_an_answer_from_elsewhere_is_a_warning),
                cmocka_unit_test(test_killed_at_every_act),
                cmocka_unit_test(test_killed_at_every_act_of_a_deferred_cache),
        };
        return cmocka_run_group_tests_name("build_cache", tests, NULL, NULL);
}
