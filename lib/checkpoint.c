/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/checkpoint.h"
#include "lib/checkpoint_query.h"
#include "lib/memory.h"
#include "lib/pulse.h"

/* One use of a prepared statement: parameters in their order, then query_step until 0, then query_end (which
 * the cleanup attribute calls). The bound texts are the caller's and must live as long. */
struct query {
        struct checkpoint *checkpoint;
        sqlite3_stmt *statement;
        int parameter;
        int result; /* of the first parameter that could not be bound */
};

static struct query query_new(struct checkpoint *checkpoint, enum statement name)
{
        return (struct query){.checkpoint = checkpoint, .statement = checkpoint->statements[name]};
}

static void query_end(struct query *query)
{
        (void)sqlite3_reset(query->statement);
        (void)sqlite3_clear_bindings(query->statement);
}
#define _cleanup_query_ _cleanup_(query_end)

static void bound(struct query *query, int result)
{
        if (query->result == SQLITE_OK)
                query->result = result;
}

static void query_text(struct query *query, const char *text)
{
        bound(query, sqlite3_bind_text(query->statement, ++query->parameter, text, -1, SQLITE_STATIC));
}

static void query_number(struct query *query, int64_t number)
{
        bound(query, sqlite3_bind_int64(query->statement, ++query->parameter, number));
}

/* SQLite's numbers end at 2^63 - 1; no size or count of ours comes near. */
static void query_size(struct query *query, uint64_t size)
{
        query_number(query, size > INT64_MAX ? INT64_MAX : (int64_t)size);
}

/* 1: a row, 0: no more. */
static int query_step(struct query *query, struct error *err)
{
        _pulse_waits_; /* a commit is on the disk when it is answered */
        int result = query->result == SQLITE_OK ? sqlite3_step(query->statement) : query->result;
        if (result == SQLITE_ROW)
                return 1;
        return result == SQLITE_DONE ? 0 : checkpoint_fail(query->checkpoint, result, err);
}

static int64_t row_number(struct query *query, int column)
{
        return sqlite3_column_int64(query->statement, column);
}

static char *row_text(struct query *query, int column)
{
        if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
                return NULL;
        const void *text = sqlite3_column_text(query->statement, column);
        if (!text)
                abort(); /* out of memory: lib/memory.h's rule */
        return memory_copy(text, (size_t)sqlite3_column_bytes(query->statement, column));
}

/* The file that is open is the one that the next start will read: what is recorded in one that was removed
 * or put aside is lost, and the act that it belongs to must not be done. */
static int check_place(struct checkpoint *checkpoint, struct error *err)
{
        int moved = 0;
        (void)sqlite3_file_control(checkpoint->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved);
        if (moved)
                return error_set(err, REASON_CHECKPOINT_UNWRITABLE,
                        "the checkpoint %s was removed or moved away", checkpoint->path);
        return 0;
}

/* SQLite undoes a whole transaction by itself when it runs into a full disk or the like. What comes behind
 * must not be recorded as if the first half were. */
static int check_transaction(struct checkpoint *checkpoint, struct error *err)
{
        if (checkpoint->in_transaction && sqlite3_get_autocommit(checkpoint->db))
                return error_set(err, REASON_CHECKPOINT_UNWRITABLE,
                        "the transaction on the checkpoint %s was undone after an error", checkpoint->path);
        return checkpoint->in_transaction ? 0 : check_place(checkpoint, err);
}

/* A statement that changes something and gives no rows. */
static int query_run(struct query *query, struct error *err)
{
        if (check_transaction(query->checkpoint, err) < 0)
                return -1;
        return query_step(query, err);
}

/* A statement that changes something and gives one number back. 1 when it changed nothing. */
static int query_run_returning(struct query *query, int64_t *ret, struct error *err)
{
        if (check_transaction(query->checkpoint, err) < 0)
                return -1;
        int result = query_step(query, err);
        if (result <= 0)
                return result < 0 ? -1 : 1;
        int64_t number = row_number(query, 0);
        if (query_step(query, err) < 0) /* the commit, outside a transaction */
                return -1;
        *ret = number;
        return 0;
}

static int run(struct checkpoint *checkpoint, enum statement name, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, name);
        return query_run(&query, err);
}

int checkpoint_begin(struct checkpoint *checkpoint, struct error *err)
{
        if (checkpoint->in_transaction)
                return error_set(err, REASON_INTERNAL, "a transaction on the checkpoint is open already");
        if (run(checkpoint, STATEMENT_BEGIN, err) < 0)
                return -1;
        checkpoint->in_transaction = true;
        return 0;
}

int checkpoint_commit(struct checkpoint *checkpoint, struct error *err)
{
        if (!checkpoint->in_transaction)
                return error_set(err, REASON_INTERNAL, "no transaction on the checkpoint is open");
        if (check_place(checkpoint, err) < 0 || run(checkpoint, STATEMENT_COMMIT, err) < 0) {
                checkpoint_rollback(checkpoint);
                return -1;
        }
        checkpoint->in_transaction = false;
        return 0;
}

