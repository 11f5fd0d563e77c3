/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * migrate_mautic_2 and migrate_mautic_3: every New migration is applied, one at a time, by the site's console
 * or by the native engine (states/native_migrations.h); migrations.engine says which. The rest of this is the
 * console's way.
 *
 * The migrations table is the truth: a version with a row is done. DDL commits by itself, and the guards of
 * Mautic's migrations can't be trusted with one that was torn: some look at their first statement only
 * (20191126093923 of Mautic 3.0), skip, and Doctrine records them as executed. So:
 * - a migration once begun is let finish: its console outlives a kill of this daemon and holds the locks
 *   meanwhile, cancel and stop wait for it; the server may be changing tables even after it, and that is
 *   waited for at the entry;
 * - the journal has the version and what each table looked like before. Where the console died or failed all
 *   the same, that tells whether it had changed anything. If not, the version is run again; if so, the stage
 *   says which tables, and goes on when the row is there, the tables are as before, or it was accepted.
 *
 * One at a time is `doctrine:migrations:execute VERSION --up`. Neither `migrate VERSION` nor `migrate next`
 * is that (Doctrine Migrations 1.2.2 and 2.2.1, Migration::migrate): both run every unrecorded version up to
 * the target; a target older than the newest executed version makes Doctrine migrate *down* to it; and `next`
 * never reaches such older ones. All three record a skipped migration as executed.
 */

#include "states/migrate_database.h"

#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "migrations-reader/migrations.h"
#include "states/console.h"
#include "states/facts.h"
#include "states/gate.h"
#include "states/migration_engine.h"
#include "states/native_migrations.h"
#include "states/proof.h"
#include "states/restore_database.h"
#include "states/schema.h"
#include "states/site_database.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define STEP_MIGRATION "migration"
#define STEP_COMPLETE "complete"
#define LOCK_PATIENCE_S 5
#define SERVER_STARTED_SLACK_S 2 /* of database_started_at */
#define EVIDENCE_UNTOUCHED "had changed no table"

struct migration_run {
        struct stage_context *context;
        enum console console;
        struct site_settings settings;
        struct database *database;
        struct migrations migrations; /* as last read */
        struct step_list steps; /* as of the entry */
        size_t done, total; /* all attempts together */
};

static void migration_run_deinit(struct migration_run *run)
{
        database_close(run->database);
        site_settings_deinit(&run->settings);
        migrations_deinit(&run->migrations);
        step_list_deinit(&run->steps);
}

static const struct step_record *find_step(const struct migration_run *run, const char *action)
{
        for (size_t i = 0; i < run->steps.count; i++)
                if (string_equal(run->steps.items[i].action, action))
                        return &run->steps.items[i];
        return NULL;
}

/* The detail of a step "migration": the version, the tables (states/schema.h) before its first try, and since
 * when the server had been running. */
static char *intent_text(const char *version, json_t *tables, int64_t server_started)
{
        json_auto_t *intent = json_pack("{ss sO sI}", "version", version, "tables", tables, "server_started",
                (json_int_t)server_started);
        return json_dumps(intent, JSON_COMPACT);
}

/* NULL: the step is another one, or can't be read. */
static json_t *read_intent(const struct step_record *step)
{
        if (!string_equal(step->action, STEP_MIGRATION) || !step->detail)
                return NULL;
        json_auto_t *intent = json_loads(step->detail, 0, NULL);
        return json_incref(intent);
}

static const char *intent_version(const json_t *intent)
{
        return json_string_value(json_object_get(intent, "version"));
}

static unsigned patience_s(const struct migration_run *run)
{
        uint64_t limit_s = run->context->config->console_timeout;
        return limit_s == 0 || limit_s > 86400 ? 86400 : (unsigned)limit_s;
}

/* One version's turn. */
struct attempt {
        const char *version;
        int64_t step;
        json_t *before; /* the tables before its first try */
        bool torn; /* it had begun to change them, and is run again all the same */
};

static void attempt_deinit(struct attempt *attempt)
{
        json_decref(attempt->before);
}

/* One connection holds the lock and reads the table: when it is lost, so is the lock, and the next reading
 * says so. It is idle while the console works, hence the long wait_timeout. */
