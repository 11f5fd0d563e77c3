/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/machine.h"

#include "lib/memory.h"

static const struct {
        const char *name;
        const char *meaning;
} upgrade_states[] = {
#define X(name, text, meaning) [UPGRADE_##name] = {text, meaning},
        UPGRADE_STATES(X)
#undef X
};

static const char *const stage_states[] = {
#define X(name, text) [STAGE_##name] = text,
        STAGE_STATES(X)
#undef X
};

static const char *const upgrade_events[] = {
#define X(name, text) [EVENT_##name] = text,
        UPGRADE_EVENTS(X)
#undef X
};

/* Every way there is; what is not in this table is refused. */
static const struct {
        enum upgrade_state from;
        enum upgrade_event event;
        enum upgrade_state to;
} transitions[] = {
        {UPGRADE_IDLE, EVENT_START, UPGRADE_RUNNING},
        /* A cancel is a wish: the state moves when the stage has stopped, with INTERRUPT. */
        {UPGRADE_RUNNING, EVENT_CANCEL, UPGRADE_RUNNING},
        {UPGRADE_RUNNING, EVENT_STAGE_FAILED, UPGRADE_FAILED},
        {UPGRADE_RUNNING, EVENT_INTERRUPT, UPGRADE_INTERRUPTED},
        {UPGRADE_RUNNING, EVENT_ALL_DONE, UPGRADE_FINISHED},
        {UPGRADE_FAILED, EVENT_RESUME, UPGRADE_RUNNING},
        {UPGRADE_INTERRUPTED, EVENT_RESUME, UPGRADE_RUNNING},

        {UPGRADE_FAILED, EVENT_ROLLBACK, UPGRADE_ROLLING_BACK},
        {UPGRADE_INTERRUPTED, EVENT_ROLLBACK, UPGRADE_ROLLING_BACK},
        {UPGRADE_FINISHED, EVENT_ROLLBACK, UPGRADE_ROLLING_BACK},
        {UPGRADE_ROLLING_BACK, EVENT_CANCEL, UPGRADE_ROLLING_BACK},
        {UPGRADE_ROLLING_BACK, EVENT_STAGE_FAILED, UPGRADE_ROLLBACK_FAILED},
        {UPGRADE_ROLLING_BACK, EVENT_INTERRUPT, UPGRADE_ROLLBACK_INTERRUPTED},
        {UPGRADE_ROLLING_BACK, EVENT_ALL_DONE, UPGRADE_ROLLED_BACK},
        /* Half taken back, there is only one direction: both words go on with it. */
        {UPGRADE_ROLLBACK_FAILED, EVENT_ROLLBACK, UPGRADE_ROLLING_BACK},
        {UPGRADE_ROLLBACK_FAILED, EVENT_RESUME, UPGRADE_ROLLING_BACK},
        {UPGRADE_ROLLBACK_INTERRUPTED, EVENT_ROLLBACK, UPGRADE_ROLLING_BACK},
        {UPGRADE_ROLLBACK_INTERRUPTED, EVENT_RESUME, UPGRADE_ROLLING_BACK},

        {UPGRADE_FINISHED, EVENT_CLEAN, UPGRADE_CLEANING},
        {UPGRADE_ROLLED_BACK, EVENT_CLEAN, UPGRADE_CLEANING},
        {UPGRADE_CLEANING, EVENT_CANCEL, UPGRADE_CLEANING},
        {UPGRADE_CLEANING, EVENT_STAGE_FAILED, UPGRADE_CLEAN_FAILED},
        {UPGRADE_CLEANING, EVENT_INTERRUPT, UPGRADE_CLEAN_INTERRUPTED},
        {UPGRADE_CLEANING, EVENT_ALL_DONE, UPGRADE_CLEANED},
        /* What is deleted does not come back: here, too, there is only one direction. */
        {UPGRADE_CLEAN_FAILED, EVENT_CLEAN, UPGRADE_CLEANING},
        {UPGRADE_CLEAN_FAILED, EVENT_RESUME, UPGRADE_CLEANING},
        {UPGRADE_CLEAN_INTERRUPTED, EVENT_CLEAN, UPGRADE_CLEANING},
        {UPGRADE_CLEAN_INTERRUPTED, EVENT_RESUME, UPGRADE_CLEANING},
        {UPGRADE_ROLLED_BACK, EVENT_START, UPGRADE_RUNNING},
        {UPGRADE_CLEANED, EVENT_START, UPGRADE_RUNNING},
};

const enum upgrade_event upgrade_commands[] = {
        EVENT_CANCEL, EVENT_CLEAN, EVENT_RESUME, EVENT_ROLLBACK, EVENT_START};
const unsigned upgrade_command_count = ARRAY_SIZE(upgrade_commands);

const char *upgrade_state_name(enum upgrade_state state)
{
        return (size_t)state < ARRAY_SIZE(upgrade_states) ? upgrade_states[state].name : NULL;
}

const char *upgrade_state_meaning(enum upgrade_state state)
{
        return (size_t)state < ARRAY_SIZE(upgrade_states) ? upgrade_states[state].meaning : NULL;
}

const char *stage_state_name(enum stage_state state)
{
        return (size_t)state < ARRAY_SIZE(stage_states) ? stage_states[state] : NULL;
}

const char *upgrade_event_name(enum upgrade_event event)
{
        return (size_t)event < ARRAY_SIZE(upgrade_events) ? upgrade_events[event] : NULL;
}

bool upgrade_state_from_name(const char *name, enum upgrade_state *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(upgrade_states); i++) {
                if (!string_equal(upgrade_states[i].name, name))
                        continue;
                *ret = (enum upgrade_state)i;
                return true;
        }
        return false;
}

bool stage_state_from_name(const char *name, enum stage_state *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(stage_states); i++) {
                if (!string_equal(stage_states[i], name))
                        continue;
                *ret = (enum stage_state)i;
                return true;
        }
        return false;
}

bool machine_move(enum upgrade_state *state, enum upgrade_event event)
{
        for (size_t i = 0; i < ARRAY_SIZE(transitions); i++) {
                if (transitions[i].from != *state || transitions[i].event != event)
                        continue;
                *state = transitions[i].to;
                return true;
        }
        return false;
}

bool machine_allows(enum upgrade_state state, enum upgrade_event event)
{
        return machine_move(&state, event);
}

bool machine_is_rollback(enum upgrade_state state)
{
        return state == UPGRADE_ROLLING_BACK || state == UPGRADE_ROLLBACK_FAILED ||
               state == UPGRADE_ROLLBACK_INTERRUPTED;
}

bool machine_is_clean(enum upgrade_state state)
{
        return state == UPGRADE_CLEANING || state == UPGRADE_CLEAN_FAILED ||
               state == UPGRADE_CLEAN_INTERRUPTED;
}

bool machine_is_at_work(enum upgrade_state state)
{
        return state == UPGRADE_RUNNING || state == UPGRADE_ROLLING_BACK || state == UPGRADE_CLEANING;
}

bool machine_is_interrupted(enum upgrade_state state)
{
        return state == UPGRADE_INTERRUPTED || state == UPGRADE_ROLLBACK_INTERRUPTED ||
               state == UPGRADE_CLEAN_INTERRUPTED;
}
