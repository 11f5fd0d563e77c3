/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * backup_database: a dump (states/dump_way.h: by mariadb-dump or mysqldump, or natively), compressed while it
 * streams, into the state folder.
 *
 *   m3_upgrade_db_backup.sql.zst.part   being written; what a killed try left is removed at the next entry,
 *                                       as a consistent dump can't be gone on with
 *   m3_upgrade_db_backup.sql.zst        whole, synced, mode 0600: the artifact "database_backup"
 *   m3_upgrade_db_backup-TIME.sql.zst   what stood under that name and is not this upgrade's
 *   m3_upgrade_db_backup-unproven.sql.zst   the last of this upgrade's that failed its proof
 *   m3_upgrade_db_backup.json           its inventory (states/backup_inventory.h), the same way; it gets its
 *                                       name before the dump does
 *   database-client.cnf                 the credentials, 0600, only while a dump program runs
 *
 * The step "publish" holds sizes and hashes before the renames, so that a dump whose artifact was not
 * recorded before a kill is known again. An older dump is never overwritten.
 *
 * What every dump is checked for while it is written: that it ends with its trailer, holds all that the
 * schema does, and of each table that nobody wrote to meanwhile all rows. Then backup_verify proves it.
 */

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/sha256.h"
#include "states/backup.h"
#include "states/backup_verify.h"
#include "states/dump_way.h"
#include "states/proof.h"
#include "states/restore_database.h"
#include "states/site_database.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define NAME_PART NAME_STATE_BACKUP ".part"
#define NAME_INVENTORY_PART NAME_STATE_INVENTORY ".part"
#define STEP_PUBLISH "publish"

/* What is published together. */
struct publication {
        struct compress_total dump;
        uint64_t inventory_size;
        char inventory_sha256[SHA256_HEX_SIZE];
};

/* What is there already */

static int remove_leftovers(struct stage_context *context, struct error *err)
{
        static const char *const names[] = {DUMP_OPTION_FILE, NAME_PART, NAME_INVENTORY_PART};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (file_remove(context->state_fd, names[i], err) < 0)
                        return error_wrap(err, "removing what an earlier try left");
        return 0;
}

static int file_is(
        struct stage_context *context, const char *name, uint64_t size, const char *sha256, struct error *err)
{
        bool matches = false;
        if (file_matches(context->state_fd, name, size, sha256, context->cancel, &matches, err) < 0)
                return -1;
        return matches;
}

static int save_artifact(struct stage_context *context, const char *artifact, const char *name, uint64_t size,
        const char *sha256, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {
                .name = string_copy(artifact),
                .path = string_format("%s/%s", context->state_path, name),
                .size = size,
                .sha256 = string_copy(sha256),
        };
        return checkpoint_save_artifact(context->checkpoint, &record, err);
}

static int save_artifacts(
        struct stage_context *context, const struct publication *publication, struct error *err)
{
        if (save_artifact(context, ARTIFACT_INVENTORY, NAME_STATE_INVENTORY, publication->inventory_size,
                    publication->inventory_sha256, err) < 0)
                return -1;
        return save_artifact(context, ARTIFACT_BACKUP, NAME_STATE_BACKUP, publication->dump.bytes_out,
                publication->dump.sha256, err);
}

/* 1 when it is recorded, there and right; *ret_path when it is recorded alone. */
static int find_artifact(struct stage_context *context, const char *artifact, const char *name,
        char **ret_path, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        int result = checkpoint_load_artifact(context->checkpoint, artifact, &record, err);
        if (result != 0)
                return result < 0 ? -1 : 0;
        result = file_is(context, name, record.size, record.sha256, err);
        if (result == 0)
                *ret_path = steal(&record.path);
        return result;
}

/* 1 when the recorded backup is there and right. */
static int find_recorded_backup(struct stage_context *context, struct error *err)
{
        _cleanup_free_ char *wrong = NULL;
        int result = find_artifact(context, ARTIFACT_BACKUP, NAME_STATE_BACKUP, &wrong, err);
        if (result > 0)
                result = find_artifact(context, ARTIFACT_INVENTORY, NAME_STATE_INVENTORY, &wrong, err);
        if (wrong)
                stage_log(context, LOG_LEVEL_WARNING,
                        "The recorded database backup %s is gone or was changed; it is made again.", wrong);
        return result;
}

