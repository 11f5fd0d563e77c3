/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the service manager hears. The runner is one whose life the test decides. */
#include "daemon/supervision.h"

#include "daemon/service.h"
#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PATIENCE_MS 30000

static struct {
        char folder[40];
        int socket; /* the service manager's */
        uv_loop_t loop;
        struct supervision supervision;
        bool lives, stopped;
        uint64_t patience_ms; /* that the runner was last asked with */
} bench;

static struct runner *const some_runner = (struct runner *)&bench; /* never looked into */

bool runner_lives(struct runner *runner, uint64_t patience_ms)
{
        assert_ptr_equal(runner, some_runner);
        bench.patience_ms = patience_ms;
        return bench.lives;
}

bool runner_stopped(struct runner *runner)
{
        return bench.stopped;
}

static void listen_as_manager(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", bench.folder);
        bench.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(bench.socket, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
}

static int set_up(void **state)
{
        memset(&bench, 0, sizeof(bench));
        strcpy(bench.folder, "/tmp/test-supervision-XXXXXX");
        assert_non_null(mkdtemp(bench.folder));
        bench.lives = true;
        listen_as_manager();
        assert_int_equal(setenv("WATCHDOG_USEC", "20000", 1), 0);
        assert_int_equal(uv_loop_init(&bench.loop), 0);
        return 0;
}

static int tear_down(void **state)
{
        supervision_close(&bench.supervision);
        uv_run(&bench.loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&bench.loop), 0);
        supervision_deinit(&bench.supervision);
        (void)close(bench.socket);
        _cleanup_free_ char *path = string_format("%s/notify", bench.folder);
        (void)unlink(path);
        (void)rmdir(bench.folder);
        (void)unsetenv("NOTIFY_SOCKET");
        (void)unsetenv("WATCHDOG_USEC");
        return 0;
}

static void begin(void)
{
        supervision_init(&bench.supervision, &bench.loop);
}

/* The next message, owned by the caller; the loop turns meanwhile. */
static char *hear(void)
{
        char text[1024];
        struct pollfd request = {.fd = bench.socket, .events = POLLIN};
        for (int waited = 0; poll(&request, 1, 1) == 0; waited++) {
                assert_true(waited < PATIENCE_MS);
                uv_run(&bench.loop, UV_RUN_NOWAIT);
        }
        ssize_t size = recv(bench.socket, text, sizeof(text) - 1, 0);
        assert_true(size > 0);
        return memory_copy(text, (size_t)size);
}

static void assert_hears(const char *wanted)
{
        _cleanup_free_ char *text = hear();
        assert_string_equal(text, wanted);
}

/* Until this comes; what else comes must be an answer to the watchdog. */
static void assert_hears_behind_answers(const char *wanted)
{
        while (true) {
                _cleanup_free_ char *text = hear();
                if (strcmp(text, wanted) == 0)
                        return;
                assert_string_equal(text, "WATCHDOG=1");
        }
}

/* The timer fires a few times, and nothing is heard. */
static void assert_silence(void)
{
        struct pollfd request = {.fd = bench.socket, .events = POLLIN};
        for (int turns = 0; turns < 5; turns++) {
                bench.patience_ms = 0;
                while (bench.patience_ms == 0)
                        uv_run(&bench.loop, UV_RUN_ONCE);
        }
        assert_int_equal(poll(&request, 1, 0), 0);
}

static void test_a_worker_that_is_stuck_gets_no_answer(void **state)
{
        begin();
        assert_hears("WATCHDOG=1"); /* the start has no worker yet */
        supervision_ready(&bench.supervision, some_runner);
        assert_hears_behind_answers("READY=1");
        assert_hears("WATCHDOG=1");
        assert_int_equal(bench.patience_ms, 20 * SUPERVISION_PERIODS);
        bench.lives = false;
        while (!bench.supervision.stuck)
                uv_run(&bench.loop, UV_RUN_ONCE);
        while (recv(bench.socket, &(char){0}, 1, MSG_DONTWAIT) > 0)
                ;
        assert_silence();
        bench.lives = true;
        assert_hears("WATCHDOG=1");
}

