/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/commands.h"

#include "client/ends.h"

#include "lib/clock.h"
#include "lib/text.h"

#include <string.h>
#include <unistd.h>

#define ANSWER_S 60L
#define PREFLIGHT_S 600L
#define EVENTS_AT_ONCE 1000
#define STREAM_PROVEN_MS 1000 /* a stream that lasted so long was one */

static int command_events(struct client *client);
static int command_log(struct client *client);
static int command_resume(struct client *client);
static int command_stages(struct client *client);
static int command_start(struct client *client);
static int command_status(struct client *client);
static int command_version(struct client *client);

#define RESTS "; with --wait, once it rests, that of GET /v1/status"

#define ALL_SITES                                                                                            \
        "{\"sites\": [{\"site\", \"root\", \"user\", \"socket\", \"state\", \"status\": of GET /v1/status, " \
        "where one answers}]}"

static const struct command commands[] = {
        {"backup", "[show|verify]", "show verify", 0, true, command_backup,
                "the answer of GET /v1/backup, or of POST /v1/backup/verify",
                "what is known of the backup of the database; verify proves it by restoring it into a schema "
                "of its own, 1 when it is not what it should be"},
        {"cancel", NULL, NULL, OPTION_WAIT, true, command_cancel, "the answer of POST /v1/cancel",
                "stops the stage at work and says what holds then; resume goes on where it stopped, rollback "
                "brings the site back"},
        {"clean", NULL, NULL, OPTION_RECONNECT | OPTION_WAIT | OPTION_YES, true, command_clean,
                "the answer of GET /v1/clean when nobody has confirmed, of POST /v1/clean" RESTS,
                "deletes the backups of a finished or rolled back upgrade, after asking: there is no way "
                "back then; goes on where it failed or was interrupted"},
        {"completion", "bash|zsh|fish|list [KIND]...", "bash zsh fish", 0, false, command_completion,
                "the same: this is no answer of the API",
                "the script that completes this program's command lines in that shell (needs no daemon)"},
        {"events", NULL, NULL, OPTION_AFTER | OPTION_FOLLOW | OPTION_RECONNECT, true, command_events,
                "the answer of GET /v1/events, one for each 1,000 events; with --follow one event a line",
                "what happened, oldest first; with --follow as it happens"},
        {"explain", "[ERR_CODE]", "@errors", 0, false, command_explain,
                "{\"code\", \"meaning\", \"advice\", \"link\"}; without a code {\"errors\": [all of them]}",
                "what an error code means and what to do; without a code, all of them (needs no daemon)"},
        {"help", "[COMMAND]", "@commands", 0, false, command_help, "the same: this is no answer of the API",
                "this text, or that of a command"},
        {"log", NULL, NULL, OPTION_LINES, true, command_log, "{\"log\": the text}",
                "the end of upgrade_log.txt"},
        {"migrations", "[status|list|show VERSION|plan [VERSION]...]", "status list show plan",
                OPTION_INDEPENDENT, true, command_migrations,
                "the answer of GET /v1/migrations, /v1/migrations/VERSION or /v1/plan",
                "the database migrations: how many are executed, available, new; each one; its SQL; what the "
                "new ones, or those named, would send to the database"},
        {"prefetch", NULL, NULL, 0, true, command_prefetch,
                "the answer of GET /v1/status, once the package is there, or could not be fetched",
                "fetches and checks the package before the start, which then needs no download; Ctrl-C stops "
                "it, and the next prefetch, or the upgrade, goes on with what has come"},
        {"preflight", NULL, NULL, OPTION_RUN, true, command_preflight,
                "the answer of GET /v1/preflight, with --run of POST /v1/preflight",
                "the findings of the last checks and what to do about each; with --run, checks now (changes "
                "nothing); 1 when one is an error"},
        {"resume", NULL, NULL, OPTION_ACCEPT | OPTION_RECONNECT | OPTION_WAIT, true, command_resume,
                "the answer of POST /v1/resume; with --wait, once it rests, that of GET /v1/status",
                "goes on with what failed or was interrupted: upgrade, rollback or clean"},
        {"rollback", NULL, NULL, OPTION_FILES_ONLY | OPTION_RECONNECT | OPTION_WAIT | OPTION_YES, true,
                command_rollback,
                "the answer of GET /v1/rollback when nobody has confirmed, of POST /v1/rollback" RESTS,
                "brings files and database back to where they were before the start, after showing what "
                "that means and asking"},
        {"schema", "dump-sql|force", "dump-sql force", OPTION_COMPLETE | OPTION_CONFIRM, true, command_schema,
                "the answer of POST /v1/schema/dump-sql or /v1/schema/force",
                "the last resort, doctrine:schema:update: dump-sql shows what it would do to the tables, "
                "force does it, with a backup and your confirmation"},
        {"sites", "[list|status|add NAME|remove NAME [NAME]...]", "list status add remove",
                OPTION_FORCE | OPTION_NO_SYSTEMD | OPTION_ROOT | OPTION_SET | OPTION_USER, false,
                command_sites, ALL_SITES "; of add and remove {\"site\", \"acts\": [{\"act\", \"what\"}], …}",
                "the sites of this machine: list names them, with root, user and state; status is status "
                "--all; "
                "add --root DIR makes one known: configuration, systemd's drop-ins, state folder; remove "
                "takes "
                "that back, but leaves the state folder"},
        {"stages", NULL, NULL, 0, true, command_stages, "the answer of GET /v1/stages",
                "the stages, their states and times"},
        {"start", NULL, NULL,
                OPTION_ACCEPT | OPTION_ALL | OPTION_JOBS | OPTION_ONLY_READY | OPTION_RECONNECT | OPTION_WAIT,
                true, command_start,
                "the answer of POST /v1/start" RESTS "; with --all {\"sites\": [{\"site\", \"outcome\", "
                "\"text\", \"status\": of GET /v1/status, or null}]}",
                "starts the upgrade; with --all those of all sites in turn, --jobs at a time, and waits for "
                "each; "
                "one that fails stops no other"},
        {"status", NULL, NULL, OPTION_ALL, true, command_status,
                "the answer of GET /v1/status; with --all " ALL_SITES,
                "where the upgrade stands; 3 when it, its rollback or clean stands failed; with --all a "
                "table of "
                "all sites: 3 when one stands failed, else 4 when a daemon was not reached"},
        {"support-bundle", "FILE", "@files", OPTION_STATE, false, command_support_bundle,
                "{\"file\", \"bytes\", \"not_read\": [what could not be read, and why]}",
                "writes a .tar.gz for whoever helps you: configuration, checkpoint, log, versions, findings; "
                "without secrets, and without any of Mautic's data. It needs no daemon"},
        {"version", NULL, NULL, 0, false, command_version, "{\"program\", \"version\"}",
                "the version of this program"},
        {"wait", NULL, NULL, OPTION_RECONNECT | OPTION_TIMEOUT, true, command_wait,
                "the answer of GET /v1/status, once it rests",
                "waits until the upgrade, its rollback or clean is done (0), stands failed (3), or waits for "
                "resume (1), and shows nothing meanwhile; 124 when --timeout is over before"},
        {"watch", NULL, NULL, OPTION_RECONNECT, true, command_watch,
                "the answer of GET /v1/status, once it rests",
                "shows the progress until the upgrade, its rollback or clean is done (0), stands failed (3), "
                "or waits for resume (1)"},
};

