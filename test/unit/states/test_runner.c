/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/runner.h"

#include "lib/files.h"
#include "lib/lock.h"
#include "lib/memory.h"
#include "states/schema_update.h"
#include "states/stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Three stages that do what the test writes into their scripts */

struct script {
        int result; /* of the run */
        enum reason reason; /* with result -1 */
        bool blocks; /* waits until it is cancelled */
        atomic_bool hangs; /* and gives no sign of life */
        bool kills; /* ends the whole process as SIGKILL does */
        bool full_disk; /* from here on no file grows */
        bool opens_transaction; /* and leaves it open */
        const char *fact, *value; /* sets this fact */
        const char *message; /* with result -1; NULL: "the thing broke" */
        uint64_t done, total;
        int runs;
};

enum { FIRST, SECOND, THIRD, STAGES };
static struct script scripts[STAGES], undos[STAGES], proves[STAGES];
static struct buffer undone; /* the order of the calls: "third second " */

static void set_file_limit(rlim_t bytes)
{
        struct rlimit limit;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
        limit.rlim_cur = bytes;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int run_script(struct script *script, struct stage_context *context, struct error *err)
{
        script->runs++;
        stage_log(context, LOG_LEVEL_INFO, "%s is at work\non two lines", context->stage->name);
        if (script->total)
                stage_progress(context, script->done, script->total, "files");
        if (script->kills)
                (void)raise(SIGKILL);
        if (script->fact && checkpoint_set_fact(context->checkpoint, script->fact, script->value, err) < 0)
                return -1;
        if (script->opens_transaction && checkpoint_begin(context->checkpoint, err) < 0)
                return -1;
        if (script->full_disk)
                set_file_limit(0);
        while (script->hangs)
                (void)poll(NULL, 0, 1);
        while (script->blocks)
                if (cancel_sleep(context->cancel, 10000, err) < 0)
                        return error_wrap(err, "waiting in vain");
        if (script->result < 0)
                return error_set(err, script->reason, "%s", script->message ?: "the thing broke");
        return script->result;
}

static int run_first(struct stage_context *context, struct error *err)
{
        return run_script(&scripts[FIRST], context, err);
}

static int prove_first(struct stage_context *context, struct error *err)
{
        return run_script(&proves[FIRST], context, err);
}

static int run_second(struct stage_context *context, struct error *err)
{
        return run_script(&scripts[SECOND], context, err);
}

static int prove_second(struct stage_context *context, struct error *err)
{
        return run_script(&proves[SECOND], context, err);
}

static int undo_second(struct stage_context *context, struct error *err)
{
        buffer_append_string(&undone, "second ");
        return run_script(&undos[SECOND], context, err);
}

static int run_third(struct stage_context *context, struct error *err)
{
        return run_script(&scripts[THIRD], context, err);
}

static int prove_third(struct stage_context *context, struct error *err)
{
        return run_script(&proves[THIRD], context, err);
}

static int undo_third(struct stage_context *context, struct error *err)
{
        buffer_append_string(&undone, "third ");
        return run_script(&undos[THIRD], context, err);
}

/* The first leaves nothing on the site. */
static const struct stage first = {.name = "first",
        .title = "The first",
        .error_code = ERR_PREFLIGHT_FAILED,
        .run = run_first,
        .prove = prove_first};
static const struct stage second = {.name = "second",
        .title = "The second",
        .error_code = ERR_MOVE_MAUTIC_2_AND_3_FILES,
        .run = run_second,
        .undo = undo_second,
        .prove = prove_second,
        .begins = BOUNDARY_FILES_SWAPPED};
static const struct stage third = {.name = "third",
        .title = "The third",
        .error_code = ERR_BUILD_M3_CACHE,
        .run = run_third,
        .undo = undo_third,
        .prove = prove_third,
        .begins = BOUNDARY_MAUTIC_3_LIVE};
static const struct stage *const table[] = {&first, &second, &third, NULL};

/* What clean deletes, as the test wants it */

static struct {
        const char *name; /* the entry that is meant */
        bool refused; /* can't be deleted */
        bool kills;
        bool held; /* waits until it is let go, or the runner is told to stop */
        bool is_held;
} removal;
static pthread_mutex_t removal_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t removal_changed = PTHREAD_COND_INITIALIZER;

static void hold_removal(void)
{
        (void)pthread_mutex_lock(&removal_mutex);
        removal.is_held = true;
        (void)pthread_cond_broadcast(&removal_changed);
        while (removal.held)
                (void)pthread_cond_wait(&removal_changed, &removal_mutex);
        removal.is_held = false;
        (void)pthread_mutex_unlock(&removal_mutex);
}

static void wait_until_held(void)
{
        (void)pthread_mutex_lock(&removal_mutex);
        while (!removal.is_held)
                (void)pthread_cond_wait(&removal_changed, &removal_mutex);
        (void)pthread_mutex_unlock(&removal_mutex);
}

static void let_go(void)
{
        (void)pthread_mutex_lock(&removal_mutex);
        removal.held = false;
        (void)pthread_cond_broadcast(&removal_changed);
        (void)pthread_mutex_unlock(&removal_mutex);
}

int unlinkat(int fd, const char *path, int flags)
{
        bool meant = string_equal(path, removal.name);
        if (meant && removal.kills)
                (void)raise(SIGKILL);
        if (meant)
                hold_removal();
        if (meant && removal.refused) {
                errno = EACCES;
                return -1;
        }
        return (int)syscall(SYS_unlinkat, fd, path, flags);
}

/* A site, a state folder, and waiting for a state */

static struct {
        char base[64];
        char *root, *state;
        struct config config;
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        unsigned changes;
        unsigned waits; /* of the last start */
        uint64_t longest_wait_s;
        struct runner *full_at_the_end; /* its disk is full when every stage is done */
} bench = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void write_file(const char *name, const char *text)
{
        _cleanup_free_ char *path = string_format("%s/%s", bench.base, name);
        _cleanup_fclose_ FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
}

static char *read_text(const char *name)
{
        _cleanup_free_ char *path = string_format("%s/%s", bench.base, name);
        _cleanup_fclose_ FILE *file = fopen(path, "r");
        if (!file)
                return NULL;
        char text[16384];
        size_t size = fread(text, 1, sizeof text - 1, file);
        return memory_copy(text, size);
}

static void make_folder(const char *name)
{
        _cleanup_free_ char *path = string_format("%s/%s", bench.base, name);
        assert_int_equal(mkdir(path, 0755), 0);
}

static int set_up(void **state)
{
        memset(scripts, 0, sizeof scripts);
        memset(undos, 0, sizeof undos);
        memset(proves, 0, sizeof proves);
        memset(&removal, 0, sizeof removal);
        buffer_deinit(&undone);
        snprintf(bench.base, sizeof bench.base, "%s", "/tmp/test-runner-XXXXXX");
        assert_non_null(mkdtemp(bench.base));
        make_folder("root");
        make_folder("root/app");
        make_folder("state");
        write_file("root/app/version.txt", "2.16.5\n");
        bench.root = string_format("%s/root", bench.base);
        bench.state = string_format("%s/state", bench.base);
        config_init(&bench.config);
        string_replace(&bench.config.root, string_copy(bench.root));
        string_replace(&bench.config.php, string_copy("/nonexistent/php"));
        bench.config.lock_patience = 0;
        bench.waits = 0;
        bench.longest_wait_s = 0;
        return 0;
}

static int tear_down(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(tree_remove(fd, bench.base + strlen("/tmp/"), &err), 0);
        config_deinit(&bench.config);
        buffer_deinit(&undone);
        free(bench.root);
        free(bench.state);
        return 0;
}

static bool every_stage_is_done(struct runner *runner)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        return snapshot->stages[THIRD].state == STAGE_SUCCEEDED;
}

