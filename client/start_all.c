/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Upgrades all sites, some at a time. Each has a thread that drives it from start to end as one person would,
 * and a line is told of each change. The daemons do the work: whatever ends this program ends none of them.
 */
#include "client/commands.h"
#include "client/ends.h"
#include "client/parallel.h"
#include "client/signals.h"
#include "client/sites.h"
#include "client/stage_news.h"
#include "lib/clock.h"
#include "lib/text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define ANSWER_S 60L
#define CHECKS_S 600L
#define WAIT_S 15 /* how long a daemon is asked to wait for news */
#define PAUSE_MS 250

/* X(name, word for programs, heading of the summary, exit code) */
#define OUTCOMES(X)                                                                                          \
        X(FINISHED, "finished", "finished", EXIT_DONE)                                                       \
        X(ALREADY, "already_finished", "finished before", EXIT_DONE)                                         \
        X(SKIPPED, "skipped", "left out", EXIT_DONE)                                                         \
        X(FAILED, "failed", "failed", EXIT_UPGRADE_FAILED)                                                   \
        X(NOT_REACHED, "not_reached", "not reached", EXIT_NOT_REACHED)                                       \
        X(REFUSED, "refused", "refused", EXIT_COMMAND_FAILED)                                                \
        X(RESTS, "rests", "wait for you", EXIT_COMMAND_FAILED)                                               \
        X(GOES_ON, "goes_on", "go on without a watcher", EXIT_BY_SIGNAL)                                     \
        X(NOT_STARTED, "not_started", "not started", EXIT_BY_SIGNAL)

enum outcome {
#define X(name, word, heading, code) OUTCOME_##name,
        OUTCOMES(X)
#undef X
};

static const struct {
        const char *word, *heading;
        int code;
} outcomes[] = {
#define X(name, word, heading, code) [OUTCOME_##name] = {word, heading, code},
        OUTCOMES(X)
#undef X
};

struct batch;
struct run {
        struct batch *batch;
        char *name;
        struct connection *connection; /* while its thread is at work */
        json_t *status; /* the newest; NULL: none has come */
        json_t *told; /* stage -> state, as told */
        json_int_t since; /* what it was before this event does not count */
        uint64_t gone_since_ms; /* 0: the daemon is there */
        enum outcome outcome;
        char *text; /* what has come of it */
};

struct batch {
        const struct client *client;
        struct run *runs;
        size_t count, done;
        pthread_mutex_t mutex; /* of the output and of done */
        int signal_fd;
        int ended_by; /* the signal that wants it to end; 0: none */
        atomic_bool ends;
};

static void batch_deinit(struct batch *batch)
{
        for (size_t i = 0; i < batch->count; i++) {
                struct run *run = &batch->runs[i];
                free(run->name);
                free(run->text);
                json_decref(run->status);
                json_decref(run->told);
        }
        free(batch->runs);
        closep(&batch->signal_fd);
        pthread_mutex_destroy(&batch->mutex);
}

/* Telling */

static void tell(struct run *run, const char *text)
{
        if (run->batch->client->json)
                return;
        pthread_mutex_lock(&run->batch->mutex);
        printf("%s: %s\n", run->name, text);
        fflush(stdout);
        pthread_mutex_unlock(&run->batch->mutex);
}

static void tell_stages(struct run *run, const json_t *stages)
{
        const json_t *stage;
        for (size_t i = 0; (stage = stage_in_order(stages, run->status, i)); i++) {
                _cleanup_free_ char *line = stage_news(run->told, stage);
                if (line)
                        tell(run, line);
        }
}

/* Sets what has come of it; text is taken over. */
static void settle(struct run *run, enum outcome outcome, char *text)
{
        run->outcome = outcome;
        string_replace(&run->text, text);
}

/* Asking */

static bool goes_on(void *userdata)
{
        const struct run *run = userdata;
        return !atomic_load(&run->batch->ends);
}

static bool pause_for(const struct run *run, uint64_t duration_ms)
{
        uint64_t until_ms = clock_steady_ms() + duration_ms;
        while (!atomic_load(&run->batch->ends) && clock_steady_ms() < until_ms)
                (void)usleep(50 * 1000);
        return !atomic_load(&run->batch->ends);
}

