/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/upgrade.h"

#include "lib/memory.h"
#include "lib/text.h"
#include "states/scratch_schema.h"
#include "states/stages.h"

#include <jansson.h>

void upgrade_init(struct upgrade *upgrade, const struct stage *const *table, const char *root)
{
        size_t count = 0;
        while (table[count])
                count++;
        *upgrade = (struct upgrade){
                .root = string_copy(root),
                .stages = memory_new_array(count, sizeof *upgrade->stages),
                .stage_count = count,
                .current = count,
        };
        for (size_t i = 0; i < count; i++)
                upgrade->stages[i].stage = table[i];
}

void upgrade_deinit(struct upgrade *upgrade)
{
        for (size_t i = 0; i < upgrade->stage_count; i++)
                free(upgrade->stages[i].message);
        free(upgrade->stages);
        free(upgrade->uuid);
        free(upgrade->root);
        free(upgrade->from_version);
        free(upgrade->to_version);
        free(upgrade->problem.message);
        strings_free(upgrade->problem.acceptable);
        *upgrade = (struct upgrade){0};
}

void upgrade_copy(struct upgrade *ret, const struct upgrade *from)
{
        *ret = *from;
        ret->uuid = string_copy(from->uuid);
        ret->root = string_copy(from->root);
        ret->from_version = string_copy(from->from_version);
        ret->to_version = string_copy(from->to_version);
        ret->problem.message = string_copy(from->problem.message);
        ret->problem.acceptable = strings_copy(from->problem.acceptable);
        ret->stages = memory_new_array(from->stage_count, sizeof *ret->stages);
        for (size_t i = 0; i < from->stage_count; i++) {
                ret->stages[i] = from->stages[i];
                ret->stages[i].message = string_copy(from->stages[i].message);
        }
}

static bool stage_is_done(const struct upgrade_stage *stage)
{
        return stage->state == STAGE_SUCCEEDED || stage->state == STAGE_SKIPPED;
}

static const struct {
        const char *name, *meaning;
} boundaries[] = {
#define X(name, text, meaning) [BOUNDARY_##name] = {text, meaning},
        BOUNDARIES(X)
#undef X
};

const char *boundary_name(enum boundary boundary)
{
        return boundaries[boundary].name;
}

const char *boundary_meaning(enum boundary boundary)
{
        return boundaries[boundary].meaning;
}

/* problem: NULL: none. */
static void set_problem(struct upgrade *upgrade, enum error_code code, const struct error *problem)
{
        upgrade->problem.code = code;
        upgrade->problem.reason = problem ? problem->reason : REASON_NONE;
        string_replace(&upgrade->problem.message, problem ? string_copy(error_message(problem)) : NULL);
        strings_free(upgrade->problem.acceptable);
        upgrade->problem.acceptable = problem ? strings_copy(problem->acceptable) : NULL;
}

static int load_stage(struct upgrade_stage *stage, struct checkpoint *checkpoint, struct error *err)
{
        _cleanup_stage_record_ struct stage_record record = {0};
        int result = checkpoint_load_stage(checkpoint, stage->stage->name, &record, err);
        if (result < 0)
                return -1;
        if (result > 0)
                return 0;
        if (!stage_state_from_name(record.state, &stage->state))
                return error_set(err, REASON_CHECKPOINT_NEWER,
                        "the checkpoint has stage %s in state '%s', which this version doesn't know",
                        stage->stage->name, record.state ? record.state : "");
        stage->attempts = record.attempts;
        stage->started_ms = record.started_ms;
        stage->finished_ms = record.finished_ms;
        stage->reason = reason_from_name(record.reason);
        stage->message = steal(&record.message);
        stage->done = record.done;
        stage->total = record.total;
        return 0;
}

static int load_flag(struct checkpoint *checkpoint, const char *fact, bool *ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        if (checkpoint_get_fact(checkpoint, fact, &text, err) < 0)
                return -1;
        *ret = string_equal(text, "yes");
        return 0;
}

/* A stage's record holds what its own last failure was; why the upgrade stands failed may be another thing:
 * a stage that could not be taken back, or one whose work is not as recorded. */