static void test_a_stop_asks_for_time_as_long_as_the_worker_lives(void **state)
{
        begin();
        supervision_ready(&bench.supervision, some_runner);
        assert_hears_behind_answers("READY=1");
        supervision_stop(&bench.supervision);
        assert_hears_behind_answers("STOPPING=1");
        assert_hears_behind_answers("EXTEND_TIMEOUT_USEC=30000000");
        assert_hears_behind_answers("EXTEND_TIMEOUT_USEC=30000000");
        bench.lives = false;
        while (!bench.supervision.stuck)
                uv_run(&bench.loop, UV_RUN_ONCE);
        while (recv(bench.socket, &(char){0}, 1, MSG_DONTWAIT) > 0)
                ;
        assert_silence();
        bench.lives = bench.stopped = true;
        assert_hears("WATCHDOG=1");
        assert_hears("WATCHDOG=1"); /* and nothing else any more */
}

static void test_without_a_watchdog_a_stop_asks_for_time_all_the_same(void **state)
{
        assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
        begin();
        supervision_ready(&bench.supervision, some_runner);
        assert_hears("READY=1");
        supervision_stop(&bench.supervision);
        assert_hears("STOPPING=1");
        assert_hears("EXTEND_TIMEOUT_USEC=30000000");
}

static void test_a_start_that_waits_asks_for_time(void **state)
{
        begin();
        supervision_waits(30, NULL);
        assert_hears_behind_answers(
                "STATUS=waiting for another process to let go\nEXTEND_TIMEOUT_USEC=90000000");
        supervision_waits(UINT64_MAX, NULL);
        assert_hears_behind_answers(
                "STATUS=waiting for another process to let go\nEXTEND_TIMEOUT_USEC=31536060000000");
}

static const struct {
        enum upgrade_state state;
        const char *stage, *code;
        uint64_t done, total;
        const char *unit, *wanted;
} words[] = {
        {UPGRADE_IDLE, NULL, NULL, 0, 0, NULL, "idle"},
        {UPGRADE_RUNNING, "extract_package", NULL, 43, 100, "bytes", "running: extract_package 43 %"},
        {UPGRADE_RUNNING, "extract_package", NULL, 101, 100, "bytes", "running: extract_package 100 %"},
        {UPGRADE_RUNNING, "extract_package", NULL, UINT64_MAX / 2, UINT64_MAX, "bytes",
                "running: extract_package 50 %"},
        {UPGRADE_RUNNING, "extract_package", NULL, 43, 0, "bytes", "running: extract_package"},
        {UPGRADE_RUNNING, "extract_package", NULL, 0, 0, NULL, "running: extract_package"},
        {UPGRADE_FAILED, "build_cache", "ERR_BUILD_M3_CACHE", 1, 3, "steps",
                "failed: build_cache, ERR_BUILD_M3_CACHE"},
        {UPGRADE_FINISHED, NULL, NULL, 0, 0, NULL, "finished"},
};

static struct snapshot *make_snapshot(size_t i)
{
        struct snapshot *snapshot = snapshot_new(1);
        snapshot->state = words[i].state;
        snapshot->stage = words[i].stage;
        snapshot->error.code = words[i].code;
        snapshot->stages[0] = (struct stage_snapshot){.name = words[i].stage ?: "other",
                .state = STAGE_RUNNING,
                .done = words[i].done,
                .total = words[i].total,
                .unit = words[i].unit};
        return snapshot;
}

static void test_status_has_stage_and_percent(void **state)
{
        begin();
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                _cleanup_(snapshot_unrefp) struct snapshot *snapshot = make_snapshot(i);
                _cleanup_free_ char *text = supervision_status(snapshot);
                assert_string_equal(text, words[i].wanted);
        }
}

static void test_status_is_told_once(void **state)
{
        _cleanup_(snapshot_unrefp) struct snapshot *idle = make_snapshot(0), *running = make_snapshot(1);
        begin();
        supervision_tell(&bench.supervision, idle);
        supervision_tell(&bench.supervision, idle);
        supervision_tell(&bench.supervision, running);
        assert_hears_behind_answers("STATUS=idle");
        assert_hears_behind_answers("STATUS=running: extract_package 43 %");
        supervision_stop(&bench.supervision);
        assert_hears_behind_answers("STOPPING=1");
        supervision_tell(&bench.supervision, running);
        assert_hears_behind_answers("STATUS=stopping; running: extract_package 43 %");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_worker_that_is_stuck_gets_no_answer),
                TEST(test_a_stop_asks_for_time_as_long_as_the_worker_lives),
                TEST(test_without_a_watchdog_a_stop_asks_for_time_all_the_same),
                TEST(test_a_start_that_waits_asks_for_time),
                TEST(test_status_has_stage_and_percent),
                TEST(test_status_is_told_once),
        };
        return cmocka_run_group_tests_name("supervision", tests, NULL, NULL);
}
