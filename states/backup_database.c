/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * backup_database: mariadb-dump or mysqldump, compressed while it streams, into the state folder.
 *
 *   m3_upgrade_db_backup.sql.zst.part   being written; what a killed try left is removed at the next entry,
 *                                       as a consistent dump can't be gone on with
 *   m3_upgrade_db_backup.sql.zst        whole, synced, mode 0600: the artifact "database_backup"
 *   m3_upgrade_db_backup-TIME.sql.zst   what stood under that name and is not this upgrade's
 *   database-client.cnf                 the credentials, 0600, only while the dump runs
 *
 * The step "publish" holds size and hash before the rename, so that a dump whose artifact was not recorded
 * before a kill is known again. An older dump is never overwritten.
 */

#include "lib/clock.h"
#include "lib/compress.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/process.h"
#include "states/backup.h"
#include "states/dump_tool.h"
#include "states/machine.h"
#include "states/site_database.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define NAME_PART NAME_STATE_BACKUP ".part"
#define NAME_OPTION_FILE "database-client.cnf"
#define STEP_PUBLISH "publish"
#define TAIL_SIZE 256

struct dump {
        struct stage_context *context;
        struct compress_writer *writer;
        uint64_t expected_bytes;
        char tail[TAIL_SIZE + 1]; /* the end of what came */
        size_t tail_size;
};

/* What is there already */

static int remove_leftovers(struct stage_context *context, struct error *err)
{
        static const char *const names[] = {NAME_OPTION_FILE, NAME_PART};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (file_remove(context->state_fd, names[i], err) < 0)
                        return error_wrap(err, "removing what an earlier try left");
        return 0;
}

/* 1: the file under the backup's name is this one. */
static int backup_is(struct stage_context *context, uint64_t size, const char *sha256, struct error *err)
{
        bool matches = false;
        if (file_matches(context->state_fd, NAME_STATE_BACKUP, size, sha256, context->cancel, &matches, err) <
                0)
                return -1;
        return matches;
}

static int save_artifact(struct stage_context *context, uint64_t size, const char *sha256, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {
                .name = string_copy(ARTIFACT_BACKUP),
                .path = string_format("%s/%s", context->state_path, NAME_STATE_BACKUP),
                .size = size,
                .sha256 = string_copy(sha256),
        };
        return checkpoint_save_artifact(context->checkpoint, &record, err);
}

/* 1 when the recorded backup is there and right. */
static int find_recorded_backup(struct stage_context *context, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        int result = checkpoint_load_artifact(context->checkpoint, ARTIFACT_BACKUP, &record, err);
        if (result != 0)
                return result < 0 ? -1 : 0;
        result = backup_is(context, record.size, record.sha256, err);
        if (result == 0)
                stage_log(context, LOG_LEVEL_WARNING,
                        "The recorded database backup %s is gone or was changed; it is made again.",
                        record.path);
        return result;
}

int backup_require(struct stage_context *context, struct artifact_record *ret, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_stage_record_ struct stage_record stage = {0};
        const char *succeeded = stage_state_name(STAGE_SUCCEEDED);
        int found = checkpoint_load_stage(context->checkpoint, stage_backup_database.name, &stage, err);
        if (found < 0)
                return -1;
        if (found > 0 || !string_equal(stage.state, succeeded))
                return error_set(err, REASON_BACKUP_MISSING, "there is no finished backup of the database");
        found = checkpoint_load_artifact(context->checkpoint, ARTIFACT_BACKUP, &record, err);
        if (found < 0)
                return -1;
        if (found > 0)
                return error_set(err, REASON_BACKUP_MISSING, "no backup of the database is recorded");
        found = backup_is(context, record.size, record.sha256, err);
        if (found < 0)
                return error_wrap(err, "proving the backup");
        if (found == 0)
                return error_set(err, REASON_BACKUP_MISSING,
                        "the backup %s is gone, or is not what was written when it was made", record.path);
        *ret = record;
        record = (struct artifact_record){0};
        return 0;
}

/* 1 when a dump was put under its name, but a kill came before it was recorded. */
static int find_published_backup(struct stage_context *context, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        for (size_t i = steps.count; i-- > 0;) {
                const struct step_record *step = &steps.items[i];
                uint64_t size;
                char sha256[65];
                if (!string_equal(step->action, STEP_PUBLISH) || !step->detail ||
                        sscanf(step->detail, "%" SCNu64 " %64[0-9a-f]", &size, sha256) != 2)
                        continue;
                int result = backup_is(context, size, sha256, err);
                if (result < 0)
                        return -1;
                if (result > 0 && save_artifact(context, size, sha256, err) < 0)
                        return -1;
                if (result > 0)
                        return checkpoint_finish_step(context->checkpoint, context->stage->name, step->number,
                                       "found after an interruption", err) < 0
                                       ? -1
                                       : 1;
        }
        return 0;
}

