/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/columns.h"
#include "client/commands.h"
#include "client/options.h"
#include "client/terminal.h"

#define PROGRAM "mautic-upgradectl"
#define NAME_COLUMNS 22
#define INDENT ((size_t)NAME_COLUMNS + 3)

/* Text behind a label (taken over) that is wider than the indent has a line of its own on a terminal. */
static void print_wrapped(char *label, size_t indent, const char *text)
{
        _cleanup_string_list_ struct string_list lines = {0};
        size_t columns = terminal_text_columns(), wide = columns_of(label);
        bool below = wide >= indent && columns < wide + columns_of(text);
        columns_wrap(text, columns > 2 * indent ? columns - indent : columns, &lines);
        printf("%s%s", label, below ? "\n" : " ");
        for (size_t i = 0; i < lines.count; i++)
                printf("%*s%s\n", i > 0 || below ? (int)indent : 0, "", lines.items[i]);
        free(label);
}

static void print_entry(const char *name, const char *argument, const char *text)
{
        _cleanup_free_ char *label =
                string_format("%s%s%s", name, argument ? " " : "", argument ? argument : "");
        int pad = NAME_COLUMNS - (int)columns_of(label);
        print_wrapped(string_format("  %s%*s", label, pad > 0 ? pad : 0, ""), INDENT, text);
}

static void print_option(const struct client_option *option)
{
        _cleanup_free_ char *name = string_format("--%s", option->option.name);
        print_entry(name, option->argument, option->text);
}

static void print_sentence(const char *before, const char *text)
{
        _cleanup_string_list_ struct string_list lines = {0};
        _cleanup_free_ char *sentence = string_format("%s%s.", before, text);
        columns_wrap(sentence, terminal_text_columns(), &lines);
        for (size_t i = 0; i < lines.count; i++)
                puts(lines.items[i]);
}

static int help_on(const struct command *command)
{
        const struct client_option *option;
        printf("Usage: " PROGRAM " [OPTION]... %s%s%s\n", command->name, command->argument ? " " : "",
                command->argument ? command->argument : "");
        print_sentence("", command->text);
        if (command->options)
                printf("\nOptions of this command:\n");
        for (size_t i = 0; (option = option_at(i)); i++)
                if (option->bit & command->options)
                        print_option(option);
        printf("\n");
        print_sentence("With --json: ", command->answer);
        return EXIT_DONE;
}

static int help_on_all(void)
{
        const struct command *command;
        const struct client_option *option;
        const char *text;
        int status;
        printf("Usage: " PROGRAM " [--site NAME | --socket PATH] [--json] COMMAND\n"
               "Drives and shows the upgrade of a site from Mautic 2 to Mautic 3 by its "
               "mautic-upgraded.\n\nCommands:\n");
        for (size_t i = 0; (command = command_at(i)); i++)
                print_entry(command->name, command->argument, command->text);
        printf("\nOptions (help COMMAND tells which it takes):\n");
        for (size_t i = 0; (option = option_at(i)); i++)
                print_option(option);
        printf("\nExit status:\n");
        for (size_t i = 0; exit_describe(i, &status, &text); i++)
                print_wrapped(string_format("  %3d ", status), 7, text);
        return EXIT_DONE;
}

int command_help(struct client *client)
{
        if (!client->argument)
                return help_on_all();
        const struct command *command = command_find(client->argument);
        return command ? help_on(command) : fail_usage("there is no command %s", client->argument);
}
