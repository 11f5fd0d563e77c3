/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/restore_database.h"

#include "lib/clock.h"
#include "lib/memory.h"
#include "states/backup.h"
#include "states/dump_replay.h"
#include "states/gate.h"
#include "states/site_database.h"
#include "states/stages.h"
#include "states/update_local_config.h"

#include <inttypes.h>
#include <string.h>

#define STEP_RESTORE "restore"
#define LOCK_POLL_S 1
#define NAMES_TOLD 20
#define SECOND_LOOK_MS 1000
#define RECOVERY_MS 60000
#define RECOVERY_POLL_MS 200

struct restoration {
        struct stage_context *context;
        struct site_settings settings;
        /* Sends the dump and holds the lock: a later try gets it only when the server is done with what this
         * one has sent. */
        struct database *database;
        struct schema_scope scope;
        struct inventory inventory;
};

static void restoration_deinit(struct restoration *restoration)
{
        site_settings_deinit(&restoration->settings);
        database_close(restoration->database);
        schema_scope_deinit(&restoration->scope);
        inventory_deinit(&restoration->inventory);
}

/* Before anything is dropped */

static int judge_demands(
        struct restoration *restoration, const struct dump_demands *demands, struct error *err)
{
        _cleanup_free_ char *why = NULL;
        int result = restorable_judge(
                restoration->database, &restoration->inventory, &restoration->scope, demands, &why, err);
        if (result <= 0)
                return result;
        return error_set(err,
                result == RESTORABLE_TOO_LONG ? REASON_DATABASE_QUERY_FAILED : REASON_DATABASE_ACCESS_DENIED,
                "%s; nothing is dropped", why);
}

/* The hash says that the file is the one that was written; this, that it is a whole dump of these tables, and
 * that the server lets us make them again. */
static int read_dump(struct restoration *restoration, struct error *err)
{
        _cleanup_dump_demands_ struct dump_demands demands = {0};
        const struct dump_replay replay = {
                .context = restoration->context,
                .name = NAME_STATE_BACKUP,
                .expected_bytes = restoration->inventory.bytes,
                .scope = &restoration->scope,
                .demands = &demands,
        };
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        _cleanup_buffer_ struct buffer differences = {0};
        uint64_t tables, rows;
        if (dump_replay(&replay, &contents, err) < 0)
                return -1;
        if (inventory_compare_dump(&restoration->inventory, &contents, &differences, &tables, &rows) > 0)
                return error_set(err, REASON_BACKUP_UNPROVEN,
                        "the backup is not what its inventory says, and nothing is dropped: %s",
                        differences.data);
        return judge_demands(restoration, &demands, err);
}

static int find_backup(struct restoration *restoration, struct error *err)
{
        struct stage_context *context = restoration->context;
        _cleanup_artifact_record_ struct artifact_record record = {0};
        return backup_find(context, &record, err) < 0 ||
                               backup_load_inventory(context->checkpoint, context->state_fd,
                                       &restoration->inventory, err) < 0
                       ? -1
                       : 0;
}

/* In short turns, so that it can be cancelled. */
static int take_lock(struct restoration *restoration, const char *name, uint64_t limit_s, struct error *err)
{
        uint64_t deadline = clock_steady_ms() + limit_s * 1000;
        for (;;) {
                error_deinit(err);
                if (database_lock(restoration->database, name, LOCK_POLL_S, err) == 0)
                        return 0;
                if (err->reason != REASON_DATABASE_LOCKED || clock_steady_ms() >= deadline)
                        return -1;
                if (cancel_check(restoration->context->cancel, err) < 0)
                        return -1;
        }
}

/* local.php may name another schema, or another prefix in it, than when the backup was made: what stands
 * there is not ours to drop. */
int restore_database_check_place(
        struct database *database, const struct inventory *inventory, const char *prefix, struct error *err)
{
        _cleanup_free_ char *schema = NULL;
        if (database_query_value(database, &schema, err,
                    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()") < 0)
                return -1;
        if (!string_equal(schema, inventory->schema))
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "local.php names the schema %s now, and the backup is of %s; nothing is dropped",
                        schema ? schema : "(none)", inventory->schema);
        if (inventory->prefix && !string_equal(prefix, inventory->prefix))
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "local.php has the db_table_prefix '%s' now, and the backup is of the tables with "
                        "'%s': put that back; nothing is dropped",
                        prefix, inventory->prefix);
        return 0;
}