static void on_change(void *userdata)
{
        if (bench.full_at_the_end && every_stage_is_done(bench.full_at_the_end))
                set_file_limit(0);
        (void)pthread_mutex_lock(&bench.mutex);
        bench.changes++;
        (void)pthread_cond_broadcast(&bench.changed);
        (void)pthread_mutex_unlock(&bench.mutex);
}

static void on_wait(uint64_t limit_s, void *userdata)
{
        bench.waits++;
        bench.longest_wait_s = limit_s > bench.longest_wait_s ? limit_s : bench.longest_wait_s;
}

static int new_runner(struct runner **ret, struct error *err)
{
        const struct runner_options options = {
                .config = &bench.config,
                .state_path = bench.state,
                .stages = table,
                .on_change = on_change,
                .on_wait = on_wait,
        };
        return runner_new(&options, ret, err);
}

static struct runner *must_new_runner(void)
{
        _cleanup_error_ struct error err = {0};
        struct runner *runner = NULL;
        if (new_runner(&runner, &err) < 0)
                fail_msg("%s", error_message(&err));
        return runner;
}

static bool is_at(struct runner *runner, enum upgrade_state state, const char *stage_at_work)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        if (snapshot->state != state)
                return false;
        if (!stage_at_work)
                return true;
        for (size_t i = 0; i < snapshot->stage_count; i++)
                if (strcmp(snapshot->stages[i].name, stage_at_work) == 0)
                        return snapshot->stages[i].state == STAGE_RUNNING ||
                               snapshot->stages[i].state == STAGE_UNDOING;
        return false;
}

static void wait_for(struct runner *runner, enum upgrade_state state, const char *stage_at_work)
{
        (void)pthread_mutex_lock(&bench.mutex);
        while (!is_at(runner, state, stage_at_work))
                (void)pthread_cond_wait(&bench.changed, &bench.mutex);
        (void)pthread_mutex_unlock(&bench.mutex);
}

static void command(struct runner *runner, enum upgrade_event event)
{
        _cleanup_error_ struct error err = {0};
        if (runner_command(runner, event, NULL, 0, &err) < 0)
                fail_msg("%s: %s", upgrade_event_name(event), error_message(&err));
}

static void assert_runs(int one, int two, int three)
{
        assert_int_equal(scripts[FIRST].runs, one);
        assert_int_equal(scripts[SECOND].runs, two);
        assert_int_equal(scripts[THIRD].runs, three);
}

static char *fact(const char *name)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        assert_int_equal(checkpoint_open_reader(bench.state, &checkpoint, &err), 0);
        char *value = NULL;
        assert_true(checkpoint_get_fact(checkpoint, name, &value, &err) >= 0);
        return value;
}

static bool has_event(const char *type, const char *stage, const char *text)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_event_list_ struct event_list list = {0};
        assert_int_equal(checkpoint_open_reader(bench.state, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_load_events(checkpoint, 0, 1000, &list, &err), 0);
        for (size_t i = 0; i < list.count; i++)
                if (string_equal(list.items[i].type, type) && string_equal(list.items[i].stage, stage) &&
                        strstr(list.items[i].text, text))
                        return true;
        return false;
}

/* The tests */

static void test_a_whole_run(void **state)
{
        scripts[FIRST] = (struct script){.done = 3, .total = 7};
        scripts[SECOND] = (struct script){.result = STAGE_SKIP, .fact = FACT_TO_VERSION, .value = "3.0.2"};
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        assert_true(is_at(runner, UPGRADE_IDLE, NULL));
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(1, 1, 1);

        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(strlen(snapshot->uuid), 36);
        assert_int_equal(snapshot->uuid[14], '4');
        assert_string_equal(snapshot->from_version, "2.16.5");
        assert_string_equal(snapshot->to_version, "3.0.2");
        assert_null(snapshot->stage);
        assert_null(snapshot->error.code);
        assert_false(snapshot->waiting_for_user);
        assert_true(snapshot->started_ms > 0 && snapshot->finished_ms >= snapshot->started_ms);
        assert_true(snapshot->last_sequence > 0);
        assert_int_equal(snapshot->stage_count, STAGES);
        assert_int_equal(snapshot->stages[FIRST].state, STAGE_SUCCEEDED);
        assert_int_equal(snapshot->stages[FIRST].attempts, 1);
        assert_int_equal(snapshot->stages[FIRST].done, 3);
        assert_int_equal(snapshot->stages[FIRST].total, 7);
        assert_string_equal(snapshot->stages[FIRST].unit, "files");
        assert_int_equal(snapshot->stages[SECOND].state, STAGE_SKIPPED);
        assert_string_equal(snapshot->stages[SECOND].error_code, "ERR_MOVE_MAUTIC_2_AND_3_FILES");

        assert_true(has_event("upgrade", NULL, "started"));
        assert_true(has_event("stage", "first", "The first: begins."));
        assert_true(has_event("stage", "second", "The second: skipped."));
        assert_true(has_event("log", "third", "third is at work"));
        assert_true(has_event("upgrade", NULL, "finished"));
        _cleanup_free_ char *log = read_text("root/" NAME_LOG);
        assert_non_null(log);
        assert_non_null(strstr(log, "Installed Mautic version:\t2.16.5\n"));
        assert_non_null(strstr(log, "] first is at work on two lines\n"));
        assert_non_null(strstr(log, "] The upgrade is finished.\n"));
}

static void test_a_finished_upgrade_stays_finished(void **state)
{
        {
                _cleanup_(runner_freep) struct runner *runner = must_new_runner();
                command(runner, EVENT_START);
                wait_for(runner, UPGRADE_FINISHED, NULL);
        }
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        assert_true(is_at(runner, UPGRADE_FINISHED, NULL));
        assert_runs(1, 1, 1);
}

static void test_a_failed_stage_waits_for_resume(void **state)
{
        scripts[SECOND] =
                (struct script){.result = -1, .reason = REASON_DISK_FULL, .opens_transaction = true};
        {
                _cleanup_(runner_freep) struct runner *runner = must_new_runner();
                command(runner, EVENT_START);
                wait_for(runner, UPGRADE_FAILED, NULL);
        }
        /* A new daemon has the same answer and does nothing by itself. */
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(snapshot->state, UPGRADE_FAILED);
        assert_string_equal(snapshot->stage, "second");
        assert_string_equal(snapshot->error.code, "ERR_MOVE_MAUTIC_2_AND_3_FILES");
        assert_string_equal(snapshot->error.reason, "disk_full");
        assert_string_equal(snapshot->error.message, "the thing broke");
        assert_int_equal(snapshot->stages[SECOND].state, STAGE_FAILED);
        assert_int_equal(snapshot->stages[THIRD].state, STAGE_PENDING);
        assert_runs(1, 1, 0);
        _cleanup_free_ char *log = read_text("root/" NAME_LOG);
        assert_non_null(
                strstr(log, "failed with ERR_MOVE_MAUTIC_2_AND_3_FILES (disk_full): the thing broke"));
        assert_non_null(strstr(log, "http://mau.tc/m3-upgrade-error#err_move_mautic_2_and_3_files"));

        scripts[SECOND].result = STAGE_DONE;
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(1, 2, 1);
        assert_true(has_event("stage", "second", "begins again (attempt 2)"));
}