static void take_status(struct run *run, const json_t *status)
{
        json_decref(run->status);
        run->status = json_incref((json_t *)status);
}

static const char *state_of(const struct run *run)
{
        const char *state = json_string_value(json_object_get(run->status, "state"));
        return state ? state : "";
}

/* False when there was no good answer, which is settled then. */
static bool ask_for(struct run *run, const char *method, const char *path, const char *body, long limit_s,
        struct reply *ret)
{
        enum reach reach = connection_request(run->connection, method, path, body, limit_s, ret);
        if (reach == REACH_ENDED) {
                settle(run, OUTCOME_NOT_STARTED, string_copy("not started"));
                return false;
        }
        if (reach != REACH_OK) {
                settle(run, OUTCOME_NOT_REACHED, connection_explain(run->connection, reach));
                return false;
        }
        if (ret->status >= 400 || !ret->json) {
                _cleanup_free_ char *detail = member_text(ret->json, "detail");
                settle(run, OUTCOME_REFUSED,
                        string_copy(*detail ? detail : "the daemon refused without saying why"));
                return false;
        }
        return true;
}

/* Whether to start it */

static bool is_accepted(const struct client *client, const char *id)
{
        _cleanup_free_ char *ids = string_copy(client->accept ? client->accept : "");
        for (char *rest = ids, *one; (one = strsep(&rest, ","));)
                if (string_equal(one, id))
                        return true;
        return false;
}

/* What would stop it, as "php (error), spool (warning)"; "" when nothing would. Owned by the caller. */
static char *obstacles(const struct client *client, const json_t *preflight)
{
        struct buffer text = {0};
        size_t i;
        json_t *finding;
        json_array_foreach(json_object_get(preflight, "findings"), i, finding)
        {
                _cleanup_free_ char *id = member_text(finding, "id");
                _cleanup_free_ char *severity = member_text(finding, "severity");
                bool stops = string_equal(severity, "error") ||
                             (string_equal(severity, "warning") && !is_accepted(client, id));
                if (stops)
                        buffer_append_format(&text, "%s%s (%s)", text.size > 0 ? ", " : "", id, severity);
        }
        return buffer_steal(&text);
}

/* True when preflight stops it, or could not be asked: settled then. */
static bool is_left_out(struct run *run)
{
        _cleanup_reply_ struct reply reply = {0};
        if (!run->batch->client->only_ready)
                return false;
        tell(run, "is checked");
        if (!ask_for(run, "POST", "/v1/preflight", NULL, CHECKS_S, &reply))
                return true;
        _cleanup_free_ char *why = obstacles(run->batch->client, reply.json);
        if (*why)
                settle(run, OUTCOME_SKIPPED, string_format("preflight stops it: %s", why));
        return *why != '\0';
}

/* Not to be torn: a start that was asked for must be known to be one. */
static bool start(struct run *run)
{
        _cleanup_reply_ struct reply reply = {0};
        _cleanup_free_ char *body = acceptance(run->batch->client);
        connection_attend(run->connection, NULL, 0, NULL, NULL);
        bool is_started = ask_for(run, "POST", "/v1/start", body, ANSWER_S, &reply);
        connection_attend(run->connection, NULL, 0, goes_on, run);
        if (!is_started)
                return false;
        run->since = member_integer(reply.json, "last_event");
        take_status(run, reply.json);
        tell(run, "is started");
        return true;
}

/* Waiting for its end */

static void settle_end(struct run *run, const struct end *end)
{
        _cleanup_free_ char *code = member_text(json_object_get(run->status, "error"), "code");
        _cleanup_free_ char *message = member_text(json_object_get(run->status, "error"), "message");
        if (string_equal(end->state, "finished"))
                settle(run, OUTCOME_FINISHED, string_copy(end->text));
        else if (end->code == EXIT_UPGRADE_FAILED)
                settle(run, OUTCOME_FAILED,
                        string_format("%s%s%s: %s", end->text, *code ? ": " : "", code, message));
        else
                settle(run, OUTCOME_RESTS, string_copy(end->text));
}