const struct command *command_at(size_t index)
{
        return index < ARRAY_SIZE(commands) ? &commands[index] : NULL;
}

const struct command *command_find(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                if (string_equal(commands[i].name, name))
                        return &commands[i];
        return NULL;
}

/* 0: none. The console has its own limit, php.timeout; rows, files and bytes take as long as there are. */
static long timeout_of(const char *path)
{
        static const struct {
                const char *begins;
                long timeout_s;
        } table[] = {
                {"/v1/backup/verify", 0},
                {"/v1/clean", PREFLIGHT_S},
                {"/v1/preflight", PREFLIGHT_S},
                {"/v1/rollback", 0},
                {"/v1/schema/", 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (string_begins(path, table[i].begins))
                        return table[i].timeout_s;
        return ANSWER_S;
}

int fail_to_reach(const struct client *client, enum reach reach)
{
        _cleanup_free_ char *text = connection_explain(client->connection, reach);
        _cleanup_free_ char *advice = connection_advice(client->connection, reach);
        return fail(EXIT_NOT_REACHED, reach_reason(reach), advice, "%s", text);
}

int ask(struct client *client, const char *method, const char *path, const char *body, struct reply *ret)
{
        _cleanup_reply_ struct reply reply = {0};
        long timeout_s = timeout_of(path);
        enum reach reach = connection_request(client->connection, method, path, body, timeout_s, &reply);
        if (reach != REACH_OK)
                return fail_to_reach(client, reach);
        if (reply.status >= 400)
                return report_problem(&reply);
        reply_move(ret, &reply);
        return 0;
}

static void print_line(const char *label, const char *text)
{
        if (*text)
                printf("%-9s %s\n", label, text);
}

static void print_status(const json_t *status)
{
        _cleanup_free_ char *site = member_text(status, "site"), *root = member_text(status, "root");
        _cleanup_free_ char *state = member_text(status, "state");
        _cleanup_free_ char *meaning = member_text(status, "state_meaning");
        _cleanup_free_ char *from = member_text(status, "from_version"),
                            *to = member_text(status, "to_version");
        _cleanup_free_ char *stage = member_text(status, "stage"), *title = member_text(status, "title");
        _cleanup_free_ char *started = member_text(status, "started_at");
        _cleanup_free_ char *finished = member_text(status, "finished_at");
        _cleanup_free_ char *progress = format_progress(json_object_get(status, "progress"));
        _cleanup_free_ char *boundary = member_text(json_object_get(status, "boundary"), "meaning");
        _cleanup_free_ char *backup = format_verification(json_object_get(status, "backup"));
        _cleanup_free_ char *prefetch = format_prefetch(json_object_get(status, "prefetch"));
        _cleanup_free_ char *allowed = member_names(status, "allowed");
        _cleanup_free_ char *downtime = format_downtime(status);
        bool waits = json_is_true(json_object_get(status, "waiting_for_user"));
        printf("%-9s %s (%s)\n", "site", site, root);
        printf("%-9s %s: %s%s\n", "state", state, meaning, waits ? "; it waits for you" : "");
        if (*from || *to)
                printf("%-9s from %s to %s\n", "upgrade", *from ? from : "?", *to ? to : "?");
        print_line("now", boundary);
        if (json_is_object(json_object_get(status, "backup")))
                print_line("backup", backup);
        print_line("downtime", downtime ?: "");
        print_line("started", started);
        print_line("finished", finished);
        printf("%-9s %lld of %lld done\n", "stages", (long long)member_integer(status, "stages_done"),
                (long long)member_integer(status, "stages_total"));
        if (*stage)
                printf("%-9s %s (%s)%s%s\n", "stage", stage, title, *progress ? ": " : "", progress);
        else
                print_line("deleted", progress);
        print_line("package", prefetch);
        print_line("allowed", *allowed ? allowed : "nothing");
        print_failure(stdout, status);
}

static int command_status(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        if (client->all)
                return command_sites_status(client);
        int r = ask(client, "GET", "/v1/status", NULL, &reply);
        if (r != 0)
                return r;
        if (client->json)
                print_raw(&reply);
        else
                print_status(reply.json);
        const struct end *end = end_of(reply.json);
        return end && end->code == EXIT_UPGRADE_FAILED ? EXIT_UPGRADE_FAILED : EXIT_DONE;
}

static void print_stage(const json_t *stage)
{
        _cleanup_free_ char *name = member_text(stage, "name"), *state = member_text(stage, "state");
        _cleanup_free_ char *title = member_text(stage, "title");
        _cleanup_free_ char *progress = format_progress(json_object_get(stage, "progress"));
        int64_t started_ms = member_time_ms(stage, "started_at"),
                finished_ms = member_time_ms(stage, "finished_at");
        _cleanup_free_ char *took = started_ms && finished_ms >= started_ms
                                            ? clock_format_duration((uint64_t)(finished_ms - started_ms))
                                            : string_copy("");
        json_int_t attempts = member_integer(stage, "attempts");
        printf("%-20s %-10s %-12s %s", name, state, took, title);
        if (string_equal(state, "running") && *progress)
                printf(" (%s)", progress);
        if (attempts > 1)
                printf(" (attempt %lld)", (long long)attempts);
        putchar('\n');
}

static int command_stages(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        size_t i;
        json_t *stage;
        int r = ask(client, "GET", "/v1/stages", NULL, &reply);
        if (r != 0)
                return r;
        if (client->json) {
                print_raw(&reply);
                return EXIT_DONE;
        }
        json_array_foreach(json_object_get(reply.json, "stages"), i, stage) print_stage(stage);
        return EXIT_DONE;
}

static void print_event(const json_t *event)
{
        _cleanup_free_ char *time = member_text(event, "time"), *level = member_text(event, "level");
        _cleanup_free_ char *stage = member_text(event, "stage"), *text = member_text(event, "text");
        printf("%6lld %s %-7s %s%s%s\n", (long long)member_integer(event, "sequence"), time, level, stage,
                *stage ? ": " : "", text);
}

/* Pages through what there is; *after ends at the last event. */
static int print_events(struct client *client, json_int_t *after)
{
        size_t i, count;
        json_t *event;
        do {
                _cleanup_reply_ struct reply reply = {0};
                _cleanup_free_ char *path =
                        string_format("/v1/events?after=%lld&limit=%d", (long long)*after, EVENTS_AT_ONCE);
                int r = ask(client, "GET", path, NULL, &reply);
                if (r != 0)
                        return r;
                const json_t *events = json_object_get(reply.json, "events");
                count = json_array_size(events);
                if (client->json)
                        print_raw(&reply);
                else
                        json_array_foreach(events, i, event) print_event(event);
                *after = member_integer(reply.json, "last");
        } while (count == EVENTS_AT_ONCE);
        return EXIT_DONE;
}

static bool follow_event(const char *text, void *userdata)
{
        const struct client *client = userdata;
        json_auto_t *event = json_loads(text, 0, NULL);
        if (client->json)
                puts(text);
        else
                print_event(event);
        return fflush(stdout) == 0;
}

/* The daemon may be killed and started again while one looks on: where the stream broke it is taken up. */
static int follow_events(struct client *client)
{
        uint64_t gone_since_ms = 0; /* 0: never reached */
        for (;;) {
                json_int_t before = client->after;
                uint64_t began_ms = clock_steady_ms();
                enum reach reach =
                        connection_follow(client->connection, &client->after, follow_event, client);
                uint64_t now_ms = clock_steady_ms();
                if (reach == REACH_OK)
                        return EXIT_DONE; /* the output is closed */
                if (client->after != before || now_ms - began_ms > STREAM_PROVEN_MS)
                        gone_since_ms = now_ms;
                uint64_t gone_ms = gone_since_ms ? now_ms - gone_since_ms : UINT64_MAX;
                if (reach == REACH_FORBIDDEN || gone_ms > (uint64_t)client->reconnect_s * 1000)
                        return fail_to_reach(client, reach);
                if (gone_ms == 0)
                        complain("the daemon is gone; waiting up to %ld s for it", client->reconnect_s);
                usleep(250 * 1000);
        }
}

static int command_events(struct client *client)
{
        return client->follow ? follow_events(client) : print_events(client, &client->after);
}

static int command_log(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        _cleanup_free_ char *path = string_format("/v1/log?lines=%ld", client->lines);
        int r = ask(client, "GET", path, NULL, &reply);
        if (r != 0)
                return r;
        _cleanup_free_ char *text = buffer_steal(&reply.body);
        _cleanup_free_ char *valid = client->json ? text_valid(text) : NULL;
        if (client->json) {
                json_auto_t *log = json_pack("{s:s}", "log", valid);
                json_dumpf(log, stdout, JSON_COMPACT);
                putchar('\n');
        } else if (isatty(STDOUT_FILENO)) {
                _cleanup_free_ char *printable = text_printable(text, true);
                fputs(printable, stdout);
        } else {
                fputs(text, stdout);
        }
        return EXIT_DONE;
}

char *acceptance(const struct client *client)
{
        if (!client->accept)
                return NULL;
        _cleanup_free_ char *ids = text_valid(client->accept);
        json_auto_t *list = json_array();
        for (char *rest = ids, *id; (id = strsep(&rest, ","));)
                if (*id)
                        json_array_append_new(list, json_string(id));
        json_auto_t *body = json_pack("{s:O}", "accept_warnings", list);
        return json_dumps(body, JSON_COMPACT);
}

int follow(struct client *client, const struct reply *taken)
{
        if (client->wait)
                return watch_upgrade(client, taken->json);
        if (client->json)
                print_raw(taken);
        return EXIT_DONE;
}

static int drive(struct client *client, const char *path)
{
        _cleanup_reply_ struct reply reply = {0};
        _cleanup_free_ char *body = acceptance(client);
        int r = ask(client, "POST", path, body, &reply);
        if (r != 0)
                return r;
        return follow(client, &reply);
}

static int command_start(struct client *client)
{
        return client->all ? command_start_all(client) : drive(client, "/v1/start");
}

static int command_resume(struct client *client)
{
        return drive(client, "/v1/resume");
}

static int command_version(struct client *client)
{
        if (client->json)
                printf("{\"program\":\"mautic-upgradectl\",\"version\":\"%s\"}\n", PROJECT_VERSION);
        else
                printf("mautic-upgradectl %s\n", PROJECT_VERSION);
        return EXIT_DONE;
}
