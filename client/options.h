/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The table of options, and what the command line says. Help, completion and man page are made from it. */

#include "client/commands.h"

#include <getopt.h>

struct client_option {
        struct option option;
        unsigned bit; /* OPTION_…; 0: every command takes it */
        const char *argument; /* how the help shows its value, or NULL: takes none */
        const char *words; /* what its value can be, for completion (client/completion.h); or NULL */
        const char *text;
};
/* In alphabetical order; NULL behind the last. */
const struct client_option *option_at(size_t index);

/* The name of an option that was used and is not taken, or NULL. */
const char *option_not_among(unsigned used, unsigned taken);

/* Fills client and finds the command; EXIT_DONE, or another exit code when it is wrong, which has been told.
 */
int options_parse(struct client *client, const struct command **ret_command, int argc, char **argv);
