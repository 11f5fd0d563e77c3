/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * migrate_mautic_2 and migrate_mautic_3: every New migration is applied by the site's console, one at a time.
 *
 * The migrations table is the truth: a version with a row is done, one without is run (again). DDL commits by
 * itself, so a migration can be torn:
 * - a kill of this daemon leaves the console alive until its migration is done; it holds the locks meanwhile,
 *   and the server may still be changing tables after it, so both are waited for at the next entry;
 * - where the console itself dies or fails, the journal has the version and the schema's fingerprint from
 * before: if the schema has changed, the version is run again with a warning, and when it then skips itself
 * the stage fails once, naming it, as a part of it may be missing.
 *
 * One at a time is `doctrine:migrations:execute VERSION --up`. Neither `migrate VERSION` nor `migrate next`
 * is that (Doctrine Migrations 1.2.2 and 2.2.1, Migration::migrate): both run every unrecorded version up to
 * the target; a target older than the newest executed version makes Doctrine migrate *down* to it; and `next`
 * never reaches such older ones. All three record a skipped migration as executed.
 */

#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "migrations-reader/migrations.h"
#include "states/console.h"
#include "states/schema.h"
#include "states/site_database.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define STEP_MIGRATION "migration"
#define STEP_COMPLETE "complete"
#define LOCK_PATIENCE_S 5

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

/* The detail of a step "migration": the version and the schema's fingerprint before its first try. */
struct intent {
        char *version;
        char *fingerprint;
};

static void intent_deinit(struct intent *intent)
{
        free(intent->version);
        free(intent->fingerprint);
}

static bool read_intent(const struct step_record *step, struct intent *ret)
{
        if (!string_equal(step->action, STEP_MIGRATION) || !step->detail)
                return false;
        const char *blank = strchrnul(step->detail, ' ');
        *ret = (struct intent){
                .version = memory_copy(step->detail, (size_t)(blank - step->detail)),
                .fingerprint = string_copy(*blank ? blank + 1 : ""),
        };
        return true;
}

/* One connection holds the lock and reads the table: when it is lost, so is the lock, and the next reading
 * says so. It is idle while the console works, hence the long wait_timeout. */
