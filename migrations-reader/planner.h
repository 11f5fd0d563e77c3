/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a migration would do to this database: its file is evaluated as Doctrine would run it, without PHP,
 * and nothing is sent but reads. Sources of the order of things: doctrine/migrations 1.2.2
 * Version::execute, 2.2.1 and 3.5.5 Executor.
 */

#include "lib/database.h"
#include "migrations-reader/doctrine/doctrine.h"
#include "migrations-reader/planned_statement.h"
#include "migrations-reader/schema/schema.h"

/* Verdicts: the constant, its name in JSON, what it means. */
#define PLAN_VERDICTS(X)                                                                                     \
        X(PLAN_SQL, "sql", "it sends these statements")                                                      \
        X(PLAN_SKIPPED, "skipped", "it finds its work done and skips itself")                                \
        X(PLAN_EMPTY, "empty", "it sends nothing through addSql")                                            \
        X(PLAN_NEEDS_PHP, "needs_php", "it can't be evaluated exactly without PHP")                          \
        X(PLAN_ERROR, "error", "it fails")

enum plan_verdict {
#define X(name, text, meaning) name,
        PLAN_VERDICTS(X)
#undef X
};
const char *plan_verdict_name(enum plan_verdict verdict);
const char *plan_verdict_meaning(enum plan_verdict verdict);

struct plan {
        char *version;
        char *file; /* relative to the root */
        char *description; /* "" when it has none */
        enum plan_verdict verdict;
        char *message; /* why it is skipped, needs PHP (file, line, construct) or fails; NULL: nothing to say
                        */
        char *refused; /* what the server would say to a statement, with the statement's number; NULL: nothing
                          known */
        char *notes; /* what it writes to its output, a line each; NULL: nothing */
        char **assumes; /* earlier versions of this plan whose effect is not known; ends with NULL; or NULL */
        bool transactional;
        bool post_up; /* its postUp depends on what the statements leave, and is run after them */
        bool post_up_alone; /* by planner_run_post_up, at any time; else by planner_run_kept_post_up only */
        struct planned_statements statements; /* in the order in which they are sent */
};
void plan_deinit(struct plan *plan);
#define _cleanup_plan_ _cleanup_(plan_deinit)

struct planner_settings {
        int root_fd; /* the site's root; borrowed */
        const char *folder; /* of the migrations, relative to it */
        const char *prefix;
        enum doctrine_version version;
        struct database *database; /* borrowed; NULL: there is only a schema */
        const struct schema *schema; /* borrowed */
        /* As struct migration_world has it. */
        int (*parameter)(void *context, const char *name, struct php_value *ret, struct error *err);
        void *context;
};

struct planner;
/* Borrows all that the settings point to. Begins a read-only transaction on the database. */
int planner_new(const struct planner_settings *settings, struct planner **ret, struct error *err) _must_check;
void planner_free(struct planner *planner);
DEFINE_CLEANUP(struct planner *, planner_free);

/* Plans one migration on the schema that the plans before it leave. -1 only for what is no fault of the
 * migration: the database is lost, the file went away. */
int planner_plan(struct planner *planner, const char *version, const char *file, struct plan *ret,
        struct error *err) _must_check;
/* Runs a migration's postUp for real, on the database as it is and inside the caller's transaction: what it
 * writes is sent. Only for plans with post_up_alone. REASON_MIGRATION_FAILED when it throws, or needs PHP
 * after all. */
int planner_run_post_up(const struct planner_settings *settings, const char *version, const char *file,
        struct error *err) _must_check;
/* Evaluates preUp and up once more, before the statements are sent, and keeps the object; ends the read-only
 * transaction. Then, when they have been sent: its postUp, as above, on the schema as it is now. */
int planner_keep(struct planner *planner, const char *version, const char *file, struct error *err)
        _must_check;
int planner_run_kept_post_up(struct planner *planner, const struct schema *schema, struct error *err)
        _must_check;
/* Forgets the plans: the next one is made on the database as it is. */
void planner_reset(struct planner *planner);

/* Which Doctrine the files in root_fd's folder were written for: composer.lock's doctrine/dbal, else the
 * release's own version, else what the files use. 1 when nothing tells. */
int doctrine_version_detect(int root_fd, const char *folder, enum doctrine_version *ret, struct error *err)
        _must_check;
/* Of "2.5", "2.10", "2.13" and "3.7"; false: unknown. */
bool doctrine_version_from_name(const char *name, enum doctrine_version *ret);
