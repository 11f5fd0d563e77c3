/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last resort: shows what Doctrine would do to the database's tables, asks, and has it done. */
#include "client/commands.h"
#include "client/confirm.h"

#include "lib/reasons.h"
#include "lib/text.h"

#include <string.h>

static int ask_for_plan(struct client *client, struct reply *ret)
{
        json_auto_t *order = json_pack("{s:b}", "complete", client->complete);
        char *body = json_dumps(order, JSON_COMPACT);
        int r = ask(client, "POST", "/v1/schema/dump-sql", body, ret);
        free(body);
        return r;
}

static void print_statements(FILE *file, const json_t *plan)
{
        size_t i;
        json_t *statement;
        json_array_foreach(json_object_get(plan, "statements"), i, statement)
        {
                _cleanup_free_ char *text = text_printable(json_string_value(statement), true);
                fprintf(file, "%s;\n", text);
        }
}

/* "column leads.by_hand", "table extra". */
static void print_drop(FILE *file, const json_t *drop, const char *migrations_table)
{
        _cleanup_free_ char *kind = member_text(drop, "kind"), *table = member_text(drop, "table");
        _cleanup_free_ char *name = member_text(drop, "name");
        for (char *letter = kind; *letter; letter++)
                if (*letter == '_')
                        *letter = ' ';
        bool kept = string_equal(kind, "table") && *table && string_equal(table, migrations_table);
        fprintf(file, "  %s %s%s%s%s\n", kind, table, *table && *name ? "." : "", name,
                kept ? " (its rows are kept, and put back afterwards)" : "");
}

static void print_plan(FILE *file, const json_t *plan)
{
        const json_t *drops = json_object_get(plan, "drops"), *backup = json_object_get(plan, "backup");
        _cleanup_free_ char *database = member_text(plan, "database"), *path = member_text(backup, "path");
        _cleanup_free_ char *time = member_text(backup, "finished_at");
        _cleanup_free_ char *migrations_table = member_text(plan, "migrations_table");
        size_t i;
        json_t *drop;
        print_statements(file, plan);
        fprintf(file, "\n%zu statements would change the database %s.\n",
                json_array_size(json_object_get(plan, "statements")), database);
        if (json_array_size(drops) > 0)
                fprintf(file, "They DROP, with what is in them:\n");
        else
                fprintf(file, "They drop nothing.\n");
        json_array_foreach(drops, i, drop) print_drop(file, drop, migrations_table);
        if (json_is_object(backup))
                fprintf(file, "The backup is %s, of %s: what came later is not in it.\n", path, time);
}

static int dump(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        int r = ask_for_plan(client, &reply);
        if (r != 0)
                return r;
        if (client->json)
                print_raw(&reply);
        else if (json_array_size(json_object_get(reply.json, "statements")) == 0)
                fprintf(stderr, "Nothing to update: the tables are as this Mautic wants them.\n");
        else
                print_statements(stdout, reply.json);
        return EXIT_DONE;
}

/* No plain "yes" does: the database's name is asked for. */
static int confirm(const struct client *client, const char *database, char **ret)
{
        *ret = text_valid(client->confirm ? client->confirm : database);
        if (client->confirm)
                return EXIT_DONE;
        _cleanup_free_ char *question =
                string_format("Type the database's name, %s, to have this done:", database);
        return confirm_on_terminal(question, database,
                "Type the database's name on a terminal, or give it with --confirm NAME.");
}

static int force_plan(struct client *client, const json_t *plan)
{
        _cleanup_free_ char *confirmation = NULL, *database = member_text(plan, "database");
        _cleanup_free_ char *id = member_text(plan, "plan");
        _cleanup_reply_ struct reply reply = {0};
        int r = confirm(client, database, &confirmation);
        if (r != EXIT_DONE)
                return r;
        json_auto_t *order = json_pack(
                "{s:b, s:s, s:s}", "complete", client->complete, "plan", id, "confirm", confirmation);
        char *body = json_dumps(order, JSON_COMPACT);
        r = ask(client, "POST", "/v1/schema/force", body, &reply);
        free(body);
        if (r != 0)
                return r;
        if (client->json)
                print_raw(&reply);
        else
                printf("%lld statements were executed; %lld rows of the migrations table were put back.\n",
                        (long long)member_integer(reply.json, "executed"),
                        (long long)member_integer(reply.json, "rows_put_back"));
        return EXIT_DONE;
}

static int force(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        int r = ask_for_plan(client, &reply);
        if (r != 0)
                return r;
        if (json_array_size(json_object_get(reply.json, "statements")) == 0) {
                if (client->json)
                        print_raw(&reply);
                else
                        printf("Nothing to update: the tables are as this Mautic wants them.\n");
                return EXIT_DONE;
        }
        print_plan(stderr, reply.json);
        if (!json_is_object(json_object_get(reply.json, "backup")))
                return fail(EXIT_REFUSED, reason_name(REASON_BACKUP_MISSING),
                        reason_advice(REASON_BACKUP_MISSING),
                        "there is no backup of the database, so nothing is forced; start makes one");
        return force_plan(client, reply.json);
}

int command_schema(struct client *client)
{
        if (string_equal(client->argument, "dump-sql") && !client->confirm)
                return dump(client);
        if (string_equal(client->argument, "force"))
                return force(client);
        return fail_usage("%s", client->confirm
                                        ? "only schema force takes --confirm"
                                        : "schema what? dump-sql shows the statements, force executes them");
}
