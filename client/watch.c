/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Watching an upgrade: ask the daemon a few times a second, show what has changed. On a terminal a view that
 * is drawn in place, else a line for each stage that begins or ends and for each tenth of it. A daemon that
 * goes away in the middle is waited for. The terminal's keys, size and signals are answered at any time, also
 * while the daemon is silent.
 */
#include "client/commands.h"
#include "client/ends.h"
#include "client/signals.h"
#include "client/stage_news.h"
#include "client/terminal.h"

#include "lib/clock.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS 200
#define ANSWER_S 30

struct watch {
        struct client *client;
        bool live; /* drawn in place */
        bool quiet; /* --json: the end alone */
        bool resting; /* another job has the terminal: nothing is drawn */
        int ended_by; /* the signal that wants it to end; 0: none */
        int signal_fd;
        struct curl_waitfd waits; /* for signals, while the daemon is asked */
        json_int_t since; /* what the upgrade was before this event does not count */
        const char *commanded; /* the state that the command has led to, or NULL: none was given */
        struct terminal terminal;
        json_t *status, *stages, *events; /* the newest answers; events: a list */
        json_int_t last_event;
        json_t *told; /* stage -> state, as told in lines */
        int tenths; /* of the stage at work, as told */
        uint64_t gone_since_ms; /* 0: the daemon is there */
        char *note;
};

static void watch_deinit(struct watch *watch)
{
        terminal_leave(&watch->terminal);
        connection_attend(watch->client->connection, NULL, 0, NULL, NULL);
        closep(&watch->signal_fd);
        json_decref(watch->status);
        json_decref(watch->stages);
        json_decref(watch->events);
        json_decref(watch->told);
        free(watch->note);
}

/* The view */

static void view_init(const struct watch *watch, struct view *ret)
{
        *ret = (struct view){
                .status = watch->status,
                .stages = watch->stages,
                .events = watch->events,
                .colour = terminal_has_colour(),
                .utf8 = terminal_has_utf8(),
                .note = watch->note,
        };
        terminal_size(&ret->columns, &ret->rows);
}

static void draw(struct watch *watch)
{
        _cleanup_view_lines_ struct view_lines lines = {0};
        struct view view;
        if (watch->resting || !watch->status)
                return;
        _cleanup_free_ char *hint =
                string_format("Ctrl-C or q ends the view; the %s goes on.", status_what(watch->status));
        view_init(watch, &view);
        view.hint = hint;
        view_render(&view, &lines);
        terminal_draw(&watch->terminal, &lines);
}

/* What is left to read on the terminal when the view is gone. */
static void leave_summary(struct watch *watch)
{
        _cleanup_view_lines_ struct view_lines lines = {0};
        struct view view;
        bool was_shown = watch->terminal.entered;
        terminal_leave(&watch->terminal);
        if (!was_shown || !watch->status)
                return;
        view_init(watch, &view);
        view_summary(&view, &lines);
        for (size_t i = 0; i < lines.count; i++)
                puts(lines.items[i]);
        fflush(stdout);
}

/* Signals and keys */

static void rest(struct watch *watch)
{
        terminal_leave(&watch->terminal);
        signals_rest();
}

static void go_on(struct watch *watch)
{
        /* Stopped by a signal that can't be caught, it stands in a view that the shell has written into. */
        terminal_forget(&watch->terminal);
        watch->resting = !terminal_is_ours();
}

static void answer_signals(struct watch *watch)
{
        int number;
        for (enum signal_wish wish; (wish = signals_next(watch->signal_fd, &number)) != WISH_NONE;) {
                switch (wish) {
                case WISH_NONE:
                        break;
                case WISH_END:
                        watch->ended_by = number;
                        break;
                case WISH_REST:
                        rest(watch);
                        break;
                case WISH_GO_ON:
                        go_on(watch);
                        break;
                case WISH_SIZE:
                        break;
                }
                if (watch->live && !watch->ended_by && wish != WISH_REST)
                        draw(watch);
        }
}