static int lock_database(struct migration_run *run, struct error *err)
{
        struct stage_context *context = run->context;
        if (stage_database_connect(context, &run->settings, &run->database, err) < 0)
                return -1;
        _cleanup_free_ char *name = site_database_lock_name(&run->settings);
        if (database_query(run->database, NULL, err, "SET SESSION wait_timeout = 31536000") < 0 ||
                database_lock(run->database, name, LOCK_PATIENCE_S, err) < 0)
                return -1;
        return database_wait_for_schema_changes(run->database, patience_s(run), context->cancel, err);
}

static int count_migrations(struct migration_run *run, struct error *err)
{
        struct migrations migrations = {0};
        if (migrations_read(run->context->site->root_fd, MIGRATIONS_FOLDER, run->database,
                    run->settings.prefix, &migrations, err) < 0)
                return -1;
        migrations_deinit(&run->migrations);
        run->migrations = migrations;
        return 0;
}

static const struct migration *next_migration(const struct migration_run *run)
{
        for (size_t i = 0; i < run->migrations.count; i++)
                if (run->migrations.items[i].available && !run->migrations.items[i].executed)
                        return &run->migrations.items[i];
        return NULL;
}

static bool is_executed(const struct migration_run *run, const char *version)
{
        for (size_t i = 0; i < run->migrations.count; i++)
                if (string_equal(run->migrations.items[i].version, version))
                        return run->migrations.items[i].executed;
        return false;
}

/* What was begun before and has no row: run again as long as it has changed nothing, or as that is accepted
 * (*ret_torn). Its guard might take the rest for done. */
static int judge_former_try(struct migration_run *run, const char *version, const char *changed,
        bool *ret_torn, struct error *err)
{
        struct stage_context *context = run->context;
        _cleanup_free_ char *id = fact_accept_id(ACCEPT_RERUN_MIGRATION, version);
        _cleanup_free_ char *accepted = NULL;
        *ret_torn = changed != NULL;
        if (!changed) {
                stage_log(context, LOG_LEVEL_INFO,
                        "Migration %s was begun before, but has changed no table: it is run again.", version);
                return 0;
        }
        if (checkpoint_get_fact(context->checkpoint, FACT_ACCEPTED_WARNINGS, &accepted, err) < 0)
                return -1;
        if (!fact_accepts(accepted, id)) {
                error_set(err, REASON_MIGRATION_INTERRUPTED,
                        "migration %s was begun and broken off: it is not recorded in %s, but these tables "
                        "have changed since it began: %s. It is not run again by itself, as it might take "
                        "the rest for done; the id to accept for that is %s",
                        version, run->migrations.table, changed, id);
                return error_accept(err, id);
        }
        stage_log(context, LOG_LEVEL_WARNING,
                "Migration %s was broken off after it had changed tables (%s). It is run again, as accepted.",
                version, changed);
        return 0;
}

static int add_intent(struct migration_run *run, struct attempt *attempt, struct error *err)
{
        struct stage_context *context = run->context;
        int64_t started;
        if (database_started_at(run->database, &started, err) < 0)
                return -1;
        _cleanup_free_ char *detail = intent_text(attempt->version, attempt->before, started);
        if (!detail)
                return error_set(err, REASON_INTERNAL, "migration %s has no UTF-8 name", attempt->version);
        return checkpoint_add_step(
                context->checkpoint, context->stage->name, STEP_MIGRATION, detail, &attempt->step, err);
}

/* The intent, recorded before the act: the step of an earlier try that has changed tables is taken up again.
 */
static int journal_migration(struct migration_run *run, struct attempt *attempt, struct error *err)
{
        json_auto_t *now = NULL;
        if (schema_fingerprint(run->database, run->migrations.table, &now, err) < 0)
                return -1;
        for (size_t i = 0; i < run->steps.count; i++) {
                const struct step_record *step = &run->steps.items[i];
                if (step->done)
                        continue; /* executed, or not begun after all */
                json_auto_t *former = read_intent(step);
                if (!intent_version(former) && string_equal(step->action, STEP_MIGRATION))
                        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                "the journal of this stage can't be read: step %" PRIi64, step->number);
                if (!string_equal(intent_version(former), attempt->version))
                        continue;
                attempt->step = step->number;
                attempt->before = json_incref(json_object_get(former, "tables"));
                _cleanup_free_ char *changed = schema_difference(attempt->before, now);
                if (judge_former_try(run, attempt->version, changed, &attempt->torn, err) < 0)
                        return -1;
                if (changed)
                        return 0;
                /* What the server has lost since that try was not this one's: it gets a step of its own. */
                if (checkpoint_finish_step(run->context->checkpoint, run->context->stage->name, step->number,
                            EVIDENCE_UNTOUCHED, err) < 0)
                        return -1;
                json_decref(steal(&attempt->before));
                break;
        }
        attempt->before = json_incref(now);
        return add_intent(run, attempt, err);
}

