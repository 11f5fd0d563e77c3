/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/memory.h"
#include "lib/text.h"
#include "migrations-reader/apply.h"
#include "migrations-reader/commands.h"
#include "migrations-reader/migrations_json.h"
#include "migrations-reader/selection.h"

#include <signal.h>

#define LOCK_PATIENCE_S 5
#define STATEMENT_PATIENCE_S 60 /* for a schema change that a killed run left under way on the server */

/* Ctrl-C and SIGTERM end the run between two statements; the next one goes on there. */
static struct cancel cancel;

static void ask_to_stop(int signal_number)
{
        (void)signal_number;
        cancel_request(&cancel, CANCEL_BY_USER);
}

static int catch_signals(struct error *err)
{
        struct sigaction action = {.sa_handler = ask_to_stop};
        if (cancel_init(&cancel, err) < 0)
                return -1;
        if (sigaction(SIGINT, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0)
                return error_set_errno(err, errno, "catching signals");
        return 0;
}

static void print_progress(void *context, const char *version, size_t statement, size_t statements)
{
        const struct reader *reader = context;
        if (!reader->json)
                (void)fprintf(stderr, "%s: statement %zu of %zu\n", version, statement + 1, statements);
}

static void print_log(void *context, const char *sentence)
{
        (void)context;
        _cleanup_free_ char *printable = text_printable(sentence, false);
        (void)fprintf(stderr, "%s\n", printable);
}

/* The daemon's lock: both never migrate the same database at once. */
static int lock(struct target *target, struct error *err)
{
        _cleanup_free_ char *database = NULL;
        int result = database_query_value(target->database, &database, err, "SELECT DATABASE()");
        if (result < 0)
                return -1;
        _cleanup_free_ char *name = database_upgrade_lock_name(database ?: "", target->prefix);
        if (database_query(target->database, NULL, err, "SET SESSION wait_timeout = 31536000") < 0 ||
                database_lock(target->database, name, LOCK_PATIENCE_S, err) < 0)
                return -1;
        return database_wait_for_schema_changes(target->database, STATEMENT_PATIENCE_S, &cancel, err);
}

/* What stands in the journal comes first, whatever its version. */
static int finish_former(struct apply *apply, const char *mark_done, struct error *err)
{
        const char *version = apply_under_way(apply);
        if (mark_done && version && !string_equal(version, mark_done))
                return error_set(err, REASON_REFUSED_IN_STATE, "migration %s is under way, not %s", version,
                        mark_done);
        return mark_done ? apply_mark_done(apply, mark_done, err) : apply_resume(apply, err);
}

/* A row of a version that has no file would stay "executed unavailable" for ever. */
static int resolve_mark_done(struct reader *reader, const char *under_way, char **ret, struct error *err)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        if (!reader->mark_done)
                return 0;
        if (under_way && string_equal(under_way, reader->mark_done)) {
                *ret = string_copy(under_way); /* its file may be gone by now */
                return 0;
        }
        if (target_read_migrations(&reader->target, &migrations, err) < 0)
                return -1;
        const struct migration *migration = find_version(&migrations, reader->mark_done);
        if (!migration)
                return error_set(err, REASON_INVALID_ARGUMENT, "there is no migration %s", reader->mark_done);
        *ret = string_copy(migration->version);
        return 0;
}

static int need_php(const struct plan *plan, struct error *err)
{
        return error_set(err, REASON_MIGRATION_NEEDS_PHP,
                "migration %s needs PHP: %s. Run it with the site's console (doctrine:migrations:execute %s "
                "--up), then go on",
                plan->version, plan->message, plan->version);
}

static int apply_one(struct reader *reader, struct apply *apply, const struct migration *migration,
        json_t *list, struct error *err)
{
        _cleanup_plan_ struct plan plan = {0};
        int result = apply_migration(apply, migration->version, migration->file, &plan, err);
        if (result < 0)
                return -1;
        if (result == 1)
                return need_php(&plan, err);
        if (reader->json) {
                json_array_append_new(list, plan_json(&plan));
                return 0;
        }
        _cleanup_free_ char *version = text_printable(plan.version, false);
        _cleanup_free_ char *message = text_printable(plan.message, false);
        (void)printf("%s  %s%s%s\n", version,
                plan.verdict == PLAN_SQL ? "applied" : plan_verdict_name(plan.verdict), message ? ": " : "",
                message ?: "");
        (void)fflush(stdout);
        return 0;
}

static int apply_new_ones(struct reader *reader, struct apply *apply, json_t *list, struct error *err)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        if (target_read_migrations(&reader->target, &migrations, err) < 0)
                return -1;
        for (size_t i = 0; i < migrations.count; i++) {
                const struct migration *migration = &migrations.items[i];
                if (migration->executed || !migration->available)
                        continue;
                if (apply_one(reader, apply, migration, list, err) < 0)
                        return -1;
                if (reader->next)
                        return 0;
        }
        return 0;
}

static int run(struct reader *reader, json_t *list, struct error *err)
{
        struct target *target = &reader->target;
        struct apply_settings settings = {
                .cancel = &cancel, .progress = print_progress, .log = print_log, .context = reader};
        _cleanup_(apply_freep) struct apply *apply = NULL;
        _cleanup_free_ char *mark_done = NULL;
        target_planner_settings(target, &settings.planner);
        if (lock(target, err) < 0 || apply_new(&settings, &apply, err) < 0 ||
                resolve_mark_done(reader, apply_under_way(apply), &mark_done, err) < 0)
                return -1;
        bool resumed = apply_under_way(apply) != NULL || reader->mark_done;
        if (finish_former(apply, mark_done, err) < 0)
                return -1;
        bool more = reader->all || (reader->next && !resumed);
        if (more && apply_new_ones(reader, apply, list, err) < 0)
                return -1;
        return apply_finish(apply, err);
}

int command_apply(struct reader *reader)
{
        _cleanup_error_ struct error err = {0};
        json_auto_t *list = json_array();
        int result = catch_signals(&err);
        if (result == 0)
                result = run(reader, list, &err);
        if (reader->json)
                print_json(json_incref(list));
        return result < 0 ? report_error(&err) : EXIT_DONE;
}
