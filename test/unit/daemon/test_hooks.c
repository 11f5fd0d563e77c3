/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/hooks.h"

#include "daemon/notification.h"
#include "lib/clock.h"
#include "lib/files.h"
#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#define WAIT_MS 60000

static struct {
        char folder[64];
        int fd;
        struct config config;
        struct checkpoint *checkpoint;
        struct hooks *hooks;
} bench;

static void write_text(const char *name, const char *text, mode_t mode)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(file_write_atomic(bench.fd, name, text, strlen(text), mode, &err), 0);
}

/* "" when it is not there. */
static char *read_text(const char *name)
{
        _cleanup_error_ struct error err = {0};
        char *text = NULL;
        size_t size;
        return file_read(bench.fd, name, 1 << 20, &text, &size, &err) == 0 ? text : string_copy("");
}

/* What the command does, with the bench's folder as $1. */
static void set_command(const char *body)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *script = string_format("#!/bin/sh\n%s\n", body);
        _cleanup_free_ char *line = string_format("%s/notify '%s' 'two words'", bench.folder, bench.folder);
        write_text("notify", script, 0700);
        assert_int_equal(config_set(&bench.config, "hooks.on_event", line, &err), 0);
}

/* Notes each event's name and sequence. */
#define NOTES "echo $MAUTIC_UPGRADED_EVENT $MAUTIC_UPGRADED_SEQUENCE >>\"$1/told\""

static void open_checkpoint(void)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(checkpoint_open(bench.folder, &bench.checkpoint, &err), 0);
}

static int64_t add_event(const char *type, const char *stage, const char *fields)
{
        _cleanup_error_ struct error err = {0};
        const struct event_record event = {
                .time_ms = 1700000000123,
                .type = (char *)type,
                .level = (char *)"info",
                .stage = (char *)stage,
                .text = (char *)"A sentence with \"quotes\".",
                .fields = (char *)fields,
        };
        int64_t sequence = 0;
        assert_int_equal(checkpoint_add_event(bench.checkpoint, &event, &sequence, &err), 0);
        return sequence;
}

#define STARTED                                                                                              \
        "{\"state\":\"running\",\"upgrade_state\":\"running\",\"event\":\"start\",\"upgrade\":\"u-1\"}"
#define FINISHED "{\"state\":\"finished\",\"upgrade_state\":\"finished\",\"event\":\"all_done\"}"

static struct hooks *new_hooks(uint64_t patience_ms)
{
        _cleanup_error_ struct error err = {0};
        const struct hooks_options options = {
                .config = &bench.config,
                .site = "shop",
                .state_path = bench.folder,
                .patience_ms = patience_ms,
        };
        struct hooks *hooks = NULL;
        if (hooks_new(&options, &hooks, &err) < 0)
                fail_msg("%s", error_message(&err));
        return hooks;
}

static void start_hooks(uint64_t patience_ms)
{
        _cleanup_error_ struct error err = {0};
        bench.hooks = new_hooks(patience_ms);
        assert_int_equal(hooks_start(bench.hooks, &err), 0);
}

static void stop_hooks(void)
{
        hooks_free(steal(&bench.hooks));
}

static void wait_for_text(const char *name, const char *text)
{
        uint64_t begin_ms = clock_steady_ms();
        while (true) {
                _cleanup_free_ char *seen = read_text(name);
                if (strstr(seen, text))
                        return;
                if (clock_steady_ms() - begin_ms > WAIT_MS)
                        fail_msg("waited in vain for %s in %s: %s", text, name, seen);
                (void)usleep(10000);
        }
}

static void assert_text(const char *name, const char *expected)
{
        _cleanup_free_ char *seen = read_text(name);
        assert_string_equal(seen, expected);
}