static int lock_database(struct restoration *restoration, struct error *err)
{
        struct stage_context *context = restoration->context;
        uint64_t limit_s = context->config->console_timeout;
        bool stand_in = false;
        limit_s = limit_s == 0 || limit_s > 86400 ? 86400 : limit_s;
        if (site_database_stand_in(context->site, context->state_fd, &stand_in, err) < 0)
                return -1;
        if (stand_in)
                stage_log(context, LOG_LEVEL_WARNING,
                        "%s is gone: where the database is, is read in %s/" NAME_LOCAL_CONFIG_ORIGINAL ".",
                        context->site->paths.local_config, context->state_path);
        if (stage_database_connect(context, &restoration->settings, &restoration->database, err) < 0)
                return -1;
        _cleanup_free_ char *name = site_database_lock_name(&restoration->settings);
        if (restore_database_check_place(
                    restoration->database, &restoration->inventory, restoration->settings.prefix, err) < 0 ||
                inventory_prepare(restoration->database, err) < 0 ||
                take_lock(restoration, name, limit_s, err) < 0 ||
                database_wait_for_schema_changes(
                        restoration->database, (unsigned)limit_s, context->cancel, err) < 0)
                return -1;
        return schema_scope_read(
                restoration->database, restoration->settings.prefix, &restoration->scope, err);
}

/* Dropping */

static void add_name(struct buffer *names, size_t *count, const struct inventory_item *item)
{
        if (++*count <= NAMES_TOLD)
                buffer_append_format(
                        names, "%s%s %s", *count > 1 ? ", " : "", dump_object_name(item->object), item->name);
}

/* For people: what the backup does not have, and what stays because it does not have the prefix. */
static int tell_what_came(struct restoration *restoration, const struct inventory *present, struct error *err)
{
        _cleanup_inventory_ struct inventory whole = {0};
        _cleanup_buffer_ struct buffer gone = {0}, kept = {0};
        size_t gone_count = 0, kept_count = 0;
        for (size_t i = 0; i < present->count; i++)
                if (!inventory_find(
                            &restoration->inventory, present->items[i].object, present->items[i].name))
                        add_name(&gone, &gone_count, &present->items[i]);
        if (gone_count > 0)
                stage_log(restoration->context, LOG_LEVEL_INFO,
                        "%zu things came since the backup was made and are dropped: %s%s", gone_count,
                        gone.data, gone_count > NAMES_TOLD ? ", …" : "");
        if (!restoration->scope.prefix || !*restoration->scope.prefix)
                return 0;
        if (inventory_read(restoration->database, INVENTORY_PRESENT, NULL, NULL, &whole, err) < 0)
                return -1;
        for (size_t i = 0; i < whole.count; i++) {
                const struct inventory_item *item = &whole.items[i];
                if (!schema_scope_has(&restoration->scope, item->table ?: item->name) &&
                        !inventory_find(&restoration->inventory, item->object, item->name))
                        add_name(&kept, &kept_count, item);
        }
        if (kept_count > 0)
                stage_log(restoration->context, LOG_LEVEL_WARNING,
                        "%zu things came since the backup was made and stay, as their names do not begin "
                        "with %s: %s%s",
                        kept_count, restoration->scope.prefix, kept.data,
                        kept_count > NAMES_TOLD ? ", …" : "");
        return 0;
}

/* A server that was killed, or lost its power, takes back behind its start what was not committed, and
 * refuses meanwhile, without a wait of its own, to drop the tables of that. */
static int drop_item(struct restoration *restoration, const struct inventory_item *item, struct error *err)
{
        _cleanup_free_ char *name = database_quote_name(item->name);
        struct cancel *cancel = restoration->context->cancel;
        uint64_t begin_ms = clock_steady_ms();
        if (cancel_check(cancel, err) < 0)
                return -1;
        while (database_query(restoration->database, NULL, err, "DROP %s IF EXISTS %s",
                       dump_object_sql(item->object), name) < 0) {
                if (err->reason != REASON_TABLE_LOCKED || clock_steady_ms() - begin_ms >= RECOVERY_MS)
                        return error_wrap(
                                err, "dropping the %s %s", dump_object_name(item->object), item->name);
                error_deinit(err);
                if (cancel_sleep(cancel, RECOVERY_POLL_MS, err) < 0)
                        return -1;
        }
        return 0;
}

/* Events first, as they would act on what is half there. Triggers go with their tables: to drop one by itself
 * the server opens the table, which a power cut may have damaged. A package's body goes with the package. */
static const enum dump_object drop_order[] = {
        DUMP_EVENT,
        DUMP_VIEW,
        DUMP_TABLE,
        DUMP_SEQUENCE,
        DUMP_PROCEDURE,
        DUMP_FUNCTION,
        DUMP_PACKAGE_BODY,
        DUMP_PACKAGE,
};