/* Which tables a failed migration has changed, NULL: none. The server may still be at it. */
static int find_damage(
        struct migration_run *run, const struct attempt *attempt, char **ret_changed, struct error *err)
{
        json_auto_t *now = NULL;
        if (database_wait_for_schema_changes(run->database, patience_s(run), run->context->cancel, err) < 0 ||
                schema_fingerprint(run->database, run->migrations.table, &now, err) < 0)
                return -1;
        *ret_changed = schema_difference(attempt->before, now);
        return 0;
}

static int fail_migration(struct migration_run *run, const struct attempt *attempt,
        struct error *console_error, struct error *err)
{
        const char *version = attempt->version;
        _cleanup_error_ struct error unseen = {0};
        _cleanup_free_ char *changed = NULL;
        error_move(err, console_error);
        if (err->reason == REASON_CANCELLED || err->reason == REASON_STOPPING)
                return -1; /* before it was begun */
        if (err->reason == REASON_PROGRAM_FAILED)
                err->reason = REASON_MIGRATION_FAILED;
        if (find_damage(run, attempt, &changed, &unseen) < 0) /* then the next entry sees it */
                return error_wrap(err,
                        "migration %s failed and may be half applied, as changes of tables can't be rolled "
                        "back",
                        version);
        if (!changed)
                return error_wrap(err, "migration %s failed and has changed no table", version);
        /* What is to do is another thing than after a plain failure. */
        err->reason = REASON_MIGRATION_INTERRUPTED;
        _cleanup_free_ char *id = fact_accept_id(ACCEPT_RERUN_MIGRATION, version);
        error_wrap(err,
                "migration %s failed and is half applied: these tables have changed since it began: %s (the "
                "id to accept, to have it run again on them as they are, is %s)",
                version, changed, id);
        return error_accept(err, id);
}

static int fail_unrecorded(const struct migration_run *run, const char *version,
        const struct process_result *result, struct error *err)
{
        _cleanup_buffer_ struct buffer said = {0};
        text_append_clean(&said, result->output);
        _cleanup_free_ char *end = text_tail(said.data ?: "", 500);
        error_set(err, REASON_MIGRATION_FAILED,
                "migration %s: the console reported success, but %s has no row of it; it said: %s", version,
                run->migrations.table, end);
        error_hide(err, run->settings.database.password);
        return -1;
}

/* err holds why the table or the files could not be read after the console had run. A connection of ours that
 * is lost tells more than what the console made of it. */
static int fail_recount(const char *version, const struct error *console_error, struct error *err)
{
        if (!console_error)
                return error_wrap(err, "after migration %s", version);
        if (err->reason != REASON_DATABASE_LOST)
                err->reason = console_error->reason == REASON_PROGRAM_FAILED ? REASON_MIGRATION_FAILED
                                                                             : console_error->reason;
        return error_wrap(err, "migration %s: %s; and then", version, error_message(console_error));
}

/* Accepted, and then its guard took it for done after all. */
static int check_torn_migration(const char *version, const struct process_result *result, struct error *err)
{
        if (!result->output || !strstr(result->output, "skipped (Reason"))
                return 0;
        return error_set(err, REASON_MIGRATION_FAILED,
                "migration %s was broken off after it had changed tables and, run again, skipped itself: "
                "it is"
                " recorded as executed, but a part of it may be missing. See what mautic-upgradectl schema "
                "dump-sql (doctrine:schema:update)"
                " lists, put it right, then resume: the upgrade goes on behind this migration",
                version);
}

static int run_console(struct migration_run *run, const char *version, struct process_result *ret,
        struct error *console_error)
{
        const char *const arguments[] = {"doctrine:migrations:execute", version, "--up", NULL};
        return console_run_to_end(run->context, run->console, arguments, ret, console_error);
}