static int set_up(void **state)
{
        memset(&bench, 0, sizeof(bench));
        (void)snprintf(bench.folder, sizeof(bench.folder), "/tmp/test-hooks-XXXXXX");
        assert_non_null(mkdtemp(bench.folder));
        bench.fd = open(bench.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(bench.fd >= 0);
        config_init(&bench.config);
        string_replace(&bench.config.root, string_copy("/srv/shop \xff"));
        open_checkpoint();
        return 0;
}

static int tear_down(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        stop_hooks();
        checkpoint_close(bench.checkpoint);
        config_deinit(&bench.config);
        closep(&bench.fd);
        assert_int_equal(tree_remove(tmp, bench.folder + strlen("/tmp/"), &err), 0);
        return 0;
}

static void test_what_is_told(void **state)
{
        static const struct {
                const char *type, *stage, *fields, *event; /* NULL: nobody is notified */
        } cases[] = {
                {"log", NULL, NULL, NULL},
                {"log", "preflight", "{}", NULL},
                {"upgrade", NULL, NULL, NULL},
                {"upgrade", NULL, "{\"state\":\"running\"}", NULL}, /* of a former version */
                {"upgrade", NULL, STARTED, "started"},
                {"upgrade", NULL, "{\"event\":\"resume\",\"upgrade_state\":\"rolling_back\"}", "resumed"},
                {"upgrade", NULL, "{\"event\":\"rollback\",\"upgrade_state\":\"rolling_back\"}",
                        "rollback_started"},
                {"upgrade", NULL, "{\"event\":\"clean\",\"upgrade_state\":\"cleaning\"}", "clean_started"},
                {"stage", "move_files", "{\"state\":\"running\",\"upgrade_state\":\"running\"}", "stage"},
                {"stage", "move_files", "{\"event\":\"stage_failed\",\"upgrade_state\":\"failed\"}",
                        "failed"},
                {"stage", "move_files", "{\"event\":\"interrupt\",\"upgrade_state\":\"interrupted\"}",
                        "interrupted"},
                {"stage", "move_files", "{\"event\":\"stage_failed\",\"upgrade_state\":\"rollback_failed\"}",
                        "rollback_failed"},
                {"upgrade", NULL, "{\"event\":\"interrupt\",\"upgrade_state\":\"clean_interrupted\"}",
                        "interrupted"},
                {"upgrade", NULL, "{\"event\":\"stage_failed\",\"upgrade_state\":\"clean_failed\"}",
                        "clean_failed"},
                {"upgrade", NULL, FINISHED, "finished"},
                {"upgrade", NULL, "{\"event\":\"all_done\",\"upgrade_state\":\"rolled_back\"}",
                        "rolled_back"},
                {"upgrade", NULL, "{\"event\":\"all_done\",\"upgrade_state\":\"cleaned\"}", "cleaned"},
                {"upgrade", NULL, "{\"event\":\"all_done\",\"upgrade_state\":\"leaped\"}", NULL},
                {"upgrade", NULL, "{\"event\":7}", NULL},
                {"upgrade", NULL, "no object", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_notification_ struct notification notification = {0};
                const struct event_record event = {
                        .sequence = 9,
                        .type = (char *)cases[i].type,
                        .stage = (char *)cases[i].stage,
                        .fields = (char *)cases[i].fields,
                };
                bool told = notification_init(&notification, &event, "shop", "/srv/shop");
                if (told != (cases[i].event != NULL) || !string_equal(notification.event, cases[i].event))
                        fail_msg("case %zu: %s", i, notification.event);
        }
}

static void test_what_the_command_gets(void **state)
{
        assert_int_equal(setenv("SECRET_OF_THE_DAEMON", "x", 1), 0);
        set_command("cat >\"$1/input\"; env >\"$1/environment\"; echo \"$2 in $(pwd)\" >\"$1/arguments\"\n"
                    "[ ! -e /proc/$$/fd/77 ] || echo leaked >\"$1/descriptors\"\n" NOTES);
        assert_int_equal(dup2(bench.fd, 77), 77); /* stays open on exec */
        start_hooks(WAIT_MS);
        add_event("log", NULL, NULL);
        int64_t sequence = add_event("stage", "move_files",
                "{\"state\":\"failed\",\"upgrade_state\":\"failed\",\"event\":\"stage_failed\",\"upgrade\":"
                "\"u-1\","
                "\"stage_state\":\"failed\",\"error_code\":\"ERR_X\",\"reason\":\"disk_full\",\"attempt\":"
                "2}");
        stop_hooks(); /* tells what is left */
        _cleanup_free_ char *told = string_format("failed %lld\n", (long long)sequence);
        assert_text("told", told);
        assert_text("arguments", "two words in /\n");
        assert_text("descriptors", "");
        assert_int_equal(close(77), 0);

        _cleanup_free_ char *input = read_text("input");
        json_auto_t *json = json_loads(input, 0, NULL);
        json_auto_t *expected = json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
                "event", "failed", "sequence", (json_int_t)sequence, "time", "2023-11-14T22:13:20.123Z",
                "site", "shop", "root", "/srv/shop \xef\xbf\xbd", "uuid", "u-1", "state", "failed", "stage",
                "move_files", "stage_state", "failed", "error_code", "ERR_X", "reason", "disk_full", "level",
                "info", "text", "A sentence with \"quotes\".");
        if (!json_equal(json, expected))
                fail_msg("%s", input);
        static const char *const set[] = {"MAUTIC_UPGRADED_EVENT=failed\n", "MAUTIC_UPGRADED_SITE=shop\n",
                "MAUTIC_UPGRADED_ROOT=/srv/shop ", "MAUTIC_UPGRADED_UUID=u-1\n",
                "MAUTIC_UPGRADED_STATE=failed\n", "MAUTIC_UPGRADED_STAGE=move_files\n",
                "MAUTIC_UPGRADED_STAGE_STATE=failed\n", "MAUTIC_UPGRADED_ERROR_CODE=ERR_X\n",
                "MAUTIC_UPGRADED_REASON=disk_full\n", "MAUTIC_UPGRADED_TIME=2023-11-14T22:13:20.123Z\n",
                "PATH="};
        static const char *const not_set[] = {"SECRET_OF_THE_DAEMON", "MAUTIC_UPGRADED_TEXT", "sentence"};
        _cleanup_free_ char *environment = read_text("environment");
        for (size_t i = 0; i < ARRAY_SIZE(set); i++)
                assert_non_null(strstr(environment, set[i]));
        for (size_t i = 0; i < ARRAY_SIZE(not_set); i++)
                assert_null(strstr(environment, not_set[i]));
}

static void test_in_their_order_and_once(void **state)
{
        add_event("upgrade", NULL, STARTED); /* before the first start: nobody asked */
        set_command(NOTES);
        start_hooks(WAIT_MS);
        _cleanup_buffer_ struct buffer expected = {0};
        for (int i = 0; i < 20; i++) {
                add_event("log", NULL, NULL);
                buffer_append_format(&expected, "stage %lld\n",
                        (long long)add_event("stage", "first", "{\"upgrade_state\":\"running\"}"));
                if (i % 7 == 0)
                        hooks_wake(bench.hooks);
        }
        stop_hooks();
        assert_text("told", expected.data);
        start_hooks(WAIT_MS);
        buffer_append_format(&expected, "finished %lld\n", (long long)add_event("upgrade", NULL, FINISHED));
        hooks_wake(bench.hooks);
        wait_for_text("told", "finished");
        stop_hooks();
        assert_text("told", expected.data);
}

/* What happens between the death of one daemon and the next one's first look is told. */
static void test_what_was_not_told_is_told_by_the_next(void **state)
{
        set_command("echo >>\"$1/begun\"; while [ -e \"$1/hangs\" ]; do sleep 0.05; done\n" NOTES);
        write_text("hangs", "", 0600);
        start_hooks(100);
        int64_t first = add_event("upgrade", NULL, STARTED);
        hooks_wake(bench.hooks);
        wait_for_text("begun", "\n");
        uint64_t begin_ms = clock_steady_ms();
        stop_hooks();
        assert_true(clock_steady_ms() - begin_ms < 30000);
        assert_text("told", "");
        int64_t second = add_event("upgrade", NULL, FINISHED);
        assert_int_equal(unlinkat(bench.fd, "hangs", 0), 0);
        start_hooks(WAIT_MS);
        stop_hooks();
        _cleanup_free_ char *told =
                string_format("started %lld\nfinished %lld\n", (long long)first, (long long)second);
        assert_text("told", told);
        assert_text("begun", "\n\n\n");
}

/* It fails, it is loud, it is ended by a signal, it takes too long with a child that ignores SIGTERM: the
 * next event is told all the same. */
static void test_a_command_that_misbehaves(void **state)
{
        _cleanup_error_ struct error err = {0};
        set_command("echo $MAUTIC_UPGRADED_STAGE >>\"$1/told\"\n"
                    "case $MAUTIC_UPGRADED_STAGE in\n"
                    "fails) echo it went wrong >&2; exit 3 ;;\n"
                    "loud) head -c 10000000 /dev/zero; exit 1 ;;\n"
                    "dies) kill -SEGV $$ ;;\n"
                    "hangs) (trap '' TERM; echo $$ >\"$1/child\"; sleep 1000) ;;\n"
                    "esac");
        assert_int_equal(config_set(&bench.config, "hooks.timeout", "1", &err), 0);
        start_hooks(WAIT_MS);
        static const char *const stages[] = {"fails", "loud", "dies", "hangs", "last"};
        for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
                add_event("stage", stages[i], "{\"upgrade_state\":\"running\"}");
        stop_hooks();
        assert_text("told", "fails\nloud\ndies\nhangs\nlast\n");
}

static void test_a_command_that_is_not_there(void **state)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(config_set(&bench.config, "hooks.on_event", "/nonexistent/notify", &err), 0);
        start_hooks(WAIT_MS);
        int64_t sequence = add_event("upgrade", NULL, STARTED);
        stop_hooks();
        _cleanup_free_ char *mark = string_format("%lld\n", (long long)sequence);
        assert_text(HOOKS_MARK, mark);
        set_command(NOTES);
        add_event("upgrade", NULL, FINISHED);
        start_hooks(WAIT_MS);
        stop_hooks();
        _cleanup_free_ char *told = read_text("told");
        assert_null(strstr(told, "started"));
        assert_non_null(strstr(told, "finished"));
}

