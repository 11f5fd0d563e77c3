/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/daemon.h"

#include "daemon/api.h"
#include "daemon/hooks.h"
#include "daemon/listener.h"
#include "daemon/server.h"
#include "daemon/service.h"
#include "daemon/supervision.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "states/prefetch.h"
#include "states/runner.h"
#include "states/stages.h"

#include <signal.h>
#include <string.h>
#include <uv.h>

#define HOOKS_PATIENCE_MS 5000 /* at the end, for what hooks.on_event was not told yet */
#define JOBS_PATIENCE_MS 8000 /* at the end, for what the API was asked for: a program has 5 s to end */

static const int caught[] = {SIGTERM, SIGINT, SIGHUP};

struct daemon {
        const struct settings *settings;
        uv_loop_t loop;
        uv_async_t changed; /* the runner has a new snapshot */
        uv_signal_t signals[3];
        uv_timer_t idle;
        struct supervision supervision;
        uv_timer_t patience; /* with jobs that do not end */
        uv_work_t start;
        struct runner *started; /* from the pool, taken over by on_started */
        struct runner *runner;
        struct hooks *hooks; /* NULL: no command is set */
        int64_t told_sequence; /* of the newest event that the hooks know of */
        struct cancel cancel; /* of the API's long work */
        struct api *api;
        struct server *server;
        bool bound; /* the socket's path is ours, not systemd's */
        bool stopping;
        bool closing;
        struct error failure; /* no message: none */
        struct {
                uint64_t connections;
                int64_t sequence;
        } seen; /* when the idle timer looked last */
};

static void mask_signals(int how)
{
        sigset_t set;
        (void)sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
                (void)sigaddset(&set, caught[i]);
        (void)pthread_sigmask(how, &set, NULL);
}

/* The end: when the runner has stopped, the server is closed, then the other handles, and the loop ends. */

static void close_handles(struct daemon *daemon)
{
        uv_close((uv_handle_t *)&daemon->changed, NULL);
        uv_close((uv_handle_t *)&daemon->idle, NULL);
        supervision_close(&daemon->supervision);
        uv_close((uv_handle_t *)&daemon->patience, NULL);
        /* One more of them would kill what is about to end well. */
        mask_signals(SIG_BLOCK);
        for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
                uv_close((uv_handle_t *)&daemon->signals[i], NULL);
}

static void on_server_closed(void *userdata)
{
        struct daemon *daemon = userdata;
        daemon->server = NULL;
        close_handles(daemon);
}

/* A job of the pool is held up by a database server or a disk. It only reads for an answer, nobody else is at
 * work any more, and to leave it behind is what a kill would do. */
static void on_patience_lost(uv_timer_t *timer)
{
        struct daemon *daemon = timer->data;
        log_write(LOG_LEVEL_WARNING, NULL, "what the API was asked for does not end and is not waited for");
        hooks_free(daemon->hooks);
        if (daemon->failure.message)
                log_write(LOG_LEVEL_ERROR, NULL, "%s", error_message(&daemon->failure));
        _exit(daemon->failure.message ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void close_down(struct daemon *daemon)
{
        if (daemon->closing)
                return;
        daemon->closing = true;
        cancel_request(&daemon->cancel, CANCEL_BY_STOP);
        uv_timer_start(&daemon->patience, on_patience_lost, JOBS_PATIENCE_MS, 0);
        /* While the lock is held: a successor may have bound the path once it is released. */
        if (daemon->bound)
                (void)unlink(daemon->settings->socket_path);
        if (daemon->server)
                server_close(daemon->server, on_server_closed, daemon);
        else
                close_handles(daemon);
}

static void stop(struct daemon *daemon)
{
        if (daemon->stopping)
                return;
        daemon->stopping = true;
        supervision_stop(&daemon->supervision);
        log_write(LOG_LEVEL_INFO, NULL, "stopping; the next start goes on where this one stands");
        runner_stop(daemon->runner);
        if (runner_stopped(daemon->runner))
                close_down(daemon);
}

static void on_signal(uv_signal_t *handle, int number)
{
        struct daemon *daemon = handle->data;
        if (number == SIGHUP)
                return; /* a lost terminal is no reason to stop, and the configuration holds for one run */
        if (daemon->runner) {
                stop(daemon);
                return;
        }
        /* The pool still waits for the lock, perhaps for long, and can't be called back. To the checkpoint
         * this is a kill -9, which it is made for. */
        log_write(LOG_LEVEL_INFO, NULL, "stopping before the start was done");
        service_notify("STOPPING=1");
        _exit(EXIT_SUCCESS);
}

/* What the runner says */

static void tell_hooks(struct daemon *daemon)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(daemon->runner);
        if (snapshot->last_sequence != daemon->told_sequence)
                hooks_wake(daemon->hooks);
        daemon->told_sequence = snapshot->last_sequence;
}

static void tell_service_manager(struct daemon *daemon)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(daemon->runner);
        supervision_tell(&daemon->supervision, snapshot);
}

