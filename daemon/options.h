/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The table of the daemon's options, of which help and man page are made. */

#include <getopt.h>
#include <stddef.h>

struct daemon_option {
        struct option option;
        const char *argument; /* how the help shows its value, or NULL: takes none */
        const char *text;
};
/* In alphabetical order; NULL behind the last. */
const struct daemon_option *daemon_option_at(size_t index);