static int load_problem(struct upgrade *upgrade, struct checkpoint *checkpoint, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        int result = checkpoint_get_fact(checkpoint, FACT_PROBLEM, &text, err);
        if (result != 0 || !text[0])
                return result < 0 ? -1 : 0;
        json_t *problem = json_loads(text, 0, NULL);
        const char *code, *reason, *message;
        const json_t *acceptable = NULL; /* earlier versions recorded none */
        bool sound = json_unpack(problem, "{s:s, s:s, s:s, s?o}", "code", &code, "reason", &reason, "message",
                             &message, "acceptable", &acceptable) == 0;
        if (sound) {
                _cleanup_error_ struct error failure = {0};
                error_set(&failure, reason_from_name(reason), "%s", message);
                for (size_t i = 0; i < json_array_size(acceptable); i++)
                        error_accept(&failure, json_string_value(json_array_get(acceptable, i)));
                set_problem(upgrade, error_code_from_name(code), &failure);
        }
        json_decref(problem);
        return sound ? 0
                     : error_set(err, REASON_CHECKPOINT_DAMAGED, "the fact " FACT_PROBLEM " has no sense");
}

static int save_problem(const struct upgrade *upgrade, struct checkpoint *checkpoint, struct error *err)
{
        if (upgrade->problem.code == ERR_NONE)
                return checkpoint_set_fact(checkpoint, FACT_PROBLEM, "", err);
        const char *reason = reason_name(upgrade->problem.reason);
        _cleanup_free_ char *message = text_valid(upgrade->problem.message ? upgrade->problem.message : "");
        json_t *acceptable = json_array();
        for (size_t i = 0; i < strings_count(upgrade->problem.acceptable); i++)
                json_array_append_new(acceptable, json_string(upgrade->problem.acceptable[i]));
        json_t *problem = json_pack("{s:s, s:s, s:s, s:o}", "code", error_code_name(upgrade->problem.code),
                "reason", reason ? reason : "", "message", message, "acceptable", acceptable);
        _cleanup_free_ char *text = json_dumps(problem, JSON_COMPACT);
        json_decref(problem);
        return checkpoint_set_fact(checkpoint, FACT_PROBLEM, text, err);
}

int upgrade_load(struct upgrade *upgrade, struct checkpoint *checkpoint, struct error *err)
{
        _cleanup_upgrade_record_ struct upgrade_record record = {0};
        int result = checkpoint_load_upgrade(checkpoint, &record, err);
        if (result != 0)
                return result < 0 ? -1 : 0;
        if (!string_equal(record.root, upgrade->root))
                return error_set(err, REASON_CONFIGURATION_INVALID,
                        "the state folder holds the upgrade of %s, not of %s", record.root, upgrade->root);
        if (!upgrade_state_from_name(record.state, &upgrade->state))
                return error_set(err, REASON_CHECKPOINT_NEWER,
                        "the checkpoint has the upgrade in state '%s', which this version doesn't know",
                        record.state ? record.state : "");
        upgrade->uuid = steal(&record.uuid);
        upgrade->from_version = steal(&record.from_version);
        upgrade->to_version = steal(&record.to_version);
        upgrade->started_ms = record.started_ms;
        upgrade->finished_ms = record.finished_ms;

        for (size_t i = 0; i < upgrade->stage_count; i++) {
                if (load_stage(&upgrade->stages[i], checkpoint, err) < 0)
                        return -1;
                if (upgrade->current == upgrade->stage_count && !stage_is_done(&upgrade->stages[i]))
                        upgrade->current = i;
        }
        if (machine_is_rollback(upgrade->state))
                upgrade->current = upgrade_next_to_undo(upgrade);
        else if (upgrade->state == UPGRADE_ROLLED_BACK || machine_is_clean(upgrade->state) ||
                 upgrade->state == UPGRADE_CLEANED)
                upgrade->current = upgrade->stage_count;
        return load_problem(upgrade, checkpoint, err) < 0 ||
                               downtime_load(checkpoint, &upgrade->downtime, err) < 0 ||
                               load_flag(checkpoint, FACT_WAITING_FOR_USER, &upgrade->waiting_for_user, err) <
                                       0 ||
                               load_flag(checkpoint, FACT_ROLLBACK_FILES_ONLY, &upgrade->files_only, err) < 0
                       ? -1
                       : 0;
}

static void begin_stage(struct upgrade *upgrade, size_t index, int64_t time_ms)
{
        struct upgrade_stage *stage = &upgrade->stages[index];
        upgrade->current = index;
        stage->attempts++;
        if (stage->started_ms == 0)
                stage->started_ms = time_ms;
        stage->finished_ms = 0;
        stage->reason = REASON_NONE;
        string_replace(&stage->message, NULL);
        stage->done = stage->total = 0;
        stage->unit = NULL;
}

