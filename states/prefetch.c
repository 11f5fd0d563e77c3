/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/prefetch.h"

#include "lib/clock.h"
#include "lib/memory.h"
#include "states/package.h"
#include "states/package_note.h"
#include "states/runner_private.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOTICE_EVERY_MS 100
#define LOOK_EVERY_MS 100 /* of who waits for the thread */
#define PATIENCE_MS 60000 /* without a sign of life of the thread's, who waits for it gives none either */
#define NICENESS 10 /* a backup or a migration goes before it */

int prefetch_init(struct prefetch *prefetch, struct error *err)
{
        prefetch->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (prefetch->ended_fd < 0)
                return error_set_errno(err, errno, "can't make an eventfd");
        return cancel_init(&prefetch->cancel, err);
}

void prefetch_deinit(struct prefetch *prefetch)
{
        closep(&prefetch->ended_fd);
        cancel_deinit(&prefetch->cancel);
        free(prefetch->message);
}

void prefetch_show(const struct prefetch *prefetch, struct snapshot *snapshot)
{
        snapshot->prefetch.state = prefetch->state;
        snapshot->prefetch.done = prefetch->done;
        snapshot->prefetch.total = prefetch->total;
        snapshot->prefetch.reason = prefetch->reason;
        snapshot->prefetch.message = string_copy(prefetch->message);
}

/* message: taken over. */
static void set_state(struct runner *runner, enum prefetch_state state, enum reason reason, char *message)
{
        struct prefetch *prefetch = &runner->prefetch;
        runner_lock(runner);
        prefetch->state = state;
        prefetch->reason = reason;
        string_replace(&prefetch->message, message);
        if (state != PREFETCH_FAILED && state != PREFETCH_STOPPED)
                prefetch->done = prefetch->total = 0;
        runner_snapshot_is_old(runner);
        runner_unlock(runner);
        runner_tell(runner);
}

/* "Mautic 3.0.2, 73012345 bytes, SHA-256 …", owned by the caller; NULL: the package that the configuration
 * names now is not known to be there. */
static char *noted_package(const struct runner *runner)
{
        _cleanup_package_note_ struct package_note note = {0};
        _cleanup_package_source_ struct package_source source = {.folder_fd = -1};
        _cleanup_error_ struct error unreadable = {0};
        struct stat status;
        if (package_note_read(runner->state_fd, &note, &unreadable) != 0 || !note.sha256)
                return NULL;
        if (package_source_find(runner->config, runner->root_fd, runner->root, &source, &unreadable) < 0 ||
                !string_equal(source.identity, note.source))
                return NULL;
        if (file_stat(runner->state_fd, NAME_STATE_PACKAGE, &status, &unreadable) != 0 ||
                (uint64_t)status.st_size != note.size)
                return NULL;
        return string_format(
                "Mautic %s, %" PRIu64 " bytes, SHA-256 %s", note.version, note.size, note.sha256);
}

void prefetch_recall(struct runner *runner)
{
        char *package = noted_package(runner);
        if (package)
                set_state(runner, PREFETCH_DONE, REASON_NONE, package);
}

/* The thread */

static void tell_progress(uint64_t done, uint64_t total, const char *unit, void *userdata)
{
        struct runner *runner = userdata;
        struct prefetch *prefetch = &runner->prefetch;
        uint64_t now_ms = clock_steady_ms();
        runner_lock(runner);
        prefetch->done = done;
        prefetch->total = total;
        bool notice = now_ms - prefetch->notice_ms >= NOTICE_EVERY_MS;
        if (notice) {
                prefetch->notice_ms = now_ms;
                runner_snapshot_is_old(runner);
        }
        runner_unlock(runner);
        if (notice)
                runner_tell(runner);
}

static int fetch(struct runner *runner, struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        if (worker_open_site(runner, &site, err) < 0)
                return -1;
        struct stage_context context = {
                .stage = &stage_download_package,
                .config = runner->config,
                .cancel = &runner->prefetch.cancel,
                .site = site,
                .state_path = runner->state_path,
                .state_fd = runner->state_fd,
                .on_progress = tell_progress,
                .userdata = runner,
        };
        return download_package_ahead(&context, err);
}

static void tell_end(struct runner *runner, struct error *err)
{
        _cleanup_error_ struct error asked = {0};
        if (cancel_check(&runner->prefetch.cancel, &asked) < 0)
                set_state(runner, PREFETCH_STOPPED, REASON_NONE, NULL);
        else {
                log_write(LOG_LEVEL_WARNING, NULL, "the package could not be fetched ahead: %s",
                        error_message(err));
                set_state(runner, PREFETCH_FAILED, err->reason, string_copy(error_message(err)));
        }
}