static void test_where_it_begins(void **state)
{
        set_command(NOTES);
        add_event("upgrade", NULL, STARTED);
        start_hooks(WAIT_MS);
        stop_hooks();
        assert_text("told", "");

        /* Nothing is told of the time without a command. */
        hooks_forget(bench.folder);
        add_event("upgrade", NULL, STARTED);
        start_hooks(WAIT_MS);
        stop_hooks();
        assert_text("told", "");

        /* A mark that can't be read is no reason to tell everything again, or to stop. */
        write_text(HOOKS_MARK, "none\n", 0600);
        start_hooks(WAIT_MS);
        stop_hooks();
        assert_text("told", "");

        /* A checkpoint that was begun anew counts from 1. */
        write_text(HOOKS_MARK, "1000\n", 0600);
        start_hooks(WAIT_MS);
        stop_hooks();
        assert_text("told", "started 1\nstarted 2\n");
}

/* The daemon before this one tells on until it gives its lock away. */
static void test_a_predecessor_that_still_tells(void **state)
{
        _cleanup_error_ struct error err = {0};
        set_command(NOTES);
        write_text(HOOKS_MARK, "0\n", 0600);
        add_event("upgrade", NULL, STARTED);
        bench.hooks = new_hooks(WAIT_MS);
        write_text(HOOKS_MARK, "2\n", 0600);
        add_event("upgrade", NULL, STARTED);
        add_event("upgrade", NULL, FINISHED);
        assert_int_equal(hooks_start(bench.hooks, &err), 0);
        stop_hooks();
        assert_text("told", "finished 3\n");
}

static void test_nothing_is_set(void **state)
{
        _cleanup_error_ struct error err = {0};
        struct hooks *hooks = new_hooks(WAIT_MS);
        assert_null(hooks);
        assert_int_equal(hooks_start(hooks, &err), 0);
        hooks_wake(hooks);
        hooks_free(hooks);
        hooks_forget(bench.folder);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_told),
                TEST(test_what_the_command_gets),
                TEST(test_in_their_order_and_once),
                TEST(test_what_was_not_told_is_told_by_the_next),
                TEST(test_a_command_that_misbehaves),
                TEST(test_a_command_that_is_not_there),
                TEST(test_where_it_begins),
                TEST(test_a_predecessor_that_still_tells),
                TEST(test_nothing_is_set),
        };
        return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