static int apply_migration(struct migration_run *run, const char *version, struct error *err)
{
        struct stage_context *context = run->context;
        _cleanup_(attempt_deinit) struct attempt attempt = {.version = version};
        if (journal_migration(run, &attempt, err) < 0)
                return -1;
        stage_log(context, LOG_LEVEL_INFO, "Applying migration %s (%zu of %zu)...", version, run->done + 1,
                run->total);

        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_error_ struct error console_error = {0};
        uint64_t begin_ms = clock_steady_ms();
        int ran = run_console(run, version, &result, &console_error);
        if (count_migrations(run, err) < 0)
                return fail_recount(version, ran < 0 ? &console_error : NULL, err);
        if (!is_executed(run, version))
                return ran < 0 ? fail_migration(run, &attempt, &console_error, err)
                               : fail_unrecorded(run, version, &result, err);
        if (ran < 0)
                stage_log(context, LOG_LEVEL_WARNING,
                        "Migration %s is recorded as executed, although the console failed: %s", version,
                        error_message(&console_error));
        database_sync_server(run->database);
        _cleanup_free_ char *evidence = string_format(
                "recorded in %s after %" PRIu64 " ms", run->migrations.table, clock_steady_ms() - begin_ms);
        if (checkpoint_finish_step(context->checkpoint, context->stage->name, attempt.step, evidence, err) <
                0)
                return -1;
        return attempt.torn ? check_torn_migration(version, &result, err) : 0;
}

/* A row that came although nobody of ours has seen it: its console ended well. But a server that was started
 * anew since may have lost what it did to the tables' definitions before the row (database_sync_server). */
static int judge_row(struct migration_run *run, const json_t *intent, struct error *err)
{
        _cleanup_free_ char *accepted = NULL;
        const json_t *known = json_object_get(intent, "server_started");
        const char *version = intent_version(intent);
        int64_t started;
        if (!known)
                return 0;
        if (database_started_at(run->database, &started, err) < 0 ||
                checkpoint_get_fact(run->context->checkpoint, FACT_ACCEPTED_WARNINGS, &accepted, err) < 0)
                return -1;
        _cleanup_free_ char *id = fact_accept_id(ACCEPT_DONE_MIGRATION, version);
        if (llabs(started - json_integer_value(known)) <= SERVER_STARTED_SLACK_S ||
                fact_accepts(accepted, id))
                return 0;
        error_set(err, REASON_MIGRATION_INTERRUPTED,
                "migration %s is recorded in %s, but the database server was started anew before this was "
                "seen: "
                "after a power cut its tables may have their former definitions. Complete what "
                "mautic-upgradectl "
                "schema dump-sql lists, or roll back; the id to accept, when nothing is missing, is %s",
                version, run->migrations.table, id);
        return error_accept(err, id);
}

/* Steps whose rows came after all (a kill between row and evidence) are done. */
static int settle_step(struct migration_run *run, const struct step_record *step, struct error *err)
{
        json_auto_t *intent = read_intent(step);
        const char *version = intent_version(intent);
        if (!version || !is_executed(run, version) || string_equal(step->evidence, EVIDENCE_UNTOUCHED))
                return 0;
        run->done++;
        if (step->done)
                return 0;
        if (judge_row(run, intent, err) < 0)
                return -1;
        database_sync_server(run->database);
        return checkpoint_finish_step(run->context->checkpoint, run->context->stage->name, step->number,
                "recorded before the interruption", err);
}

static int settle_journal(struct migration_run *run, struct error *err)
{
        for (size_t i = 0; i < run->steps.count; i++)
                if (settle_step(run, &run->steps.items[i], err) < 0)
                        return -1;
        return 0;
}

static int apply_all(struct migration_run *run, struct error *err)
{
        const struct migration *next;
        while ((next = next_migration(run))) {
                stage_progress(run->context, run->done, run->total, "migrations");
                if (cancel_check(run->context->cancel, err) < 0)
                        return -1;
                size_t left = run->migrations.new;
                _cleanup_free_ char *version = string_copy(next->version);
                if (apply_migration(run, version, err) < 0)
                        return -1;
                if (run->migrations.new >= left)
                        return error_set(err, REASON_MIGRATION_FAILED,
                                "migration %s was applied, but there are still %zu new migrations (%zu "
                                "before)",
                                version, run->migrations.new, left);
                run->done++;
        }
        stage_progress(run->context, run->done, run->total, "migrations");
        return 0;
}