static void test_cancel_waits_for_the_user(void **state)
{
        scripts[SECOND].blocks = true;
        {
                _cleanup_(runner_freep) struct runner *runner = must_new_runner();
                command(runner, EVENT_START);
                wait_for(runner, UPGRADE_RUNNING, "second");
                command(runner, EVENT_CANCEL);
                wait_for(runner, UPGRADE_INTERRUPTED, NULL);
        }
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(snapshot->state, UPGRADE_INTERRUPTED);
        assert_true(snapshot->waiting_for_user);
        assert_string_equal(snapshot->stage, "second");
        assert_null(snapshot->error.code);
        assert_int_equal(snapshot->stages[SECOND].state, STAGE_PENDING);
        scripts[SECOND].blocks = false;
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(1, 2, 1);
}

static void test_cancel_and_resume_in_one_life(void **state)
{
        scripts[FIRST].blocks = true;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        for (int i = 1; i <= 3; i++) {
                wait_for(runner, UPGRADE_RUNNING, "first");
                command(runner, EVENT_CANCEL);
                wait_for(runner, UPGRADE_INTERRUPTED, NULL);
                assert_int_equal(scripts[FIRST].runs, i);
                command(runner, EVENT_RESUME);
        }
        wait_for(runner, UPGRADE_RUNNING, "first");
}

static void test_a_stopped_daemon_goes_on_by_itself(void **state)
{
        scripts[SECOND].blocks = true;
        {
                _cleanup_(runner_freep) struct runner *runner = must_new_runner();
                command(runner, EVENT_START);
                wait_for(runner, UPGRADE_RUNNING, "second");
                runner_stop(runner);
                (void)pthread_mutex_lock(&bench.mutex);
                while (!runner_stopped(runner))
                        (void)pthread_cond_wait(&bench.changed, &bench.mutex);
                (void)pthread_mutex_unlock(&bench.mutex);
                assert_true(is_at(runner, UPGRADE_INTERRUPTED, NULL));
                _cleanup_error_ struct error err = {0};
                assert_int_equal(runner_command(runner, EVENT_RESUME, NULL, 0, &err), -1);
                assert_int_equal(err.reason, REASON_STOPPING);
        }
        scripts[SECOND].blocks = false;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(1, 2, 1);
}

static void test_resume_ask_waits(void **state)
{
        scripts[SECOND].blocks = true;
        {
                _cleanup_(runner_freep) struct runner *runner = must_new_runner();
                command(runner, EVENT_START);
                wait_for(runner, UPGRADE_RUNNING, "second");
        }
        scripts[SECOND].blocks = false;
        string_replace(&bench.config.resume, string_copy("ask"));
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(snapshot->state, UPGRADE_INTERRUPTED);
        assert_true(snapshot->waiting_for_user);
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FINISHED, NULL);
}

/* A child process that is killed inside the stage whose script says so. */
/* A daemon that gives this command where it finds the upgrade in that state, and is killed by what it does.
 */
static void be_killed_by(enum upgrade_state from, enum upgrade_event event)
{
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                struct runner *runner = NULL;
                struct error err = {0};
                if (new_runner(&runner, &err) < 0 ||
                        (is_at(runner, from, NULL) && runner_command(runner, event, NULL, 0, &err) < 0))
                        _exit(9);
                for (;;)
                        (void)pause();
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void test_killed_in_every_stage(void **state)
{
        for (int killed = FIRST; killed < STAGES; killed++) {
                scripts[killed].kills = true;
                be_killed_by(UPGRADE_IDLE, EVENT_START);
                scripts[killed].kills = false;
        }
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(0, 0, 1); /* what ran in the children is not counted here */
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(snapshot->stages[FIRST].attempts, 2);
        assert_int_equal(snapshot->stages[SECOND].attempts, 2);
        assert_int_equal(snapshot->stages[THIRD].attempts, 2);
        assert_true(has_event("stage", "third", "the daemon ended while it was running"));
        _cleanup_free_ char *log = read_text("root/" NAME_LOG);
        assert_non_null(strstr(log, "The upgrade goes on after a stop, at: The third."));
        char *header = strstr(log, "=====\nInstalled");
        assert_non_null(header);
        assert_null(strstr(header + 1, "=====\nInstalled"));
}

static void assert_refused(struct runner *runner, enum upgrade_event event, const char *allowed)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(runner_command(runner, event, NULL, 0, &err), -1);
        assert_int_equal(err.reason, REASON_REFUSED_IN_STATE);
        if (!strstr(error_message(&err), allowed))
                fail_msg("'%s' has no '%s'", error_message(&err), allowed);
}

static void test_commands_that_the_state_forbids(void **state)
{
        scripts[FIRST] = (struct script){.result = -1, .reason = REASON_PREFLIGHT_WARNINGS};
        scripts[SECOND].blocks = true;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        assert_refused(runner, EVENT_RESUME, "allowed now: start");
        assert_refused(runner, EVENT_CANCEL, "allowed now: start");
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FAILED, NULL);
        assert_refused(runner, EVENT_START,
                "allowed now: resume, rollback; resume tries the failed stage again, resume --accept");
        assert_refused(runner, EVENT_CANCEL, "allowed now: resume");
        scripts[FIRST].result = STAGE_DONE;
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_RUNNING, "second");
        assert_refused(runner, EVENT_START, "allowed now: cancel");
        assert_refused(runner, EVENT_RESUME, "allowed now: cancel");
        command(runner, EVENT_CANCEL);
        wait_for(runner, UPGRADE_INTERRUPTED, NULL);
        assert_refused(runner, EVENT_START, "allowed now: resume");
        scripts[SECOND].blocks = false;
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_refused(runner, EVENT_START, "allowed now: clean, rollback");
        assert_refused(runner, EVENT_RESUME, "allowed now: clean, rollback");

        _cleanup_error_ struct error err = {0};
        assert_int_equal(runner_command(runner, EVENT_ALL_DONE, NULL, 0, &err), -1);
        assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
}

static void test_accepted_warnings_are_merged(void **state)
{
        static const char *const at_start[] = {"plugins", "free_space", "plugins"};
        static const char *const at_resume[] = {"git_checkout", "free_space"};
        scripts[FIRST] = (struct script){.result = -1, .reason = REASON_PREFLIGHT_WARNINGS};
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        _cleanup_error_ struct error err = {0};
        assert_int_equal(runner_command(runner, EVENT_START, at_start, ARRAY_SIZE(at_start), &err), 0);
        wait_for(runner, UPGRADE_FAILED, NULL);
        _cleanup_free_ char *after_start = fact(FACT_ACCEPTED_WARNINGS);
        assert_string_equal(after_start, "free_space\nplugins");
        scripts[FIRST].result = STAGE_DONE;
        assert_int_equal(runner_command(runner, EVENT_RESUME, at_resume, ARRAY_SIZE(at_resume), &err), 0);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        _cleanup_free_ char *after_resume = fact(FACT_ACCEPTED_WARNINGS);
        assert_string_equal(after_resume, "free_space\ngit_checkout\nplugins");
}

static void test_ids_that_are_none(void **state)
{
        static const char *const ids[] = {"", "Plugins", "a b", "a\nb", "../x",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
                _cleanup_error_ struct error err = {0};
                assert_int_equal(runner_command(runner, EVENT_START, &ids[i], 1, &err), -1);
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
        }
        assert_true(is_at(runner, UPGRADE_IDLE, NULL));
}

/* The way back */

static void roll_back(struct runner *runner, bool files_only)
{
        _cleanup_error_ struct error err = {0};
        if (runner_rollback(runner, files_only, &err) < 0)
                fail_msg("rollback: %s", error_message(&err));
}

static void assert_undone(const char *order)
{
        assert_string_equal(undone.data ? undone.data : "", order);
}

static void assert_stages(
        struct runner *runner, enum stage_state one, enum stage_state two, enum stage_state three)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(snapshot->stages[FIRST].state, one);
        assert_int_equal(snapshot->stages[SECOND].state, two);
        assert_int_equal(snapshot->stages[THIRD].state, three);
}