static void remember_failure(struct upgrade_stage *stage, const struct upgrade_change *change)
{
        stage->finished_ms = change->time_ms;
        stage->reason = change->error->reason;
        string_replace(&stage->message, string_copy(error_message(change->error)));
}

static void begin_undo(struct upgrade *upgrade, size_t index)
{
        struct upgrade_stage *stage = &upgrade->stages[index];
        upgrade->current = index;
        stage->finished_ms = 0;
        stage->reason = REASON_NONE;
        string_replace(&stage->message, NULL);
        stage->done = stage->total = 0;
        stage->unit = NULL;
}

static void apply_to_stage(struct upgrade *upgrade, const struct upgrade_change *change)
{
        struct upgrade_stage *stage = &upgrade->stages[change->stage];
        stage->state = change->stage_state;
        switch (change->stage_state) {
        case STAGE_PENDING: /* interrupted: to be begun again */
        case STAGE_SUCCEEDED:
        case STAGE_SKIPPED:
        case STAGE_UNDONE:
                stage->finished_ms = change->time_ms;
                break;
        case STAGE_RUNNING:
                begin_stage(upgrade, change->stage, change->time_ms);
                break;
        case STAGE_FAILED:
                upgrade->current = change->stage; /* it may have failed to begin */
                remember_failure(stage, change);
                break;
        case STAGE_UNDOING:
                if (change->error)
                        remember_failure(stage, change);
                else if (!change->moves) /* else it is interrupted in it */
                        begin_undo(upgrade, change->stage);
                break;
        }
}

/* Everything but the root: a new upgrade begins on a clean sheet. */
static void forget_former(struct upgrade *upgrade)
{
        for (size_t i = 0; i < upgrade->stage_count; i++) {
                free(upgrade->stages[i].message);
                upgrade->stages[i] = (struct upgrade_stage){.stage = upgrade->stages[i].stage};
        }
        string_replace(&upgrade->to_version, NULL);
        upgrade->finished_ms = 0;
        upgrade->downtime = (struct downtime){0};
        upgrade->files_only = false;
}

static enum error_code problem_code(const struct upgrade *upgrade, const struct upgrade_change *change)
{
        if (change->code != ERR_NONE)
                return change->code;
        if (machine_is_rollback(upgrade->state))
                return ERR_ROLLBACK_FAILED;
        if (machine_is_clean(upgrade->state))
                return ERR_CLEAN_FAILED;
        size_t last = upgrade->stage_count - 1;
        return upgrade->stages[upgrade->current < last ? upgrade->current : last].stage->error_code;
}

static void apply_event(struct upgrade *upgrade, const struct upgrade_change *change)
{
        switch (change->event) {
        case EVENT_START:
                forget_former(upgrade);
                string_replace(&upgrade->uuid, string_copy(change->uuid));
                string_replace(&upgrade->from_version, string_copy(change->from_version));
                upgrade->started_ms = change->time_ms;
                upgrade->current = 0;
                upgrade->waiting_for_user = false;
                break;
        case EVENT_CLEAN:
        case EVENT_RESUME:
                upgrade->waiting_for_user = false;
                set_problem(upgrade, ERR_NONE, NULL);
                break;
        case EVENT_ROLLBACK:
                upgrade->waiting_for_user = false;
                upgrade->finished_ms = 0;
                upgrade->files_only = upgrade->files_only || change->files_only;
                upgrade->current = upgrade_next_to_undo(upgrade);
                set_problem(upgrade, ERR_NONE, NULL);
                break;
        case EVENT_CANCEL:
                break;
        case EVENT_STAGE_FAILED:
                set_problem(upgrade, problem_code(upgrade, change), change->error);
                break;
        case EVENT_INTERRUPT:
                upgrade->waiting_for_user = change->waiting_for_user;
                break;
        case EVENT_ALL_DONE:
                upgrade->finished_ms = change->time_ms;
                upgrade->current = upgrade->stage_count;
                break;
        }
}

size_t upgrade_next_to_undo(const struct upgrade *upgrade)
{
        for (size_t i = upgrade->stage_count; i-- > 0;) {
                const struct upgrade_stage *stage = &upgrade->stages[i];
                if (stage->attempts > 0 && stage->state != STAGE_UNDONE)
                        return i;
        }
        return upgrade->stage_count;
}

