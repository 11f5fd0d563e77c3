/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/scratch_schema.h"

#include "lib/memory.h"
#include "lib/text.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statvfs.h>

#define STEP_SCHEMA "scratch_schema"
#define MARK "_mautic_upgraded_verify_"
#define NAME_COLUMNS 64 /* characters of a schema's name, MySQL and MariaDB */
#define HASH_SIZE 8
#define REMOTE_LIMIT (UINT64_C(1024) * 1024 * 1024)

void scratch_schema_deinit(struct scratch_schema *scratch)
{
        free(scratch->name);
        *scratch = (struct scratch_schema){0};
}

char *scratch_schema_name(const char *schema, const char *hash)
{
        _cleanup_free_ char *begin = string_copy(schema);
        text_cut(begin, NAME_COLUMNS - strlen(MARK) - HASH_SIZE);
        return string_format("%s" MARK "%s", begin, hash);
}

static int new_name(const char *schema, char **ret, struct error *err)
{
        unsigned char bytes[HASH_SIZE / 2];
        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
                return error_set_errno(err, errno, "can't get random bytes");
        _cleanup_buffer_ struct buffer hash = {0};
        buffer_append_hex(&hash, bytes, sizeof(bytes));
        *ret = scratch_schema_name(schema, hash.data);
        return 0;
}

/* Obstacles */

/* A copy's foreign keys would watch the rows of the schema that they lead to. */
static int look_for_foreign_keys(struct database *database, char **ret_why, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA FROM "
                    "information_schema.REFERENTIAL_CONSTRAINTS"
                    " WHERE CONSTRAINT_SCHEMA = DATABASE() AND UNIQUE_CONSTRAINT_SCHEMA <> DATABASE()") < 0)
                return -1;
        if (rows.rows == 0)
                return 0;
        *ret_why = string_format("table %s has a foreign key to the schema %s", database_cell(&rows, 0, 0),
                database_cell(&rows, 0, 1));
        return 1;
}

/* 1: the server's disk is not ours to see. */
static int free_on_server(struct database *database, uint64_t *ret, char **ret_folder, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        char name[256] = "";
        struct statvfs status;
        if (database_query(database, &rows, err, "SELECT @@hostname, @@datadir") < 0)
                return -1;
        (void)gethostname(name, sizeof(name) - 1);
        if (!string_equal(database_cell(&rows, 0, 0), name) || !database_cell(&rows, 0, 1) ||
                statvfs(database_cell(&rows, 0, 1), &status) < 0)
                return 1;
        *ret = (uint64_t)status.f_bavail * status.f_frsize;
        *ret_folder = string_copy(database_cell(&rows, 0, 1));
        return 0;
}

static uint64_t megabytes(uint64_t bytes)
{
        return (bytes + 999999) / 1000000;
}

static int look_for_room(struct database *database, char **ret_why, struct error *err)
{
        _cleanup_free_ char *sum = NULL, *folder = NULL;
        uint64_t available = 0;
        if (database_query_value(database, &sum, err,
                    "SELECT CAST(SUM(DATA_LENGTH + INDEX_LENGTH) AS UNSIGNED) FROM information_schema.TABLES"
                    " WHERE TABLE_SCHEMA = DATABASE()") < 0)
                return -1;
        uint64_t size = sum ? strtoull(sum, NULL, 10) : 0, needed = size + size / 2;
        int result = free_on_server(database, &available, &folder, err);
        if (result < 0 || (result == 0 && available >= needed) || (result > 0 && size <= REMOTE_LIMIT))
                return result < 0 ? -1 : 0;
        if (result > 0)
                *ret_why = string_format("the database has %" PRIu64 " MB and it can't be seen whether its "
                                         "server, on another machine, has room for a copy",
                        megabytes(size));
        else
                *ret_why = string_format("a copy takes up to %" PRIu64 " MB, and %s has %" PRIu64 " MB free",
                        megabytes(needed), folder, megabytes(available));
        return 1;
}

int scratch_schema_obstacle(struct database *database, bool room, char **ret_why, struct error *err)
{
        int result = look_for_foreign_keys(database, ret_why, err);
        return result != 0 || !room ? result : look_for_room(database, ret_why, err);
}