static void *thread_main(void *userdata)
{
        struct runner *runner = userdata;
        _cleanup_error_ struct error err = {0};
        pulse_attach(&runner->prefetch.pulse);
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* of this thread alone */
        if (fetch(runner, &err) == 0)
                set_state(runner, PREFETCH_DONE, REASON_NONE, noted_package(runner));
        else
                tell_end(runner, &err);
        pulse_attach(NULL);
        (void)eventfd_write(runner->prefetch.ended_fd, 1);
        return NULL;
}

/* Its begin and end, on the worker's thread */

/* Signals are the loop thread's. */
static int make_thread(struct runner *runner, struct error *err)
{
        sigset_t all, former;
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &former);
        int number = pthread_create(&runner->prefetch.thread, NULL, thread_main, runner);
        (void)pthread_sigmask(SIG_SETMASK, &former, NULL);
        if (number == 0)
                return 0;
        return error_set_errno(err, number, "can't start the thread that fetches the package ahead");
}

static void join(struct prefetch *prefetch)
{
        eventfd_t ended;
        (void)pthread_join(prefetch->thread, NULL);
        (void)eventfd_read(prefetch->ended_fd, &ended);
        prefetch->has_thread = false;
}

static bool has_ended(const struct prefetch *prefetch)
{
        struct pollfd ended = {.fd = prefetch->ended_fd, .events = POLLIN};
        return poll(&ended, 1, 0) > 0;
}

void prefetch_reap(struct runner *runner)
{
        if (runner->prefetch.has_thread && has_ended(&runner->prefetch))
                join(&runner->prefetch);
}

/* Neither told to stop nor at its end. */
static bool is_at_it(struct runner *runner)
{
        _cleanup_error_ struct error asked = {0};
        runner_lock(runner);
        bool running = runner->prefetch.has_thread && runner->prefetch.state == PREFETCH_RUNNING;
        runner_unlock(runner);
        return running && cancel_check(&runner->prefetch.cancel, &asked) == 0;
}

/* What it is at already it goes on with. */
static int begin(struct runner *runner, struct error *err)
{
        struct prefetch *prefetch = &runner->prefetch;
        if (is_at_it(runner))
                return 0;
        prefetch_end(runner);
        runner_lock(runner);
        cancel_reset(&prefetch->cancel);
        runner_unlock(runner);
        atomic_store(&prefetch->pulse.beat_ms, clock_steady_ms()); /* it lives before it runs */
        set_state(runner, PREFETCH_RUNNING, REASON_NONE, NULL);
        if (make_thread(runner, err) < 0) {
                set_state(runner, PREFETCH_FAILED, err->reason, string_copy(error_message(err)));
                return -1;
        }
        prefetch->has_thread = true;
        return 0;
}

/* What has come is the progress of the stage that waits for it; NULL: none does. */
static void look(struct runner *runner, struct stage_context *waiting, uint64_t *told)
{
        struct prefetch *prefetch = &runner->prefetch;
        runner_lock(runner);
        uint64_t done = prefetch->done, total = prefetch->total;
        runner_unlock(runner);
        if (pulse_lives(&prefetch->pulse, clock_steady_ms(), PATIENCE_MS))
                pulse_beat();
        if (waiting && done != *told)
                stage_progress(waiting, done, total, "bytes");
        *told = done;
}

/* False when `also` was requested first. Signs of life are the thread's. */
static bool wait_for_end(struct runner *runner, const struct cancel *also, struct stage_context *waiting)
{
        struct pollfd fds[] = {{.fd = runner->prefetch.ended_fd, .events = POLLIN},
                {.fd = cancel_fd(also), .events = POLLIN}};
        uint64_t told = 0;
        while (poll(fds, ARRAY_SIZE(fds), LOOK_EVERY_MS) <= 0)
                look(runner, waiting, &told);
        return fds[0].revents != 0;
}

void prefetch_end(struct runner *runner)
{
        if (!runner->prefetch.has_thread)
                return;
        cancel_request(&runner->prefetch.cancel, CANCEL_BY_STOP);
        (void)wait_for_end(runner, NULL, NULL);
        join(&runner->prefetch);
}

