/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/support.h"

#include "lib/checkpoint.h"
#include "lib/log_place.h"
#include "lib/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../scratch.h"

#define SECRET "s3cret-value"
#define PHP                                                                                                  \
        "<?php\n$parameters = array('db_driver' => 'pdo_mysql', 'db_host' => '127.0.0.1', 'db_port' => "     \
        "'1', "                                                                                              \
        "'db_name' => 'shop', 'db_user' => 'shopkeeper', "

static struct {
        struct scratch scratch;
        char *root, *state;
        struct config config;
} bench;

static void make_folder(const char *name)
{
        assert_int_equal(mkdirat(bench.scratch.fd, name, 0700), 0);
}

static void write_text(const char *name, const char *text)
{
        scratch_write(&bench.scratch, name, text, strlen(text));
}

/* Values follow PHP. */
static void write_config(const char *rest)
{
        _cleanup_free_ char *source = string_format(PHP "%s);\n", rest);
        write_text("root/app/config/local.php", source);
}

static void add_fact(const char *name, const char *value)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        assert_ok(checkpoint_open(bench.state, &checkpoint, &err));
        assert_ok(checkpoint_set_fact(checkpoint, name, value, &err));
}

static int set_up(void **state)
{
        _cleanup_error_ struct error err = {0};
        bench.scratch = scratch_make();
        bench.root = string_format("%s/root", bench.scratch.path);
        bench.state = string_format("%s/state", bench.scratch.path);
        make_folder("root");
        make_folder("root/app");
        make_folder("root/app/config");
        make_folder("state");
        write_text("root/app/version.txt", "2.16.5\n");
        write_text("root/" NAME_LOG, "a line with " SECRET "\n");
        config_init(&bench.config);
        bench.config.root = string_copy(bench.root);
        assert_ok(config_set(&bench.config, "php.path", "/bin/echo", &err));
        assert_ok(config_set(&bench.config, "hooks.on_event", "/usr/bin/tell --key " SECRET, &err));
        add_fact("said", "it said " SECRET);
        return 0;
}

static int tear_down(void **state)
{
        config_deinit(&bench.config);
        free(bench.root);
        free(bench.state);
        scratch_remove(&bench.scratch);
        return 0;
}

static json_t *collect(struct cancel *cancel)
{
        json_auto_t *answers = json_pack("{s:{s:s}}", "status", "message", "status tells " SECRET);
        json_auto_t *not_answered = json_pack("[{s:s, s:s}]", "what", "/v1/x", "why", "why tells " SECRET);
        const struct support_source source = {.config = &bench.config,
                .state_path = bench.state,
                .answers = answers,
                .not_answered = not_answered,
                .cancel = cancel};
        return support_collect(&source);
}

static char *text_of(const json_t *answer, const char *name)
{
        json_t *value = json_object_get(answer, name);
        return value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
}

static void assert_hidden(const json_t *answer)
{
        _cleanup_free_ char *all = json_dumps(answer, 0);
        assert_null(strstr(all, SECRET));
}

static void assert_told(const json_t *answer)
{
        static const char *const names[] = {"checkpoint", "log", "status"};
        assert_hidden(answer);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *text = text_of(answer, names[i]);
                assert_non_null(text);
                assert_non_null(strstr(text, "***"));
        }
        _cleanup_free_ char *not_read = text_of(answer, "not_read");
        assert_non_null(strstr(not_read, "why tells ***"));
}

/* why: a part of it. */
static void assert_left_out(const json_t *answer, const char *why)
{
        static const char *const names[] = {"checkpoint", "log", "status"};
        _cleanup_free_ char *not_read = text_of(answer, "not_read");
        assert_hidden(answer);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                assert_null(json_object_get(answer, names[i]));
                assert_non_null(strstr(not_read, names[i]));
        }
        if (!strstr(not_read, why))
                fail_msg("%s is not in %s", why, not_read);
        assert_non_null(strstr(not_read, "/v1/x"));
        assert_non_null(json_object_get(answer, "configuration"));
        assert_non_null(json_object_get(answer, "versions"));
        assert_non_null(json_object_get(answer, "places"));
}

static void test_secrets_are_hidden_wherever_they_come_from(void **state)
{
        static const char *const values[] = {
                "'db_password' => '" SECRET "'",
                "'db_password' => 's3cret'.'-value'",
                "'db_password' => 'getenv(SUPPORT_SECRET)'",
                "'mailer' => array('deep' => array('" SECRET "'))",
                "'key' => <<<END\n" SECRET "\nEND\n",
        };
        setenv("SUPPORT_SECRET", SECRET, 1);
        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
                write_config(values[i]);
                json_auto_t *answer = collect(NULL);
                assert_told(answer);
                _cleanup_free_ char *config = text_of(answer, "local_config");
                assert_non_null(strstr(config, "\"db_name\": \"shop\""));
                assert_null(strstr(config, "db_password"));
        }
}