static void assert_problem(struct runner *runner, const char *code, const char *reason)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_string_equal(snapshot->error.code, code);
        assert_string_equal(snapshot->error.reason, reason);
}

/* id: the only one; NULL: none. */
static void assert_acceptable(struct runner *runner, const char *id)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(strings_count(snapshot->error.acceptable), id ? 1 : 0);
        if (id)
                assert_string_equal(snapshot->error.acceptable[0], id);
}

static struct runner *run_to(enum upgrade_state state)
{
        struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, state, NULL);
        return runner;
}

/* Only what was begun is taken back, and the site has its former time and no log afterwards. */
static void test_rollback_of_a_failed_upgrade(void **state)
{
        struct stat before, after;
        assert_int_equal(stat(bench.root, &before), 0);
        scripts[SECOND] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FAILED);
        roll_back(runner, false);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("second ");
        assert_stages(runner, STAGE_UNDONE, STAGE_UNDONE, STAGE_PENDING);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_null(snapshot->error.code);
        assert_int_equal(snapshot->boundary, BOUNDARY_NOTHING_CHANGED);
        assert_false(snapshot->files_only);
        assert_true(has_event("stage", "second", "The second: is taken back."));
        assert_true(has_event("stage", "second", "The second: taken back."));
        assert_int_equal(stat(bench.root, &after), 0);
        assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
        assert_null(read_text("root/" NAME_LOG));
        _cleanup_free_ char *name = string_format("state/upgrade_log-%s.txt", snapshot->uuid);
        _cleanup_free_ char *log = read_text(name);
        assert_non_null(strstr(log, "second is at work"));
        assert_non_null(strstr(log, "The upgrade is rolled back."));
}

static void test_rollback_of_a_finished_upgrade(void **state)
{
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FINISHED);
        roll_back(runner, true);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("third second ");
        assert_stages(runner, STAGE_UNDONE, STAGE_UNDONE, STAGE_UNDONE);
        _cleanup_free_ char *files_only = fact(FACT_ROLLBACK_FILES_ONLY);
        assert_string_equal(files_only, "yes");
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_true(snapshot->files_only);
}

static void test_rollback_of_an_interrupted_upgrade(void **state)
{
        scripts[SECOND].blocks = true;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_RUNNING, "second");
        assert_refused(runner, EVENT_ROLLBACK, "allowed now: cancel");
        command(runner, EVENT_CANCEL);
        wait_for(runner, UPGRADE_INTERRUPTED, NULL);
        command(runner, EVENT_ROLLBACK); /* as runner_rollback, of everything */
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("second ");
        _cleanup_free_ char *files_only = fact(FACT_ROLLBACK_FILES_ONLY);
        assert_string_equal(files_only, "no");
}

static void test_an_undo_that_fails(void **state)
{
        static const enum upgrade_event words[] = {EVENT_ROLLBACK, EVENT_RESUME};
        undos[SECOND] = (struct script){.result = -1, .reason = REASON_PERMISSION_DENIED};
        runner_free(run_to(UPGRADE_FINISHED));
        struct runner *runner = must_new_runner();
        roll_back(runner, false);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                wait_for(runner, UPGRADE_ROLLBACK_FAILED, NULL);
                runner_free(runner);
                /* A new daemon has the same answer and does nothing by itself. */
                runner = must_new_runner();
                assert_true(is_at(runner, UPGRADE_ROLLBACK_FAILED, NULL));
                assert_problem(runner, "ERR_ROLLBACK_FAILED", "permission_denied");
                assert_stages(runner, STAGE_SUCCEEDED, STAGE_UNDOING, STAGE_UNDONE);
                assert_refused(runner, EVENT_START, "allowed now: resume, rollback");
                assert_refused(runner, EVENT_CLEAN, "allowed now: resume, rollback");
                if (i == ARRAY_SIZE(words) - 1)
                        undos[SECOND].result = 0;
                command(runner, words[i]);
        }
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("third second second second ");
        assert_runs(1, 1, 1);
        assert_int_equal(proves[FIRST].runs, 0); /* a resume in this direction proves nothing */
        runner_free(runner);
}

static void test_a_rollback_that_is_cancelled(void **state)
{
        undos[THIRD].blocks = true;
        {
                _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FINISHED);
                roll_back(runner, false);
                wait_for(runner, UPGRADE_ROLLING_BACK, "third");
                assert_refused(runner, EVENT_ROLLBACK, "allowed now: cancel");
                command(runner, EVENT_CANCEL);
                wait_for(runner, UPGRADE_ROLLBACK_INTERRUPTED, NULL);
                assert_refused(runner, EVENT_START, "allowed now: resume, rollback");
        }
        undos[THIRD].blocks = false;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(snapshot->state, UPGRADE_ROLLBACK_INTERRUPTED);
        assert_true(snapshot->waiting_for_user);
        assert_null(snapshot->error.code);
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("third third second ");
}

static void test_a_stopped_daemon_goes_on_with_its_rollback(void **state)
{
        undos[SECOND].blocks = true;
        {
                _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FINISHED);
                roll_back(runner, true);
                wait_for(runner, UPGRADE_ROLLING_BACK, "second");
        }
        undos[SECOND].blocks = false;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("third second second ");
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_true(snapshot->files_only);
}

/* A child process that is killed inside the undo whose script says so. */
static void test_a_rollback_killed_in_every_stage(void **state)
{
        runner_free(run_to(UPGRADE_FINISHED));
        for (int killed = THIRD; killed >= SECOND; killed--) {
                undos[killed].kills = true;
                be_killed_by(UPGRADE_FINISHED, EVENT_ROLLBACK);
                undos[killed].kills = false;
        }
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("second "); /* what was called in the children is not counted here */
        assert_true(has_event("stage", "third", "The rollback was interrupted"));
        assert_true(has_event("stage", "second", "The rollback was interrupted"));
        assert_runs(1, 1, 1);
}

/* With resume = ask it waits for a word, in this direction too. */
static void test_a_killed_rollback_asks(void **state)
{
        runner_free(run_to(UPGRADE_FINISHED));
        undos[THIRD].kills = true;
        be_killed_by(UPGRADE_FINISHED, EVENT_ROLLBACK);
        undos[THIRD].kills = false;
        string_replace(&bench.config.resume, string_copy("ask"));
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(snapshot->state, UPGRADE_ROLLBACK_INTERRUPTED);
        assert_true(snapshot->waiting_for_user);
        command(runner, EVENT_ROLLBACK);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
}

static void test_a_start_after_a_rollback_is_a_clean_sheet(void **state)
{
        scripts[SECOND] = (struct script){.fact = "of_the_second", .value = "x"};
        scripts[THIRD] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FAILED);
        _cleanup_(snapshot_unrefp) struct snapshot *former = runner_snapshot(runner);
        roll_back(runner, true);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        scripts[SECOND].fact = NULL;
        scripts[THIRD].result = 0;
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(2, 2, 2);
        assert_int_equal(proves[FIRST].runs, 0);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_string_not_equal(snapshot->uuid, former->uuid);
        assert_int_equal(snapshot->stages[THIRD].attempts, 1);
        assert_false(snapshot->files_only);
        assert_null(fact("of_the_second"));
        _cleanup_free_ char *log = read_text("root/" NAME_LOG);
        assert_non_null(strstr(log, "third is at work"));
}