void prefetch_forget(struct runner *runner)
{
        set_state(runner, PREFETCH_NONE, REASON_NONE, NULL);
}

/* Beside the stages */

static size_t find_taker(const struct upgrade *upgrade)
{
        size_t i = 0;
        while (i < upgrade->stage_count && upgrade->stages[i].stage != &stage_download_package)
                i++;
        return i;
}

/* A file of this machine is copied and looked through in a second or two, which the backup needs as well:
 * that one waits for its stage. */
static bool is_far_away(const struct runner *runner)
{
        _cleanup_error_ struct error missing = {0};
        _cleanup_package_source_ struct package_source source = {0};
        return package_source_find(runner->config, runner->root_fd, runner->root, &source, &missing) == 0 &&
               source.kind == PACKAGE_URL;
}

/* The first stage is the checks: before they have passed nothing is fetched. */
void prefetch_beside(struct runner *runner, size_t index)
{
        const struct upgrade *upgrade = &runner->upgrade;
        size_t taker = find_taker(upgrade);
        _cleanup_error_ struct error err = {0};
        if (index == 0 || index >= taker || taker == upgrade->stage_count ||
                !runner->config->package_prefetch || runner->prefetch.has_thread || !is_far_away(runner))
                return;
        if (begin(runner, &err) == 0)
                worker_tell(runner, LOG_LEVEL_INFO, stage_download_package.name,
                        "The package is fetched beside the stages before its own.");
        else
                worker_tell(runner, LOG_LEVEL_WARNING, stage_download_package.name, error_message(&err));
}

/* What has become of it, now that the stage takes it over. */
static void tell_outcome(struct runner *runner, struct stage_context *context)
{
        switch (runner->prefetch.state) {
        case PREFETCH_NONE:
        case PREFETCH_RUNNING:
                break;
        case PREFETCH_DONE:
                stage_log(context, LOG_LEVEL_INFO, "The package was fetched ahead: %s.",
                        runner->prefetch.message ? runner->prefetch.message : "it is looked at again");
                break;
        case PREFETCH_FAILED:
                stage_log(context, LOG_LEVEL_WARNING,
                        "The package could not be fetched ahead, and is fetched now: %s.",
                        runner->prefetch.message);
                break;
        case PREFETCH_STOPPED:
                stage_log(context, LOG_LEVEL_INFO,
                        "The package was not fetched ahead to the end; that goes on now.");
                break;
        }
}

int prefetch_await(struct runner *runner, const struct stage *stage, struct error *err)
{
        struct stage_context context = worker_context(runner, stage, NULL);
        if (stage != &stage_download_package)
                return 0;
        if (runner->prefetch.has_thread) {
                if (!wait_for_end(runner, &runner->cancel, &context))
                        return cancel_check(&runner->cancel, err);
                join(&runner->prefetch);
        }
        tell_outcome(runner, &context);
        prefetch_forget(runner);
        return 0;
}

/* Before the start */

static const struct stage prefetch_stage = {
        .name = "prefetch",
        .title = "Fetch the Mautic 3 package ahead",
        .error_code = ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED,
};

static int begin_ahead(struct stage_context *context, void *userdata, struct error *err)
{
        struct runner *runner = context->runner;
        enum upgrade_state state = runner->upgrade.state;
        if (!machine_allows(state, EVENT_START))
                return error_set(err, REASON_REFUSED_IN_STATE,
                        "prefetch is refused, for it comes before the start, and the upgrade is %s (%s)",
                        upgrade_state_name(state), upgrade_state_meaning(state));
        if (begin(runner, err) < 0)
                return -1;
        worker_tell(runner, LOG_LEVEL_INFO, NULL, "The package is fetched ahead of the upgrade.");
        return 0;
}

int runner_prefetch(struct runner *runner, struct error *err)
{
        return runner_work(runner, &prefetch_stage, begin_ahead, NULL, err);
}

int runner_prefetch_cancel(struct runner *runner, struct error *err)
{
        int result = 0;
        runner_lock(runner);
        if (runner->prefetch.state != PREFETCH_RUNNING)
                result = error_set(err, REASON_REFUSED_IN_STATE, "no package is being fetched ahead");
        else if (machine_is_at_work(runner->upgrade.state))
                result = error_set(err, REASON_REFUSED_IN_STATE,
                        "the package is fetched for the upgrade that is running; cancel stops both");
        else
                cancel_request(&runner->prefetch.cancel, CANCEL_BY_USER);
        runner_unlock(runner);
        return result;
}