/* "SIZE SHA256 SIZE SHA256", the dump's and the inventory's. */
static bool read_publication(const char *detail, struct publication *ret)
{
        return detail &&
               sscanf(detail, "%" SCNu64 " %64[0-9a-f] %" SCNu64 " %64[0-9a-f]", &ret->dump.bytes_out,
                       ret->dump.sha256, &ret->inventory_size, ret->inventory_sha256) == 4;
}

/* 1 when both files are there. */
static int is_published(
        struct stage_context *context, const struct publication *publication, struct error *err)
{
        int result = file_is(
                context, NAME_STATE_BACKUP, publication->dump.bytes_out, publication->dump.sha256, err);
        return result <= 0 ? result
                           : file_is(context, NAME_STATE_INVENTORY, publication->inventory_size,
                                     publication->inventory_sha256, err);
}

/* 1 when a dump was put under its name, but a kill came before it was recorded. */
static int find_published_backup(struct stage_context *context, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        for (size_t i = steps.count; i-- > 0;) {
                const struct step_record *step = &steps.items[i];
                struct publication publication = {0};
                if (!string_equal(step->action, STEP_PUBLISH) ||
                        !read_publication(step->detail, &publication))
                        continue;
                int result = is_published(context, &publication, err);
                if (result < 0)
                        return -1;
                if (result == 0)
                        continue;
                /* Whoever renamed it may have been killed before the sync. */
                if (file_sync(context->state_fd, NAME_STATE_BACKUP, err) < 0 ||
                        save_artifacts(context, &publication, err) < 0)
                        return -1;
                return checkpoint_finish_step(context->checkpoint, context->stage->name, step->number,
                               "found after an interruption", err) < 0
                               ? -1
                               : 1;
        }
        return 0;
}

/* 1: the name with that suffix is taken. */
static int keep_aside(struct stage_context *context, const char *name, const char *suffix, const char *ending,
        struct error *err)
{
        _cleanup_free_ char *kept = string_format("m3_upgrade_db_backup-%s%s", suffix, ending);
        int result = file_rename(context->state_fd, name, context->state_fd, kept, err);
        if (result < 0)
                return err->reason == REASON_ALREADY_EXISTS ? 1 : -1;
        if (result == 0)
                stage_log(context, LOG_LEVEL_INFO, "An older database backup was there; it is kept as %s/%s.",
                        context->state_path, kept);
        return 0;
}

static int keep_foreign_backup(struct stage_context *context, struct error *err)
{
        struct stat status;
        int dump = file_stat(context->state_fd, NAME_STATE_BACKUP, &status, err);
        int inventory = dump < 0 ? -1 : file_stat(context->state_fd, NAME_STATE_INVENTORY, &status, err);
        if (dump < 0 || inventory < 0)
                return -1;
        if (dump > 0 && inventory > 0)
                return 0;
        char time[20];
        clock_format_utc(clock_wall_ms(), time);
        for (char *c = time; *c; c++)
                if (*c == ' ' || *c == ':')
                        *c = '-';
        for (unsigned try = 0; try < 1000; try++) {
                _cleanup_free_ char *suffix = try > 0 ? string_format("%s-%u", time, try) : string_copy(time);
                int result = keep_aside(context, NAME_STATE_BACKUP, suffix, ".sql.zst", err);
                if (result == 0)
                        result = keep_aside(context, NAME_STATE_INVENTORY, suffix, ".json", err);
                if (result <= 0)
                        return result;
        }
        return error_wrap(err, "keeping the older backup aside");
}

/* What the database holds */

