/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way back and its end: what it means, in plain words, a question, and only then the command. */
#include "client/commands.h"
#include "client/confirm.h"
#include "lib/text.h"

#define FILES_TOLD 20

static void print_sentences(const char *label, const json_t *list)
{
        size_t i;
        json_t *sentence;
        json_array_foreach(list, i, sentence)
        {
                _cleanup_free_ char *text = text_printable(json_string_value(sentence), false);
                fprintf(stderr, "%s%s\n", label, text);
        }
}

static void print_stages(const json_t *stages)
{
        size_t i;
        json_t *stage;
        fprintf(stderr, "%zu stages are taken back, the last one first:\n", json_array_size(stages));
        json_array_foreach(stages, i, stage)
        {
                _cleanup_free_ char *name = member_text(stage, "name"), *title = member_text(stage, "title");
                fprintf(stderr, "  %-20s %s\n", name, title);
        }
}

static char *rows(const json_t *table, const char *name)
{
        json_int_t count = member_integer(table, name);
        return count < 0 ? string_copy("not there") : string_format("%lld", (long long)count);
}

static void print_tables(const json_t *database)
{
        const json_t *tables = json_object_get(database, "tables");
        _cleanup_free_ char *problem = member_text(database, "problem");
        size_t i;
        json_t *table;
        if (json_array_size(tables) > 0)
                fprintf(stderr,
                        "  Tables whose number of rows has changed since (what came later is lost):\n"
                        "    %-40s %12s %12s\n",
                        "", "in the backup", "now");
        json_array_foreach(tables, i, table)
        {
                _cleanup_free_ char *name = member_text(table, "name");
                _cleanup_free_ char *then = rows(table, "rows_then"), *now = rows(table, "rows_now");
                fprintf(stderr, "    %-40s %13s %12s\n", name, then, now);
        }
        if (json_is_array(tables) && json_array_size(tables) == 0)
                fprintf(stderr, "  No table has another number of rows than in the backup.\n");
        if (*problem)
                fprintf(stderr, "  What came later is not known: %s\n", problem);
}

static void print_verification(const json_t *verification)
{
        _cleanup_free_ char *text = format_verification(verification);
        fprintf(stderr, "  The backup is %s.\n", text);
}

static void print_database(const struct client *client, const json_t *preview)
{
        const json_t *database = json_object_get(preview, "database");
        const json_t *backup = json_object_get(preview, "backup");
        _cleanup_free_ char *path = member_text(backup, "path"), *time = member_text(backup, "finished_at");
        _cleanup_free_ char *means = member_text(preview, "files_only");
        if (client->files_only || json_is_true(json_object_get(database, "stays"))) {
                fprintf(stderr, "%s\n", means);
                return;
        }
        if (!json_is_true(json_object_get(database, "restored"))) {
                fprintf(stderr, "The database has not been changed and stays as it is.\n");
                return;
        }
        _cleanup_free_ char *size = format_amount((uint64_t)member_integer(backup, "size"), "bytes");
        fprintf(stderr, "The database is restored from the backup %s (%s), of %s.\n", path, size, time);
        print_verification(json_object_get(backup, "verification"));
        print_tables(database);
}

static void print_file(const json_t *file)
{
        _cleanup_free_ char *path = member_text(file, "path"), *time = member_text(file, "time");
        bool aside = json_is_true(json_object_get(file, "set_aside"));
        fprintf(stderr, "  %.19s %s%s\n", time, path, aside ? " (is set aside)" : "");
}

