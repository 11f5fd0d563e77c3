/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The man page of the program migrations-reader. */
#include "migrations-reader/commands.h"
#include "packaging/man/mdoc.h"

#include <string.h>

static void put_commands(void)
{
        for (const struct command *command = commands; command->name; command++) {
                printf(".It Cm %s", command->name);
                if (command->arguments) {
                        printf(" ");
                        put_argument(command->arguments);
                }
                printf("\n");
                put_sentence(command->text);
        }
}

static void put_options(void)
{
        for (const struct reader_option *option = reader_options; option->option.name; option++)
                put_option_item(option->option.name, option->argument, option->text);
}

static void put_exit_codes(void)
{
#define X(name, value, meaning)                                                                              \
        printf(".It %d\n", value);                                                                           \
        put_sentence(meaning);
        READER_EXITS(X)
#undef X
}

static void put_verdicts(void)
{
#define X(name, text, meaning)                                                                               \
        printf(".It Dv %s\n", text);                                                                         \
        put_sentence(meaning);
        PLAN_VERDICTS(X)
#undef X
}

static const struct mdoc_table tables[] = {
        {"commands", put_commands},
        {"exit-codes", put_exit_codes},
        {"options", put_options},
        {"verdicts", put_verdicts},
        {0},
};

int main(int argc, char **argv)
{
        return mdoc_fill(argc, argv, tables);
}
