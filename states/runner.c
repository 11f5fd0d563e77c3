/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/runner_private.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/lock.h"
#include "lib/memory.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

#define ACCEPTED_LIMIT 256 /* ids in one command */
#define ACCEPTED_SIZE 64 /* letters of one id */
#define NAME_DAEMON_LOCK "daemon.lock" /* in the state folder */
#define ORPHAN_GRACE_S 30

/* Commands */

int runner_refuse(enum upgrade_state state, enum upgrade_event command, struct error *err)
{
        _cleanup_buffer_ struct buffer allowed = {0};
        for (unsigned i = 0; i < upgrade_command_count; i++)
                if (machine_allows(state, upgrade_commands[i]))
                        buffer_append_format(&allowed, "%s%s", allowed.size ? ", " : "",
                                upgrade_event_name(upgrade_commands[i]));
        const char *hint = command == EVENT_START && state == UPGRADE_FAILED
                                   ? "; resume tries the failed stage again, resume --accept ID,… accepts "
                                     "warnings of preflight"
                                   : "";
        return error_set(err, REASON_REFUSED_IN_STATE,
                "%s is refused, for the upgrade is %s (%s); allowed now: %s%s", upgrade_event_name(command),
                upgrade_state_name(state), upgrade_state_meaning(state),
                allowed.size ? allowed.data : "nothing", hint);
}

static int check_accepted(const char *const *accepted, size_t count, struct error *err)
{
        if (count > ACCEPTED_LIMIT)
                return error_set(
                        err, REASON_INVALID_ARGUMENT, "more than %d warnings to accept", ACCEPTED_LIMIT);
        for (size_t i = 0; i < count; i++) {
                size_t size = strspn(accepted[i], "abcdefghijklmnopqrstuvwxyz0123456789_");
                if (size == 0 || size > ACCEPTED_SIZE || accepted[i][size])
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "'%.*s' is no id of a warning (small letters, digits and _)", ACCEPTED_SIZE,
                                accepted[i]);
        }
        return 0;
}

/* Work beside the stages may take an hour: nobody waits for it. */
static int refuse_for_work(const struct command *at_work, struct error *err)
{
        return error_set(err, REASON_REFUSED_IN_STATE, "%s is at work; ask again when it has ended",
                at_work->as->name);
}

static int check_allowed(struct runner *runner, const struct command *command, struct error *err)
{
        enum upgrade_state state = runner->upgrade.state;
        if (!command->work)
                return machine_allows(state, command->event) ? 0 : runner_refuse(state, command->event, err);
        if (!machine_is_at_work(state))
                return 0;
        return error_set(err, REASON_REFUSED_IN_STATE, "%s is refused, for the upgrade is %s",
                command->as->name, upgrade_state_name(state));
}

int runner_hand_over(struct runner *runner, struct command *command, struct error *err)
{
        while (runner->command && !runner->stopped) {
                if (runner->command->work)
                        return refuse_for_work(runner->command, err);
                (void)pthread_cond_wait(&runner->answer, &runner->mutex);
        }
        if (!runner->stopping && check_allowed(runner, command, err) < 0)
                return -1;
        if (!runner->stopping) {
                runner->command = command;
                (void)pthread_cond_signal(&runner->wake);
                while (!command->answered && !runner->stopped)
                        (void)pthread_cond_wait(&runner->answer, &runner->mutex);
        }
        if (command->answered)
                return command->result;
        if (runner->command == command)
                runner->command = NULL;
        return error_set(err, REASON_STOPPING, "the daemon is stopping");
}

static bool is_command(enum upgrade_event event)
{
        for (unsigned i = 0; i < upgrade_command_count; i++)
                if (upgrade_commands[i] == event)
                        return true;
        return false;
}

static int give_command(struct runner *runner, struct command *order, struct error *err)
{
        int result = 0;
        runner_lock(runner);
        if (!machine_allows(runner->upgrade.state, order->event))
                result = runner_refuse(runner->upgrade.state, order->event, err);
        else if (order->event == EVENT_CANCEL)
                cancel_request(&runner->cancel, CANCEL_BY_USER);
        else
                result = runner_hand_over(runner, order, err);
        runner_unlock(runner);
        return result;
}

int runner_command(struct runner *runner, enum upgrade_event command, const char *const *accepted,
        size_t accepted_count, struct error *err)
{
        if (!is_command(command))
                return error_set(
                        err, REASON_INVALID_ARGUMENT, "%s is no command", upgrade_event_name(command));
        if (check_accepted(accepted, accepted_count, err) < 0)
                return -1;
        struct command order = {
                .event = command,
                .accepted = accepted,
                .accepted_count = accepted_count,
                .err = err,
        };
        return give_command(runner, &order, err);
}