/* From 3.1 on Mautic adds its generated columns when it sees the command doctrine:migrations:migrate
 * (MigrationCommandSubscriber), so that one is run once, with nothing left to migrate. */
static int complete_mautic_3(struct migration_run *run, struct error *err)
{
        struct stage_context *context = run->context;
        const struct step_record *former = find_step(run, STEP_COMPLETE);
        if (former && former->done)
                return 0;
        int64_t step = former ? former->number : 0;
        if (!former && checkpoint_add_step(context->checkpoint, context->stage->name, STEP_COMPLETE,
                               "doctrine:migrations:migrate", &step, err) < 0)
                return -1;
        const char *const arguments[] = {"doctrine:migrations:migrate", "--allow-no-migration", NULL};
        if (console_run_to_end(context, run->console, arguments, NULL, err) < 0) {
                if (err->reason == REASON_PROGRAM_FAILED)
                        err->reason = REASON_MIGRATION_FAILED;
                return err->reason == REASON_CANCELLED || err->reason == REASON_STOPPING
                               ? -1
                               : error_wrap(err, "all migrations are applied, but what Mautic does after "
                                                 "them failed");
        }
        database_sync_server(run->database);
        return checkpoint_finish_step(context->checkpoint, context->stage->name, step, "status 0", err);
}

static int count_again(struct migration_run *run, struct error *err)
{
        if (count_migrations(run, err) < 0)
                return -1;
        if (run->migrations.new > 0)
                return error_set(err, REASON_MIGRATION_FAILED,
                        "all migrations were applied, but %zu are new when counted again (the next is %s)",
                        run->migrations.new, next_migration(run)->version);
        return 0;
}

static void log_count(struct migration_run *run)
{
        const struct migrations *migrations = &run->migrations;
        stage_log(run->context, LOG_LEVEL_INFO, "%s: %zu executed, %zu available, %zu new.",
                migrations->table, migrations->executed, migrations->available, migrations->new);
        if (migrations->executed_unavailable > 0)
                stage_log(run->context, LOG_LEVEL_INFO,
                        "%zu executed migrations have no file any more; that is expected, as newer releases"
                        " leave old migrations out.",
                        migrations->executed_unavailable);
}

static int forget_untouched(
        struct checkpoint *checkpoint, const char *stage, const json_t *now, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(checkpoint, stage, &steps, err) < 0)
                return -1;
        for (size_t i = 0; i < steps.count; i++) {
                json_auto_t *intent = read_intent(&steps.items[i]);
                if (steps.items[i].done || !intent_version(intent))
                        continue;
                _cleanup_free_ char *changed = schema_difference(json_object_get(intent, "tables"), now);
                if (!changed && checkpoint_finish_step(checkpoint, stage, steps.items[i].number,
                                        EVIDENCE_UNTOUCHED, err) < 0)
                        return -1;
        }
        return 0;
}

