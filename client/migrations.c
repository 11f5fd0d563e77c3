/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database migrations, as the daemon sees them: their numbers, and what they would do. */
#include "client/commands.h"

#include "lib/text.h"

#include <string.h>

static void print_migration(const json_t *migration)
{
        _cleanup_free_ char *version = member_text(migration, "version");
        _cleanup_free_ char *state = member_text(migration, "state");
        _cleanup_free_ char *time = member_text(migration, "executed_at");
        bool problem = json_is_string(json_object_get(migration, "problem"));
        _cleanup_free_ char *description = member_text(migration, problem ? "problem" : "description");
        printf("%-20s %-12s %-19s %s\n", version, state, time, description);
}

static int print_list(const json_t *migrations)
{
        size_t i;
        json_t *migration;
        json_array_foreach(json_object_get(migrations, "migrations"), i, migration)
                print_migration(migration);
        return EXIT_DONE;
}

static int print_status(const json_t *migrations)
{
        static const char *const numbers[] = {"executed", "executed_unavailable", "available", "new"};
        static const char *const versions[] = {"previous", "current", "next", "latest", "table"};
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                json_int_t left_behind = i == 1 ? member_integer(migrations, "left_behind") : 0;
                printf("%-22s %lld", numbers[i], (long long)member_integer(migrations, numbers[i]));
                if (left_behind > 0)
                        printf(" (%lld of older releases, as expected after an upgrade)",
                                (long long)left_behind);
                printf("\n");
        }
        for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
                _cleanup_free_ char *version = member_text(migrations, versions[i]);
                printf("%-22s %s\n", versions[i], *version ? version : "none");
        }
        return EXIT_DONE;
}

static int print_both(const json_t *migrations)
{
        print_status(migrations);
        return print_list(migrations);
}

static void print_indented(const char *text)
{
        while (*text) {
                int size = (int)strcspn(text, "\n");
                printf("    %.*s\n", size, text);
                text += size + (text[size] == '\n');
        }
}

static void print_statement(const json_t *statement)
{
        const json_t *parameters = json_object_get(statement, "params");
        _cleanup_free_ char *sql = member_lines(statement, "sql");
        print_indented(sql);
        if (json_array_size(parameters) > 0 || json_object_size(parameters) > 0) {
                char *text = json_dumps(parameters, JSON_COMPACT);
                _cleanup_free_ char *printable = text_printable(text, false);
                printf("      with %s\n", printable);
                free(text);
        }
        if (json_is_true(json_object_get(statement, "direct")))
                printf("      (sent directly, line %lld)\n", (long long)member_integer(statement, "line"));
}

static void print_plan(const json_t *plan)
{
        _cleanup_free_ char *version = member_text(plan, "version"), *verdict = member_text(plan, "verdict");
        _cleanup_free_ char *message = member_text(plan, "message"), *refused = member_text(plan, "refused");
        size_t i;
        json_t *statement;
        printf("%s  %s%s%s\n", version, verdict, *message ? ": " : "", message);
        json_array_foreach(json_object_get(plan, "statements"), i, statement) print_statement(statement);
        if (*refused)
                printf("    The server would refuse %s\n", refused);
}

static int print_plans(const json_t *plans)
{
        size_t i;
        json_t *plan;
        json_array_foreach(plans, i, plan) print_plan(plan);
        if (json_array_size(plans) == 0)
                printf("There are no new migrations.\n");
        return EXIT_DONE;
}

static int print_one(const json_t *migration)
{
        const json_t *plan = json_object_get(migration, "plan");
        print_migration(migration);
        if (json_is_object(plan))
                print_plan(plan);
        else
                printf("Its file is gone: what it did can't be told.\n");
        return EXIT_DONE;
}

static int ask_and_print(struct client *client, const char *path, int (*print)(const json_t *))
{
        _cleanup_reply_ struct reply reply = {0};
        int r = ask(client, "GET", path, NULL, &reply);
        if (r != 0)
                return r;
        if (!client->json)
                return print(reply.json);
        print_raw(&reply);
        return EXIT_DONE;
}

static bool is_version(const char *text)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
        return *text && strspn(text, letters) == strlen(text);
}

static int show(struct client *client)
{
        if (!client->more[0] || client->more[1])
                return fail_usage("show wants one VERSION");
        _cleanup_free_ char *path = string_format("/v1/migrations/%s", client->more[0]);
        return ask_and_print(client, path, print_one);
}

static int plan(struct client *client)
{
        _cleanup_buffer_ struct buffer path = {0};
        buffer_append_format(&path, "/v1/plan?independent=%d", client->independent);
        for (size_t i = 0; client->more[i]; i++)
                buffer_append_format(&path, "%s%s", i == 0 ? "&versions=" : ",", client->more[i]);
        return ask_and_print(client, path.data, print_plans);
}

int command_migrations(struct client *client)
{
        const char *what = client->argument;
        bool plans = string_equal(what, "plan"), shows = string_equal(what, "show");
        for (size_t i = 0; client->more && client->more[i]; i++)
                if (!is_version(client->more[i]))
                        return fail_usage("%s is no version of a migration", client->more[i]);
        if ((client->independent && !plans) || (client->more && client->more[0] && !plans && !shows))
                return fail_usage("migrations %s does not take that", what ? what : "");
        if (plans)
                return plan(client);
        if (shows)
                return show(client);
        if (!what)
                return ask_and_print(client, "/v1/migrations", print_both);
        if (string_equal(what, "status"))
                return ask_and_print(client, "/v1/migrations", print_status);
        if (string_equal(what, "list"))
                return ask_and_print(client, "/v1/migrations", print_list);
        return fail_usage("there is no migrations %s: status, list, show VERSION, plan [VERSION]...", what);
}