static void on_changed(uv_async_t *async)
{
        struct daemon *daemon = async->data;
        if (!daemon->runner || daemon->closing)
                return;
        if (daemon->server)
                server_changed(daemon->server);
        tell_hooks(daemon);
        tell_service_manager(daemon);
        if (daemon->stopping && runner_stopped(daemon->runner))
                close_down(daemon);
}

static void on_change_anywhere(void *userdata)
{
        struct daemon *daemon = userdata;
        (void)uv_async_send(&daemon->changed);
}

/* Nothing to do: what systemd starts again when somebody asks need not stay. */

/* Fires once in each daemon.idle: when nothing has happened since the last time, the daemon ends. */
static void on_idle(uv_timer_t *timer)
{
        struct daemon *daemon = timer->data;
        if (daemon->stopping || !runner_rests(daemon->runner) || !hooks_rest(daemon->hooks) ||
                !server_rests(daemon->server))
                return;
        uint64_t connections = server_connections(daemon->server);
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = runner_snapshot(daemon->runner);
        bool same =
                daemon->seen.connections == connections && daemon->seen.sequence == snapshot->last_sequence;
        daemon->seen.connections = connections;
        daemon->seen.sequence = snapshot->last_sequence;
        if (!same)
                return;
        server_refuse(daemon->server);
        log_write(LOG_LEVEL_INFO, NULL, "nothing was to do for %llu s: the daemon ends until somebody asks",
                (unsigned long long)daemon->settings->config.idle);
        stop(daemon);
}

static void watch_idleness(struct daemon *daemon)
{
        uint64_t idle_ms = daemon->settings->config.idle * 1000;
        bool is_startable = !daemon->bound && daemon->settings->listen_address.ss_family == AF_UNSPEC;
        if (is_startable && idle_ms > 0)
                uv_timer_start(&daemon->idle, on_idle, idle_ms, idle_ms);
}

/* What stands behind the API */

static struct snapshot *upgrade_snapshot(void *userdata)
{
        struct daemon *daemon = userdata;
        return runner_snapshot(daemon->runner);
}

static int upgrade_command(void *userdata, enum upgrade_event command, const char *const *accepted,
        size_t accepted_count, struct error *err)
{
        struct daemon *daemon = userdata;
        if (checks_know_ids(accepted, accepted_count, err) < 0)
                return -1;
        return runner_command(daemon->runner, command, accepted, accepted_count, err);
}

static int upgrade_rollback(void *userdata, bool files_only, struct error *err)
{
        struct daemon *daemon = userdata;
        return runner_rollback(daemon->runner, files_only, err);
}

static int upgrade_verify(void *userdata, struct backup_verification *ret, struct error *err)
{
        struct daemon *daemon = userdata;
        return backup_verify_work(daemon->runner, ret, err);
}

