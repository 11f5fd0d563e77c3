/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

#include "php_server.h"
#include "states/gate.h"
#include "states/web_requests.h"

#include <jansson.h>

static const struct stage *const moving[] = {&stage_move_files, NULL};
static const struct stage *const lifting[] = {&lift, NULL};

#define TOKEN "00112233445566778899aabbccddeeff" /* fix_names() */

static struct fixture *closed_site(void)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        put(fixture, "mautic-3-temp-files/index.php", "<?php echo 'Mautic 3 in ', basename(__DIR__);\n");
        assert_stage(fixture, &stage_move_files);
        return fixture;
}

static bool is_up(const struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int root = open(fixture->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool up;
        assert_int_equal(gate_is_up(root, &up, &err), 0);
        return up;
}

static void test_visitors_get_a_503(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = closed_site();
        struct php_server server = start_php_server(fixture);
        static const char *const paths[] = {"/", "/index.php/s/login", "/form/submit?x=1"};
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                _cleanup_(page_deinit) struct page page = get_page(&server, paths[i], NULL);
                assert_int_equal(page.status, 503);
                assert_non_null(strstr(page.headers.data, "Retry-After: 120\r\n"));
                assert_non_null(strstr(page.headers.data, "Cache-Control: no-store\r\n"));
                assert_non_null(strstr(page.headers.data, "text/html"));
                assert_non_null(strstr(page.body.data, "<h1>Back soon</h1>"));
        }
        stop_php_server(&server);
        fixture_free(fixture);
}

static void test_programs_get_json(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = closed_site();
        struct php_server server = start_php_server(fixture);
        _cleanup_(page_deinit) struct page page =
                get_page(&server, "/api/contacts", "Accept: application/json");
        assert_int_equal(page.status, 503);
        assert_non_null(strstr(page.headers.data, "application/json"));
        json_t *json = json_loadb(page.body.data, page.body.size, 0, NULL);
        assert_non_null(json);
        json_decref(json);
        stop_php_server(&server);
        fixture_free(fixture);
}

static void test_only_the_token_is_let_through(void **state)
{
        if (!has_php())
                skip();
        static const struct {
                const char *header;
                long status;
        } cases[] = {
                {GATE_TOKEN_HEADER ": " TOKEN, 200},
                {GATE_TOKEN_HEADER ": 00112233445566778899aabbccddeefe", 503},
                {GATE_TOKEN_HEADER ": 0", 503},
                {GATE_TOKEN_HEADER ";", 503},
        };
        struct fixture *fixture = closed_site();
        struct php_server server = start_php_server(fixture);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(page_deinit) struct page page = get_page(&server, "/", cases[i].header);
                assert_int_equal(page.status, cases[i].status);
                assert_int_equal(
                        strstr(page.headers.data, GATE_HEADER ": passed") != NULL, page.status == 200);
                if (page.status == 200)
                        assert_string_equal(page.body.data, "Mautic 3 in site");
        }
        _cleanup_free_ char *stub = text_of(fixture, "index.php");
        assert_null(strstr(stub, "'" TOKEN "'"));
        stop_php_server(&server);
        fixture_free(fixture);
}

static void test_cron_is_put_off(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = closed_site();
        _cleanup_free_ char *command = string_format(
                "php %s/app/console mautic:segments:update 2>%s/said", fixture->root, fixture->folder);
        int status = system(command);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 75);
        _cleanup_free_ char *said = text_of(fixture, "../said");
        assert_non_null(strstr(said, "being upgraded"));
        fixture_free(fixture);
}

/* Requests come in all the time while the files are moved: Mautic 2's page or the 503, nothing else. */
static void visit_until_told(const struct php_server *server, int until_fd)
{
        struct pollfd until = {.fd = until_fd, .events = POLLIN};
        bool closed = false;
        while (poll(&until, 1, 0) == 0 || !closed) {
                struct page page = get_page(server, "/", NULL);
                if (page.status == 503)
                        closed = true;
                else if (closed || page.status != 200 || !string_equal(page.body.data, "Mautic 2"))
                        _exit(1);
                page_deinit(&page);
        }
        _exit(0);
}

static void test_no_visitor_sees_a_half_moved_site(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = two_sites();
        put(fixture, "index.php",
                "<?php require __DIR__.'/vendor/autoload.php'; echo file_get_contents(__DIR__.'/app/x');");
        put(fixture, "vendor/autoload.php", "<?php\n");
        put(fixture, "app/x", "Mautic 2");
        fixture->config.gate_settle = 5;
        struct php_server server = start_php_server(fixture);
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        (void)fflush(NULL);
        pid_t visitor = fork();
        if (visitor == 0)
                visit_until_told(&server, ends[0]);
        assert_stage(fixture, &stage_move_files);
        assert_int_equal(write(ends[1], "x", 1), 1);
        int status;
        assert_int_equal(waitpid(visitor, &status, 0), visitor);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        (void)close(ends[0]);
        (void)close(ends[1]);
        stop_php_server(&server);
        fixture_free(fixture);
}

static void test_lifting(void **state)
{
        struct fixture *fixture = closed_site();
        put(fixture, "mautic-3-temp-files/custom.php", "<?php // restored");
        assert_true(is_up(fixture));
        assert_stage(fixture, &lift);
        assert_false(is_up(fixture));
        assert_text(fixture, "index.php", "<?php echo 'Mautic 3 in ', basename(__DIR__);\n");
        assert_text(fixture, "index_dev.php", "<?php // Mautic 3 dev\n");
        assert_text(fixture, "custom.php", "<?php // restored");
        assert_false(there_is(fixture, "index-" TOKEN ".php"));
        assert_false(there_is(fixture, "app/console"));
        _cleanup_free_ char *before = dump(fixture);
        assert_stage(fixture, &lift);
        _cleanup_free_ char *after = dump(fixture);
        assert_string_equal(before, after);
        fixture_free(fixture);
}