/* A single transaction shows one moment of InnoDB tables only. */
static int warn_of_other_engines(struct stage_context *context, struct database *database, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT t.TABLE_NAME, t.ENGINE FROM information_schema.TABLES t"
                    " JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE"
                    " WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'"
                    " AND e.TRANSACTIONS <> 'YES' ORDER BY t.TABLE_NAME") < 0)
                return error_wrap(err, "looking for tables without transactions");
        if (rows.rows == 0)
                return 0;
        _cleanup_buffer_ struct buffer names = {0};
        for (size_t i = 0; i < rows.rows && i < 20; i++)
                buffer_append_format(&names, "%s%s (%s)", i > 0 ? ", " : "", database_cell(&rows, i, 0),
                        database_cell(&rows, i, 1));
        stage_log(context, LOG_LEVEL_WARNING,
                "These tables know no transactions: what is written to them during the backup may be in it or"
                " not: %s%s",
                names.data, rows.rows > 20 ? ", …" : "");
        return 0;
}

/* The dump */

static int write_part(struct stage_context *context, const struct dump_way *way, struct compress_total *ret,
        struct dump_contents *ret_contents, struct error *err)
{
        _cleanup_close_ int fd = -1;
        if (file_open(context->state_fd, NAME_PART, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, err) != 0)
                return -1;
        struct compress_total total;
        if (dump_way_run(context, way, fd, NAME_PART, &total, ret_contents, err) < 0 ||
                file_sync(fd, NAME_PART, err) < 0)
                return -1;
        *ret = total;
        return 0;
}

static int write_inventory(struct stage_context *context, const struct inventory *inventory,
        struct publication *publication, struct error *err)
{
        _cleanup_free_ char *text = inventory_text(inventory);
        if (!text)
                return error_set(err, REASON_INTERNAL, "the backup's inventory can't be written as JSON");
        publication->inventory_size = strlen(text);
        sha256_of(text, strlen(text), publication->inventory_sha256);
        return file_write_atomic(context->state_fd, NAME_INVENTORY_PART, text, strlen(text), 0600, err);
}

static int rename_part(struct stage_context *context, const char *part, const char *name, struct error *err)
{
        int result = file_rename(context->state_fd, part, context->state_fd, name, err);
        if (result > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s/%s was taken away while it was made",
                        context->state_path, part);
        return result;
}

static int publish(struct stage_context *context, const struct publication *publication, struct error *err)
{
        const char *stage = context->stage->name;
        int64_t step;
        _cleanup_free_ char *detail =
                string_format("%" PRIu64 " %s %" PRIu64 " %s", publication->dump.bytes_out,
                        publication->dump.sha256, publication->inventory_size, publication->inventory_sha256);
        if (keep_foreign_backup(context, err) < 0 ||
                checkpoint_add_step(context->checkpoint, stage, STEP_PUBLISH, detail, &step, err) < 0 ||
                rename_part(context, NAME_INVENTORY_PART, NAME_STATE_INVENTORY, err) < 0 ||
                rename_part(context, NAME_PART, NAME_STATE_BACKUP, err) < 0 ||
                save_artifacts(context, publication, err) < 0)
                return -1;
        return checkpoint_finish_step(context->checkpoint, stage, step, "renamed", err);
}

/* The inventory */

static void on_table(size_t done, size_t total, void *userdata)
{
        stage_progress(userdata, done, total, "tables");
}

static int take_stock(struct stage_context *context, struct inventory *ret, struct error *err)
{
        const struct inventory_progress progress = {
                .cancel = context->cancel, .on_table = on_table, .userdata = context};
        bool whole = !string_equal(context->config->backup_verify, "no");
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        if (stage_database_connect(context, &settings, &database, err) < 0 ||
                inventory_read(database, whole ? INVENTORY_CHECKSUMS : INVENTORY_NAMES, NULL, &progress, ret,
                        err) < 0)
                return -1;
        ret->prefix = steal(&settings.prefix);
        return 0;
}

static void tell_of_table(struct stage_context *context, const struct inventory_item *item)
{
        if (item->rounded)
                stage_log(context, LOG_LEVEL_WARNING,
                        "Table %s has FLOAT columns, which the dump holds with six digits: a copy from the "
                        "backup is compared by its number of rows.",
                        item->name);
        if (item->versioned)
                stage_log(context, LOG_LEVEL_WARNING,
                        "Table %s keeps a history of its rows, which is not in the backup.", item->name);
        if (item->no_data)
                stage_log(context, LOG_LEVEL_WARNING,
                        "Table %s keeps its rows outside of this database; they are not in the backup.",
                        item->name);
}

