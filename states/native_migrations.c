/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/native_migrations.h"

#include "lib/memory.h"
#include "migrations-reader/apply.h"
#include "migrations-reader/migrations.h"
#include "migrations-reader/site_parameter.h"
#include "states/facts.h"
#include "states/generated_columns.h"
#include "states/restore_database.h"
#include "states/stages.h"

#include <string.h>

#define STEP_MIGRATION NATIVE_STEP_PREFIX "migration"

/*
 * Two journals: the checkpoint has a step for each migration that was begun, so that the next start knows
 * which engine has to end it; which of its statements are done stands in the database itself
 * (migrations-reader/apply.h), where the evidence commits together with the act.
 */
struct native_run {
        const struct native_migrations *native;
        struct migrations migrations; /* as last counted */
        struct apply *apply;
        size_t done, total;
};

static void native_run_deinit(struct native_run *run)
{
        migrations_deinit(&run->migrations);
        apply_free(run->apply);
}

static void log_sentence(void *context, const char *sentence)
{
        const struct native_run *run = context;
        stage_log(run->native->context, LOG_LEVEL_INFO, "%s", sentence);
}

static int count_migrations(struct native_run *run, struct error *err)
{
        struct migrations migrations = {0};
        if (migrations_read(run->native->context->site->root_fd, MIGRATIONS_FOLDER, run->native->database,
                    run->native->settings->prefix, &migrations, err) < 0)
                return -1;
        migrations_deinit(&run->migrations);
        run->migrations = migrations;
        return 0;
}

static int open_engine(struct native_run *run, struct error *err)
{
        struct stage_context *context = run->native->context;
        struct apply_settings settings = {.cancel = context->cancel, .log = log_sentence, .context = run};
        if (site_planner_settings(context->site, run->native->settings->prefix, run->native->database,
                    &settings.planner, err) < 0)
                return -1;
        return apply_new(&settings, &run->apply, err);
}

/* Steps that a former try left: with nothing under way in the database they have ended, or never begun. */
static int settle_steps(struct native_run *run, const char *evidence, struct error *err)
{
        struct stage_context *context = run->native->context;
        _cleanup_(step_list_deinit) struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        for (size_t i = 0; i < steps.count; i++) {
                const struct step_record *step = &steps.items[i];
                if (step->done || !string_equal(step->action, STEP_MIGRATION))
                        continue;
                if (checkpoint_finish_step(
                            context->checkpoint, context->stage->name, step->number, evidence, err) < 0)
                        return -1;
        }
        return 0;
}

/* Whether a person has said that the migration's work is done. */
static int is_accepted_as_done(struct native_run *run, const char *version, bool *ret, struct error *err)
{
        _cleanup_free_ char *accepted = NULL;
        _cleanup_free_ char *id = fact_accept_id(ACCEPT_DONE_MIGRATION, version);
        if (checkpoint_get_fact(run->native->context->checkpoint, FACT_ACCEPTED_WARNINGS, &accepted, err) < 0)
                return -1;
        *ret = fact_accepts(accepted, id);
        return 0;
}

/* The three ways on, with the id that the second one wants. */
static int tell_ways(const char *version, struct error *err)
{
        _cleanup_free_ char *id = fact_accept_id(ACCEPT_DONE_MIGRATION, version);
        _cleanup_free_ char *message = string_copy(error_message(err));
        if (err->reason != REASON_MIGRATION_FAILED && err->reason != REASON_MIGRATION_INTERRUPTED)
                return -1;
        error_set(err, err->reason,
                "%s. The ways on: correct the cause and resume, which goes on at this statement; or complete "
                "the "
                "migration by hand and resume --accept %s, which records it as executed; or put the database "
                "back "
                "from the backup",
                message, id);
        return error_accept(err, id);
}

static int mark_done(struct native_run *run, const char *version, struct error *err)
{
        stage_log(run->native->context, LOG_LEVEL_WARNING,
                "Migration %s is recorded as executed, as accepted; none of its statements is sent (any "
                "more).",
                version);
        return apply_mark_done(run->apply, version, err);
}

static int end_former_try(struct native_run *run, struct error *err)
{
        _cleanup_free_ char *version = string_copy(apply_under_way(run->apply));
        bool done = false;
        if (!version)
                return settle_steps(run, "nothing was under way in the database", err);
        /* The journal in the database may be older than this upgrade's facts. */
        if (restore_database_needed(run->native->context, err) < 0 ||
                is_accepted_as_done(run, version, &done, err) < 0)
                return -1;
        int result = done ? mark_done(run, version, err) : apply_resume(run->apply, err);
        if (result < 0)
                return tell_ways(version, err);
        run->done++;
        return settle_steps(run, "ended after an interruption", err);
}