static void answer_keys(struct watch *watch)
{
        char keys[64];
        ssize_t length = watch->terminal.silenced ? read(STDIN_FILENO, keys, sizeof(keys)) : 0;
        if (length > 0 && memchr(keys, 'q', (size_t)length))
                watch->ended_by = SIGINT; /* q ends the view as Ctrl-C does */
}

static bool attend(void *userdata)
{
        struct watch *watch = userdata;
        answer_signals(watch);
        answer_keys(watch);
        if (watch->resting && terminal_is_ours()) {
                watch->resting = false;
                draw(watch);
        }
        return watch->ended_by == 0;
}

/* False when somebody wants it to end. */
static bool pause_for(struct watch *watch, uint64_t duration_ms)
{
        uint64_t until_ms = clock_steady_ms() + duration_ms;
        for (uint64_t now_ms; (now_ms = clock_steady_ms()) < until_ms;) {
                struct pollfd fds[] = {{.fd = watch->signal_fd, .events = POLLIN},
                        {.fd = watch->terminal.silenced ? STDIN_FILENO : -1, .events = POLLIN}};
                (void)poll(fds, ARRAY_SIZE(fds), (int)(until_ms - now_ms));
                if (!attend(watch))
                        return false;
        }
        return true;
}

/* Asking */

static enum reach get(struct watch *watch, const char *path, json_t **target)
{
        _cleanup_reply_ struct reply reply = {0};
        enum reach reach = connection_request(watch->client->connection, "GET", path, NULL, ANSWER_S, &reply);
        if (reach != REACH_OK)
                return reach;
        if (reply.status != 200 || !reply.json)
                return REACH_OK; /* a trouble of the moment: what was known stays */
        json_decref(*target);
        *target = json_incref(reply.json);
        return REACH_OK;
}

static enum reach get_events(struct watch *watch)
{
        json_int_t last = member_integer(watch->status, "last_event");
        if (last == watch->last_event || !watch->live)
                return REACH_OK;
        json_auto_t *page = NULL;
        _cleanup_free_ char *path = string_format("/v1/events?after=%lld&limit=%d",
                (long long)(last > VIEW_EVENTS_MOST ? last - VIEW_EVENTS_MOST : 0), VIEW_EVENTS_MOST);
        enum reach reach = get(watch, path, &page);
        if (reach == REACH_OK && page) {
                json_decref(watch->events);
                watch->events = json_incref(json_object_get(page, "events"));
                watch->last_event = last;
        }
        return reach;
}

static enum reach ask_all(struct watch *watch)
{
        enum reach reach = get(watch, "/v1/status", &watch->status);
        if (reach == REACH_OK)
                reach = get(watch, "/v1/stages", &watch->stages);
        if (reach == REACH_OK)
                reach = get_events(watch);
        return reach;
}

/* Lines, when stdout is no terminal */

static void tell_stage(struct watch *watch, const json_t *stage)
{
        _cleanup_free_ char *line = stage_news(watch->told, stage);
        if (!line)
                return;
        puts(line);
        if (stage_is_at_work(json_string_value(json_object_get(stage, "state"))))
                watch->tenths = 0;
}

static void tell_progress(struct watch *watch)
{
        const json_t *progress = json_object_get(watch->status, "progress");
        _cleanup_free_ char *name = member_text(watch->status, "stage");
        bool cleans = status_is_cleaning(watch->status);
        /* The stages were asked for after the status: what it says may be over by now, and told. */
        if (!cleans && !stage_is_at_work(json_string_value(json_object_get(watch->told, name))))
                return;
        json_int_t done = member_integer(progress, "done"), total = member_integer(progress, "total");
        int tenths = total > 0 ? (int)((double)done * 10 / (double)total) : 0;
        if (tenths <= watch->tenths)
                return;
        watch->tenths = tenths;
        _cleanup_free_ char *text = format_progress(progress);
        printf("%s: %s\n", cleans ? "clean" : name, text);
}