static int upgrade_prefetch(void *userdata, struct error *err)
{
        struct daemon *daemon = userdata;
        return runner_prefetch(daemon->runner, err);
}

static int upgrade_prefetch_cancel(void *userdata, struct error *err)
{
        struct daemon *daemon = userdata;
        return runner_prefetch_cancel(daemon->runner, err);
}

static int upgrade_check(void *userdata, struct cancel *cancel, struct findings *ret, struct error *err)
{
        struct daemon *daemon = userdata;
        const struct checks_options options = {
                .config = &daemon->settings->config,
                .state_path = daemon->settings->state_path,
                .cancel = cancel,
        };
        return checks_run(&options, ret, err);
}

struct schema_job {
        const struct schema_order *order;
        struct schema_plan *plan;
};

static int do_schema_job(struct stage_context *context, void *userdata, struct error *err)
{
        struct schema_job *job = userdata;
        return schema_update(context, job->order, job->plan, err);
}

static int upgrade_schema(
        void *userdata, const struct schema_order *order, struct schema_plan *ret, struct error *err)
{
        struct daemon *daemon = userdata;
        struct schema_job job = {order, ret};
        return runner_work(daemon->runner, &schema_update_stage, do_schema_job, &job, err);
}

/* The start */

static int listen_for_clients(struct daemon *daemon, int *ret_fd, struct error *err)
{
        int r = service_listen_fd(ret_fd, err);
        if (r <= 0)
                return r;
        if (settings_make_socket_folder(daemon->settings, err) < 0 ||
                listener_open(daemon->settings->socket_path, daemon->settings->group, ret_fd, err) < 0)
                return -1;
        daemon->bound = true;
        return 0;
}

static int listen_on_address(struct daemon *daemon, int *ret_fd, struct error *err)
{
        const struct sockaddr_storage *address = &daemon->settings->listen_address;
        _cleanup_free_ char *name = NULL;
        if (address->ss_family == AF_UNSPEC)
                return 0;
        if (listener_open_address(address, ret_fd, &name, err) < 0)
                return -1;
        log_write(LOG_LEVEL_INFO, NULL, "the API is also on http://%s, with the token", name);
        return 0;
}

static int serve(struct daemon *daemon, struct error *err)
{
        _cleanup_close_ int fd = -1, tcp_fd = -1;
        if (listen_for_clients(daemon, &fd, err) < 0 || listen_on_address(daemon, &tcp_fd, err) < 0)
                return -1;
        const struct api_options api_options = {
                .config = &daemon->settings->config,
                .site = daemon->settings->site,
                .state_path = daemon->settings->state_path,
                .upgrade = {.snapshot = upgrade_snapshot,
                        .command = upgrade_command,
                        .check = upgrade_check,
                        .schema = upgrade_schema,
                        .rollback = upgrade_rollback,
                        .prefetch = upgrade_prefetch,
                        .prefetch_cancel = upgrade_prefetch_cancel,
                        .verify = upgrade_verify,
                        .userdata = daemon},
                .token = &daemon->settings->token,
                .cancel = &daemon->cancel,
        };
        daemon->api = api_new(&api_options);
        const struct server_options server_options = {
                .loop = &daemon->loop,
                .api = daemon->api,
                .listen_fd = fd,
                .tcp_fd = tcp_fd > 0 ? tcp_fd : 0,
                .group = daemon->settings->group,
        };
        if (server_new(&server_options, &daemon->server, err) < 0)
                return -1;
        steal_fd(&fd);
        steal_fd(&tcp_fd);
        return 0;
}