static void print_files(const json_t *files)
{
        const json_t *first = json_object_get(files, "first");
        _cleanup_free_ char *since = member_text(files, "since");
        json_int_t count = member_integer(files, "count"), aside = member_integer(files, "set_aside");
        size_t i;
        json_t *file;
        if (!*since) {
                fprintf(stderr, "Mautic 3 has not been in service: no visitor has written a file to it.\n");
                return;
        }
        fprintf(stderr,
                "%lld files were written since Mautic 3 is in service (%s); %lld are set aside, %lld are in "
                "their places afterwards.\n",
                (long long)count, since, (long long)aside, (long long)(count - aside));
        json_array_foreach(first, i, file)
        {
                if (i < FILES_TOLD)
                        print_file(file);
        }
        if (count > FILES_TOLD)
                fprintf(stderr, "  and %lld more\n", (long long)(count - FILES_TOLD));
}

static void print_preview(const struct client *client, const json_t *preview)
{
        _cleanup_free_ char *boundary = member_text(json_object_get(preview, "boundary"), "meaning");
        fprintf(stderr, "Now: %s\n", boundary);
        print_stages(json_object_get(preview, "stages"));
        print_database(client, preview);
        print_files(json_object_get(preview, "files"));
        print_sentences("", json_object_get(preview, "kept"));
        print_sentences("Warning: ", json_object_get(preview, "warnings"));
        fprintf(stderr, "Visitors get the 503 page until Mautic 2 is back.\n");
}

static int show_preview(struct client *client)
{
        _cleanup_reply_ struct reply preview = {0};
        int r = ask(client, "GET", "/v1/rollback", NULL, &preview);
        if (r != 0)
                return r;
        if (client->json)
                print_raw(&preview);
        else
                print_preview(client, preview.json);
        return EXIT_DONE;
}

int command_rollback(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        const char *body = client->files_only ? "{\"files_only\": true}" : "{\"files_only\": false}";
        int r = client->yes ? EXIT_DONE : show_preview(client);
        if (r == EXIT_DONE && !client->yes)
                r = confirm_on_terminal("Type 'rollback' to go on:", "rollback",
                        "Type 'rollback' on a terminal, or give --yes.");
        if (r == EXIT_DONE)
                r = ask(client, "POST", "/v1/rollback", body, &reply);
        return r == EXIT_DONE ? follow(client, &reply) : r;
}

/* Clean */

static void print_entries(const json_t *entries)
{
        size_t i;
        json_t *entry;
        json_array_foreach(entries, i, entry)
        {
                _cleanup_free_ char *path = member_text(entry, "path"), *what = member_text(entry, "what");
                _cleanup_free_ char *size = format_amount((uint64_t)member_integer(entry, "bytes"), "bytes");
                fprintf(stderr, "  %s: %s, %s\n", path, what, size);
        }
}

static void print_clean_preview(const json_t *preview)
{
        const json_t *deleted = json_object_get(preview, "deleted"), *kept = json_object_get(preview, "kept");
        _cleanup_free_ char *size = format_amount((uint64_t)member_integer(preview, "bytes"), "bytes");
        if (json_array_size(deleted) == 0)
                fprintf(stderr, "There is nothing to delete.\n");
        else
                fprintf(stderr, "This is deleted, %s, and there is no way back then:\n", size);
        print_entries(deleted);
        if (json_array_size(kept) > 0)
                fprintf(stderr, "This is left, for it is yours; look through it yourself:\n");
        print_entries(kept);
}

static int show_clean_preview(struct client *client)
{
        _cleanup_reply_ struct reply preview = {0};
        int r = ask(client, "GET", "/v1/clean", NULL, &preview);
        if (r != 0)
                return r;
        if (client->json)
                print_raw(&preview);
        else
                print_clean_preview(preview.json);
        return EXIT_DONE;
}

int command_clean(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        int r = client->yes ? EXIT_DONE : show_clean_preview(client);
        if (r == EXIT_DONE && !client->yes)
                r = confirm_on_terminal(
                        "Type 'clean' to go on:", "clean", "Type 'clean' on a terminal, or give --yes.");
        if (r == EXIT_DONE)
                r = ask(client, "POST", "/v1/clean", NULL, &reply);
        return r == EXIT_DONE ? follow(client, &reply) : r;
}