int migrations_forget_untouched(
        struct checkpoint *checkpoint, struct database *database, const char *prefix, struct error *err)
{
        static const struct stage *const both[] = {&stage_migrate_mautic_2, &stage_migrate_mautic_3};
        _cleanup_free_ char *table = string_format("%smigrations", prefix);
        json_auto_t *now = NULL;
        if (schema_fingerprint(database, table, &now, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(both); i++)
                if (forget_untouched(checkpoint, both[i]->name, now, err) < 0)
                        return -1;
        return 0;
}

static int run_by_console(struct migration_run *run, struct error *err)
{
        struct stage_context *context = run->context;
        if (run->migrations.new == 0 && run->steps.count == 0) {
                stage_log(context, LOG_LEVEL_INFO, "No available database migrations found.");
                return STAGE_SKIP;
        }
        run->total = run->done + run->migrations.new;
        bool is_mautic_3 = run->console == CONSOLE_MAUTIC_3;
        /* Mautic 2's cache is its living site's; of Mautic 3's an interrupted try may have left a part. */
        if (is_mautic_3 && run->steps.count > 0 && console_empty_cache(run->context, err) < 0)
                return -1;
        if (restore_database_needed(context, err) < 0 || apply_all(run, err) < 0)
                return -1;
        if (is_mautic_3 && complete_mautic_3(run, err) < 0)
                return -1;
        if (count_again(run, err) < 0)
                return -1;
        stage_log(context, LOG_LEVEL_INFO, "All Mautic %d migrations applied successfully (%zu in total).",
                run->console == CONSOLE_MAUTIC_2 ? 2 : 3, run->done);
        return STAGE_DONE;
}

/* What a console has begun and not recorded is judged by the console's journal: the native engine would take
 * the tables as they are for those before it. */
static int judge_console_tries(struct migration_run *run, struct error *err)
{
        json_auto_t *now = NULL;
        for (size_t i = 0; i < run->steps.count; i++) {
                const struct step_record *step = &run->steps.items[i];
                json_auto_t *intent = read_intent(step);
                const char *version = intent_version(intent);
                if (!version || step->done || is_executed(run, version))
                        continue;
                if (!now && schema_fingerprint(run->database, run->migrations.table, &now, err) < 0)
                        return -1;
                _cleanup_free_ char *changed = schema_difference(json_object_get(intent, "tables"), now);
                bool torn;
                if (judge_former_try(run, version, changed, &torn, err) < 0)
                        return -1;
        }
        return 0;
}

static int run_natively(struct migration_run *run, struct error *err)
{
        const struct native_migrations native = {
                .context = run->context,
                .database = run->database,
                .settings = &run->settings,
                .mautic = run->console == CONSOLE_MAUTIC_2 ? 2 : 3,
                .begun = run->steps.count > 0,
        };
        stage_log(run->context, LOG_LEVEL_INFO, "Migrations are applied by this daemon, without PHP.");
        if (judge_console_tries(run, err) < 0)
                return -1;
        /* A migration under way is in a journal that only the engine reads. */
        if ((run->migrations.new > 0 || run->steps.count > 0) &&
                restore_database_needed(run->context, err) < 0)
                return -1;
        return native_migrations_run(&native, err);
}

static int run_migrations(struct stage_context *context, enum console console, struct error *err)
{
        static int (*const engines[])(struct migration_run *, struct error *) = {
                [MIGRATION_ENGINE_CONSOLE] = run_by_console,
                [MIGRATION_ENGINE_NATIVE] = run_natively,
        };
        _cleanup_(migration_run_deinit) struct migration_run run = {.context = context, .console = console};
        enum migration_engine engine = MIGRATION_ENGINE_CONSOLE;
        if (lock_database(&run, err) < 0 || schema_check_tables(run.database, run.settings.prefix, err) < 0 ||
                checkpoint_load_steps(context->checkpoint, context->stage->name, &run.steps, err) < 0 ||
                count_migrations(&run, err) < 0 || settle_journal(&run, err) < 0)
                return -1;
        log_count(&run);
        if (migration_engine_choose(context, &run.steps, &engine, err) < 0)
                return -1;
        int result = engines[engine](&run, err);
        if (result >= 0)
                database_sync_server(run.database);
        return result < 0 || schema_check_tables(run.database, run.settings.prefix, err) < 0 ? -1 : result;
}

static int run_migrate_mautic_2(struct stage_context *context, struct error *err)
{
        return run_migrations(context, CONSOLE_MAUTIC_2, err);
}

static int run_migrate_mautic_3(struct stage_context *context, struct error *err)
{
        return gate_keep_up(context, err) < 0 ? -1 : run_migrations(context, CONSOLE_MAUTIC_3, err);
}

const struct stage stage_migrate_mautic_2 = {
        .name = "migrate_mautic_2",
        .title = "Apply the migrations of Mautic 2",
        .error_code = ERR_MAUTIC_2_MIGRATIONS_FAILED,
        .run = run_migrate_mautic_2,
        .undo = restore_database_behind_gate,
        .prove = prove_migrate_mautic_2,
        .begins = BOUNDARY_MAUTIC_2_MIGRATED,
};

const struct stage stage_migrate_mautic_3 = {
        .name = "migrate_mautic_3",
        .title = "Apply the migrations of Mautic 3",
        .error_code = ERR_MAUTIC_3_MIGRATIONS_FAILED,
        .run = run_migrate_mautic_3,
        .undo = restore_database_if_touched,
        .prove = prove_migrate_mautic_3,
        .begins = BOUNDARY_DATABASE_MIGRATED,
};