static void test_clean_and_start_again(void **state)
{
        {
                _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FINISHED);
                command(runner, EVENT_CLEAN);
                wait_for(runner, UPGRADE_CLEANED, NULL);
                assert_refused(runner, EVENT_ROLLBACK, "allowed now: start");
                assert_refused(runner, EVENT_RESUME, "allowed now: start");
        }
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        assert_true(is_at(runner, UPGRADE_CLEANED, NULL));
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(2, 2, 2);
        roll_back(runner, false);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        command(runner, EVENT_CLEAN);
        wait_for(runner, UPGRADE_CLEANED, NULL);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_null(snapshot->stage);
}

static struct runner *run_to_backups(void)
{
        struct runner *runner = run_to(UPGRADE_FINISHED);
        write_file("state/" NAME_STATE_BACKUP, "the backup");
        write_file("state/" NAME_STATE_PACKAGE, "the package");
        return runner;
}

static bool is_there(const char *name)
{
        _cleanup_free_ char *path = string_format("%s/%s", bench.base, name);
        return access(path, F_OK) == 0;
}

static void assert_cleaned(struct runner *runner)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_int_equal(snapshot->state, UPGRADE_CLEANED);
        assert_null(snapshot->error.code);
        assert_false(snapshot->waiting_for_user);
        assert_false(is_there("state/" NAME_STATE_BACKUP));
        assert_false(is_there("state/" NAME_STATE_PACKAGE));
}

static void test_a_clean_that_fails(void **state)
{
        for (int again = 0; again < 2; again++) { /* asked again of the same daemon, and of the next one */
                static const enum upgrade_event words[] = {EVENT_CLEAN, EVENT_RESUME};
                _cleanup_(runner_freep) struct runner *runner = run_to_backups();
                removal.name = NAME_STATE_BACKUP;
                removal.refused = true;
                command(runner, EVENT_CLEAN);
                wait_for(runner, UPGRADE_CLEAN_FAILED, NULL);
                assert_true(is_there("state/" NAME_STATE_BACKUP));
                assert_false(is_there("state/" NAME_STATE_PACKAGE)); /* the rest is gone */
                assert_true(has_event("upgrade", NULL, "ERR_CLEAN_FAILED (permission_denied)"));
                assert_refused(runner, EVENT_ROLLBACK, "allowed now: clean, resume");
                assert_refused(runner, EVENT_START, "allowed now: clean, resume");
                if (again) {
                        runner_free(steal(&runner));
                        runner = must_new_runner();
                }
                _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
                assert_int_equal(snapshot->state, UPGRADE_CLEAN_FAILED);
                assert_string_equal(snapshot->error.code, "ERR_CLEAN_FAILED");
                assert_string_equal(snapshot->error.reason, "permission_denied");
                assert_non_null(strstr(snapshot->error.message, NAME_STATE_BACKUP));
                assert_null(snapshot->stage);
                assert_null(snapshot->cleaned.unit);
                removal.refused = false;
                command(runner, words[again]);
                wait_for(runner, UPGRADE_CLEANED, NULL);
                assert_cleaned(runner);
                command(runner, EVENT_START);
                wait_for(runner, UPGRADE_FINISHED, NULL);
                runner_free(steal(&runner));
                assert_int_equal(tear_down(state), 0);
                assert_int_equal(set_up(state), 0);
        }
}

static void test_a_clean_that_is_cancelled(void **state)
{
        _cleanup_(runner_freep) struct runner *runner = run_to_backups();
        removal.name = NAME_STATE_BACKUP;
        removal.held = true;
        command(runner, EVENT_CLEAN);
        wait_until_held();
        _cleanup_(snapshot_unrefp) struct snapshot *at_work = runner_snapshot(runner);
        assert_int_equal(at_work->state, UPGRADE_CLEANING);
        assert_string_equal(at_work->cleaned.unit, "files");
        assert_int_equal(at_work->cleaned.done, 0);
        assert_int_equal(at_work->cleaned.total, 2);
        assert_refused(runner, EVENT_CLEAN, "allowed now: cancel");
        command(runner, EVENT_CANCEL);
        let_go();
        wait_for(runner, UPGRADE_CLEAN_INTERRUPTED, NULL);
        assert_false(is_there("state/" NAME_STATE_BACKUP));
        assert_true(is_there("state/" NAME_STATE_PACKAGE));
        runner_free(steal(&runner));
        runner = must_new_runner(); /* does not go on without being asked */
        _cleanup_(snapshot_unrefp) struct snapshot *waiting = runner_snapshot(runner);
        assert_int_equal(waiting->state, UPGRADE_CLEAN_INTERRUPTED);
        assert_true(waiting->waiting_for_user);
        command(runner, EVENT_CLEAN);
        wait_for(runner, UPGRADE_CLEANED, NULL);
        assert_cleaned(runner);
}

static void test_a_daemon_that_stops_while_it_cleans(void **state)
{
        struct runner *runner = run_to_backups();
        removal.name = NAME_STATE_BACKUP;
        removal.held = true;
        command(runner, EVENT_CLEAN);
        wait_until_held();
        runner_stop(runner);
        let_go();
        runner_free(runner);
        assert_true(is_there("state/" NAME_STATE_PACKAGE));
        assert_true(has_event("upgrade", NULL, "interrupted, for the daemon stops"));
        _cleanup_(runner_freep) struct runner *next = must_new_runner();
        wait_for(next, UPGRADE_CLEANED, NULL);
        assert_cleaned(next);
}

static void test_a_daemon_that_is_killed_while_it_cleans(void **state)
{
        runner_free(run_to_backups());
        removal.name = NAME_STATE_PACKAGE;
        removal.kills = true;
        be_killed_by(UPGRADE_FINISHED, EVENT_CLEAN);
        be_killed_by(UPGRADE_FINISHED, EVENT_CLEAN); /* the next one goes on by itself */
        removal.kills = false;
        assert_false(is_there("state/" NAME_STATE_BACKUP));
        assert_true(is_there("state/" NAME_STATE_PACKAGE));
        string_replace(&bench.config.resume, string_copy("ask"));
        struct runner *asks = must_new_runner();
        assert_true(is_at(asks, UPGRADE_CLEAN_INTERRUPTED, NULL));
        assert_true(has_event("upgrade", NULL, "The deleting of the backups was interrupted"));
        runner_free(asks);
        string_replace(&bench.config.resume, string_copy("auto"));
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        wait_for(runner, UPGRADE_CLEANED, NULL);
        assert_cleaned(runner);
}

/* Evidence over records */

static void test_what_stages_left_is_proven_before_it_goes_on(void **state)
{
        scripts[THIRD] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        scripts[FIRST].result = STAGE_SKIP;
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FAILED);
        assert_int_equal(proves[SECOND].runs, 0);
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FAILED, NULL);
        assert_runs(1, 1, 2);
        assert_int_equal(proves[FIRST].runs, 0); /* was skipped: left nothing */
        assert_int_equal(proves[SECOND].runs, 1);
        assert_int_equal(proves[THIRD].runs, 0);
}

static void test_evidence_that_contradicts(void **state)
{
        static const char *const others[] = {"contradicted_first", "contradicted_"};
        static const char *const accepted[] = {"contradicted_second"};
        _cleanup_error_ struct error err = {0};
        scripts[THIRD] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        proves[SECOND] = (struct script){.result = -1, .reason = REASON_EVIDENCE_CONTRADICTS};
        struct runner *runner = run_to(UPGRADE_FAILED);
        scripts[THIRD].result = 0;
        assert_acceptable(runner, NULL);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(runner_command(runner, EVENT_RESUME, others, (size_t)i * 2, &err), 0);
                wait_for(runner, UPGRADE_FAILED, NULL);
                assert_int_equal(proves[SECOND].runs, i + 1);
                runner_free(runner);
                runner = must_new_runner();
                assert_problem(runner, "ERR_MOVE_MAUTIC_2_AND_3_FILES", "evidence_contradicts");
                assert_acceptable(runner, "contradicted_second");
                assert_stages(runner, STAGE_SUCCEEDED, STAGE_SUCCEEDED, STAGE_FAILED);
                assert_runs(1, 1, 1);
        }
        assert_true(has_event("upgrade", NULL, "resume --accept contradicted_second"));
        assert_int_equal(runner_command(runner, EVENT_RESUME, accepted, 1, &err), 0);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(1, 1, 2);
        assert_true(has_event("log", "second", "the thing broke"));
        runner_free(runner);
}