/* What overrides local.php, and what it was before the upgrade. */
static void test_other_files_of_the_site(void **state)
{
        write_config("");
        write_text("root/app/config/parameters_local.php",
                "<?php\n$parameters['mailer_password'] = '" SECRET "';\n");
        json_auto_t *overridden = collect(NULL);
        assert_told(overridden);
        assert_int_equal(unlinkat(bench.scratch.fd, "root/app/config/parameters_local.php", 0), 0);
        write_text("state/" NAME_LOCAL_CONFIG_ORIGINAL,
                "<?php\n$parameters = array('secret_key' => '" SECRET "');\n");
        json_auto_t *former = collect(NULL);
        assert_told(former);
        /* On the way back it may be the only one. */
        assert_int_equal(unlinkat(bench.scratch.fd, "root/app/config/local.php", 0), 0);
        json_auto_t *only = collect(NULL);
        assert_told(only);
}

static void test_what_can_not_be_known_is_left_out(void **state)
{
        static const struct {
                const char *values, *why;
        } cases[] = {
                {"'db_password' => 'getenv(SUPPORT_NOT_SET)'", "SUPPORT_NOT_SET"},
                {"'db_password' => $_ENV['SUPPORT_NOT_SET']", "SUPPORT_NOT_SET"},
                {"'db_password' => trim(file_get_contents('/run/secret'))", "trim"},
                {"'db_password' => 'open", "line"}, /* is not understood */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                write_config(cases[i].values);
                json_auto_t *answer = collect(NULL);
                assert_left_out(answer, cases[i].why);
        }
        assert_int_equal(unlinkat(bench.scratch.fd, "root/app/config/local.php", 0), 0);
        json_auto_t *without = collect(NULL);
        assert_left_out(without, "local.php is not there");
        string_replace(&bench.config.root, string_copy("/nonexistent"));
        json_auto_t *nowhere = collect(NULL);
        assert_left_out(nowhere, "/nonexistent");
}

/* A site in the middle of the move: its files are in the other folder. */
static void test_a_site_that_is_being_moved(void **state)
{
        write_config("'db_password' => '" SECRET "'");
        make_folder("root/" SITE_MAUTIC_2_FILES);
        assert_int_equal(
                renameat(bench.scratch.fd, "root/app", bench.scratch.fd, "root/" SITE_MAUTIC_2_FILES "/app"),
                0);
        json_auto_t *answer = collect(NULL);
        assert_told(answer);
}

static void test_programs_and_their_end(void **state)
{
        _cleanup_error_ struct error err = {0};
        struct cancel cancel;
        write_config("'db_password' => '" SECRET "'");
        string_replace(&bench.config.backup_tool, string_copy("/bin/echo"));
        json_auto_t *answer = collect(NULL);
        const json_t *versions = json_object_get(answer, "versions");
        assert_string_equal(json_string_value(json_object_get(versions, "php")), "-v\n");
        const char *dump_program = json_string_value(json_object_get(versions, "dump_program"));
        assert_non_null(dump_program);
        assert_non_null(strstr(dump_program, "echo"));
        /* When the daemon stops, none is begun. */
        assert_ok(cancel_init(&cancel, &err));
        cancel_request(&cancel, CANCEL_BY_STOP);
        json_auto_t *stopped = collect(&cancel);
        assert_null(json_object_get(json_object_get(stopped, "versions"), "php"));
        _cleanup_free_ char *not_read = text_of(stopped, "not_read");
        assert_non_null(strstr(not_read, "stopping"));
        cancel_deinit(&cancel);
}

static void test_nothing_is_known(void **state)
{
        const struct support_source source = {0};
        json_auto_t *answer = support_collect(&source);
        _cleanup_free_ char *not_read = text_of(answer, "not_read");
        assert_non_null(strstr(not_read, "the state folder is not known"));
        assert_non_null(json_object_get(answer, "versions"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_secrets_are_hidden_wherever_they_come_from),
                TEST(test_other_files_of_the_site),
                TEST(test_what_can_not_be_known_is_left_out),
                TEST(test_a_site_that_is_being_moved),
                TEST(test_programs_and_their_end),
                cmocka_unit_test(test_nothing_is_known),
        };
        return cmocka_run_group_tests_name("support", tests, NULL, NULL);
}