enum boundary upgrade_boundary(const struct upgrade *upgrade)
{
        enum boundary boundary = BOUNDARY_NOTHING_CHANGED;
        for (size_t i = 0; i < upgrade->stage_count; i++) {
                const struct upgrade_stage *stage = &upgrade->stages[i];
                bool counts =
                        stage->attempts > 0 && stage->state != STAGE_SKIPPED && stage->state != STAGE_UNDONE;
                if (counts && stage->stage->begins > boundary)
                        boundary = stage->stage->begins;
        }
        return upgrade->state == UPGRADE_IDLE ? BOUNDARY_NOTHING_CHANGED : boundary;
}

int upgrade_apply(struct upgrade *upgrade, const struct upgrade_change *change, struct error *err)
{
        bool turns = change->moves && change->event == EVENT_ROLLBACK && !machine_is_rollback(upgrade->state);
        if (change->moves && !machine_move(&upgrade->state, change->event))
                return error_set(err, REASON_INTERNAL, "the event %s has no place in state %s",
                        upgrade_event_name(change->event), upgrade_state_name(upgrade->state));
        if (change->stage != NO_STAGE)
                apply_to_stage(upgrade, change);
        if (change->moves)
                apply_event(upgrade, change);
        if (turns && !downtime_goes_on(&upgrade->downtime))
                upgrade->downtime = (struct downtime){0}; /* it was the upgrade's */
        return 0;
}

const char *upgrade_change_word(const struct upgrade *changed, const struct upgrade_change *change)
{
        return change->moves ? upgrade_state_name(changed->state) : stage_state_name(change->stage_state);
}

static char *event_fields(const struct upgrade *changed, const struct upgrade_change *change)
{
        json_t *fields = json_pack("{s:s, s:s, s:s*}", "state", upgrade_change_word(changed, change),
                "upgrade_state", upgrade_state_name(changed->state), "upgrade", changed->uuid);
        if (change->moves)
                json_object_set_new(fields, "event", json_string(upgrade_event_name(change->event)));
        if (change->stage != NO_STAGE)
                json_object_set_new(
                        fields, "stage_state", json_string(stage_state_name(change->stage_state)));
        if (change->stage != NO_STAGE)
                json_object_set_new(fields, "attempt", json_integer(changed->stages[change->stage].attempts));
        if (change->error) {
                json_object_set_new(
                        fields, "error_code", json_string(error_code_name(changed->problem.code)));
                json_object_set_new(fields, "reason", json_string(reason_name(change->error->reason)));
        }
        char *text = json_dumps(fields, JSON_COMPACT);
        json_decref(fields);
        return text;
}

int upgrade_save_stage(const struct upgrade_stage *stage, struct checkpoint *checkpoint, struct error *err)
{
        const struct stage_record record = {
                .name = (char *)stage->stage->name,
                .state = (char *)stage_state_name(stage->state),
                .attempts = stage->attempts,
                .started_ms = stage->started_ms,
                .finished_ms = stage->finished_ms,
                .error_code = stage->message ? (char *)error_code_name(stage->stage->error_code) : NULL,
                .reason = (char *)reason_name(stage->reason),
                .message = stage->message,
                .done = stage->done,
                .total = stage->total,
        };
        return checkpoint_save_stage(checkpoint, &record, err);
}

static int save_facts(const struct upgrade *changed, const struct upgrade_change *change,
        struct checkpoint *checkpoint, struct error *err)
{
        if (change->accepted &&
                checkpoint_set_fact(checkpoint, FACT_ACCEPTED_WARNINGS, change->accepted, err) < 0)
                return -1;
        if (change->footprint && checkpoint_set_fact(checkpoint, FACT_FOOTPRINT, change->footprint, err) < 0)
                return -1;
        if (!change->moves)
                return 0;
        if (change->event == EVENT_ROLLBACK && changed->downtime.since_ms == 0 &&
                checkpoint_set_fact(checkpoint, FACT_DOWNTIME, "", err) < 0)
                return -1;
        if (checkpoint_set_fact(
                    checkpoint, FACT_WAITING_FOR_USER, changed->waiting_for_user ? "yes" : "no", err) < 0 ||
                checkpoint_set_fact(
                        checkpoint, FACT_ROLLBACK_FILES_ONLY, changed->files_only ? "yes" : "no", err) < 0)
                return -1;
        return save_problem(changed, checkpoint, err);
}