/* Takes what has come; true when it is settled. */
static bool is_at_end(struct run *run, const json_t *status)
{
        _cleanup_reply_ struct reply stages = {0};
        take_status(run, status);
        if (connection_request(run->connection, "GET", "/v1/stages", NULL, ANSWER_S, &stages) == REACH_OK &&
                stages.status == 200)
                tell_stages(run, stages.json);
        const struct end *end =
                member_integer(status, "last_event") >= run->since ? end_of(run->status) : NULL;
        if (end)
                settle_end(run, end);
        return end != NULL;
}

/* True when it has been away for too long: settled then. */
static bool is_lost(struct run *run, enum reach reach)
{
        uint64_t now_ms = clock_steady_ms(), limit_ms = (uint64_t)run->batch->client->reconnect_s * 1000;
        if (run->gone_since_ms == 0) {
                run->gone_since_ms = now_ms;
                tell(run, "the daemon is gone; waiting for it to come back");
        }
        if (reach != REACH_FORBIDDEN && now_ms - run->gone_since_ms < limit_ms)
                return false;
        settle(run, OUTCOME_NOT_REACHED, connection_explain(run->connection, reach));
        return true;
}

static void wait_for_end(struct run *run)
{
        bool is_settled = false;
        json_int_t last = 0;
        while (!is_settled && !atomic_load(&run->batch->ends)) {
                _cleanup_reply_ struct reply reply = {0};
                _cleanup_free_ char *path =
                        string_format("/v1/status?after=%lld&wait=%d", (long long)last, WAIT_S);
                enum reach reach = connection_request(run->connection, "GET", path, NULL, ANSWER_S, &reply);
                if (reach == REACH_OK && reply.status == 200 && reply.json) {
                        if (run->gone_since_ms > 0)
                                tell(run, "the daemon is back");
                        run->gone_since_ms = 0;
                        last = member_integer(reply.json, "last_event");
                        is_settled = is_at_end(run, reply.json);
                        continue;
                }
                if (reach != REACH_OK && reach != REACH_ENDED)
                        is_settled = is_lost(run, reach);
                (void)pause_for(run, PAUSE_MS); /* 503: too many wait there */
        }
        if (!is_settled)
                settle(run, OUTCOME_GOES_ON, string_copy("goes on without a watcher"));
}

/* One site */

/* What can't be started now has a reason to be told. */
static void settle_other_state(struct run *run)
{
        const struct end *end = end_of(run->status);
        _cleanup_free_ char *state = member_text(run->status, "state");
        if (string_equal(state, "finished") || string_equal(state, "cleaned"))
                settle(run, OUTCOME_ALREADY, string_copy("was finished before"));
        else if (string_equal(state, "rolled_back"))
                settle(run, OUTCOME_RESTS,
                        string_format("was rolled back; mautic-upgradectl --site %s start begins it again",
                                run->name));
        else if (end)
                settle_end(run, end);
        else
                settle(run, OUTCOME_RESTS, string_format("is busy with something else: %s", state));
}

static bool is_under_way(const struct run *run)
{
        return string_equal(state_of(run), "running") ||
               (string_equal(state_of(run), "interrupted") && !end_of(run->status));
}

static void drive(struct run *run)
{
        _cleanup_reply_ struct reply reply = {0};
        if (!ask_for(run, "GET", "/v1/status", NULL, ANSWER_S, &reply))
                return;
        take_status(run, reply.json);
        if (string_equal(state_of(run), "idle")) {
                if (!is_left_out(run) && goes_on(run) && start(run))
                        wait_for_end(run);
        } else if (is_under_way(run)) {
                tell(run, "is under way already");
                wait_for_end(run);
        } else {
                settle_other_state(run);
        }
}

static void drive_site(size_t index, void *userdata)
{
        struct batch *batch = userdata;
        struct run *run = &batch->runs[index];
        _cleanup_free_ char *socket = sites_socket(batch->client->prefix_root, run->name);
        run->connection = connection_new(socket);
        connection_attend(run->connection, NULL, 0, goes_on, run);
        drive(run);
        connection_free(steal(&run->connection));
        pthread_mutex_lock(&batch->mutex);
        size_t done = ++batch->done;
        pthread_mutex_unlock(&batch->mutex);
        if (run->outcome == OUTCOME_GOES_ON || run->outcome == OUTCOME_NOT_STARTED)
                return;
        _cleanup_free_ char *shown = text_printable(run->text, false);
        _cleanup_free_ char *line = string_format("%s (%zu of %zu sites)", shown, done, batch->count);
        tell(run, line);
}