/* In front of a Mautic 3 that was in service. */
static void test_raised_again(void **state)
{
        _cleanup_error_ struct error err = {0};
        struct fixture *fixture = closed_site();
        assert_int_equal(call_stage(fixture, &lift, gate_raise_again, &err), 0); /* never lifted */
        assert_stage(fixture, &lift);
        for (int i = 0; i < 2; i++) {
                buffer_deinit(&logged);
                assert_int_equal(call_stage(fixture, &lift, gate_raise_again, &err), 0);
                assert_true(is_up(fixture));
                _cleanup_free_ char *console = text_of(fixture, "bin/console");
                assert_non_null(strstr(console, "exit(75)"));
                assert_int_equal(i == 0, logged.data && strstr(logged.data, "Visitors get a 503 page"));
        }
        assert_text(fixture, "index-" TOKEN ".php", "<?php echo 'Mautic 3 in ', basename(__DIR__);\n");
        assert_text(fixture, "mautic-3-temp-files/index_dev.php", "<?php // Mautic 3 dev\n");
        assert_false(there_is(fixture, "index_dev.php"));
        fixture_free(fixture);
}

/* What visitors are kept from is not Mautic 3's index.php any more: it was deleted while it was live. */
static void test_raised_again_without_an_index(void **state)
{
        _cleanup_error_ struct error err = {0};
        struct fixture *fixture = closed_site();
        assert_stage(fixture, &lift);
        _cleanup_free_ char *index = string_format("%s/index.php", fixture->root);
        assert_int_equal(unlink(index), 0);
        assert_int_equal(call_stage(fixture, &lift, gate_raise_again, &err), 0);
        assert_true(is_up(fixture));
        fixture_free(fixture);
}

static void test_lifting_killed_at_every_act(void **state)
{
        assert_survives_kills(two_sites, moving, lifting, 7);
}

static void test_a_site_without_a_gate(void **state)
{
        struct fixture *fixture = two_sites();
        assert_false(is_up(fixture));
        _cleanup_free_ char *before = dump(fixture);
        assert_stage(fixture, &lift);
        _cleanup_free_ char *after = dump(fixture);
        assert_string_equal(before, after);
        fixture_free(fixture);
}

static size_t count_requests(const char *root)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_string_list_ struct string_list list = {0};
        assert_int_equal(web_requests_find(root, &list, &err), 0);
        for (size_t i = 0; i < list.count; i++)
                assert_non_null(strstr(list.items[i], "php"));
        return list.count;
}

static void wait_for_requests(const char *root, size_t count)
{
        for (unsigned i = 0; i < 1000 && count_requests(root) != count; i++)
                (void)poll(NULL, 0, 10);
        assert_int_equal(count_requests(root), count);
}

/* A console and a PHP with its working folder or an open file below the root are seen, others are not. */
static void test_requests_under_way_are_seen(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = two_sites();
        put(fixture, "app/console", "<?php sleep(60);");
        _cleanup_free_ char *console = string_format("%s/app/console", fixture->root);
        _cleanup_free_ char *sibling = string_format("%s-other", fixture->root);
        assert_int_equal(mkdir(sibling, 0755), 0);
        const struct {
                const char *folder;
                const char *arguments[5];
                size_t expected;
        } cases[] = {
                {"/", {"php", console, "mautic:segments:update"}, 1},
                {fixture->root, {"php", "-r", "sleep(60);"}, 1},
                {"/", {"php", "-r", "$f = fopen($argv[1], 'r'); sleep(60);", console}, 1},
                {sibling, {"php", "-r", "sleep(60);"}, 0},
                {fixture->root, {"sleep", "60"}, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                pid_t keeper = start_grandchild(cases[i].folder, cases[i].arguments);
                wait_for_requests(fixture->root, cases[i].expected);
                stop_grandchild(keeper);
                wait_for_requests(fixture->root, 0);
        }
        fixture_free(fixture);
}

static void test_who_does_not_end_is_named(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = two_sites();
        fixture->config.gate_settle = 1;
        const char *const arguments[] = {"php", "-r", "sleep(60);", NULL};
        pid_t keeper = start_grandchild(fixture->root, arguments);
        wait_for_requests(fixture->root, 1);
        assert_stage(fixture, &stage_move_files);
        assert_non_null(strstr(logged.data, "warning: php"));
        assert_non_null(strstr(logged.data, "was still at work"));
        stop_grandchild(keeper);
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_visitors_get_a_503),
                cmocka_unit_test(test_programs_get_json),
                cmocka_unit_test(test_only_the_token_is_let_through),
                cmocka_unit_test(test_cron_is_put_off),
                cmocka_unit_test(test_no_visitor_sees_a_half_moved_site),
                cmocka_unit_test(test_lifting),
                cmocka_unit_test(test_raised_again),
                cmocka_unit_test(test_raised_again_without_an_index),
                cmocka_unit_test(test_lifting_killed_at_every_act),
                cmocka_unit_test(test_a_site_without_a_gate),
                cmocka_unit_test(test_requests_under_way_are_seen),
                cmocka_unit_test(test_who_does_not_end_is_named),
        };
        return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
