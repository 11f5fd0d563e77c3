/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The error codes, explained from the client's own table: it works when no daemon does. */
#include "client/commands.h"

#include "lib/error_codes.h"

static json_t *code_json(enum error_code code)
{
        _cleanup_free_ char *link = error_code_link(code);
        return json_pack("{s:s, s:s, s:s, s:s}", "code", error_code_name(code), "meaning",
                error_code_meaning(code), "advice", error_code_advice(code), "link", link);
}

static void print_code(enum error_code code)
{
        _cleanup_free_ char *link = error_code_link(code);
        printf("%s\n  %s\n  %s\n  %s\n", error_code_name(code), error_code_meaning(code),
                error_code_advice(code), link);
}

static int explain_all(const struct client *client)
{
        json_t *list = json_array();
        json_auto_t *all = json_pack("{s:o}", "errors", list);
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++) {
                json_array_append_new(list, code_json(error_code_at(i)));
                if (!client->json)
                        print_code(error_code_at(i));
        }
        if (client->json)
                print_json(all);
        return EXIT_DONE;
}

int command_explain(struct client *client)
{
        if (!client->argument)
                return explain_all(client);
        enum error_code code = error_code_from_name(client->argument);
        if (code == ERR_NONE)
                return fail(EXIT_COMMAND_FAILED, "not_found", "mautic-upgradectl explain lists them.",
                        "there is no error code %s", client->argument);
        json_auto_t *value = code_json(code);
        if (client->json)
                print_json(value);
        else
                print_code(code);
        return EXIT_DONE;
}
