/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/backup_verify.h"

#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "states/backup.h"
#include "states/dump_replay.h"
#include "states/scratch_schema.h"
#include "states/site_database.h"
#include "states/stages.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

struct verification {
        struct stage_context *context;
        struct site_settings settings;
        struct database *database; /* in the site's schema */
        struct inventory inventory;
        struct backup_verification result;
};

static void verification_deinit(struct verification *verification)
{
        site_settings_deinit(&verification->settings);
        database_close(verification->database);
        inventory_deinit(&verification->inventory);
        backup_verification_deinit(&verification->result);
}

/* The result */

static const char *const verdicts[] = {
        [BACKUP_VERIFIED] = "verified",
        [BACKUP_STRUCTURE_ONLY] = "structure_only",
        [BACKUP_FAILED] = "failed",
};

const char *backup_verdict_name(enum backup_verdict verdict)
{
        return verdicts[verdict];
}

void backup_verification_deinit(struct backup_verification *verification)
{
        free(verification->why);
        free(verification->sha256);
        *verification = (struct backup_verification){0};
}

char *backup_verification_text(const struct backup_verification *verification)
{
        _cleanup_free_ char *why = text_valid(verification->why); /* servers and names are not always UTF-8 */
        json_auto_t *json = json_pack("{ss ss? sI sI sI sI ss?}", "verdict", verdicts[verification->verdict],
                "why", why, "tables", (json_int_t)verification->tables, "rows",
                (json_int_t)verification->rows, "duration_ms", (json_int_t)verification->duration_ms,
                "time_ms", (json_int_t)verification->time_ms, "sha256", verification->sha256);
        return json_dumps(json, JSON_COMPACT);
}

bool backup_verification_read(const char *text, struct backup_verification *ret)
{
        json_auto_t *json = text ? json_loads(text, 0, NULL) : NULL;
        const char *verdict = json_string_value(json_object_get(json, "verdict"));
        for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
                if (!string_equal(verdict, verdicts[i]))
                        continue;
                *ret = (struct backup_verification){
                        .verdict = (enum backup_verdict)i,
                        .why = string_copy(json_string_value(json_object_get(json, "why"))),
                        .tables = (uint64_t)json_integer_value(json_object_get(json, "tables")),
                        .rows = (uint64_t)json_integer_value(json_object_get(json, "rows")),
                        .duration_ms = (uint64_t)json_integer_value(json_object_get(json, "duration_ms")),
                        .time_ms = json_integer_value(json_object_get(json, "time_ms")),
                        .sha256 = string_copy(json_string_value(json_object_get(json, "sha256"))),
                };
                return true;
        }
        return false;
}

static void conclude(struct verification *verification, enum backup_verdict verdict, char *why)
{
        verification->result.verdict = verdict;
        string_replace(&verification->result.why, why);
}

/* Without a copy */

static int judge_demands(
        struct verification *verification, const struct dump_demands *demands, struct error *err)
{
        char *why = NULL;
        int result =
                restorable_judge(verification->database, &verification->inventory, NULL, demands, &why, err);
        if (result > 0)
                conclude(verification, BACKUP_FAILED, why);
        return result < 0 ? -1 : 0;
}

static int check_structure(struct verification *verification, char *why, struct error *err)
{
        _cleanup_dump_demands_ struct dump_demands demands = {0};
        const struct dump_replay replay = {
                .context = verification->context,
                .name = NAME_STATE_BACKUP,
                .expected_bytes = verification->inventory.bytes,
                .demands = &demands,
        };
        struct backup_verification *result = &verification->result;
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        _cleanup_buffer_ struct buffer differences = {0};
        conclude(verification, BACKUP_STRUCTURE_ONLY, why);
        if (dump_replay(&replay, &contents, err) < 0) {
                if (err->reason != REASON_BACKUP_INCOMPLETE)
                        return -1;
                conclude(verification, BACKUP_FAILED, string_copy(error_message(err)));
                error_deinit(err);
                return 0;
        }
        if (inventory_compare_dump(
                    &verification->inventory, &contents, &differences, &result->tables, &result->rows) > 0) {
                conclude(verification, BACKUP_FAILED, buffer_steal(&differences));
                return 0;
        }
        return judge_demands(verification, &demands, err);
}

/* With a copy */