static int keep_foreign_backup(struct stage_context *context, struct error *err)
{
        struct stat status;
        int result = file_stat(context->state_fd, NAME_STATE_BACKUP, &status, err);
        if (result != 0)
                return result < 0 ? -1 : 0;
        char time[20];
        clock_format_utc(clock_wall_ms(), time);
        for (char *c = time; *c; c++)
                if (*c == ' ' || *c == ':')
                        *c = '-';
        for (unsigned try = 0; try < 1000; try++) {
                _cleanup_free_ char *suffix = try > 0 ? string_format("-%u", try) : string_copy("");
                _cleanup_free_ char *kept = string_format("m3_upgrade_db_backup-%s%s.sql.zst", time, suffix);
                result = file_rename(context->state_fd, NAME_STATE_BACKUP, context->state_fd, kept, err);
                if (result < 0 && err->reason == REASON_ALREADY_EXISTS)
                        continue;
                if (result == 0)
                        stage_log(context, LOG_LEVEL_INFO,
                                "An older database backup was there; it is kept as %s/%s.",
                                context->state_path, kept);
                return result < 0 ? -1 : 0;
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

static int write_option_file(
        struct stage_context *context, const struct database_parameters *parameters, struct error *err)
{
        _cleanup_free_ char *text = database_option_file(parameters);
        _cleanup_close_ int fd = -1;
        int result =
                file_open(context->state_fd, NAME_OPTION_FILE, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, err);
        if (result == 0)
                result = file_write_all(fd, text, strlen(text), NAME_OPTION_FILE, err);
        explicit_bzero(text, strlen(text));
        return result < 0 ? error_wrap(err, "writing the credentials for the dump") : 0;
}

static void keep_tail(struct dump *dump, const char *data, size_t size)
{
        if (size >= TAIL_SIZE) {
                memcpy(dump->tail, data + size - TAIL_SIZE, TAIL_SIZE);
                dump->tail_size = TAIL_SIZE;
                return;
        }
        size_t kept = dump->tail_size + size > TAIL_SIZE ? TAIL_SIZE - size : dump->tail_size;
        memmove(dump->tail, dump->tail + dump->tail_size - kept, kept);
        memcpy(dump->tail + kept, data, size);
        dump->tail_size = kept + size;
}

static int on_dump_output(const void *data, size_t size, void *userdata, struct error *err)
{
        struct dump *dump = userdata;
        if (compress_writer_write(dump->writer, data, size, err) < 0)
                return -1;
        keep_tail(dump, data, size);
        uint64_t done = compress_writer_bytes_in(dump->writer);
        stage_progress(
                dump->context, done, done > dump->expected_bytes ? done : dump->expected_bytes, "bytes");
        return 0;
}

static bool ends_with_trailer(struct dump *dump)
{
        size_t size = dump->tail_size;
        while (size > 0 && (dump->tail[size - 1] == '\n' || dump->tail[size - 1] == '\r'))
                size--;
        size_t begin = size;
        while (begin > 0 && dump->tail[begin - 1] != '\n')
                begin--;
        return size - begin >= strlen(DUMP_TRAILER) &&
               memcmp(dump->tail + begin, DUMP_TRAILER, strlen(DUMP_TRAILER)) == 0;
}

/* The child has no way to name a file of its own: --defaults-file keeps out the machine's and the user's,
 * but MySQL's programs read the login file whatever they are told. */
static const char *const dump_environment[] = {
        "MYSQL_TEST_LOGIN_FILE=/nonexistent/mautic-upgraded.mylogin.cnf", NULL};

/* At some points mariadb-dump 10.11 ends without a word when it loses the server. */
static int fail_dump(const struct dump_tool *tool, const struct process_result *result,
        const struct database_parameters *parameters, struct error *err)
{
        (void)dump_tool_failed(tool, result, parameters->password, err);
        if (err->reason != REASON_PROGRAM_FAILED)
                return -1;
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_error_ struct error lost = {0};
        if (database_connect(parameters, &database, &lost) == 0)
                return -1;
        _cleanup_free_ char *said = string_copy(error_message(err));
        return error_set(err, REASON_DATABASE_LOST, "%s; %s", said, error_message(&lost));
}

static int run_tool(struct dump *dump, const struct dump_tool *tool,
        const struct database_parameters *parameters, struct error *err)
{
        struct stage_context *context = dump->context;
        _cleanup_free_ char *option_file = string_format("%s/%s", context->state_path, NAME_OPTION_FILE);
        _cleanup_strings_ char **arguments = dump_tool_arguments(tool, option_file, parameters->name);
        const struct process_options options = {
                .arguments = (const char *const *)arguments,
                .environment = dump_environment,
                .keep_fds = context->lock_fds,
                .keep_count = context->lock_count,
                .time_limit_ms = context->config->backup_timeout * 1000,
                .cancel = context->cancel,
                .on_output = on_dump_output,
                .userdata = dump,
        };
        _cleanup_process_result_ struct process_result result = {0};
        if (write_option_file(context, parameters, err) < 0)
                return -1;
        int ran = process_run(&options, &result, err);
        struct error removal = {0};
        if (file_remove(context->state_fd, NAME_OPTION_FILE, ran < 0 ? &removal : err) < 0 && ran == 0)
                ran = error_wrap(err, "removing the dump's credentials");
        error_deinit(&removal);
        if (ran < 0)
                return -1;
        if (result.status != 0)
                return fail_dump(tool, &result, parameters, err);
        if (!ends_with_trailer(dump))
                return error_set(err, REASON_BACKUP_INCOMPLETE,
                        "%s ended without an error, but its dump does not end with '" DUMP_TRAILER "'",
                        tool->name);
        return 0;
}

static int write_part(struct dump *dump, const struct dump_tool *tool,
        const struct database_parameters *parameters, struct compress_total *ret, struct error *err)
{
        struct stage_context *context = dump->context;
        _cleanup_close_ int fd = -1;
        if (file_open(context->state_fd, NAME_PART, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, err) != 0)
                return -1;
        _cleanup_(compress_writer_freep) struct compress_writer *writer = NULL;
        if (compress_writer_new(fd, NAME_PART, (unsigned)context->config->backup_level, &writer, err) < 0)
                return -1;
        dump->writer = writer;
        struct compress_total total;
        if (run_tool(dump, tool, parameters, err) < 0 || compress_writer_finish(writer, &total, err) < 0 ||
                file_sync(fd, NAME_PART, err) < 0)
                return -1;
        *ret = total;
        return 0;
}

static int publish(struct stage_context *context, const struct compress_total *total, struct error *err)
{
        const char *stage = context->stage->name;
        int64_t step;
        _cleanup_free_ char *detail = string_format("%" PRIu64 " %s", total->bytes_out, total->sha256);
        if (keep_foreign_backup(context, err) < 0 ||
                checkpoint_add_step(context->checkpoint, stage, STEP_PUBLISH, detail, &step, err) < 0)
                return -1;
        int result = file_rename(context->state_fd, NAME_PART, context->state_fd, NAME_STATE_BACKUP, err);
        if (result > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s/%s was taken away while it was made",
                        context->state_path, NAME_PART);
        if (result < 0)
                return -1;
        if (save_artifact(context, total->bytes_out, total->sha256, err) < 0)
                return -1;
        return checkpoint_finish_step(context->checkpoint, stage, step, "renamed", err);
}

static int dump_database(struct stage_context *context, struct compress_total *ret, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_dump_tool_ struct dump_tool tool = {0};
        struct dump dump = {.context = context};
        if (site_database_connect(context->config, context->site, &settings, &database, err) < 0 ||
                database_data_size(database, &dump.expected_bytes, err) < 0 ||
                warn_of_other_engines(context, database, err) < 0 ||
                dump_tool_find(context->config, context->cancel, &tool, err) < 0)
                return -1;
        /* Idle while the dump runs, it would only take one of the server's connections. */
        database_close(steal(&database));
        stage_log(context, LOG_LEVEL_INFO, "Backing up your database %s with %s %u.%u...",
                settings.database.name, tool.name, tool.major, tool.minor);
        stage_progress(context, 0, dump.expected_bytes, "bytes");
        return write_part(&dump, &tool, &settings.database, ret, err);
}

static int run_backup_database(struct stage_context *context, struct error *err)
{
        if (remove_leftovers(context, err) < 0)
                return -1;
        int found = find_recorded_backup(context, err);
        if (found == 0)
                found = find_published_backup(context, err);
        if (found != 0)
                return found < 0 ? -1 : STAGE_DONE;

        struct compress_total total;
        if (dump_database(context, &total, err) < 0) {
                /* A full disk should not stay full of a dump that is of no use. */
                _cleanup_error_ struct error ignored = {0};
                (void)!file_remove(context->state_fd, NAME_PART, &ignored);
                return -1;
        }
        if (publish(context, &total, err) < 0)
                return -1;
        stage_progress(context, total.bytes_in, total.bytes_in, "bytes");
        stage_log(context, LOG_LEVEL_INFO,
                "Database backup successfully written to %s/%s (%" PRIu64 " bytes, SHA-256 %s).",
                context->state_path, NAME_STATE_BACKUP, total.bytes_out, total.sha256);
        return STAGE_DONE;
}

const struct stage stage_backup_database = {
        .name = "backup_database",
        .title = "Back up the database",
        .error_code = ERR_DATABASE_BACKUP_FAILED,
        .run = run_backup_database,
        .begins = BOUNDARY_NOTHING_CHANGED,
};
