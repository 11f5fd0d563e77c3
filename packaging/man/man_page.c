/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The man pages of the daemon and its client. */
#include "client/commands.h"
#include "client/options.h"
#include "daemon/options.h"
#include "daemon/routes.h"
#include "lib/error_codes.h"
#include "packaging/man/mdoc.h"
#include "states/machine.h"
#include "states/stage.h"

#include <ctype.h>
#include <string.h>

static void put_options_of(const struct command *command)
{
        const struct client_option *option;
        const char *separator = "Takes";
        for (size_t i = 0; (option = option_at(i)); i++)
                if (option->bit & command->options) {
                        printf("%s\n.Fl Fl %s", separator, option->option.name);
                        separator = " ,";
                }
        if (command->options)
                printf(" .\n");
}

static void put_commands(void)
{
        const struct command *command;
        for (size_t i = 0; (command = command_at(i)); i++) {
                printf(".It Cm %s", command->name);
                if (command->argument) {
                        printf(" Ar ");
                        put_word(command->argument, strlen(command->argument), false);
                }
                printf("\n");
                put_sentence(command->text);
                put_options_of(command);
        }
}

static void put_answers(void)
{
        const struct command *command;
        for (size_t i = 0; (command = command_at(i)); i++) {
                printf(".It Cm %s\n", command->name);
                put_sentence(command->answer);
        }
}

static void put_client_options(void)
{
        const struct client_option *option;
        for (size_t i = 0; (option = option_at(i)); i++)
                put_option_item(option->option.name, option->argument, option->text);
}

static void put_daemon_options(void)
{
        const struct daemon_option *option;
        for (size_t i = 0; (option = daemon_option_at(i)); i++)
                put_option_item(option->option.name, option->argument, option->text);
}

static void put_exit_codes(void)
{
        const char *text;
        int status;
        for (size_t i = 0; exit_describe(i, &status, &text); i++) {
                printf(".It %d\n", status);
                put_sentence(text);
        }
}

static void put_keys(void)
{
        const char *name, *value, *text;
        for (size_t i = 0; config_describe(i, &name, &value, &text); i++) {
                printf(".It Cm %s\n", name);
                put_sentence(text);
                if (*value) {
                        printf("Default:\n.Ql ");
                        put_argument(value);
                        printf(" .\n");
                }
        }
}

static void put_errors(void)
{
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++) {
                printf(".It Dv %s\n", error_code_name(error_code_at(i)));
                put_sentence(error_code_meaning(error_code_at(i)));
                put_sentence(error_code_advice(error_code_at(i)));
        }
}

static void put_reasons(void)
{
        for (int i = REASON_NONE + 1; reason_name((enum reason)i); i++) {
                printf(".It Dv %s\n", reason_name((enum reason)i));
                put_sentence(reason_advice((enum reason)i));
        }
}

static void put_routes(void)
{
        for (size_t i = 0; i < api_route_count; i++) {
                const struct api_route *route = &api_routes[i];
                printf(".It Cm %s Pa %s\n", route->method, route->path);
                put_sentence(route->text);
                for (const char *name = route->query; *name;) {
                        size_t size = strcspn(name, " ");
                        if (size > 0)
                                printf("Parameter:\n.Ar %.*s .\n", (int)size, name);
                        name += size + strspn(name + size, " ");
                }
        }
}

static void put_parameters(void)
{
        for (size_t i = 0; i < api_parameter_count; i++) {
                printf(".It Ar %s\n", api_parameters[i].name);
                put_sentence(api_parameters[i].text);
        }
}

static void put_states(void)
{
        static const enum upgrade_state states[] = {
#define X(name, ...) UPGRADE_##name,
                UPGRADE_STATES(X)
#undef X
        };
        for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
                printf(".It Dv %s\n", upgrade_state_name(states[i]));
                put_sentence(upgrade_state_meaning(states[i]));
        }
}

static void put_boundaries(void)
{
        static const enum boundary boundaries[] = {
#define X(name, ...) BOUNDARY_##name,
                BOUNDARIES(X)
#undef X
        };
        for (size_t i = 0; i < ARRAY_SIZE(boundaries); i++) {
                printf(".It Dv %s\n", boundary_name(boundaries[i]));
                put_sentence(boundary_meaning(boundaries[i]));
        }
}

static const struct mdoc_table tables[] = {
        {"answers", put_answers},
        {"boundaries", put_boundaries},
        {"client-options", put_client_options},
        {"commands", put_commands},
        {"daemon-options", put_daemon_options},
        {"errors", put_errors},
        {"exit-codes", put_exit_codes},
        {"keys", put_keys},
        {"parameters", put_parameters},
        {"reasons", put_reasons},
        {"routes", put_routes},
        {"states", put_states},
        {0},
};

int main(int argc, char **argv)
{
        return mdoc_fill(argc, argv, tables);
}