static void resume_to_failure(struct runner *runner, const char *accepted, const char *reason)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(runner_command(runner, EVENT_RESUME, &accepted, accepted ? 1 : 0, &err), 0);
        wait_for(runner, UPGRADE_FAILED, NULL);
        assert_problem(runner, "ERR_MOVE_MAUTIC_2_AND_3_FILES", reason);
}

/* What is accepted is what was told, not whatever comes later. */
static void test_another_contradiction_is_not_accepted(void **state)
{
        scripts[THIRD] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        proves[SECOND] = (struct script){.result = -1, .reason = REASON_EVIDENCE_CONTRADICTS};
        struct runner *runner = run_to(UPGRADE_FAILED);
        resume_to_failure(runner, NULL, "evidence_contradicts");
        _cleanup_error_ struct error err = {0};
        const char *id = "contradicted_second";
        for (int i = 0; i < 2; i++) { /* accepted, and accepted still */
                assert_int_equal(runner_command(runner, EVENT_RESUME, &id, i == 0 ? 1 : 0, &err), 0);
                wait_for(runner, UPGRADE_FAILED, NULL);
                assert_problem(runner, "ERR_BUILD_M3_CACHE", "disk_full");
                runner_free(runner);
                runner = must_new_runner();
        }
        proves[SECOND].message = "much more broke";
        resume_to_failure(runner, NULL, "evidence_contradicts");
        resume_to_failure(runner, "contradicted_first", "evidence_contradicts");
        assert_int_equal(runner_command(runner, EVENT_RESUME, &id, 1, &err), 0);
        wait_for(runner, UPGRADE_FAILED, NULL);
        assert_problem(runner, "ERR_BUILD_M3_CACHE", "disk_full");
        runner_free(runner);
}

static void test_evidence_that_is_put_right(void **state)
{
        scripts[THIRD].blocks = true;
        {
                _cleanup_(runner_freep) struct runner *runner = must_new_runner();
                command(runner, EVENT_START);
                wait_for(runner, UPGRADE_RUNNING, "third");
        }
        scripts[THIRD].blocks = false;
        proves[FIRST] = (struct script){.result = -1, .reason = REASON_EVIDENCE_CONTRADICTS};
        _cleanup_(runner_freep) struct runner *runner = must_new_runner(); /* goes on by itself */
        wait_for(runner, UPGRADE_FAILED, NULL);
        assert_problem(runner, "ERR_PREFLIGHT_FAILED", "evidence_contradicts");
        assert_int_equal(proves[SECOND].runs, 0);
        assert_runs(1, 1, 1);
        proves[FIRST].result = 0;
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(1, 1, 2);
}

static void test_evidence_that_contradicts_and_a_rollback(void **state)
{
        scripts[THIRD] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        proves[SECOND] = (struct script){.result = -1, .reason = REASON_EVIDENCE_CONTRADICTS};
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FAILED);
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FAILED, NULL);
        roll_back(runner, false);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("third second ");
}

/* What can't be looked at is not what has changed: no acceptance helps. */
static void test_evidence_that_cant_be_looked_at(void **state)
{
        static const char *const accepted[] = {"contradicted_second"};
        _cleanup_error_ struct error err = {0};
        scripts[THIRD] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        proves[SECOND] = (struct script){.result = -1, .reason = REASON_INPUT_OUTPUT};
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FAILED);
        assert_int_equal(runner_command(runner, EVENT_RESUME, accepted, 1, &err), 0);
        wait_for(runner, UPGRADE_FAILED, NULL);
        assert_problem(runner, "ERR_MOVE_MAUTIC_2_AND_3_FILES", "input_output");
        assert_runs(1, 1, 1);
}

/* Its progress shows at the stage that is to go on. */
static bool shows_progress(struct runner *runner)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        return snapshot->stages[THIRD].total == 10;
}

static void test_a_proof_that_is_cancelled(void **state)
{
        scripts[THIRD] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        proves[FIRST].blocks = true;
        proves[FIRST].total = 10;
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FAILED);
        command(runner, EVENT_RESUME);
        while (!shows_progress(runner))
                (void)poll(NULL, 0, 1);
        command(runner, EVENT_CANCEL);
        wait_for(runner, UPGRADE_INTERRUPTED, NULL);
        assert_stages(runner, STAGE_SUCCEEDED, STAGE_SUCCEEDED, STAGE_FAILED);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_true(snapshot->waiting_for_user);
        assert_null(snapshot->error.code);
        proves[FIRST].blocks = false;
        scripts[THIRD].result = 0;
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FINISHED, NULL);
}

/* Work beside the stages */

struct side_work {
        struct runner *runner;
        struct script script;
        int result;
        struct error err;
        bool began;
};

static int do_side_work(struct stage_context *context, void *userdata, struct error *err)
{
        struct side_work *work = userdata;
        (void)pthread_mutex_lock(&bench.mutex);
        work->began = true;
        (void)pthread_cond_broadcast(&bench.changed);
        (void)pthread_mutex_unlock(&bench.mutex);
        assert_string_equal(context->site->version, "2.16.5");
        return run_script(&work->script, context, err);
}

static void *run_side_work(void *userdata)
{
        struct side_work *work = userdata;
        work->result = runner_work(work->runner, &schema_update_stage, do_side_work, work, &work->err);
        return NULL;
}

static void test_work_beside_the_stages(void **state)
{
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        struct side_work work = {.runner = runner, .script = {.result = 7}};
        run_side_work(&work);
        assert_int_equal(work.result, 7);
        assert_true(is_at(runner, UPGRADE_IDLE, NULL));
        assert_true(has_event("log", "schema_update", "schema_update is at work"));
        work.script = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        run_side_work(&work);
        assert_int_equal(work.result, -1);
        assert_int_equal(work.err.reason, REASON_DISK_FULL);
        error_deinit(&work.err);
        assert_runs(0, 0, 0);
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FINISHED, NULL);
}

static void test_work_is_refused_while_the_upgrade_runs(void **state)
{
        scripts[SECOND].blocks = true;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_RUNNING, "second");
        struct side_work work = {.runner = runner};
        run_side_work(&work);
        assert_int_equal(work.result, -1);
        assert_int_equal(work.err.reason, REASON_REFUSED_IN_STATE);
        assert_non_null(strstr(error_message(&work.err), "the upgrade is running"));
        assert_false(work.began);
        error_deinit(&work.err);
}

static void test_nothing_begins_beside_work(void **state)
{
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        struct side_work work = {.runner = runner, .script = {.blocks = true}}, other = {.runner = runner};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_side_work, &work), 0);
        (void)pthread_mutex_lock(&bench.mutex);
        while (!work.began)
                (void)pthread_cond_wait(&bench.changed, &bench.mutex);
        (void)pthread_mutex_unlock(&bench.mutex);
        _cleanup_error_ struct error err = {0};
        assert_int_equal(runner_command(runner, EVENT_START, NULL, 0, &err), -1);
        assert_int_equal(err.reason, REASON_REFUSED_IN_STATE);
        assert_non_null(strstr(error_message(&err), "schema_update is at work"));
        run_side_work(&other);
        assert_int_equal(other.err.reason, REASON_REFUSED_IN_STATE);
        error_deinit(&other.err);
        /* A stop ends it, and whoever waits for it hears of that. */
        runner_stop(runner);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(work.result, -1);
        assert_int_equal(work.err.reason, REASON_STOPPING);
        error_deinit(&work.err);
        assert_runs(0, 0, 0);
}

