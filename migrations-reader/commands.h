/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The commands of the program migrations-reader; each returns an exit code. */

#include "migrations-reader/target.h"

#include <getopt.h>
#include <jansson.h>

/* As those of mautic-upgradectl: the constant, its value, what it means. */
#define READER_EXITS(X)                                                                                      \
        X(EXIT_DONE, 0, "done")                                                                              \
        X(EXIT_COMMAND_FAILED, 1, "the command failed")                                                      \
        X(EXIT_USAGE, 2, "wrong command line")                                                               \
        X(EXIT_MIGRATION_FAILED, 3, "a migration failed")                                                    \
        X(EXIT_NOT_REACHED, 4, "the database was not reached")                                               \
        X(EXIT_REFUSED, 5, "refused, as another process holds the database's upgrade lock")

enum exit_code {
#define X(name, value, meaning) name = value,
        READER_EXITS(X)
#undef X
};

enum {
        OPTION_INDEPENDENT = 1 << 0,
        OPTION_FORMAT = 1 << 1,
        OPTION_SHOW_VERSIONS = 1 << 2,
        OPTION_APPLY = 1 << 3,
};

struct reader {
        struct target_options options;
        char *dsn; /* a copy: the argument itself is wiped, as any user may read a command line */
        struct target target;
        bool json;
        bool independent;
        bool show_versions;
        bool doctrine_format;
        bool next, all; /* of apply */
        const char *mark_done; /* of apply: a version, or NULL */
        char *const *versions; /* the arguments behind the command; ends with NULL */
        size_t version_count;
};

struct command {
        const char *name;
        const char *arguments; /* how the help shows them, or NULL: takes none */
        unsigned options; /* OPTION_… that it takes */
        int (*run)(struct reader *reader);
        const char *text;
};
extern const struct command commands[]; /* in order of name; ends with name NULL */

struct reader_option {
        struct option option;
        unsigned bit; /* 0: every command takes it */
        const char *argument;
        const char *text;
};
extern const struct reader_option reader_options[]; /* in order of name; ends with name NULL */

int command_apply(struct reader *reader);
int command_list(struct reader *reader);
int command_plan(struct reader *reader);
int command_show(struct reader *reader);
int command_status(struct reader *reader);

/* "migrations-reader: …" on stderr; returns the exit code that fits the error's reason. */
int report_error(const struct error *err);
void print_json(json_t *json); /* takes the reference */
