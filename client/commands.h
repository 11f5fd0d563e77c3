/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The table of commands; each returns an exit code. */

#include "client/connection.h"
#include "client/output.h"

enum {
        OPTION_ACCEPT = 1 << 0,
        OPTION_AFTER = 1 << 1,
        OPTION_ALL = 1 << 2,
        OPTION_COMPLETE = 1 << 3,
        OPTION_CONFIRM = 1 << 4,
        OPTION_FILES_ONLY = 1 << 5,
        OPTION_FOLLOW = 1 << 6,
        OPTION_FORCE = 1 << 7,
        OPTION_INDEPENDENT = 1 << 8,
        OPTION_JOBS = 1 << 9,
        OPTION_LINES = 1 << 10,
        OPTION_NO_SYSTEMD = 1 << 11,
        OPTION_ONLY_READY = 1 << 12,
        OPTION_RECONNECT = 1 << 13,
        OPTION_ROOT = 1 << 14,
        OPTION_RUN = 1 << 15,
        OPTION_SET = 1 << 16,
        OPTION_STATE = 1 << 17,
        OPTION_TIMEOUT = 1 << 18,
        OPTION_USER = 1 << 19,
        OPTION_WAIT = 1 << 20,
        OPTION_YES = 1 << 21,
};

/* What holds when no option says otherwise. */
#define RECONNECT_S 60
#define LOG_LINES 40
#define START_JOBS 1

struct client {
        struct connection *connection; /* NULL for a command that needs no daemon */
        const char *site; /* as given, or NULL */
        const char *socket;
        bool json;
        unsigned used; /* OPTION_… that were given */
        char *accept; /* "id,id", or NULL. Owned */
        json_int_t after;
        long jobs;
        long lines;
        long reconnect_s;
        long timeout_s; /* -1: none */
        const char *state_folder; /* as given, or NULL */
        const char *confirm; /* the name that confirms, or NULL */
        const char *prefix_root; /* as given, or NULL */
        const char *root;
        const char *user;
        char **sets; /* "section.key=value", ends with NULL; or NULL. Owned */
        bool all, complete, files_only, follow, force, independent, no_systemd, only_ready, run, wait, yes;
        const char *argument; /* behind the command, or NULL */
        char *const *more; /* further arguments, for a command that takes many; ends with NULL */
};

struct command {
        const char *name;
        const char *argument; /* how the help shows it, or NULL: takes none */
        const char *words; /* what the argument can be, for completion (client/completion.h); or NULL */
        unsigned options; /* OPTION_… that it takes */
        bool connects;
        int (*run)(struct client *client);
        const char *answer; /* what --json prints */
        const char *text;
};

/* NULL when there is none of that name. */
const struct command *command_find(const char *name);
/* The i-th, for help texts; NULL behind the last. */
const struct command *command_at(size_t index);

/* In files of their own. */
int command_explain(struct client *client);
int command_completion(struct client *client);
int command_help(struct client *client);
int command_backup(struct client *client);
int command_cancel(struct client *client);
int command_clean(struct client *client);
int command_migrations(struct client *client);
int command_prefetch(struct client *client);
int command_preflight(struct client *client);
int command_rollback(struct client *client);
int command_schema(struct client *client);
int command_sites(struct client *client);
/* status --all, start --all, and the verbs of sites: each a file of its own. */
int command_sites_add(struct client *client, const char *name);
int command_sites_list(struct client *client);
int command_sites_remove(struct client *client, const char *name);
int command_sites_status(struct client *client);
int command_start_all(struct client *client);
int command_support_bundle(struct client *client);
int command_wait(struct client *client);
int command_watch(struct client *client);
/* Watches until the upgrade rests. taken: the answer to the command that is waited for, or NULL. */
int watch_upgrade(struct client *client, const json_t *taken);
/* After a command that was taken: with --wait watches, else says nothing more (--json: the answer). */
int follow(struct client *client, const struct reply *taken);

/* What POST /v1/start and /v1/resume are sent: {"accept_warnings": […]}, or NULL; owned by the caller. */
char *acceptance(const struct client *client);

/* Tells that the daemon was not reached, and why. Returns the exit code for it. */
int fail_to_reach(const struct client *client, enum reach reach);
/* One request whose answer must be good: 0, or an exit code with the reason on stderr. */
int ask(struct client *client, const char *method, const char *path, const char *body, struct reply *ret);