/* The schema */

static int is_taken(struct database *database, const char *name, bool *ret, struct error *err)
{
        _cleanup_free_ char *quoted = database_quote(database, name);
        _cleanup_free_ char *found = NULL;
        int result = database_query_value(database, &found, err,
                "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", quoted);
        *ret = result == 0;
        return result < 0 ? -1 : 0;
}

static int finish(struct stage_context *context, int64_t step, const char *evidence, struct error *err)
{
        return checkpoint_finish_step(context->checkpoint, SCRATCH_STAGE, step, evidence, err);
}

int scratch_schema_make(struct stage_context *context, struct database *database,
        const struct inventory *like, struct scratch_schema *ret, char **ret_why, struct error *err)
{
        _cleanup_free_ char *name = NULL;
        bool taken = true;
        int64_t step;
        if (new_name(like->schema, &name, err) < 0 || is_taken(database, name, &taken, err) < 0)
                return -1;
        if (taken)
                return error_set(err, REASON_ALREADY_EXISTS, "there is a schema %s already", name);
        if (checkpoint_add_step(context->checkpoint, SCRATCH_STAGE, STEP_SCHEMA, name, &step, err) < 0)
                return -1;
        _cleanup_free_ char *quoted = database_quote_name(name);
        if (database_query(database, NULL, err, "CREATE DATABASE %s CHARACTER SET %s COLLATE %s", quoted,
                    like->charset, like->collation) < 0) {
                if (err->reason != REASON_DATABASE_ACCESS_DENIED)
                        return -1; /* perhaps it was made */
                *ret_why = string_format("the database user may not make a schema: %s", error_message(err));
                return finish(context, step, "refused by the server", err) < 0 ? -1 : 1;
        }
        *ret = (struct scratch_schema){.name = steal(&name), .step = step};
        return 0;
}

int scratch_schema_connect(const struct database_parameters *parameters, const char *schema,
        struct database **ret, struct error *err)
{
        struct database_parameters copy = *parameters; /* borrows all but the name */
        _cleanup_free_ char *name = string_copy(schema);
        copy.name = name;
        return database_connect(&copy, ret, err);
}

/* Its name has our mark: a journal that was tampered with drops nobody's database. */
static int drop(struct stage_context *context, struct database *database, const char *name, int64_t step,
        struct error *err)
{
        if (!strstr(name, MARK))
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "the schema %s is none of ours", name);
        bool there;
        if (is_taken(database, name, &there, err) < 0)
                return -1;
        if (!there) /* who may not drop it has had it dropped */
                return finish(context, step, "gone", err);
        _cleanup_free_ char *quoted = database_quote_name(name);
        /* Else tables that refer to each other in a circle could not be dropped. */
        if (database_query(database, NULL, err, "SET SESSION foreign_key_checks = 0") < 0 ||
                database_query(database, NULL, err, "DROP DATABASE IF EXISTS %s", quoted) < 0)
                return error_wrap(err, "dropping the schema %s", name);
        return finish(context, step, "dropped", err);
}

int scratch_schema_drop(struct stage_context *context, struct database *database,
        const struct scratch_schema *scratch, struct error *err)
{
        return drop(context, database, scratch->name, scratch->step, err);
}

static bool is_left(const struct step_record *step)
{
        return string_equal(step->action, STEP_SCHEMA) && !step->done && step->detail;
}

int scratch_schema_is_left(struct stage_context *context, bool *ret, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, SCRATCH_STAGE, &steps, err) < 0)
                return -1;
        *ret = false;
        for (size_t i = 0; i < steps.count; i++)
                *ret = *ret || is_left(&steps.items[i]);
        return 0;
}

int scratch_schema_drop_left(struct stage_context *context, struct database *database, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, SCRATCH_STAGE, &steps, err) < 0)
                return -1;
        for (size_t i = 0; i < steps.count; i++)
                if (is_left(&steps.items[i]) &&
                        drop(context, database, steps.items[i].detail, steps.items[i].number, err) < 0)
                        return -1;
        return 0;
}