void checkpoint_rollback(struct checkpoint *checkpoint)
{
        if (!checkpoint->in_transaction)
                return;
        _cleanup_error_ struct error ignored = {0}; /* what can't be rolled back was never committed */
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_ROLLBACK);
        if (!sqlite3_get_autocommit(checkpoint->db))
                query_step(&query, &ignored);
        checkpoint->in_transaction = false;
}

void upgrade_record_deinit(struct upgrade_record *record)
{
        free(record->uuid);
        free(record->root);
        free(record->from_version);
        free(record->to_version);
        free(record->state);
        *record = (struct upgrade_record){0};
}

int checkpoint_load_upgrade(struct checkpoint *checkpoint, struct upgrade_record *ret, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_LOAD_UPGRADE);
        int result = query_step(&query, err);
        if (result <= 0)
                return result < 0 ? -1 : 1;
        *ret = (struct upgrade_record){
                .uuid = row_text(&query, 0),
                .root = row_text(&query, 1),
                .from_version = row_text(&query, 2),
                .to_version = row_text(&query, 3),
                .state = row_text(&query, 4),
                .started_ms = row_number(&query, 5),
                .finished_ms = row_number(&query, 6),
        };
        return 0;
}

int checkpoint_save_upgrade(
        struct checkpoint *checkpoint, const struct upgrade_record *record, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_SAVE_UPGRADE);
        query_text(&query, record->uuid);
        query_text(&query, record->root);
        query_text(&query, record->from_version);
        query_text(&query, record->to_version);
        query_text(&query, record->state);
        query_number(&query, record->started_ms);
        query_number(&query, record->finished_ms);
        return query_run(&query, err);
}

static int clear_steps(struct checkpoint *checkpoint, const char *keep, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_CLEAR_STEPS);
        query_text(&query, keep);
        return query_run(&query, err);
}

static int clear_upgrade(struct checkpoint *checkpoint, const char *keep, struct error *err)
{
        static const enum statement statements[] = {
                STATEMENT_CLEAR_ARTIFACTS,
                STATEMENT_CLEAR_FACTS,
                STATEMENT_CLEAR_STAGES,
                STATEMENT_CLEAR_UPGRADE,
        };
        if (clear_steps(checkpoint, keep, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
                if (run(checkpoint, statements[i], err) < 0)
                        return -1;
        return 0;
}

int checkpoint_clear_upgrade(struct checkpoint *checkpoint, const char *keep, struct error *err)
{
        bool own = !checkpoint->in_transaction;
        if (own && checkpoint_begin(checkpoint, err) < 0)
                return -1;
        if (clear_upgrade(checkpoint, keep, err) < 0) {
                if (own)
                        checkpoint_rollback(checkpoint);
                return -1;
        }
        return own ? checkpoint_commit(checkpoint, err) : 0;
}

void stage_record_deinit(struct stage_record *record)
{
        free(record->name);
        free(record->state);
        free(record->error_code);
        free(record->reason);
        free(record->message);
        *record = (struct stage_record){0};
}

int checkpoint_load_stage(
        struct checkpoint *checkpoint, const char *name, struct stage_record *ret, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_LOAD_STAGE);
        query_text(&query, name);
        int result = query_step(&query, err);
        if (result <= 0)
                return result < 0 ? -1 : 1;
        *ret = (struct stage_record){
                .name = row_text(&query, 0),
                .state = row_text(&query, 1),
                .attempts = (int)row_number(&query, 2),
                .started_ms = row_number(&query, 3),
                .finished_ms = row_number(&query, 4),
                .error_code = row_text(&query, 5),
                .reason = row_text(&query, 6),
                .message = row_text(&query, 7),
                .done = (uint64_t)row_number(&query, 8),
                .total = (uint64_t)row_number(&query, 9),
        };
        return 0;
}

int checkpoint_save_stage(struct checkpoint *checkpoint, const struct stage_record *record, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_SAVE_STAGE);
        query_text(&query, record->name);
        query_text(&query, record->state);
        query_number(&query, record->attempts);
        query_number(&query, record->started_ms);
        query_number(&query, record->finished_ms);
        query_text(&query, record->error_code);
        query_text(&query, record->reason);
        query_text(&query, record->message);
        query_size(&query, record->done);
        query_size(&query, record->total);
        return query_run(&query, err);
}

int checkpoint_get_fact(struct checkpoint *checkpoint, const char *name, char **ret, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_GET_FACT);
        query_text(&query, name);
        int result = query_step(&query, err);
        if (result <= 0)
                return result < 0 ? -1 : 1;
        *ret = row_text(&query, 0);
        return 0;
}

int checkpoint_set_fact(struct checkpoint *checkpoint, const char *name, const char *value, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_SET_FACT);
        query_text(&query, name);
        query_text(&query, value);
        return query_run(&query, err);
}

void step_list_deinit(struct step_list *list)
{
        for (size_t i = 0; i < list->count; i++) {
                free(list->items[i].action);
                free(list->items[i].detail);
                free(list->items[i].evidence);
        }
        free(list->items);
        *list = (struct step_list){0};
}