static int lock_database(struct migration_run *run, struct error *err)
{
        struct stage_context *context = run->context;
        if (site_database_connect(context->config, context->site, &run->settings, &run->database, err) < 0)
                return -1;
        _cleanup_free_ char *name = site_database_lock_name(&run->settings);
        if (database_query(run->database, NULL, err, "SET SESSION wait_timeout = 31536000") < 0 ||
                database_lock(run->database, name, LOCK_PATIENCE_S, err) < 0)
                return -1;
        unsigned patience_s =
                context->config->console_timeout > 86400 ? 86400 : (unsigned)context->config->console_timeout;
        return database_wait_for_schema_changes(run->database, patience_s, context->cancel, err);
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

/* What was begun, failed or was killed, and has changed the schema without getting its row: torn. */
static void judge_former_try(
        struct migration_run *run, const struct intent *former, const char *fingerprint, bool *ret_torn)
{
        *ret_torn = !string_equal(former->fingerprint, fingerprint);
        stage_log(run->context, *ret_torn ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                "Migration %s was begun before and is not recorded as executed; since then the schema has "
                "%s. It is"
                " run again.",
                former->version, *ret_torn ? "changed: it may be half applied" : "not changed");
}

/* The intent, recorded before the act: a step of an earlier try is taken up again. */
static int journal_migration(struct migration_run *run, const char *version, int64_t *ret_number,
        bool *ret_torn, struct error *err)
{
        struct stage_context *context = run->context;
        char fingerprint[65];
        if (schema_fingerprint(run->database, run->migrations.table, fingerprint, err) < 0)
                return -1;
        *ret_torn = false;
        for (size_t i = 0; i < run->steps.count; i++) {
                _cleanup_(intent_deinit) struct intent former = {0};
                if (!read_intent(&run->steps.items[i], &former) || !string_equal(former.version, version))
                        continue;
                judge_former_try(run, &former, fingerprint, ret_torn);
                *ret_number = run->steps.items[i].number;
                return 0;
        }
        _cleanup_free_ char *detail = string_format("%s %s", version, fingerprint);
        return checkpoint_add_step(
                context->checkpoint, context->stage->name, STEP_MIGRATION, detail, ret_number, err);
}

static int fail_migration(const char *version, struct error *console_error, struct error *err)
{
        error_move(err, console_error);
        if (err->reason == REASON_CANCELLED || err->reason == REASON_STOPPING)
                return -1; /* even so it may be half applied; the next entry sees it */
        if (err->reason == REASON_PROGRAM_FAILED)
                err->reason = REASON_MIGRATION_FAILED;
        return error_wrap(err,
                "migration %s failed and may be half applied, as changes of tables can't be rolled back",
                version);
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

/* err holds why the table or the files could not be read after the console had run. */
static int fail_recount(const char *version, const struct error *console_error, struct error *err)
{
        if (!console_error)
                return error_wrap(err, "after migration %s", version);
        if (err->reason != REASON_DATABASE_LOST)
                err->reason = REASON_MIGRATION_FAILED;
        return error_wrap(err, "migration %s: %s; and then", version, error_message(console_error));
}

/* The guards of some migrations look at their first statement only (20191126093923 of Mautic 3.0): torn
 * behind it they skip, Doctrine records them, and the rest would be missing without a word. */
static int check_torn_migration(const char *version, const struct process_result *result, struct error *err)
{
        if (!result->output || !strstr(result->output, "skipped (Reason"))
                return 0;
        return error_set(err, REASON_MIGRATION_FAILED,
                "migration %s was broken off after it had changed the schema and, run again, skipped itself: "
                "it is"
                " recorded as executed, but a part of it may be missing. See what doctrine:schema:update "
                "--dump-sql"
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
        int64_t step;
        bool torn;
        if (journal_migration(run, version, &step, &torn, err) < 0)
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
                return ran < 0 ? fail_migration(version, &console_error, err)
                               : fail_unrecorded(run, version, &result, err);
        if (ran < 0)
                stage_log(context, LOG_LEVEL_WARNING,
                        "Migration %s is recorded as executed, although the console failed: %s", version,
                        error_message(&console_error));
        _cleanup_free_ char *evidence = string_format(
                "recorded in %s after %" PRIu64 " ms", run->migrations.table, clock_steady_ms() - begin_ms);
        if (checkpoint_finish_step(context->checkpoint, context->stage->name, step, evidence, err) < 0)
                return -1;
        return torn ? check_torn_migration(version, &result, err) : 0;
}

/* Steps whose rows came after all (a kill between row and evidence) are done. */
static int settle_journal(struct migration_run *run, struct error *err)
{
        struct stage_context *context = run->context;
        for (size_t i = 0; i < run->steps.count; i++) {
                struct step_record *step = &run->steps.items[i];
                _cleanup_(intent_deinit) struct intent intent = {0};
                if (!read_intent(step, &intent) || !is_executed(run, intent.version))
                        continue;
                run->done++;
                if (!step->done && checkpoint_finish_step(context->checkpoint, context->stage->name,
                                           step->number, "recorded before the interruption", err) < 0)
                        return -1;
        }
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

static int run_migrations(struct stage_context *context, enum console console, struct error *err)
{
        _cleanup_(migration_run_deinit) struct migration_run run = {.context = context, .console = console};
        if (lock_database(&run, err) < 0 ||
                checkpoint_load_steps(context->checkpoint, context->stage->name, &run.steps, err) < 0 ||
                count_migrations(&run, err) < 0 || settle_journal(&run, err) < 0)
                return -1;
        log_count(&run);
        if (run.migrations.new == 0 && run.steps.count == 0) {
                stage_log(context, LOG_LEVEL_INFO, "No available database migrations found.");
                return STAGE_SKIP;
        }
        run.total = run.done + run.migrations.new;
        if (apply_all(&run, err) < 0)
                return -1;
        if (console == CONSOLE_MAUTIC_3 && complete_mautic_3(&run, err) < 0)
                return -1;
        if (count_again(&run, err) < 0)
                return -1;
        stage_log(context, LOG_LEVEL_INFO, "All Mautic %d migrations applied successfully (%zu in total).",
                console == CONSOLE_MAUTIC_2 ? 2 : 3, run.done);
        return STAGE_DONE;
}

static int run_migrate_mautic_2(struct stage_context *context, struct error *err)
{
        return run_migrations(context, CONSOLE_MAUTIC_2, err);
}

static int run_migrate_mautic_3(struct stage_context *context, struct error *err)
{
        return run_migrations(context, CONSOLE_MAUTIC_3, err);
}

const struct stage stage_migrate_mautic_2 = {
        .name = "migrate_mautic_2",
        .title = "Apply the migrations of Mautic 2",
        .error_code = ERR_MAUTIC_2_MIGRATIONS_FAILED,
        .run = run_migrate_mautic_2,
};

const struct stage stage_migrate_mautic_3 = {
        .name = "migrate_mautic_3",
        .title = "Apply the migrations of Mautic 3",
        .error_code = ERR_MAUTIC_3_MIGRATIONS_FAILED,
        .run = run_migrate_mautic_3,
};