/* What was not sent to the copy can't be missing there: events, and what names its schema by itself. */
static void leave_out(struct inventory *inventory, const struct dump_contents *contents)
{
        size_t kept = 0;
        for (size_t i = 0; i < inventory->count; i++) {
                struct inventory_item *item = &inventory->items[i];
                _cleanup_free_ char *thing =
                        string_format("%s %s", dump_object_name(item->object), item->name);
                bool left_out = item->object == DUMP_EVENT;
                for (char **foreign = contents->foreign; foreign && *foreign; foreign++)
                        left_out = left_out || string_equal(*foreign, thing);
                if (left_out)
                        inventory_item_deinit(item);
                else
                        inventory->items[kept++] = *item;
        }
        inventory->count = kept;
}

static void on_table(size_t done, size_t total, void *userdata)
{
        stage_progress(userdata, done, total, "tables");
}

static int compare_copy(struct verification *verification, struct database *copy,
        const struct dump_contents *contents, struct error *err)
{
        struct stage_context *context = verification->context;
        struct backup_verification *result = &verification->result;
        const struct inventory_progress progress = {
                .cancel = context->cancel, .on_table = on_table, .userdata = context};
        _cleanup_inventory_ struct inventory found = {0};
        _cleanup_buffer_ struct buffer differences = {0};
        size_t count = inventory_compare_dump(
                &verification->inventory, contents, &differences, &result->tables, &result->rows);
        if (count == 0) {
                uint64_t tables, rows;
                leave_out(&verification->inventory, contents);
                if (inventory_read(copy,
                            verification->inventory.checksums ? INVENTORY_CHECKSUMS : INVENTORY_ROWS, NULL,
                            &progress, &found, err) < 0)
                        return -1;
                count = inventory_compare(
                        &verification->inventory, &found, NULL, &differences, &tables, &rows);
        }
        if (count == 0)
                conclude(verification, BACKUP_VERIFIED, NULL);
        else
                conclude(verification, BACKUP_FAILED, buffer_steal(&differences));
        return 0;
}

static bool is_of_dump(const struct error *err)
{
        return err->reason == REASON_BACKUP_INCOMPLETE || err->reason == REASON_DATABASE_QUERY_FAILED ||
               (err->reason == REASON_DATABASE_ACCESS_DENIED && err->number == SERVER_PRIVILEGE_DENIED);
}

/* A dump that a server does not take is a finding; a server that is gone, or too busy, is none. 1 with
 * *ret_why: it can't be tried. */
static int judge_failure(struct verification *verification, char **ret_why, struct error *err)
{
        if (is_of_dump(err)) {
                conclude(verification, BACKUP_FAILED, string_copy(error_message(err)));
                error_deinit(err);
                return 0;
        }
        if (err->reason != REASON_DATABASE_ACCESS_DENIED && err->reason != REASON_DISK_FULL)
                return -1;
        *ret_why = string_format("it can't be restored into a schema of its own: %s", error_message(err));
        return 1;
}

static int restore_copy(
        struct verification *verification, const char *schema, char **ret_why, struct error *err)
{
        _cleanup_(database_closep) struct database *copy = NULL;
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        if (scratch_schema_connect(&verification->settings.database, schema, &copy, err) < 0 ||
                inventory_prepare(copy, err) < 0)
                return -1;
        stage_watch_database(verification->context, copy);
        const struct dump_replay replay = {
                .context = verification->context,
                .name = NAME_STATE_BACKUP,
                .expected_bytes = verification->inventory.bytes,
                .database = copy,
                .into = schema,
        };
        if (dump_replay(&replay, &contents, err) < 0)
                return judge_failure(verification, ret_why, err);
        return compare_copy(verification, copy, &contents, err);
}

/* 1 with *ret_why: it can't be done here. */
static int verify_by_copy(struct verification *verification, char **ret_why, struct error *err)
{
        struct stage_context *context = verification->context;
        struct scratch_schema scratch = {0};
        int result = scratch_schema_make(
                context, verification->database, &verification->inventory, &scratch, ret_why, err);
        if (result != 0)
                return result;
        stage_log(context, LOG_LEVEL_INFO, "Proving the backup: it is restored into the schema %s...",
                scratch.name);
        result = restore_copy(verification, scratch.name, ret_why, err);
        _cleanup_error_ struct error undropped = {0};
        if (scratch_schema_drop(context, verification->database, &scratch, &undropped) < 0)
                stage_log(context, LOG_LEVEL_WARNING, "The schema %s is not dropped yet: %s", scratch.name,
                        error_message(&undropped));
        scratch_schema_deinit(&scratch);
        return result;
}

/* Another schema is not made beside one that can't be dropped: there would be one more with each try. */
static int drop_left(struct verification *verification, char **ret_why, struct error *err)
{
        if (scratch_schema_drop_left(verification->context, verification->database, err) == 0)
                return 0;
        if (err->reason != REASON_DATABASE_ACCESS_DENIED)
                return error_wrap(err, "dropping what an earlier proof has left");
        *ret_why = string_format("what an earlier proof has left is still there: %s", error_message(err));
        error_deinit(err);
        return 1;
}

