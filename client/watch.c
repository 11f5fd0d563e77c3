/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Watching an upgrade: ask the daemon a few times a second, show what has changed. On a terminal a view that
 * is drawn in place, else a line for each stage that begins or ends and for each tenth of it. A daemon that
 * goes away in the middle is waited for.
 */
#include "client/commands.h"
#include "client/ends.h"
#include "client/terminal.h"

#include "lib/clock.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define POLL_MS 200
#define ANSWER_S 30
#define EVENTS_KEPT 8

struct watch {
        struct client *client;
        bool live; /* drawn in place */
        bool quiet; /* --json: the end alone */
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

static volatile sig_atomic_t caught_signal;

static void on_signal(int number)
{
        caught_signal = number;
}

static void catch_signals(void)
{
        static const int numbers[] = {SIGHUP, SIGINT, SIGTERM};
        struct sigaction action = {.sa_handler = on_signal};
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
                (void)sigaction(numbers[i], &action, NULL);
}

static void watch_deinit(struct watch *watch)
{
        terminal_leave(&watch->terminal);
        json_decref(watch->status);
        json_decref(watch->stages);
        json_decref(watch->events);
        json_decref(watch->told);
        free(watch->note);
}

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
                (long long)(last > EVENTS_KEPT ? last - EVENTS_KEPT : 0), EVENTS_KEPT);
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
        _cleanup_free_ char *name = member_text(stage, "name"), *state = member_text(stage, "state");
        const char *told = json_string_value(json_object_get(watch->told, name));
        if (string_equal(told, state))
                return;
        json_object_set_new(watch->told, name, json_string(state));
        if (string_equal(state, "pending"))
                return;
        _cleanup_free_ char *title = member_text(stage, "title");
        int64_t started_ms = member_time_ms(stage, "started_at"),
                finished_ms = member_time_ms(stage, "finished_at");
        bool over = (string_equal(state, "succeeded") || string_equal(state, "failed")) &&
                    finished_ms >= started_ms && started_ms > 0;
        _cleanup_free_ char *took = over ? format_duration((uint64_t)(finished_ms - started_ms)) : NULL;
        printf("%s: %s (%s%s%s)\n", name, state, title, took ? ", " : "", took ? took : "");
        if (stage_is_at_work(state))
                watch->tenths = 0;
}

static void tell_progress(struct watch *watch)
{
        const json_t *progress = json_object_get(watch->status, "progress");
        _cleanup_free_ char *name = member_text(watch->status, "stage");
        /* The stages were asked for after the status: what it says may be over by now, and told. */
        if (!stage_is_at_work(json_string_value(json_object_get(watch->told, name))))
                return;
        json_int_t done = member_integer(progress, "done"), total = member_integer(progress, "total");
        int tenths = total > 0 ? (int)((double)done * 10 / (double)total) : 0;
        if (tenths <= watch->tenths)
                return;
        watch->tenths = tenths;
        _cleanup_free_ char *text = format_progress(progress);
        printf("%s: %s\n", name, text);
}

static void tell(struct watch *watch)
{
        const json_t *stages = json_object_get(watch->stages, "stages");
        size_t count = json_array_size(stages);
        bool back = status_is_on_the_way_back(watch->status);
        for (size_t i = 0; i < count; i++)
                tell_stage(watch, json_array_get(stages, back ? count - 1 - i : i));
        tell_progress(watch);
        fflush(stdout);
}

static void draw(struct watch *watch)
{
        _cleanup_view_lines_ struct view_lines lines = {0};
        struct view view = {
                .status = watch->status,
                .stages = watch->stages,
                .events = watch->events,
                .colour = terminal_has_colour(),
                .utf8 = terminal_has_utf8(),
                .note = watch->note,
        };
        terminal_size(&view.columns, &view.rows);
        view_render(&view, &lines);
        terminal_draw(&watch->terminal, &lines);
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

/* Somebody else may have led the upgrade elsewhere meanwhile. */
static int code_of(const struct watch *watch, const struct end *end)
{
        bool wanted = end_is_wanted(end, watch->commanded);
        return end->code == EXIT_DONE && !wanted ? EXIT_COMMAND_FAILED : (int)end->code;
}

static int tell_end(struct watch *watch, const struct end *end)
{
        int code = code_of(watch, end);
        terminal_leave(&watch->terminal);
        if (watch->client->json) {
                json_dumpf(watch->status, stdout, JSON_COMPACT);
                putchar('\n');
        }
        if (code != EXIT_DONE)
                complain("%s", end->text);
        else if (!watch->quiet)
                printf("%s\n", end->text);
        if (code == EXIT_UPGRADE_FAILED)
                print_failure(stderr, watch->status);
        return code;
}

static int end_by_signal(struct watch *watch)
{
        terminal_leave(&watch->terminal);
        complain("the %s goes on without a watcher; mautic-upgradectl watch shows it again",
                status_is_on_the_way_back(watch->status) ? "rollback" : "upgrade");
        return 128 + caught_signal;
}

/* The daemon that goes away */

static void say(struct watch *watch, char *note)
{
        string_replace(&watch->note, note);
        if (watch->live && watch->status)
                draw(watch);
        else if (note)
                complain("%s", note);
}

/* -1: wait on. */
static int lost(struct watch *watch, enum reach reach)
{
        uint64_t now_ms = clock_steady_ms();
        bool never_reached = !watch->status;
        if (watch->gone_since_ms == 0 && !never_reached) {
                watch->gone_since_ms = now_ms;
                say(watch, string_format("the daemon is gone; waiting up to %ld s for it to come back",
                                   watch->client->reconnect_s));
        }
        uint64_t limit_ms = (uint64_t)watch->client->reconnect_s * 1000;
        if (!never_reached && reach != REACH_FORBIDDEN && now_ms - watch->gone_since_ms < limit_ms)
                return -1;
        _cleanup_free_ char *text = connection_explain(watch->client->connection, reach);
        terminal_leave(&watch->terminal);
        complain("%s", text);
        return EXIT_NOT_REACHED;
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
        if (caught_signal)
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
        catch_signals();
        for (;;) {
                int code = watch_once(&watch);
                if (code >= 0)
                        return code;
                (void)usleep(POLL_MS * 1000);
                if (caught_signal)
                        return end_by_signal(&watch);
        }
}

int command_watch(struct client *client)
{
        return watch_upgrade(client, NULL);
}