static int save_all(const struct upgrade *changed, const struct upgrade_change *change,
        struct checkpoint *checkpoint, int64_t *ret_sequence, struct error *err)
{
        const struct upgrade_record record = {
                .uuid = changed->uuid,
                .root = changed->root,
                .from_version = changed->from_version,
                .to_version = changed->to_version,
                .state = (char *)upgrade_state_name(changed->state),
                .started_ms = changed->started_ms,
                .finished_ms = changed->finished_ms,
        };
        bool starts = change->moves && change->event == EVENT_START;
        if ((starts && checkpoint_clear_upgrade(checkpoint, SCRATCH_STAGE, err) < 0) ||
                checkpoint_save_upgrade(checkpoint, &record, err) < 0)
                return -1;
        for (size_t i = 0; i < changed->stage_count; i++)
                if (upgrade_save_stage(&changed->stages[i], checkpoint, err) < 0)
                        return -1;
        if (save_facts(changed, change, checkpoint, err) < 0)
                return -1;
        bool of_stage = change->stage != NO_STAGE;
        _cleanup_free_ char *fields = event_fields(changed, change);
        const struct event_record event = {
                .time_ms = change->time_ms,
                .type = (char *)(of_stage ? "stage" : "upgrade"),
                .level = (char *)log_level_name(change->level),
                .stage = of_stage ? (char *)changed->stages[change->stage].stage->name : NULL,
                .text = (char *)change->text,
                .fields = fields,
        };
        return checkpoint_add_event(checkpoint, &event, ret_sequence, err);
}

int upgrade_save(const struct upgrade *changed, const struct upgrade_change *change,
        struct checkpoint *checkpoint, int64_t *ret_sequence, struct error *err)
{
        int64_t sequence = 0;
        if (checkpoint_begin(checkpoint, err) < 0)
                return -1;
        if (save_all(changed, change, checkpoint, &sequence, err) < 0 ||
                checkpoint_commit(checkpoint, err) < 0) {
                checkpoint_rollback(checkpoint);
                return -1;
        }
        *ret_sequence = sequence;
        return 0;
}

struct snapshot *upgrade_snapshot(const struct upgrade *upgrade, const struct progress_meter *meter)
{
        struct snapshot *snapshot = snapshot_new(upgrade->stage_count);
        snapshot->uuid = string_copy(upgrade->uuid);
        snapshot->root = string_copy(upgrade->root);
        snapshot->from_version = string_copy(upgrade->from_version);
        snapshot->to_version = string_copy(upgrade->to_version);
        snapshot->state = upgrade->state;
        snapshot->waiting_for_user = machine_is_interrupted(upgrade->state) && upgrade->waiting_for_user;
        snapshot->started_ms = upgrade->started_ms;
        snapshot->finished_ms = upgrade->finished_ms;
        snapshot->downtime = upgrade->downtime;
        if (upgrade->uuid && upgrade->current < upgrade->stage_count)
                snapshot->stage = upgrade->stages[upgrade->current].stage->name;
        snapshot->error.code = error_code_name(upgrade->problem.code);
        snapshot->error.reason = reason_name(upgrade->problem.reason);
        snapshot->error.message = string_copy(upgrade->problem.message);
        snapshot->error.acceptable = strings_copy(upgrade->problem.acceptable);
        for (size_t i = 0; i < upgrade->stage_count; i++) {
                const struct upgrade_stage *stage = &upgrade->stages[i];
                snapshot->stages[i] = (struct stage_snapshot){
                        .name = stage->stage->name,
                        .title = stage->stage->title,
                        .error_code = error_code_name(stage->stage->error_code),
                        .state = stage->state,
                        .attempts = stage->attempts,
                        .started_ms = stage->started_ms,
                        .finished_ms = stage->finished_ms,
                        .done = stage->done,
                        .total = stage->total,
                        .unit = stage->unit,
                };
        }
        snapshot->boundary = upgrade_boundary(upgrade);
        snapshot->files_only = upgrade->files_only;
        if (upgrade->state == UPGRADE_CLEANING && meter->begun) {
                snapshot->cleaned.done = meter->done;
                snapshot->cleaned.total = meter->total;
                snapshot->cleaned.unit = meter->unit;
        }
        if (machine_is_at_work(upgrade->state)) {
                snapshot->rate_per_s = progress_meter_rate(meter);
                snapshot->eta_ms = progress_meter_eta_ms(meter);
        }
        return snapshot;
}