/* Whether it can be tried at all. 1 with *ret_why. */
static int look_for_obstacles(struct verification *verification, char **ret_why, struct error *err)
{
        const char *mode = verification->context->config->backup_verify;
        int left = drop_left(verification, ret_why, err);
        if (left != 0)
                return left;
        for (size_t i = 0; i < verification->inventory.count; i++) {
                const struct inventory_item *item = &verification->inventory.items[i];
                if (!item->no_data)
                        continue;
                *ret_why = string_format("table %s keeps its rows outside of the database", item->name);
                return 1;
        }
        return scratch_schema_obstacle(verification->database, !string_equal(mode, "yes"), ret_why, err);
}

static int verify(struct verification *verification, struct error *err)
{
        struct stage_context *context = verification->context;
        _cleanup_free_ char *why = NULL;
        int result = look_for_obstacles(verification, &why, err);
        if (result == 0)
                result = verify_by_copy(verification, &why, err);
        if (result <= 0)
                return result;
        error_deinit(err);
        if (string_equal(context->config->backup_verify, "yes"))
                return error_set(err, REASON_BACKUP_UNPROVEN, "backup.verify = yes, but %s", why);
        return check_structure(verification, steal(&why), err);
}

static void tell(struct stage_context *context, const struct backup_verification *result)
{
        switch (result->verdict) {
        case BACKUP_VERIFIED:
                stage_log(context, LOG_LEVEL_INFO,
                        "The backup is proven: restored, its %" PRIu64 " tables and %" PRIu64
                        " rows are those of the database.",
                        result->tables, result->rows);
                return;
        case BACKUP_STRUCTURE_ONLY:
                stage_log(context, LOG_LEVEL_WARNING,
                        "The backup was not restored for a proof, as %s. Its structure is whole: %" PRIu64
                        " tables, %" PRIu64 " rows.",
                        result->why, result->tables, result->rows);
                return;
        case BACKUP_FAILED:
                stage_log(context, LOG_LEVEL_ERROR, "The backup is not proven: %s.", result->why);
                return;
        }
}

static int save(struct verification *verification, uint64_t begin_ms, char **sha256, struct error *err)
{
        struct backup_verification *result = &verification->result;
        result->duration_ms = clock_steady_ms() - begin_ms;
        result->time_ms = clock_wall_ms();
        result->sha256 = steal(sha256);
        _cleanup_free_ char *text = backup_verification_text(result);
        if (!text)
                return error_set(err, REASON_INTERNAL, "what was found can't be written as JSON");
        tell(verification->context, result);
        return checkpoint_set_fact(verification->context->checkpoint, FACT_BACKUP_VERIFICATION, text, err);
}

int backup_verify(struct stage_context *context, struct backup_verification *ret, struct error *err)
{
        _cleanup_(verification_deinit) struct verification verification = {.context = context};
        _cleanup_artifact_record_ struct artifact_record record = {0};
        uint64_t begin_ms = clock_steady_ms();
        if (backup_find(context, &record, err) < 0 ||
                backup_load_inventory(context->checkpoint, context->state_fd, &verification.inventory, err) <
                        0 ||
                stage_database_connect(context, &verification.settings, &verification.database, err) < 0 ||
                inventory_prepare(verification.database, err) < 0 || verify(&verification, err) < 0 ||
                save(&verification, begin_ms, &record.sha256, err) < 0)
                return error_wrap(err, "verifying the backup");
        *ret = verification.result;
        verification.result = (struct backup_verification){0};
        return 0;
}

/* Leftovers */

int backup_verify_clean(struct stage_context *context, struct error *err)
{
        bool left = false;
        _cleanup_(database_closep) struct database *database = NULL;
        if (scratch_schema_is_left(context, &left, err) < 0)
                return -1;
        if (!left)
                return 0;
        if (stage_database_connect(context, NULL, &database, err) < 0 ||
                inventory_prepare(database, err) < 0 || scratch_schema_drop_left(context, database, err) < 0)
                return error_wrap(err, "dropping what a verification of the backup has left");
        return 0;
}

static int run_clean(struct stage_context *context, struct error *err)
{
        return backup_verify_clean(context, err) < 0 ? -1 : STAGE_DONE;
}

const struct stage backup_verify_stage = {
        .name = SCRATCH_STAGE,
        .title = "Verify the backup",
        .error_code = ERR_NONE,
        .run = run_clean,
};