static void tell(struct watch *watch)
{
        const json_t *stage;
        for (size_t i = 0; (stage = stage_in_order(watch->stages, watch->status, i)); i++)
                tell_stage(watch, stage);
        tell_progress(watch);
        fflush(stdout);
}

static void show(struct watch *watch)
{
        if (watch->quiet)
                return;
        if (watch->live)
                draw(watch);
        else
                tell(watch);
}

/* The end */

static bool commanded_is_seen(const struct watch *watch)
{
        return member_integer(watch->status, "last_event") >= watch->since;
}

static int tell_end(struct watch *watch, const struct end *end)
{
        leave_summary(watch);
        return end_tell(watch->client, end, end_code(end, watch->commanded), watch->status);
}

static int end_by_signal(struct watch *watch)
{
        leave_summary(watch);
        complain("the %s goes on without a watcher; mautic-upgradectl watch shows it again",
                status_what(watch->status));
        return 128 + watch->ended_by;
}

/* The daemon that goes away */

static void note_absence(struct watch *watch, uint64_t left_ms)
{
        if (!watch->live)
                return;
        string_replace(&watch->note, string_format("The daemon is gone; waiting for it (%llu s left).",
                                             (unsigned long long)(left_ms + 999) / 1000));
        draw(watch);
}

/* -1: wait on. */
static int lost(struct watch *watch, enum reach reach)
{
        uint64_t now_ms = clock_steady_ms(), limit_ms = (uint64_t)watch->client->reconnect_s * 1000;
        bool never_reached = !watch->status;
        if (watch->gone_since_ms == 0 && !never_reached) {
                watch->gone_since_ms = now_ms;
                if (!watch->live)
                        complain("the daemon is gone; waiting up to %ld s for it to come back",
                                watch->client->reconnect_s);
        }
        uint64_t gone_ms = now_ms - watch->gone_since_ms;
        if (!never_reached && reach != REACH_FORBIDDEN && gone_ms < limit_ms) {
                note_absence(watch, limit_ms - gone_ms);
                return -1;
        }
        leave_summary(watch);
        return fail_to_reach(watch->client, reach);
}

static void found_again(struct watch *watch)
{
        if (watch->gone_since_ms == 0)
                return;
        watch->gone_since_ms = 0;
        string_replace(&watch->note, NULL);
        if (!watch->live)
                complain("the daemon is back");
}

static int watch_once(struct watch *watch)
{
        enum reach reach = ask_all(watch);
        if (watch->ended_by)
                return end_by_signal(watch);
        if (reach != REACH_OK)
                return lost(watch, reach);
        if (!watch->status)
                return -1;
        found_again(watch);
        show(watch);
        const struct end *end = commanded_is_seen(watch) ? end_of(watch->status) : NULL;
        return end ? tell_end(watch, end) : -1;
}

int watch_upgrade(struct client *client, const json_t *taken)
{
        _cleanup_(watch_deinit) struct watch watch = {
                .client = client,
                .quiet = client->json,
                .live = !client->json && terminal_is_live(),
                .since = member_integer(taken, "last_event"),
                .commanded = json_string_value(json_object_get(taken, "state")),
                .told = json_object(),
        };
        watch.signal_fd = signals_take();
        watch.waits = (struct curl_waitfd){.fd = watch.signal_fd, .events = CURL_WAIT_POLLIN};
        connection_attend(client->connection, &watch.waits, watch.signal_fd < 0 ? 0 : 1, attend, &watch);
        for (;;) {
                int code = watch_once(&watch);
                if (code >= 0)
                        return code;
                if (!pause_for(&watch, POLL_MS))
                        return end_by_signal(&watch);
        }
}

int command_watch(struct client *client)
{
        return watch_upgrade(client, NULL);
}
