/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/hooks.h"

#include "daemon/notification.h"
#include "lib/cancel.h"
#include "lib/checkpoint.h"
#include "lib/command_line.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/process.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define EVENTS_AT_ONCE 64
#define MARK_LIMIT 32

struct hooks {
        struct hooks_options options;
        struct string_list command;
        const char **arguments; /* of command, ends with NULL */
        int state_fd;
        struct cancel cancel;
        pthread_t thread;
        bool started;

        int64_t delivered; /* the thread's alone once it runs */
        int64_t mark; /* as hooks_new found it; -1: none */

        pthread_mutex_t mutex;
        pthread_cond_t changed;
        bool news, resting, ending, ended;
};

/* The mark */

static int read_mark(struct hooks *hooks, int64_t *ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = file_read(hooks->state_fd, HOOKS_MARK, MARK_LIMIT, &text, &size, err);
        if (r != 0)
                return r;
        char *end = NULL;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        if (end == text || strcmp(end, "\n") != 0 || errno || number < 0)
                return error_set(err, REASON_INVALID_ARGUMENT, HOOKS_MARK " holds no number");
        *ret = number;
        return 0;
}

static int find_last_event(const char *state_path, int64_t *ret, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        *ret = 0;
        int r = checkpoint_open_reader(state_path, &checkpoint, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        return checkpoint_last_event(checkpoint, ret, err);
}

/* A checkpoint that was begun anew counts anew: all of its events are new. The mark is read first: a
 * predecessor that still delivers would else have marked what came behind the last event seen here. */
static int find_begin(struct hooks *hooks, struct error *err)
{
        _cleanup_error_ struct error unread = {0};
        int64_t last = 0, mark = 0;
        int r = read_mark(hooks, &mark, &unread);
        if (find_last_event(hooks->options.state_path, &last, err) < 0)
                return -1;
        if (r < 0)
                log_write(LOG_LEVEL_WARNING, NULL, "hooks.on_event is told of new events only: %s",
                        error_message(&unread));
        hooks->mark = r == 0 ? mark : -1;
        if (r != 0)
                hooks->delivered = last;
        else
                hooks->delivered = mark > last ? 0 : mark;
        return 0;
}

/* A predecessor may have told on until it gave the lock away. */
static void follow_predecessor(struct hooks *hooks)
{
        _cleanup_error_ struct error unread = {0};
        int64_t mark = 0;
        if (read_mark(hooks, &mark, &unread) == 0 && mark != hooks->mark)
                hooks->delivered = mark;
}

static int write_mark(struct hooks *hooks, struct error *err)
{
        _cleanup_free_ char *text = string_format("%" PRId64 "\n", hooks->delivered);
        return file_write_atomic(hooks->state_fd, HOOKS_MARK, text, strlen(text), 0600, err);
}

/* Telling */

static int make_input(const struct notification *notification, int *ret_fd, struct error *err)
{
        _cleanup_close_ int fd = memfd_create("event", MFD_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "can't make a place for the event");
        if (file_write_all(fd, notification->json, strlen(notification->json), "the event", err) < 0)
                return -1;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_set_errno(err, errno, "can't go back to the event's begin");
        *ret_fd = steal_fd(&fd);
        return 0;
}

static int run_command(const struct hooks *hooks, const struct notification *notification,
        struct process_result *ret, struct error *err)
{
        _cleanup_close_ int input = -1;
        if (make_input(notification, &input, err) < 0)
                return -1;
        const struct process_options options = {
                .arguments = hooks->arguments,
                .environment = (const char *const *)notification->environment,
                .input_fd = input,
                .time_limit_ms = hooks->options.config->hooks_timeout * 1000,
                .cancel = (struct cancel *)&hooks->cancel,
        };
        if (process_run(&options, ret, err) < 0)
                return -1;
        return ret->status == 0 ? 0 : process_failed(path_name(hooks->arguments[0]), ret, err);
}

/* False when it was broken off by the daemon's stop: it is told again. */
static bool tell(struct hooks *hooks, const struct event_record *event)
{
        _cleanup_notification_ struct notification notification = {0};
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_error_ struct error err = {0}, asked = {0};
        if (!notification_init(&notification, event, hooks->options.site, hooks->options.config->root)) {
                hooks->delivered = event->sequence;
                return true;
        }
        bool failed = run_command(hooks, &notification, &result, &err) < 0;
        if (failed && err.reason == REASON_STOPPING && cancel_check(&hooks->cancel, &asked) < 0)
                return false;
        if (failed)
                log_write(LOG_LEVEL_WARNING, NULL, "hooks.on_event failed for %s (event %" PRId64 "): %s",
                        notification.event, event->sequence, error_message(&err));
        hooks->delivered = event->sequence;
        error_deinit(&err);
        if (write_mark(hooks, &err) < 0)
                log_write(LOG_LEVEL_WARNING, NULL, "the next start may tell hooks.on_event again: %s",
                        error_message(&err));
        return true;
}

/* One page: the number of its events, or -1 when nothing more is to be told. */
static int tell_page(struct hooks *hooks)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_event_list_ struct event_list events = {0};
        _cleanup_error_ struct error err = {0};
        int r = checkpoint_open_reader(hooks->options.state_path, &checkpoint, &err);
        if (r == 0)
                r = checkpoint_load_events(checkpoint, hooks->delivered, EVENTS_AT_ONCE, &events, &err);
        if (r < 0)
                log_write(LOG_LEVEL_WARNING, NULL, "the events for hooks.on_event can't be read: %s",
                        error_message(&err));
        if (r != 0)
                return 0; /* at the next event */
        checkpoint_close(steal(&checkpoint)); /* a long-lived reader would keep its log from being emptied */
        for (size_t i = 0; i < events.count; i++)
                if (!tell(hooks, &events.items[i]))
                        return -1;
        return (int)events.count;
}