/* As long as rows of the migrations table are kept and not back, every migration would be new. */
static void test_what_work_left_unfinished_goes_first(void **state)
{
        _cleanup_error_ struct error err = {0};
        scripts[SECOND].blocks = true;
        struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_RUNNING, "second");
        runner_free(runner);
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        int64_t step;
        assert_int_equal(checkpoint_open(bench.state, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_add_step(checkpoint, "schema_update", "keep", "0123", &step, &err), 0);
        checkpoint_close(steal(&checkpoint));

        scripts[SECOND].blocks = false;
        runner = must_new_runner();
        wait_for(runner, UPGRADE_INTERRUPTED, NULL);
        assert_int_equal(runner_command(runner, EVENT_RESUME, NULL, 0, &err), -1);
        assert_non_null(strstr(error_message(&err), "migrations-table.json"));
        assert_true(is_at(runner, UPGRADE_INTERRUPTED, NULL));
        assert_runs(1, 1, 0);
        runner_free(runner);

        assert_int_equal(checkpoint_open(bench.state, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_finish_step(checkpoint, "schema_update", step, "by hand", &err), 0);
        checkpoint_close(steal(&checkpoint));
        runner = must_new_runner();
        wait_for(runner, UPGRADE_FINISHED, NULL);
        runner_free(runner);
}

static void test_two_on_one_root_or_state_folder(void **state)
{
        _cleanup_(runner_freep) _unused struct runner *runner = must_new_runner();
        struct runner *other = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(new_runner(&other, &err), -1);
        assert_int_equal(err.reason, REASON_LOCKED);
        assert_non_null(strstr(error_message(&err), bench.state));

        make_folder("elsewhere");
        string_replace(&bench.state, string_format("%s/elsewhere", bench.base));
        assert_int_equal(new_runner(&other, &err), -1);
        assert_int_equal(err.reason, REASON_LOCKED);
        assert_non_null(strstr(error_message(&err), bench.root));
}

/* As the console of a killed daemon: has the state folder's lock, not the daemon's own. Ends when a daemon
 * has taken that, and so waits for it. */
static _noreturn void hold_until_waited_for(int ready_fd)
{
        _cleanup_error_ struct error err = {0};
        int folder = open(bench.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), lock = -1;
        if (lock_folder(folder, "x", 0, &lock, &err) < 0 || write(ready_fd, "r", 1) != 1)
                _exit(1);
        for (int own = -1; lock_file(folder, "daemon.lock", 0, &own, &err) == 0;) {
                closep(&own); /* at once, so that it is nearly always free */
                (void)poll(NULL, 0, 5);
        }
        (void)poll(NULL, 0, 50); /* the longer, the surer is a failure where it is not waited for */
        _exit(0);
}

static void test_waits_for_the_console_of_a_killed_daemon(void **state)
{
        int ready[2];
        char answer = 0;
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        if (child == 0)
                hold_until_waited_for(ready[1]);
        assert_int_equal(read(ready[0], &answer, 1), 1);
        bench.config.lock_patience =
                1; /* that of the console counts, but it tries its own between two of ours */
        _cleanup_(runner_freep) _unused struct runner *runner = must_new_runner();
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_true(bench.waits >= 1);
        assert_true(bench.longest_wait_s > bench.config.console_timeout);
        close(ready[0]);
        close(ready[1]);
}

/* By lib/pulse.h: what rests or waits lives, whatever the patience. */
static void test_a_stage_that_hangs_is_seen(void **state)
{
        scripts[FIRST].blocks = true;
        scripts[SECOND].hangs = true;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        while (!runner_rests(runner))
                (void)poll(NULL, 0, 1);
        assert_true(runner_lives(runner, 0));
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_RUNNING, "first");
        assert_false(runner_rests(runner));
        while (!runner_lives(runner, 0))
                (void)poll(NULL, 0, 1);
        scripts[FIRST].blocks = false;
        command(runner, EVENT_CANCEL);
        wait_for(runner, UPGRADE_INTERRUPTED, NULL);
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_RUNNING, "second");
        while (runner_lives(runner, 20))
                (void)poll(NULL, 0, 1);
        assert_true(runner_lives(runner, 600000));
        scripts[SECOND].hangs = false;
        wait_for(runner, UPGRADE_FINISHED, NULL);
        while (!runner_lives(runner, 0) || !runner_rests(runner))
                (void)poll(NULL, 0, 1);
}

static void test_the_state_folder_of_another_root(void **state)
{
        {
                _cleanup_(runner_freep) struct runner *runner = must_new_runner();
                command(runner, EVENT_START);
                wait_for(runner, UPGRADE_FINISHED, NULL);
        }
        make_folder("other");
        string_replace(&bench.config.root, string_format("%s/other", bench.base));
        struct runner *runner = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(new_runner(&runner, &err), -1);
        assert_int_equal(err.reason, REASON_CONFIGURATION_INVALID);
}

static void test_roots_that_are_none(void **state)
{
        static const char *const roots[] = {"", "/nonexistent/site", "/dev/null"};
        for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
                string_replace(&bench.config.root, string_copy(roots[i]));
                struct runner *runner = NULL;
                _cleanup_error_ struct error err = {0};
                assert_int_equal(new_runner(&runner, &err), -1);
                assert_int_equal(err.reason, REASON_NOT_MAUTIC);
        }
}

static void test_the_state_folder_becomes_private(void **state)
{
        assert_int_equal(chmod(bench.state, 0777), 0);
        _cleanup_(runner_freep) _unused struct runner *runner = must_new_runner();
        struct stat stat_now;
        assert_int_equal(stat(bench.state, &stat_now), 0);
        assert_int_equal(stat_now.st_mode & 07777, 0700);
}

/* RLIMIT_FSIZE stands for a full disk: no file may grow, whoever runs the test. */
static void test_a_checkpoint_that_cant_be_written(void **state)
{
        struct rlimit former;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &former), 0);
        (void)signal(SIGXFSZ, SIG_IGN);
        scripts[SECOND].full_disk = true;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FAILED, NULL);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_string_equal(snapshot->stage, "second");
        assert_string_equal(snapshot->error.code, "ERR_MOVE_MAUTIC_2_AND_3_FILES");
        if (!string_equal(snapshot->error.reason, "checkpoint_unwritable") &&
                !string_equal(snapshot->error.reason, "disk_full"))
                fail_msg("%s", snapshot->error.reason);
        assert_runs(1, 1, 0); /* the third was not begun */

        /* Still full: the command itself says so, and nothing begins. */
        _cleanup_error_ struct error err = {0};
        assert_int_equal(runner_command(runner, EVENT_RESUME, NULL, 0, &err), -1);
        assert_int_equal(scripts[SECOND].runs, 1);

        assert_int_equal(setrlimit(RLIMIT_FSIZE, &former), 0);
        scripts[SECOND].full_disk = false;
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(1, 2, 1);
}