int runner_rollback(struct runner *runner, bool files_only, struct error *err)
{
        struct command order = {.event = EVENT_ROLLBACK, .files_only = files_only, .err = err};
        return give_command(runner, &order, err);
}

struct snapshot *runner_snapshot(struct runner *runner)
{
        runner_lock(runner);
        if (!runner->snapshot) {
                runner->snapshot = upgrade_snapshot(&runner->upgrade, &runner->meter);
                runner->snapshot->last_sequence = runner->last_sequence;
                runner->snapshot->activity_ms = runner->activity_ms;
                runner->snapshot->backup_verification = string_copy(runner->backup_verification);
                prefetch_show(&runner->prefetch, runner->snapshot);
                runner->snapshot->time_ms = clock_wall_ms();
        }
        struct snapshot *snapshot = snapshot_ref(runner->snapshot);
        runner_unlock(runner);
        return snapshot;
}

/* Its life */

static int open_state_folder(struct runner *runner, struct error *err)
{
        runner->state_fd =
                uninterrupted(open(runner->state_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (runner->state_fd < 0)
                return error_set_errno(err, errno, "can't open the state folder %s", runner->state_path);
        struct stat stat;
        if (fstat(runner->state_fd, &stat) < 0)
                return error_set_errno(err, errno, "can't look at the state folder %s", runner->state_path);
        if (stat.st_uid != geteuid())
                return error_set(err, REASON_PERMISSION_DENIED,
                        "the state folder %s belongs to user %u, not to %u", runner->state_path,
                        (unsigned)stat.st_uid, (unsigned)geteuid());
        if ((stat.st_mode & 07777) != 0700 && uninterrupted(fchmod(runner->state_fd, 0700)) < 0)
                return error_set_errno(
                        err, errno, "can't make the state folder %s private", runner->state_path);
        return 0;
}

static int open_root(struct runner *runner, struct error *err)
{
        const char *root = runner->config->root;
        if (!root || !root[0])
                return error_set(err, REASON_NOT_MAUTIC, "no root of a site is set");
        runner->root = realpath(root, NULL);
        if (runner->root)
                runner->root_fd = uninterrupted(open(runner->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (runner->root_fd >= 0)
                return 0;
        int number = errno;
        error_set_errno(err, number, "can't open the site's root %s", root);
        if (number == ENOENT || number == ENOTDIR)
                err->reason = REASON_NOT_MAUTIC;
        return -1;
}

struct wait {
        const char *for_whom;
        uint64_t patience_s;
};

static uint64_t wait_ms(const struct wait *wait)
{
        return wait->patience_s > UINT64_MAX / 1000 ? UINT64_MAX : wait->patience_s * 1000;
}

static void tell_wait(const struct runner *runner, const struct wait *wait, const struct error *locked)
{
        if (runner->on_wait)
                runner->on_wait(wait->patience_s, runner->userdata);
        if (wait->patience_s == UINT64_MAX)
                log_write(
                        LOG_LEVEL_WARNING, NULL, "waiting for %s: %s", wait->for_whom, error_message(locked));
        else
                log_write(LOG_LEVEL_WARNING, NULL, "waiting up to %llu s for %s: %s",
                        (unsigned long long)wait->patience_s, wait->for_whom, error_message(locked));
}

typedef int lock_function(int dir_fd, const char *name, uint64_t patience_ms, int *ret_fd, struct error *err);

/* Tells of the wait when there is one. */
static int take_lock(const struct runner *runner, lock_function *lock, int dir_fd, const char *name,
        const struct wait *wait, int *ret_fd, struct error *err)
{
        _cleanup_error_ struct error locked = {0};
        if (lock(dir_fd, name, 0, ret_fd, &locked) == 0)
                return 0;
        if (locked.reason != REASON_LOCKED) {
                error_move(err, &locked);
                return -1;
        }
        tell_wait(runner, wait, &locked);
        return lock(dir_fd, name, wait_ms(wait), ret_fd, err);
}

/* A living daemon holds all three locks. Where its own is free, those who hold the state folder's are the
 * children of one that was killed: they end their migration under php.timeout, and it is better to wait for
 * them than to give up. The time is a little longer than theirs (lib/process.h). */
static int take_locks(struct runner *runner, const struct config *config, struct error *err)
{
        const struct wait patience = {"another process to let go", config->lock_patience};
        const struct wait orphans = {
                "the console of the daemon that was killed, which must not be broken off",
                config->console_timeout > 0 ? config->console_timeout + ORPHAN_GRACE_S : UINT64_MAX};
        if (take_lock(runner, lock_file, runner->state_fd, NAME_DAEMON_LOCK, &patience, &runner->daemon_lock,
                    err) < 0)
                return error_wrap(err, "locking the state folder %s", runner->state_path);
        if (take_lock(runner, lock_folder, runner->state_fd, runner->state_path, &orphans, &runner->locks[0],
                    err) < 0)
                return error_wrap(err, "locking the state folder");
        if (take_lock(runner, lock_folder, runner->root_fd, runner->root, &patience, &runner->locks[1], err) <
                0)
                return error_wrap(err, "locking the site's root");
        return 0;
}

/* Signals are the loop thread's. */
static int start_thread(struct runner *runner, struct error *err)
{
        sigset_t all, former;
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &former);
        int number = pthread_create(&runner->thread, NULL, worker_main, runner);
        (void)pthread_sigmask(SIG_SETMASK, &former, NULL);
        if (number != 0)
                return error_set_errno(err, number, "can't start the worker thread");
        runner->thread_started = true;
        return 0;
}

static int set_up(struct runner *runner, struct error *err)
{
        if (cancel_init(&runner->cancel, err) < 0 || prefetch_init(&runner->prefetch, err) < 0 ||
                open_state_folder(runner, err) < 0 || open_root(runner, err) < 0 ||
                take_locks(runner, runner->config, err) < 0 ||
                checkpoint_open(runner->state_path, &runner->checkpoint, err) < 0)
                return -1;
        upgrade_init(&runner->upgrade, runner->stages, runner->root);
        if (upgrade_load(&runner->upgrade, runner->checkpoint, err) < 0)
                return -1;
        /* Also tells the newest sequence. */
        worker_add_event(
                runner, LOG_LEVEL_INFO, NULL, "The daemon is started (version " PROJECT_VERSION ").");
        worker_judge_interruption(runner);
        worker_learn_facts(runner);
        prefetch_recall(runner);
        if (string_equal(runner->config->resume, "ask") && machine_is_interrupted(runner->upgrade.state))
                runner->upgrade.waiting_for_user = true;
        return start_thread(runner, err);
}

int runner_new(const struct runner_options *options, struct runner **ret, struct error *err)
{
        _cleanup_(runner_freep) struct runner *runner = memory_new(sizeof *runner);
        *runner = (struct runner){
                .config = options->config,
                .stages = options->stages,
                .state_path = string_copy(options->state_path),
                .on_change = options->on_change,
                .on_wait = options->on_wait,
                .userdata = options->userdata,
                .root_fd = -1,
                .state_fd = -1,
                .daemon_lock = -1,
                .locks = {-1, -1},
                .cancel = {.event_fd = -1},
                .prefetch = {.cancel = {.event_fd = -1}, .ended_fd = -1},
        };
        (void)pthread_mutex_init(&runner->mutex, NULL);
        (void)pthread_cond_init(&runner->wake, NULL);
        (void)pthread_cond_init(&runner->answer, NULL);
        if (set_up(runner, err) < 0)
                return -1;
        *ret = steal(&runner);
        return 0;
}

void runner_stop(struct runner *runner)
{
        runner_lock(runner);
        runner->stopping = true;
        cancel_request(&runner->cancel, CANCEL_BY_STOP);
        (void)pthread_cond_broadcast(&runner->wake);
        runner_unlock(runner);
}

bool runner_lives(struct runner *runner, uint64_t patience_ms)
{
        return pulse_lives(&runner->pulse, clock_steady_ms(), patience_ms);
}

bool runner_rests(struct runner *runner)
{
        runner_lock(runner);
        bool rests = runner->resting && !runner->command && runner->prefetch.state != PREFETCH_RUNNING;
        runner_unlock(runner);
        return rests;
}

bool runner_stopped(struct runner *runner)
{
        runner_lock(runner);
        bool stopped = runner->stopped;
        runner_unlock(runner);
        return stopped;
}

void runner_free(struct runner *runner)
{
        if (!runner)
                return;
        if (runner->thread_started) {
                runner_stop(runner);
                (void)pthread_join(runner->thread, NULL);
        }
        checkpoint_close(runner->checkpoint);
        upgrade_deinit(&runner->upgrade);
        snapshot_unref(runner->snapshot);
        for (size_t i = 0; i < ARRAY_SIZE(runner->locks); i++)
                closep(&runner->locks[i]);
        closep(&runner->daemon_lock);
        closep(&runner->root_fd);
        closep(&runner->state_fd);
        cancel_deinit(&runner->cancel);
        prefetch_deinit(&runner->prefetch);
        (void)pthread_cond_destroy(&runner->answer);
        (void)pthread_cond_destroy(&runner->wake);
        (void)pthread_mutex_destroy(&runner->mutex);
        string_list_deinit(&runner->accepted_now);
        free(runner->backup_verification);
        free(runner->php_version);
        free(runner->root);
        free(runner->state_path);
        free(runner);
}