/* What a power cut has torn is not listed: a table of which the engine alone knows, a trigger without its
 * table. MariaDB 10.11 drops such a thing all the same; older ones say of the trigger that its table is
 * missing. */
static int drop_hidden(struct restoration *restoration, const struct inventory *present, struct error *err)
{
        static const enum dump_object kinds[] = {DUMP_TABLE, DUMP_TRIGGER};
        const struct inventory *inventory = &restoration->inventory;
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                for (size_t j = 0; j < inventory->count; j++) {
                        const struct inventory_item *item = &inventory->items[j];
                        bool is_trigger = item->object == DUMP_TRIGGER;
                        if (item->object != kinds[i] ||
                                !schema_scope_has(&restoration->scope, item->table ?: item->name) ||
                                (!is_trigger && inventory_find(present, item->object, item->name)) ||
                                drop_item(restoration, item, err) == 0)
                                continue;
                        if (!is_trigger || err->number != SERVER_NO_SUCH_TABLE)
                                return -1;
                        error_deinit(err);
                }
        return 0;
}

static int drop_all(struct restoration *restoration, struct error *err)
{
        _cleanup_inventory_ struct inventory present = {0};
        if (inventory_read(
                    restoration->database, INVENTORY_PRESENT, &restoration->scope, NULL, &present, err) < 0 ||
                tell_what_came(restoration, &present, err) < 0 ||
                database_query(restoration->database, NULL, err, "SET SESSION foreign_key_checks = 0") < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(drop_order); i++)
                for (size_t j = 0; j < present.count; j++)
                        if (present.items[j].object == drop_order[i] &&
                                drop_item(restoration, &present.items[j], err) < 0)
                                return -1;
        if (drop_hidden(restoration, &present, err) < 0)
                return -1;
        return database_query(restoration->database, NULL, err, "SET SESSION foreign_key_checks = 1");
}

/* Restoring */

static int send_dump(struct restoration *restoration, struct error *err)
{
        const struct dump_replay replay = {
                .context = restoration->context,
                .name = NAME_STATE_BACKUP,
                .expected_bytes = restoration->inventory.bytes,
                .database = restoration->database,
                .scope = &restoration->scope,
        };
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        return dump_replay(&replay, &contents, err);
}

/* Migrations may have changed it, and what is made in it remembers it. The dump's own statements change it,
 * too, for a moment. */
static int restore_schema(struct restoration *restoration, struct error *err)
{
        const struct inventory *inventory = &restoration->inventory;
        _cleanup_free_ char *collation = NULL;
        int result = database_query_value(restoration->database, &collation, err,
                "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA"
                " WHERE SCHEMA_NAME = DATABASE()");
        if (result < 0)
                return -1;
        if (string_equal(collation, inventory->collation))
                return 0;
        _cleanup_free_ char *name = database_quote_name(inventory->schema);
        return database_query(restoration->database, NULL, err,
                "ALTER DATABASE %s CHARACTER SET %s COLLATE %s", name, inventory->charset,
                inventory->collation);
}

static void on_table(size_t done, size_t total, void *userdata)
{
        stage_progress(userdata, done, total, "tables");
}

static int look(struct restoration *restoration, struct inventory *ret, struct error *err)
{
        struct stage_context *context = restoration->context;
        const struct inventory_progress progress = {
                .cancel = context->cancel, .on_table = on_table, .userdata = context};
        return inventory_read(restoration->database,
                restoration->inventory.checksums ? INVENTORY_CHECKSUMS : INVENTORY_ROWS, &restoration->scope,
                &progress, ret, err);
}

/* The gate stops visitors and cron's consoles, not others who write to the database. Every row of the dump
 * was sent without an error: what is being written to must not keep the site from coming back. */
static int pass_over_written(
        struct restoration *restoration, const struct inventory *found, struct error *err)
{
        _cleanup_inventory_ struct inventory later = {0};
        _cleanup_buffer_ struct buffer names = {0};
        if (cancel_sleep(restoration->context->cancel, SECOND_LOOK_MS, err) < 0 ||
                look(restoration, &later, err) < 0)
                return -1;
        if (inventory_forget_written(&restoration->inventory, found, &later, &names) > 0)
                stage_log(restoration->context, LOG_LEVEL_WARNING,
                        "These tables are restored, but somebody is writing to them already, so that their "
                        "rows could not be compared with the backup's: %s",
                        names.data);
        return 0;
}