/* All of them */

static bool attend(void *userdata)
{
        struct batch *batch = userdata;
        int number = 0;
        for (enum signal_wish wish; (wish = signals_next(batch->signal_fd, &number)) != WISH_NONE;) {
                switch (wish) {
                case WISH_END:
                        batch->ended_by = number;
                        atomic_store(&batch->ends, true);
                        break;
                case WISH_REST:
                        signals_rest();
                        break;
                case WISH_NONE:
                case WISH_GO_ON:
                case WISH_SIZE:
                        break;
                }
        }
        return batch->ended_by == 0;
}

static void batch_init(struct batch *batch, const struct client *client)
{
        _cleanup_string_list_ struct string_list list = {0};
        sites_list(client->prefix_root, &list);
        *batch = (struct batch){.client = client, .count = list.count, .signal_fd = signals_take()};
        pthread_mutex_init(&batch->mutex, NULL);
        batch->runs = memory_new_array(list.count > 0 ? list.count : 1, sizeof(*batch->runs));
        for (size_t i = 0; i < list.count; i++)
                batch->runs[i] = (struct run){
                        .batch = batch,
                        .name = string_copy(list.items[i]),
                        .told = json_object(),
                        .outcome = OUTCOME_NOT_STARTED,
                        .text = string_copy("not started"),
                };
}

/* "3 failed: crm, shop, news"; NULL when none has. Owned by the caller. */
static char *names_of(const struct batch *batch, enum outcome outcome)
{
        _cleanup_buffer_ struct buffer names = {0};
        size_t count = 0;
        for (size_t i = 0; i < batch->count; i++)
                if (batch->runs[i].outcome == outcome)
                        buffer_append_format(&names, "%s%s", count++ > 0 ? ", " : "", batch->runs[i].name);
        return count > 0 ? string_format("%zu %s: %s", count, outcomes[outcome].heading, names.data) : NULL;
}

static void print_summary(const struct batch *batch)
{
        printf("\nOf %zu sites:\n", batch->count);
        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
                _cleanup_free_ char *line = names_of(batch, (enum outcome)i);
                if (line)
                        printf("  %s\n", line);
        }
}

static void print_answer(const struct batch *batch)
{
        json_auto_t *sites = json_array();
        for (size_t i = 0; i < batch->count; i++) {
                const struct run *run = &batch->runs[i];
                json_array_append_new(sites, json_pack("{s:o, s:s, s:o, s:O*}", "site", text_json(run->name),
                                                     "outcome", outcomes[run->outcome].word, "text",
                                                     text_json(run->text), "status", run->status));
        }
        json_auto_t *answer = json_pack("{s:O}", "sites", sites);
        print_json(answer);
}

/* A failed upgrade weighs more than a daemon that was not reached, and that more than one that rests. */
static int code_of(const struct batch *batch)
{
        static const int order[] = {EXIT_UPGRADE_FAILED, EXIT_NOT_REACHED, EXIT_COMMAND_FAILED};
        for (size_t i = 0; i < ARRAY_SIZE(order); i++)
                for (size_t j = 0; j < batch->count; j++)
                        if (outcomes[batch->runs[j].outcome].code == order[i])
                                return order[i];
        return EXIT_DONE;
}

int command_start_all(struct client *client)
{
        _cleanup_(batch_deinit) struct batch batch;
        batch_init(&batch, client);
        if (batch.count == 0)
                return fail(EXIT_COMMAND_FAILED, "not_found", "mautic-upgradectl sites add NAME --root DIR",
                        "no site is known here");
        parallel_run(batch.count, (size_t)client->jobs, drive_site, attend, &batch);
        if (client->json)
                print_answer(&batch);
        else
                print_summary(&batch);
        if (batch.ended_by == 0)
                return code_of(&batch);
        _cleanup_free_ char *going = names_of(&batch, OUTCOME_GOES_ON);
        complain("%s; mautic-upgradectl status --all shows where they stand",
                going ? "the daemons work on, this was only their watcher" : "no upgrade was under way");
        return 128 + batch.ended_by;
}
