/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/schema_update.h"

#include "lib/memory.h"
#include "lib/sha256.h"
#include "migrations-reader/apply_journal.h"
#include "states/backup.h"
#include "states/console.h"
#include "states/facts.h"
#include "states/migrate_database.h"
#include "states/migrations_table.h"
#include "states/restore_database.h"
#include "states/site_database.h"
#include "states/stages.h"

#include <string.h>

#define COMMAND "doctrine:schema:update"
#define OUTPUT_LIMIT ((size_t)8 * 1024 * 1024)
#define LOCK_PATIENCE_S 5

void schema_plan_deinit(struct schema_plan *plan)
{
        schema_statements_deinit(&plan->statements);
        free(plan->id);
        free(plan->database);
        free(plan->migrations_table);
        free(plan->backup);
        *plan = (struct schema_plan){0};
}

static int find_console(const struct site *site, enum console *ret, struct error *err)
{
        switch (site->kind) {
        case SITE_MAUTIC_2:
                *ret = CONSOLE_MAUTIC_2;
                return 0;
        case SITE_MAUTIC_3:
                *ret = CONSOLE_MAUTIC_3;
                return 0;
        case SITE_EMPTY:
                break;
        }
        return error_set(
                err, REASON_NOT_MAUTIC, "%s holds no Mautic whose console could be asked", site->root);
}

static char *plan_id(bool complete, const struct schema_statements *statements)
{
        char sha256[SHA256_HEX_SIZE];
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_string(&text, complete ? "complete\n" : "update\n");
        for (size_t i = 0; i < statements->count; i++)
                buffer_append_format(&text, "%zu %s\n", strlen(statements->items[i]), statements->items[i]);
        sha256_of(text.data, text.size, sha256);
        return string_copy(sha256);
}

static int read_plan(
        struct stage_context *context, bool complete, struct schema_plan *plan, struct error *err)
{
        const char *const arguments[] = {COMMAND, "--dump-sql", complete ? "--complete" : NULL, NULL};
        _cleanup_buffer_ struct buffer output = {0};
        enum console console = CONSOLE_MAUTIC_2;
        if (find_console(context->site, &console, err) < 0 ||
                console_capture(context, console, arguments, OUTPUT_LIMIT, &output, err) < 0 ||
                schema_statements_read(output.data ? output.data : "", &plan->statements, err) < 0)
                return -1;
        if (plan->statements.count == 0 && !strstr(output.data ? output.data : "", SCHEMA_UPDATE_NOTHING))
                return error_set(err, REASON_PROGRAM_FAILED,
                        COMMAND " --dump-sql prints neither statements nor '" SCHEMA_UPDATE_NOTHING "'");
        plan->id = plan_id(complete, &plan->statements);
        return 0;
}

/* What the recorded backup is, unproven: for people to see before they confirm. */
static int name_backup(struct stage_context *context, struct schema_plan *plan, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_stage_record_ struct stage_record stage = {0};
        int found = checkpoint_load_artifact(context->checkpoint, ARTIFACT_BACKUP, &record, err);
        if (found != 0)
                return found < 0 ? -1 : 0;
        found = checkpoint_load_stage(context->checkpoint, stage_backup_database.name, &stage, err);
        if (found < 0)
                return -1;
        plan->backup = steal(&record.path);
        plan->backup_ms = found == 0 ? stage.finished_ms : 0;
        return 0;
}

static int make_plan(
        struct stage_context *context, bool complete, struct schema_plan *plan, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        if (site_database_settings(context->config, context->site, &settings, err) < 0 ||
                read_plan(context, complete, plan, err) < 0 || name_backup(context, plan, err) < 0)
                return -1;
        plan->database = string_copy(settings.database.name);
        plan->migrations_table = string_format("%smigrations", settings.prefix);
        return 0;
}

static int connect(struct stage_context *context, struct cancel *cancel, struct site_settings *ret_settings,
        struct database **ret, struct error *err)
{
        const uint64_t limit_s = context->config->console_timeout;
        _cleanup_(database_closep) struct database *database = NULL;
        if (stage_database_connect(context, ret_settings, &database, err) < 0)
                return -1;
        if (!cancel) /* what was begun is ended */
                database_watch(database, &(struct database_watch){0});
        _cleanup_free_ char *lock = site_database_lock_name(ret_settings);
        if (database_query(database, NULL, err, "SET SESSION wait_timeout = 31536000") < 0 ||
                database_lock(database, lock, LOCK_PATIENCE_S, err) < 0 ||
                database_wait_for_schema_changes(
                        database, limit_s > 86400 ? 86400 : (unsigned)limit_s, cancel, err) < 0)
                return -1;
        *ret = steal(&database);
        return 0;
}

/* Rows that an earlier try has kept, also one that was killed. */
static int put_back(struct stage_context *context, struct cancel *cancel, size_t *ret_rows, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        bool kept = false;
        *ret_rows = 0;
        if (migrations_table_is_kept(context, &kept, err) < 0)
                return -1;
        if (!kept)
                return 0;
        if (connect(context, cancel, &settings, &database, err) < 0 ||
                migrations_table_put_back(context, database, &settings, ret_rows, err) < 0)
                return error_wrap(err,
                        "the rows of the migrations table, kept in %s/" NAME_MIGRATIONS_TABLE
                        ", are not back yet",
                        context->state_path);
        stage_log(context, LOG_LEVEL_INFO,
                "The migrations table is complete: %zu kept rows had to be put back.", *ret_rows);
        return 0;
}

