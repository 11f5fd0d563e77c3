/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "two_sites.h"

#include "php_server.h"
#include "states/gate.h"
#include "states/gate_check.h"

#define WITNESS "mautic-upgraded-0011223344556677.css" /* fix_names() */

static int run_forget(struct stage_context *context, struct error *err)
{
        return gate_check_forget(context, err);
}

static const struct stage forget = {.name = "forget", .title = "Forget", .run = run_forget};

static const char mautic_2[] = "<?php echo 'Mautic 2';\n";

/* A Mautic 2 whose site_url is the server's. */
static void put_site(const struct fixture *fixture, unsigned short port)
{
        _cleanup_free_ char *config = string_format("<?php\n$parameters = array('db_driver' => 'pdo_mysql', "
                                                    "'db_host' => 'localhost', 'db_name' => 'm', "
                                                    "'db_user' => 'u', 'db_password' => '', 'secret_key' => "
                                                    "'x', 'site_url' => 'http://127.0.0.1:%u');\n",
                port);
        put(fixture, "app/config/local.php", config);
        put(fixture, "index.php", mautic_2);
        /* opcache does not keep a file that is younger than two seconds. */
        _cleanup_free_ char *index = string_format("%s/index.php", fixture->root);
        const struct timespec old[] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
        assert_int_equal(utimensat(AT_FDCWD, index, old, 0), 0);
}

static void assert_page(const struct php_server *server, const char *path, long status, const char *text)
{
        _cleanup_(page_deinit) struct page page = get_page(server, path, NULL);
        assert_int_equal(page.status, status);
        assert_non_null(strstr(page.body.data, text));
}

static bool said(const char *words)
{
        return logged.size > 0 && strstr(logged.data, words);
}

static bool is_closed(const struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int root = open(fixture->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool up;
        assert_int_equal(gate_is_up(root, &up, &err), 0);
        return up;
}

static void assert_no_witness(const struct fixture *fixture)
{
        _cleanup_free_ char *all = dump(fixture);
        assert_null(strstr(all, ".css"));
}

static bool has_opcache(void)
{
        return system("php -r 'exit(extension_loaded(\"Zend OPcache\") ? 0 : 1);' >/dev/null 2>&1") == 0;
}

static void test_a_gate_that_is_seen(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = two_sites();
        unsigned short port = free_port();
        put_site(fixture, port);
        struct php_server server = start_php_server_at(fixture, port);
        assert_page(&server, "/", 200, "Mautic 2");
        assert_stage(fixture, &stage_move_files);
        assert_true(said("answers with the 503 page"));
        assert_no_witness(fixture);
        /* PHP's own server asks no file in a folder whether its scripts may run. */
        assert_true(said("runs scripts in mautic-2-backup-files"));
        stop_php_server(&server);
        fixture_free(fixture);
}

/* opcache that never looks at a file again serves Mautic 2 on; nothing else is renamed then. */
static void test_a_gate_that_opcache_hides(void **state)
{
        if (!has_php() || !has_opcache())
                skip();
        struct fixture *fixture = two_sites();
        unsigned short port = free_port();
        put_site(fixture, port);
        fixture->config.gate_patience = 1;
        struct php_server server = start_php_server_with(fixture, port, "opcache.validate_timestamps=0");
        assert_page(&server, "/", 200, "Mautic 2");
        for (unsigned i = 0; i < 2; i++) {
                assert_stage_fails(fixture, &stage_move_files, REASON_GATE_UNSEEN);
                assert_page(&server, "/", 200, "Mautic 2");
                assert_true(is_closed(fixture));
                assert_text(fixture, "app/console", "<?php // Mautic 2\n");
                assert_true(there_is(fixture, "vendor/autoload.php"));
                assert_no_witness(fixture);
        }
        stop_php_server(&server);
        server = start_php_server_with(fixture, port, "opcache.validate_timestamps=0");
        assert_stage(fixture, &stage_move_files);
        assert_page(&server, "/", 503, "Back soon");
        stop_php_server(&server);
        fixture_free(fixture);
}

static void test_a_gate_that_is_not_asked_for(void **state)
{
        if (!has_php() || !has_opcache())
                skip();
        struct fixture *fixture = two_sites();
        unsigned short port = free_port();
        put_site(fixture, port);
        fixture->config.gate_check = false;
        struct php_server server = start_php_server_with(fixture, port, "opcache.validate_timestamps=0");
        assert_page(&server, "/", 200, "Mautic 2");
        assert_stage(fixture, &stage_move_files);
        assert_page(&server, "/", 200, "Mautic 2");
        stop_php_server(&server);
        fixture_free(fixture);
}

/* A copy of a site, with the address of the site that it was copied from. */
static void test_another_machine_answers(void **state)
{
        if (!has_php())
                skip();
        struct fixture *fixture = two_sites(), *other = two_sites();
        unsigned short port = free_port();
        put_site(fixture, port);
        put_site(other, port);
        struct php_server server = start_php_server_at(other, port);
        assert_stage(fixture, &stage_move_files);
        assert_true(said("is not from this site's folder"));
        assert_no_witness(fixture);
        assert_page(&server, "/", 200, "Mautic 2");
        stop_php_server(&server);
        fixture_free(fixture);
        fixture_free(other);
}

static void test_nobody_answers(void **state)
{
        struct fixture *fixture = two_sites();
        put_site(fixture, free_port());
        assert_stage(fixture, &stage_move_files);
        assert_true(said("can't be reached from here"));
        assert_no_witness(fixture);
        fixture_free(fixture);
}

/* Nothing but a kill in the middle of the check leaves the file. */
static void test_a_witness_that_a_kill_left(void **state)
{
        struct fixture *fixture = two_sites();
        fix_names(fixture);
        assert_stage(fixture, &stage_move_files);
        put(fixture, WITNESS, "/* 8899aabbccddeeff */\n");
        assert_stage(fixture, &forget);
        assert_no_witness(fixture);
        assert_stage(fixture, &forget);
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_gate_that_is_seen),
                cmocka_unit_test(test_a_gate_that_opcache_hides),
                cmocka_unit_test(test_a_gate_that_is_not_asked_for),
                cmocka_unit_test(test_another_machine_answers),
                cmocka_unit_test(test_nobody_answers),
                cmocka_unit_test(test_a_witness_that_a_kill_left),
        };
        return cmocka_run_group_tests_name("gate_check", tests, NULL, NULL);
}