/* On the way back: why the stage could not be taken back is told as well. */
static void test_an_undo_that_cant_be_recorded(void **state)
{
        struct rlimit former;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &former), 0);
        (void)signal(SIGXFSZ, SIG_IGN);
        undos[SECOND] = (struct script){.full_disk = true, .result = -1, .reason = REASON_PERMISSION_DENIED};
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FINISHED);
        roll_back(runner, false);
        wait_for(runner, UPGRADE_ROLLBACK_FAILED, NULL);
        assert_stages(runner, STAGE_SUCCEEDED, STAGE_UNDOING, STAGE_UNDONE);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_string_equal(snapshot->error.code, "ERR_ROLLBACK_FAILED");
        assert_non_null(strstr(snapshot->error.message, "the thing broke; this is not recorded: "));

        assert_int_equal(setrlimit(RLIMIT_FSIZE, &former), 0);
        undos[SECOND] = (struct script){0};
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        assert_undone("third second second ");
}

/* The last record of all: every stage is recorded as done, the end is not. No stage runs a second time. */
static void test_an_end_that_cant_be_written(void **state)
{
        struct rlimit former;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &former), 0);
        (void)signal(SIGXFSZ, SIG_IGN);
        scripts[FIRST].blocks = true;
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_RUNNING, "first");
        command(runner, EVENT_CANCEL);
        wait_for(runner, UPGRADE_INTERRUPTED, NULL);
        scripts[FIRST].blocks = false;
        bench.full_at_the_end = runner;
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FAILED, NULL);
        bench.full_at_the_end = NULL;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &former), 0);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_string_equal(snapshot->error.code, "ERR_BUILD_M3_CACHE");
        assert_int_equal(snapshot->stages[THIRD].state, STAGE_SUCCEEDED);
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        assert_runs(2, 1, 1);
}

static void test_a_link_in_place_of_the_log(void **state)
{
        write_file("victim", "precious\n");
        _cleanup_free_ char *log = string_format("%s/root/" NAME_LOG, bench.base);
        assert_int_equal(symlink("../victim", log), 0);
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        _cleanup_free_ char *victim = read_text("victim");
        assert_string_equal(victim, "precious\n");
        assert_true(has_event("log", NULL, NAME_LOG " can't be written"));
}

/* It came there while the upgrade stood: the way back ends all the same, and follows it nowhere. */
static void test_a_link_in_place_of_the_log_on_the_way_back(void **state)
{
        write_file("victim", "precious\n");
        _cleanup_free_ char *log = string_format("%s/root/" NAME_LOG, bench.base);
        scripts[SECOND] = (struct script){.result = -1, .reason = REASON_DISK_FULL};
        _cleanup_(runner_freep) struct runner *runner = run_to(UPGRADE_FAILED);
        assert_int_equal(unlink(log), 0);
        assert_int_equal(symlink("../victim", log), 0);
        roll_back(runner, false);
        wait_for(runner, UPGRADE_ROLLED_BACK, NULL);
        _cleanup_free_ char *victim = read_text("victim");
        assert_string_equal(victim, "precious\n");
        struct stat link;
        assert_int_equal(lstat(log, &link), 0);
        assert_true(S_ISLNK(link.st_mode));
        assert_true(has_event("log", NULL, NAME_LOG " in the site's root was replaced"));
}

static void test_a_log_that_was_put_away(void **state)
{
        scripts[SECOND] = (struct script){.fact = FACT_UPGRADE_LOG, .value = ""};
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FINISHED, NULL);
        _cleanup_free_ char *log = read_text("root/" NAME_LOG);
        assert_non_null(strstr(log, "second is at work"));
        assert_null(strstr(log, "third is at work"));
        assert_true(has_event("log", "third", "third is at work"));
}

static void test_a_root_that_was_exchanged(void **state)
{
        scripts[FIRST] = (struct script){.result = -1, .reason = REASON_UNKNOWN};
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        command(runner, EVENT_START);
        wait_for(runner, UPGRADE_FAILED, NULL);
        _cleanup_free_ char *aside = string_format("%s/aside", bench.base);
        assert_int_equal(rename(bench.root, aside), 0);
        make_folder("root");
        command(runner, EVENT_RESUME);
        wait_for(runner, UPGRADE_FAILED, NULL);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(runner);
        assert_string_equal(snapshot->error.reason, "evidence_contradicts");
        assert_int_equal(scripts[FIRST].runs, 1);
}

/* Nobody asked for a stop: then these reasons are failures like any other. */
static void test_a_stage_that_pretends_to_be_cancelled(void **state)
{
        static const enum reason reasons[] = {REASON_CANCELLED, REASON_STOPPING};
        _cleanup_(runner_freep) struct runner *runner = must_new_runner();
        for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
                scripts[FIRST] = (struct script){.result = -1, .reason = reasons[i]};
                command(runner, i ? EVENT_RESUME : EVENT_START);
                wait_for(runner, UPGRADE_FAILED, NULL);
        }
}

static void test_stages_without_a_runner(void **state)
{
        struct stage_context context = {.stage = &first};
        stage_progress(&context, 1, 2, "files");
        stage_log(&context, LOG_LEVEL_INFO, "told to %s", "nobody");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_whole_run),
                TEST(test_a_finished_upgrade_stays_finished),
                TEST(test_a_failed_stage_waits_for_resume),
                TEST(test_cancel_waits_for_the_user),
                TEST(test_cancel_and_resume_in_one_life),
                TEST(test_a_stopped_daemon_goes_on_by_itself),
                TEST(test_resume_ask_waits),
                TEST(test_killed_in_every_stage),
                TEST(test_commands_that_the_state_forbids),
                TEST(test_accepted_warnings_are_merged),
                TEST(test_ids_that_are_none),
                TEST(test_rollback_of_a_failed_upgrade),
                TEST(test_rollback_of_a_finished_upgrade),
                TEST(test_rollback_of_an_interrupted_upgrade),
                TEST(test_an_undo_that_fails),
                TEST(test_a_rollback_that_is_cancelled),
                TEST(test_a_stopped_daemon_goes_on_with_its_rollback),
                TEST(test_a_rollback_killed_in_every_stage),
                TEST(test_a_killed_rollback_asks),
                TEST(test_a_start_after_a_rollback_is_a_clean_sheet),
                TEST(test_clean_and_start_again),
                TEST(test_a_clean_that_fails),
                TEST(test_a_clean_that_is_cancelled),
                TEST(test_a_daemon_that_stops_while_it_cleans),
                TEST(test_a_daemon_that_is_killed_while_it_cleans),
                TEST(test_what_stages_left_is_proven_before_it_goes_on),
                TEST(test_evidence_that_contradicts),
                TEST(test_another_contradiction_is_not_accepted),
                TEST(test_evidence_that_is_put_right),
                TEST(test_evidence_that_contradicts_and_a_rollback),
                TEST(test_evidence_that_cant_be_looked_at),
                TEST(test_a_proof_that_is_cancelled),
                TEST(test_work_beside_the_stages),
                TEST(test_work_is_refused_while_the_upgrade_runs),
                TEST(test_nothing_begins_beside_work),
                TEST(test_what_work_left_unfinished_goes_first),
                TEST(test_two_on_one_root_or_state_folder),
                TEST(test_waits_for_the_console_of_a_killed_daemon),
                TEST(test_a_stage_that_hangs_is_seen),
                TEST(test_the_state_folder_of_another_root),
                TEST(test_roots_that_are_none),
                TEST(test_the_state_folder_becomes_private),
                TEST(test_a_checkpoint_that_cant_be_written),
                TEST(test_an_undo_that_cant_be_recorded),
                TEST(test_an_end_that_cant_be_written),
                TEST(test_a_link_in_place_of_the_log),
                TEST(test_a_link_in_place_of_the_log_on_the_way_back),
                TEST(test_a_log_that_was_put_away),
                TEST(test_a_root_that_was_exchanged),
                TEST(test_a_stage_that_pretends_to_be_cancelled),
                TEST(test_stages_without_a_runner),
        };
        return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