static int compare(struct restoration *restoration, struct error *err)
{
        const struct inventory *expected = &restoration->inventory;
        _cleanup_inventory_ struct inventory found = {0};
        _cleanup_buffer_ struct buffer first = {0}, differences = {0};
        uint64_t tables, rows;
        if (look(restoration, &found, err) < 0)
                return -1;
        if (inventory_compare(expected, &found, &restoration->scope, &first, &tables, &rows) > 0 &&
                pass_over_written(restoration, &found, err) < 0)
                return -1;
        if (inventory_compare(expected, &found, &restoration->scope, &differences, &tables, &rows) > 0)
                return error_set(err, REASON_BACKUP_UNPROVEN,
                        "the database was restored from the backup, but is not what was backed up: %s",
                        differences.data);
        stage_log(restoration->context, LOG_LEVEL_INFO,
                "The database is restored: %" PRIu64 " tables with %" PRIu64 " rows, compared with the "
                "inventory of the backup.",
                tables, rows);
        return 0;
}

/* The journal */

/* 1 with its number: a restoration was begun and has not ended. */
static int find_step(struct stage_context *context, int64_t *ret, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        for (size_t i = 0; i < steps.count; i++)
                if (string_equal(steps.items[i].action, STEP_RESTORE) && !steps.items[i].done) {
                        *ret = steps.items[i].number;
                        return 1;
                }
        return 0;
}

static int begin_step(struct stage_context *context, int64_t *ret, struct error *err)
{
        int found = find_step(context, ret, err);
        if (found != 0)
                return found < 0 ? -1 : 0;
        return checkpoint_add_step(
                context->checkpoint, context->stage->name, STEP_RESTORE, NAME_STATE_BACKUP, ret, err);
}

int restore_database(struct stage_context *context, struct error *err)
{
        _cleanup_(restoration_deinit) struct restoration restoration = {.context = context};
        int64_t step;
        stage_log(context, LOG_LEVEL_INFO, "Restoring the database from %s/%s...", context->state_path,
                NAME_STATE_BACKUP);
        if (find_backup(&restoration, err) < 0 || lock_database(&restoration, err) < 0 ||
                read_dump(&restoration, err) < 0 || begin_step(context, &step, err) < 0 ||
                drop_all(&restoration, err) < 0 || restore_schema(&restoration, err) < 0 ||
                send_dump(&restoration, err) < 0 || restore_schema(&restoration, err) < 0 ||
                compare(&restoration, err) < 0)
                return error_wrap(err, "restoring the database");
        database_sync_server(restoration.database);
        return checkpoint_finish_step(
                context->checkpoint, context->stage->name, step, "compared with the inventory", err);
}

/* What undo functions call */

static int has_fact(struct stage_context *context, const char *name, const char *value, struct error *err)
{
        _cleanup_free_ char *found = NULL;
        int result = checkpoint_get_fact(context->checkpoint, name, &found, err);
        return result < 0 ? -1 : result == 0 && string_equal(found, value);
}

/* 1: there is something to do. A restoration that was begun must be ended, whatever was asked for since: the
 * database is half of either. */
static int is_wanted(struct stage_context *context, struct error *err)
{
        int64_t step;
        int begun = find_step(context, &step, err);
        if (begun != 0)
                return begun;
        int files_only = has_fact(context, FACT_ROLLBACK_FILES_ONLY, "yes", err);
        if (files_only != 0)
                return files_only < 0 ? -1 : 0;
        return has_fact(context, FACT_DATABASE_TOUCHED, "yes", err);
}

int restore_database_needed(struct stage_context *context, struct error *err)
{
        return checkpoint_set_fact(context->checkpoint, FACT_DATABASE_TOUCHED, "yes", err);
}

int restore_database_can_begin(struct stage_context *context, struct error *err)
{
        _cleanup_(restoration_deinit) struct restoration restoration = {.context = context};
        int wanted = is_wanted(context, err);
        if (wanted <= 0)
                return wanted;
        if (find_backup(&restoration, err) < 0 || lock_database(&restoration, err) < 0 ||
                read_dump(&restoration, err) < 0)
                return error_wrap(err, "the database could not be restored");
        return 0;
}

int restore_database_if_touched(struct stage_context *context, struct error *err)
{
        int wanted = is_wanted(context, err);
        if (wanted <= 0)
                return wanted;
        if (restore_database(context, err) < 0)
                return -1;
        return checkpoint_set_fact(context->checkpoint, FACT_DATABASE_TOUCHED, "restored", err);
}

/* The gate's lowering is asked for as well when a kill came between it and the restored database. */
int restore_database_behind_gate(struct stage_context *context, struct error *err)
{
        int wanted = is_wanted(context, err);
        if (wanted < 0 || (wanted > 0 && (gate_raise_for_rollback(context, err) < 0 ||
                                                 restore_database_if_touched(context, err) < 0)))
                return -1;
        return gate_lower_after_rollback(context, err);
}