static int need_php(const struct plan *plan, struct error *err)
{
        _cleanup_free_ char *id = fact_accept_id(ACCEPT_DONE_MIGRATION, plan->version);
        error_set(err, REASON_MIGRATION_NEEDS_PHP,
                "migration %s can't be run without PHP (%s); the id to accept, when its work is done by "
                "hand, is "
                "%s",
                plan->version, plan->message, id);
        return error_accept(err, id);
}

static void tell_plan(struct native_run *run, const struct plan *plan)
{
        _cleanup_free_ char *message =
                plan->message ? string_format(" (%s)", plan->message) : string_copy("");
        stage_log(run->native->context, LOG_LEVEL_INFO, "Migration %s: %s%s, %zu statements.", plan->version,
                plan_verdict_name(plan->verdict), message, plan->statements.count);
}

static int apply_planned(struct native_run *run, const struct migration *migration, struct error *err)
{
        _cleanup_plan_ struct plan plan = {0};
        bool done = false;
        if (is_accepted_as_done(run, migration->version, &done, err) < 0)
                return -1;
        if (done)
                return mark_done(run, migration->version, err);
        int result = apply_migration(run->apply, migration->version, migration->file, &plan, err);
        if (result == 0)
                tell_plan(run, &plan);
        return result == 1 ? need_php(&plan, err) : result;
}

/* A try that failed before anything of it was under way has ended: the console may try it then. */
static int apply_one(struct native_run *run, const struct migration *migration, struct error *err)
{
        struct stage_context *context = run->native->context;
        int64_t step = 0;
        stage_progress(context, run->done, run->total, "migrations");
        if (checkpoint_add_step(context->checkpoint, context->stage->name, STEP_MIGRATION, migration->version,
                    &step, err) < 0)
                return -1;
        int result = apply_planned(run, migration, err);
        /* With the connection goes the knowledge whether the database has taken the journal: the next start
         * looks. */
        if (result < 0 && (apply_under_way(run->apply) || err->reason == REASON_DATABASE_LOST))
                return tell_ways(migration->version, err);
        _cleanup_error_ struct error step_error = {0};
        const char *evidence = result < 0 ? "nothing of it was begun" : "recorded as executed";
        if (checkpoint_finish_step(context->checkpoint, context->stage->name, step, evidence, &step_error) <
                        0 &&
                result == 0) {
                error_move(err, &step_error);
                return -1;
        }
        if (result < 0)
                return tell_ways(migration->version, err);
        run->done++;
        return 0;
}

/* The files do not change meanwhile, so one look at them is enough. */
static int apply_all(struct native_run *run, struct error *err)
{
        run->total = run->done + run->migrations.new;
        for (size_t i = 0; i < run->migrations.count; i++) {
                const struct migration *migration = &run->migrations.items[i];
                if (migration->available && !migration->executed && apply_one(run, migration, err) < 0)
                        return -1;
        }
        stage_progress(run->native->context, run->done, run->total, "migrations");
        return 0;
}

int native_migrations_run(const struct native_migrations *native, struct error *err)
{
        _cleanup_(native_run_deinit) struct native_run run = {.native = native};
        if (open_engine(&run, err) < 0 || end_former_try(&run, err) < 0 || count_migrations(&run, err) < 0)
                return -1;
        if (run.migrations.new == 0 && run.done == 0 && !native->begun) {
                stage_log(native->context, LOG_LEVEL_INFO, "No available database migrations found.");
                return apply_finish(run.apply, err) < 0 ? -1 : STAGE_SKIP;
        }
        if (apply_all(&run, err) < 0 || apply_finish(run.apply, err) < 0 ||
                (native->mautic == 3 && generated_columns_add(native->context, native->database,
                                                native->settings->prefix, err) < 0) ||
                count_migrations(&run, err) < 0)
                return -1;
        if (run.migrations.new > 0)
                return error_set(err, REASON_MIGRATION_FAILED,
                        "all migrations were applied, but %zu are new when counted again (the next is %s)",
                        run.migrations.new, run.migrations.next);
        stage_log(native->context, LOG_LEVEL_INFO,
                "All Mautic %d migrations applied without PHP (%zu in total).", native->mautic, run.done);
        return STAGE_DONE;
}