static void tell_of_inventory(struct stage_context *context, const struct inventory *inventory)
{
        size_t busy = 0;
        uint64_t rows = 0;
        for (size_t i = 0; i < inventory->count; i++) {
                tell_of_table(context, &inventory->items[i]);
                busy += inventory->items[i].object == DUMP_TABLE && !inventory->items[i].steady;
                rows += inventory->items[i].counted ? inventory->items[i].rows : 0;
        }
        stage_log(context, LOG_LEVEL_INFO, "The backup holds %zu tables with %" PRIu64 " rows.",
                inventory_tables(inventory), rows);
        if (busy > 0)
                stage_log(context, LOG_LEVEL_INFO,
                        "%zu tables were written to while the backup was made; a copy of them is compared by "
                        "the rows that the dump holds.",
                        busy);
}

static int dump_database(struct stage_context *context, struct compress_total *ret,
        struct dump_contents *ret_contents, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_dump_way_ struct dump_way way = {.database = &settings.database};
        if (stage_database_connect(context, &settings, &database, err) < 0 ||
                database_data_size(database, &way.expected_bytes, err) < 0 ||
                warn_of_other_engines(context, database, err) < 0 || dump_way_find(context, &way, err) < 0)
                return -1;
        /* Idle while the dump runs, it would only take one of the server's connections. */
        database_close(steal(&database));
        _cleanup_free_ char *by = dump_way_describe(&way);
        stage_log(context, LOG_LEVEL_INFO, "Backing up your database %s with %s...", settings.database.name,
                by);
        stage_progress(context, 0, way.expected_bytes, "bytes");
        return write_part(context, &way, ret, ret_contents, err);
}

static int make_parts(struct stage_context *context, struct publication *ret, struct error *err)
{
        _cleanup_inventory_ struct inventory inventory = {0}, after = {0};
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        if (take_stock(context, &inventory, err) < 0 ||
                dump_database(context, &ret->dump, &contents, err) < 0 ||
                take_stock(context, &after, err) < 0 ||
                inventory_settle(&inventory, &after, &contents, err) < 0)
                return -1;
        inventory_judge_floats(&inventory, dump_way_is_native(context->config));
        tell_of_inventory(context, &inventory);
        return write_inventory(context, &inventory, ret, err);
}

static int make_backup(struct stage_context *context, struct error *err)
{
        struct publication publication = {0};
        if (make_parts(context, &publication, err) < 0) {
                /* A full disk should not stay full of a dump that is of no use. */
                _cleanup_error_ struct error ignored = {0};
                (void)!file_remove(context->state_fd, NAME_PART, &ignored);
                return -1;
        }
        if (publish(context, &publication, err) < 0)
                return -1;
        const struct compress_total *total = &publication.dump;
        stage_progress(context, total->bytes_in, total->bytes_in, "bytes");
        stage_log(context, LOG_LEVEL_INFO,
                "Database backup successfully written to %s/%s (%" PRIu64 " bytes, SHA-256 %s).",
                context->state_path, NAME_STATE_BACKUP, total->bytes_out, total->sha256);
        return 0;
}

/* The proof */

/* 1: the recorded verification is of the dump with that hash; 0: there is none of it. */
static int former_verification(
        struct stage_context *context, const char *sha256, struct backup_verification *ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_backup_verification_ struct backup_verification former = {0};
        int result = checkpoint_get_fact(context->checkpoint, FACT_BACKUP_VERIFICATION, &text, err);
        if (result != 0)
                return result < 0 ? -1 : 0;
        if (!backup_verification_read(text, &former) || !string_equal(former.sha256, sha256))
                return 0;
        *ret = former;
        former = (struct backup_verification){0};
        return 1;
}