static void start_on_pool(uv_work_t *work)
{
        struct daemon *daemon = work->data;
        const struct runner_options options = {
                .config = &daemon->settings->config,
                .state_path = daemon->settings->state_path,
                .stages = stages,
                .on_change = on_change_anywhere,
                .on_wait = supervision_waits,
                .userdata = daemon,
        };
        const struct hooks_options hooks_options = {
                .config = &daemon->settings->config,
                .site = daemon->settings->site,
                .state_path = daemon->settings->state_path,
                .patience_ms = HOOKS_PATIENCE_MS,
        };
        _cleanup_error_ struct error err = {0};
        if (hooks_new(&hooks_options, &daemon->hooks, &err) < 0)
                log_write(LOG_LEVEL_WARNING, NULL, "nobody is notified: %s", error_message(&err));
        if (runner_new(&options, &daemon->started, &daemon->failure) < 0)
                return;
        if (!daemon->settings->config.hooks_on_event)
                hooks_forget(daemon->settings->state_path);
        else if (hooks_start(daemon->hooks, &err) < 0)
                log_write(LOG_LEVEL_WARNING, NULL, "nobody is notified: %s", error_message(&err));
}

static void fail(struct daemon *daemon)
{
        if (!daemon->runner) {
                close_down(daemon);
                return;
        }
        daemon->stopping = true;
        runner_stop(daemon->runner);
        if (runner_stopped(daemon->runner))
                close_down(daemon);
}

static void on_started(uv_work_t *work, int status)
{
        struct daemon *daemon = work->data;
        daemon->runner = steal(&daemon->started);
        if (!daemon->runner || serve(daemon, &daemon->failure) < 0) {
                fail(daemon);
                return;
        }
        log_write(LOG_LEVEL_INFO, NULL, "version %s serves %s on %s", PROJECT_VERSION,
                daemon->settings->config.root,
                daemon->bound ? daemon->settings->socket_path : "the socket of systemd");
        supervision_ready(&daemon->supervision, daemon->runner);
        tell_service_manager(daemon);
        watch_idleness(daemon);
        tell_hooks(daemon); /* of what the runner did before it was ours */
}

static void start(struct daemon *daemon)
{
        uv_async_init(&daemon->loop, &daemon->changed, on_changed);
        daemon->changed.data = daemon;
        for (size_t i = 0; i < ARRAY_SIZE(caught); i++) {
                uv_signal_init(&daemon->loop, &daemon->signals[i]);
                daemon->signals[i].data = daemon;
                uv_signal_start(&daemon->signals[i], on_signal, caught[i]);
        }
        uv_timer_init(&daemon->loop, &daemon->idle);
        daemon->idle.data = daemon;
        supervision_init(&daemon->supervision, &daemon->loop);
        uv_timer_init(&daemon->loop, &daemon->patience);
        daemon->patience.data = daemon;
        daemon->start.data = daemon;
        /* Makes the pool's threads, which inherit that they get none. */
        mask_signals(SIG_BLOCK);
        uv_queue_work(&daemon->loop, &daemon->start, start_on_pool, on_started);
        mask_signals(SIG_UNBLOCK);
}

int daemon_run(const struct settings *settings, struct error *err)
{
        struct daemon daemon = {.settings = settings};
        (void)setenv("UV_THREADPOOL_SIZE", SERVER_POOL_THREADS, 1); /* before there is a thread */
        int number = uv_loop_init(&daemon.loop);
        if (number < 0)
                return error_set_errno(err, -number, "making the event loop");
        if (cancel_init(&daemon.cancel, err) < 0) {
                uv_loop_close(&daemon.loop);
                return -1;
        }
        (void)signal(SIGPIPE, SIG_IGN);
        start(&daemon);
        uv_run(&daemon.loop, UV_RUN_DEFAULT);
        hooks_free(daemon.hooks); /* before the locks are given to a successor, who would tell the same */
        /* Nothing calls the runner any more; with it go the locks. */
        runner_free(daemon.runner);
        api_free(daemon.api);
        cancel_deinit(&daemon.cancel);
        uv_loop_close(&daemon.loop);
        supervision_deinit(&daemon.supervision);
        if (!daemon.failure.message)
                return 0;
        error_move(err, &daemon.failure);
        return -1;
}
