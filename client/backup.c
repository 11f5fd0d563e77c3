/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The backup of the database: what is known of it, and its proof. */
#include "client/commands.h"

static void print_line(const char *label, const char *text)
{
        if (*text)
                printf("%-9s %s\n", label, text);
}

static void print_backup(const json_t *backup)
{
        static const struct {
                const char *label, *name;
        } lines[] = {
                {"backup", "path"}, {"made", "finished_at"}, {"sha256", "sha256"}, {"problem", "problem"}};
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                _cleanup_free_ char *text = member_text(backup, lines[i].name);
                print_line(lines[i].label, text);
        }
        _cleanup_free_ char *size = format_amount((uint64_t)member_integer(backup, "size"), "bytes");
        _cleanup_free_ char *proof = format_verification(json_object_get(backup, "verification"));
        print_line("size", size);
        print_line("proof", proof);
}

static int show(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        int r = ask(client, "GET", "/v1/backup", NULL, &reply);
        if (r != 0)
                return r;
        if (client->json)
                print_raw(&reply);
        else
                print_backup(reply.json);
        _cleanup_free_ char *problem = member_text(reply.json, "problem");
        return *problem ? EXIT_COMMAND_FAILED : EXIT_DONE;
}

static int verify(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        int r = ask(client, "POST", "/v1/backup/verify", NULL, &reply);
        if (r != 0)
                return r;
        _cleanup_free_ char *verdict = member_text(reply.json, "verdict");
        _cleanup_free_ char *proof = format_verification(reply.json);
        if (client->json)
                print_raw(&reply);
        else
                printf("The backup is %s.\n", proof);
        return string_equal(verdict, "failed") ? EXIT_COMMAND_FAILED : EXIT_DONE;
}

int command_backup(struct client *client)
{
        if (!client->argument || string_equal(client->argument, "show"))
                return show(client);
        if (string_equal(client->argument, "verify"))
                return verify(client);
        return fail_usage("backup what? show tells what is known of it, verify proves it");
}