int checkpoint_add_step(struct checkpoint *checkpoint, const char *stage, const char *action,
        const char *detail, int64_t *ret_number, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_ADD_STEP);
        query_text(&query, stage);
        query_text(&query, action);
        query_text(&query, detail);
        return query_run_returning(&query, ret_number, err);
}

int checkpoint_finish_step(struct checkpoint *checkpoint, const char *stage, int64_t number,
        const char *evidence, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_FINISH_STEP);
        query_text(&query, stage);
        query_number(&query, number);
        query_text(&query, evidence);
        int64_t finished;
        int result = query_run_returning(&query, &finished, err);
        if (result > 0)
                return error_set(
                        err, REASON_INTERNAL, "the journal of %s has no step %jd", stage, (intmax_t)number);
        return result;
}

static struct step_list take_steps(struct step_list *list)
{
        struct step_list taken = *list;
        *list = (struct step_list){0};
        return taken;
}

int checkpoint_load_steps(
        struct checkpoint *checkpoint, const char *stage, struct step_list *ret, struct error *err)
{
        _cleanup_step_list_ struct step_list list = {0};
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_LOAD_STEPS);
        query_text(&query, stage);
        int result;
        while ((result = query_step(&query, err)) > 0) {
                list.items = memory_grow(list.items, list.count, sizeof(*list.items));
                list.items[list.count++] = (struct step_record){
                        .number = row_number(&query, 0),
                        .action = row_text(&query, 1),
                        .detail = row_text(&query, 2),
                        .done = row_number(&query, 3) != 0,
                        .evidence = row_text(&query, 4),
                };
        }
        if (result < 0)
                return -1;
        *ret = take_steps(&list);
        return 0;
}

int checkpoint_clear_steps(struct checkpoint *checkpoint, const char *stage, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_CLEAR_STEPS_OF_STAGE);
        query_text(&query, stage);
        return query_run(&query, err);
}

void artifact_record_deinit(struct artifact_record *record)
{
        free(record->name);
        free(record->path);
        free(record->sha256);
        *record = (struct artifact_record){0};
}

int checkpoint_load_artifact(
        struct checkpoint *checkpoint, const char *name, struct artifact_record *ret, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_LOAD_ARTIFACT);
        query_text(&query, name);
        int result = query_step(&query, err);
        if (result <= 0)
                return result < 0 ? -1 : 1;
        *ret = (struct artifact_record){
                .name = row_text(&query, 0),
                .path = row_text(&query, 1),
                .size = (uint64_t)row_number(&query, 2),
                .sha256 = row_text(&query, 3),
        };
        return 0;
}

int checkpoint_save_artifact(
        struct checkpoint *checkpoint, const struct artifact_record *record, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_SAVE_ARTIFACT);
        query_text(&query, record->name);
        query_text(&query, record->path);
        query_size(&query, record->size);
        query_text(&query, record->sha256);
        return query_run(&query, err);
}

void event_list_deinit(struct event_list *list)
{
        for (size_t i = 0; i < list->count; i++) {
                free(list->items[i].type);
                free(list->items[i].level);
                free(list->items[i].stage);
                free(list->items[i].text);
                free(list->items[i].fields);
        }
        free(list->items);
        *list = (struct event_list){0};
}

int checkpoint_add_event(struct checkpoint *checkpoint, const struct event_record *event,
        int64_t *ret_sequence, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_ADD_EVENT);
        query_number(&query, event->time_ms);
        query_text(&query, event->type);
        query_text(&query, event->level);
        query_text(&query, event->stage);
        query_text(&query, event->text);
        query_text(&query, event->fields);
        return query_run_returning(&query, ret_sequence, err);
}

static struct event_list take_events(struct event_list *list)
{
        struct event_list taken = *list;
        *list = (struct event_list){0};
        return taken;
}

int checkpoint_load_events(
        struct checkpoint *checkpoint, int64_t after, size_t limit, struct event_list *ret, struct error *err)
{
        _cleanup_event_list_ struct event_list list = {0};
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_LOAD_EVENTS);
        query_number(&query, after);
        query_size(&query, limit);
        int result;
        while ((result = query_step(&query, err)) > 0) {
                list.items = memory_grow(list.items, list.count, sizeof(*list.items));
                list.items[list.count++] = (struct event_record){
                        .sequence = row_number(&query, 0),
                        .time_ms = row_number(&query, 1),
                        .type = row_text(&query, 2),
                        .level = row_text(&query, 3),
                        .stage = row_text(&query, 4),
                        .text = row_text(&query, 5),
                        .fields = row_text(&query, 6),
                };
        }
        if (result < 0)
                return -1;
        *ret = take_events(&list);
        return 0;
}

int checkpoint_last_event(struct checkpoint *checkpoint, int64_t *ret, struct error *err)
{
        _cleanup_query_ struct query query = query_new(checkpoint, STATEMENT_LAST_EVENT);
        int result = query_step(&query, err);
        if (result < 0)
                return -1;
        *ret = result > 0 ? row_number(&query, 0) : 0;
        return 0;
}
