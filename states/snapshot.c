/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/snapshot.h"

#include "lib/memory.h"

#include <stdatomic.h>

const char *prefetch_state_name(enum prefetch_state state)
{
        static const char *const names[] = {
#define X(name, text) [PREFETCH_##name] = text,
                PREFETCH_STATES(X)
#undef X
        };
        return names[state];
}

struct snapshot *snapshot_new(size_t stage_count)
{
        struct snapshot *snapshot = memory_new(sizeof *snapshot);
        atomic_init(&snapshot->references, 1);
        snapshot->stages = memory_new_array(stage_count, sizeof *snapshot->stages);
        snapshot->stage_count = stage_count;
        snapshot->eta_ms = -1;
        return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
        atomic_fetch_add(&snapshot->references, 1);
        return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
        if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) != 1)
                return;
        free(snapshot->uuid);
        free(snapshot->root);
        free(snapshot->from_version);
        free(snapshot->to_version);
        free(snapshot->backup_verification);
        free(snapshot->prefetch.message);
        free(snapshot->error.message);
        strings_free(snapshot->error.acceptable);
        free(snapshot->stages);
        free(snapshot);
}

const struct stage_snapshot *snapshot_current_stage(const struct snapshot *snapshot)
{
        for (size_t i = 0; snapshot->stage && i < snapshot->stage_count; i++)
                if (string_equal(snapshot->stages[i].name, snapshot->stage))
                        return &snapshot->stages[i];
        return NULL;
}

struct snapshot_amount snapshot_amount_at_work(const struct snapshot *snapshot)
{
        const struct stage_snapshot *stage = snapshot_current_stage(snapshot);
        if (!machine_is_at_work(snapshot->state))
                return (struct snapshot_amount){0};
        if (snapshot->state == UPGRADE_CLEANING)
                return (struct snapshot_amount){
                        snapshot->cleaned.done, snapshot->cleaned.total, snapshot->cleaned.unit};
        return stage ? (struct snapshot_amount){stage->done, stage->total, stage->unit}
                     : (struct snapshot_amount){0};
}