static int run_put_back(struct stage_context *context, struct error *err)
{
        size_t rows;
        return put_back(context, context->cancel, &rows, err) < 0 ? -1 : STAGE_DONE;
}

const struct stage schema_update_stage = {
        .name = "schema_update",
        .title = "Update the schema",
        .error_code = ERR_NONE,
        .run = run_put_back,
};

static int check_order(const struct schema_order *order, const struct schema_plan *plan, struct error *err)
{
        if (!string_equal(order->confirmation, plan->database))
                return error_set(err, REASON_CONFIRMATION_WRONG,
                        "the confirmation must be the database's name, which is %s", plan->database);
        if (!string_equal(order->plan, plan->id))
                return error_set(err, REASON_PLAN_CHANGED,
                        "Doctrine would do something else now than what was confirmed; nothing was done");
        return 0;
}

static int execute(struct stage_context *context, bool complete, struct error *err)
{
        const char *const arguments[] = {COMMAND, "--force", complete ? "--complete" : NULL, NULL};
        enum console console = CONSOLE_MAUTIC_2;
        if (find_console(context->site, &console, err) < 0)
                return -1;
        return console_run_to_end(context, console, arguments, NULL, err);
}

static void tell(struct stage_context *context, const struct schema_plan *plan, bool complete)
{
        stage_log(context, LOG_LEVEL_WARNING,
                COMMAND " --force%s begins, as confirmed: %zu statements, %zu drops; the backup is %s.",
                complete ? " --complete" : "", plan->statements.count, plan->statements.drop_count,
                plan->backup);
        for (size_t i = 0; i < plan->statements.count; i++)
                stage_log(context, LOG_LEVEL_INFO, "%s", plan->statements.items[i]);
}

/* With its journal gone, nobody could tell how far a migration of the native engine had come. */
static int spare_native_journal(struct database *database, const struct site_settings *settings,
        const struct schema_plan *plan, struct error *err)
{
        _cleanup_(journal_deinit) struct journal journal = {0};
        if (journal_open(database, settings->prefix, &journal, err) < 0)
                return -1;
        /* Without its backticks; prefixes hold none. */
        _cleanup_free_ char *table = memory_copy(journal.table + 1, strlen(journal.table) - 2);
        if (!journal.version || !schema_statements_drop_table(&plan->statements, table))
                return 0;
        return error_set(err, REASON_REFUSED_IN_STATE,
                "migration %s was begun by the native engine and has not ended: its journal, the table %s, "
                "would "
                "be dropped. End it first: resume, or complete it by hand and resume "
                "--accept " ACCEPT_DONE_MIGRATION "%s",
                journal.version, table, journal.version);
}

/* The connection that keeps the rows holds the lock until the end: no other node upgrades meanwhile. */
static int force(struct stage_context *context, const struct schema_order *order, struct schema_plan *plan,
        struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        size_t kept = 0;
        if (connect(context, context->cancel, &settings, &database, err) < 0 ||
                spare_native_journal(database, &settings, plan, err) < 0 ||
                migrations_forget_untouched(context->checkpoint, database, settings.prefix, err) < 0 ||
                restore_database_needed(context, err) < 0 ||
                migrations_table_keep(context, database, &settings, &kept, err) < 0)
                return -1;
        tell(context, plan, order->complete);
        int result = execute(context, order->complete, err);
        database_close(steal(&database)); /* perhaps lost meanwhile */
        _cleanup_error_ struct error unkept = {0};
        /* A stop has waited for the console: it can wait for this, too. */
        if (put_back(context, NULL, &plan->rows_put_back, &unkept) < 0) {
                stage_log(context, LOG_LEVEL_ERROR, "%s. Nothing else is begun before they are.",
                        error_message(&unkept));
                if (result == 0) {
                        error_move(err, &unkept);
                        result = -1;
                }
        }
        if (result < 0)
                return error_wrap(err, COMMAND " --force");
        plan->executed = plan->statements.count;
        stage_log(context, LOG_LEVEL_INFO, COMMAND " has executed %zu statements.", plan->executed);
        return 0;
}

int schema_update(struct stage_context *context, const struct schema_order *order, struct schema_plan *ret,
        struct error *err)
{
        _cleanup_schema_plan_ struct schema_plan plan = {0};
        _cleanup_artifact_record_ struct artifact_record backup = {0};
        if (order->force && backup_require(context, &backup, err) < 0)
                return -1;
        if (run_put_back(context, err) < 0 || make_plan(context, order->complete, &plan, err) < 0)
                return -1;
        if (order->force && (check_order(order, &plan, err) < 0 ||
                                    (plan.statements.count > 0 && force(context, order, &plan, err) < 0)))
                return -1;
        *ret = plan;
        plan = (struct schema_plan){0};
        return 0;
}