static bool wait_for_news(struct hooks *hooks)
{
        (void)pthread_mutex_lock(&hooks->mutex);
        hooks->resting = true;
        while (!hooks->news && !hooks->ending)
                (void)pthread_cond_wait(&hooks->changed, &hooks->mutex);
        hooks->resting = false;
        bool news = hooks->news;
        hooks->news = false;
        (void)pthread_mutex_unlock(&hooks->mutex);
        return news;
}

static void *tell_all(void *userdata)
{
        struct hooks *hooks = userdata;
        int count = 0;
        while (count >= 0 && wait_for_news(hooks))
                while ((count = tell_page(hooks)) > 0)
                        ;
        (void)pthread_mutex_lock(&hooks->mutex);
        hooks->ended = true;
        (void)pthread_cond_broadcast(&hooks->changed);
        (void)pthread_mutex_unlock(&hooks->mutex);
        return NULL;
}

/* Its life */

static int read_command(struct hooks *hooks, struct error *err)
{
        if (command_line_split(hooks->options.config->hooks_on_event, &hooks->command, err) < 0)
                return error_wrap(err, "hooks.on_event");
        hooks->arguments = memory_new_array(hooks->command.count + 1, sizeof(*hooks->arguments));
        for (size_t i = 0; i < hooks->command.count; i++)
                hooks->arguments[i] = hooks->command.items[i];
        return 0;
}

static void init_condition(pthread_cond_t *condition)
{
        pthread_condattr_t attributes;
        (void)pthread_condattr_init(&attributes);
        (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        (void)pthread_cond_init(condition, &attributes);
        (void)pthread_condattr_destroy(&attributes);
}

int hooks_new(const struct hooks_options *options, struct hooks **ret, struct error *err)
{
        if (!options->config->hooks_on_event) {
                *ret = NULL;
                return 0;
        }
        _cleanup_(hooks_freep) struct hooks *hooks = memory_new(sizeof(*hooks));
        *hooks = (struct hooks){
                .options = *options,
                .state_fd = uninterrupted(open(options->state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
                .cancel = {.event_fd = -1},
        };
        (void)pthread_mutex_init(&hooks->mutex, NULL);
        init_condition(&hooks->changed);
        if (hooks->state_fd < 0)
                return error_set_errno(err, errno, "can't open the state folder %s", options->state_path);
        if (cancel_init(&hooks->cancel, err) < 0 || read_command(hooks, err) < 0 ||
                find_begin(hooks, err) < 0)
                return -1;
        *ret = steal(&hooks);
        return 0;
}

int hooks_start(struct hooks *hooks, struct error *err)
{
        if (!hooks)
                return 0;
        follow_predecessor(hooks);
        if (write_mark(hooks, err) < 0) /* so that a kill before the first event is told loses none */
                return error_wrap(err, "hooks.on_event");
        hooks->news = true;
        sigset_t all, former;
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &former);
        int number = pthread_create(&hooks->thread, NULL, tell_all, hooks);
        (void)pthread_sigmask(SIG_SETMASK, &former, NULL);
        if (number != 0)
                return error_set_errno(err, number, "can't start the thread of hooks.on_event");
        hooks->started = true;
        return 0;
}

void hooks_wake(struct hooks *hooks)
{
        if (!hooks)
                return;
        (void)pthread_mutex_lock(&hooks->mutex);
        hooks->news = true;
        (void)pthread_cond_broadcast(&hooks->changed);
        (void)pthread_mutex_unlock(&hooks->mutex);
}

bool hooks_rest(struct hooks *hooks)
{
        if (!hooks || !hooks->started)
                return true;
        (void)pthread_mutex_lock(&hooks->mutex);
        bool rest = hooks->resting && !hooks->news;
        (void)pthread_mutex_unlock(&hooks->mutex);
        return rest;
}

static void end_thread(struct hooks *hooks)
{
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)(hooks->options.patience_ms / 1000);
        until.tv_nsec += (long)(hooks->options.patience_ms % 1000) * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_mutex_lock(&hooks->mutex);
        hooks->news = hooks->ending = true;
        (void)pthread_cond_broadcast(&hooks->changed);
        while (!hooks->ended && pthread_cond_timedwait(&hooks->changed, &hooks->mutex, &until) == 0)
                ;
        if (!hooks->ended)
                log_write(LOG_LEVEL_WARNING, NULL,
                        "hooks.on_event is not waited for any longer; the next start tells it again");
        (void)pthread_mutex_unlock(&hooks->mutex);
        cancel_request(&hooks->cancel, CANCEL_BY_STOP);
        (void)pthread_join(hooks->thread, NULL);
}

void hooks_free(struct hooks *hooks)
{
        if (!hooks)
                return;
        if (hooks->started)
                end_thread(hooks);
        cancel_deinit(&hooks->cancel);
        (void)pthread_cond_destroy(&hooks->changed);
        (void)pthread_mutex_destroy(&hooks->mutex);
        closep(&hooks->state_fd);
        string_list_deinit(&hooks->command);
        free(hooks->arguments);
        free(hooks);
}

void hooks_forget(const char *state_path)
{
        _cleanup_close_ int fd = uninterrupted(open(state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        _cleanup_error_ struct error err = {0};
        if (fd >= 0 && file_remove(fd, HOOKS_MARK, &err) < 0)
                log_write(LOG_LEVEL_WARNING, NULL, "%s", error_message(&err));
}