/* 1: this dump was verified, and is good. */
static int is_verified(struct stage_context *context, const char *sha256, struct error *err)
{
        _cleanup_backup_verification_ struct backup_verification former = {0};
        int result = former_verification(context, sha256, &former, err);
        if (result <= 0)
                return result;
        return former.verdict == BACKUP_VERIFIED ||
               (former.verdict == BACKUP_STRUCTURE_ONLY &&
                       !string_equal(context->config->backup_verify, "yes"));
}

/* What an earlier proof, also one of a former upgrade, could not drop. */
static void drop_scratch_schemas(struct stage_context *context)
{
        _cleanup_error_ struct error left = {0};
        if (backup_verify_clean(context, &left) < 0)
                stage_log(context, LOG_LEVEL_WARNING, "%s", error_message(&left));
}

static int prove_backup(struct stage_context *context, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_backup_verification_ struct backup_verification verification = {0};
        if (string_equal(context->config->backup_verify, "no")) {
                drop_scratch_schemas(context);
                return 0;
        }
        if (checkpoint_load_artifact(context->checkpoint, ARTIFACT_BACKUP, &record, err) < 0)
                return -1;
        int verified = is_verified(context, record.sha256, err);
        if (verified != 0)
                return verified < 0 ? -1 : 0;
        if (backup_verify(context, &verification, err) < 0)
                return -1;
        if (verification.verdict == BACKUP_FAILED)
                return error_set(err, REASON_BACKUP_UNPROVEN,
                        "the backup can't be restored as it should: %s (resume makes another one and keeps "
                        "this one as %s/" NAME_STATE_UNPROVEN ")",
                        verification.why, context->state_path);
        return 0;
}

/* 1: this very dump was restored once, and differed. Another one may well not: a row that was written and
 * taken back while it was made is enough. */
static int has_failed(struct stage_context *context, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_backup_verification_ struct backup_verification former = {0};
        if (checkpoint_load_artifact(context->checkpoint, ARTIFACT_BACKUP, &record, err) < 0)
                return -1;
        int result = former_verification(context, record.sha256, &former, err);
        return result <= 0 ? result : former.verdict == BACKUP_FAILED;
}

/* One alone is kept, to be looked at: a cause that stays must not fill the disk with a dump for each resume.
 */
static int put_failed_aside(struct stage_context *context, struct error *err)
{
        static const char *const names[][2] = {{NAME_STATE_BACKUP, NAME_STATE_UNPROVEN},
                {NAME_STATE_INVENTORY, NAME_STATE_UNPROVEN_INVENTORY}};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (file_remove(context->state_fd, names[i][1], err) < 0 ||
                        file_rename(context->state_fd, names[i][0], context->state_fd, names[i][1], err) < 0)
                        return error_wrap(err, "keeping the backup that failed its proof aside");
        stage_log(context, LOG_LEVEL_INFO, "The backup that failed its proof is kept as %s/%s.",
                context->state_path, NAME_STATE_UNPROVEN);
        return 0;
}

static int run_backup_database(struct stage_context *context, struct error *err)
{
        if (remove_leftovers(context, err) < 0)
                return -1;
        int found = find_recorded_backup(context, err);
        if (found == 0)
                found = find_published_backup(context, err);
        if (found > 0) {
                int failed = has_failed(context, err);
                if (failed > 0 && put_failed_aside(context, err) < 0)
                        return -1;
                found = failed < 0 ? -1 : !failed;
        }
        if (found < 0 || (found == 0 && make_backup(context, err) < 0) || prove_backup(context, err) < 0)
                return -1;
        return STAGE_DONE;
}

/* The backup itself stays. What another stage's undo has not restored (the schema was updated by hand before
 * any migration) is restored here. */
static int undo_backup_database(struct stage_context *context, struct error *err)
{
        if (restore_database_behind_gate(context, err) < 0)
                return -1;
        drop_scratch_schemas(context);
        return 0;
}

const struct stage stage_backup_database = {
        .name = "backup_database",
        .title = "Back up the database",
        .error_code = ERR_DATABASE_BACKUP_FAILED,
        .run = run_backup_database,
        .undo = undo_backup_database,
        .prove = prove_backup_database,
        .begins = BOUNDARY_NOTHING_CHANGED,
};
