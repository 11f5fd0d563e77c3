/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/messages.h"

static const char *const ids[] = {
#define X(name, id, subject, text) [MESSAGE_##name] = id,
        MESSAGES(X)
#undef X
};

static enum message end_of(enum upgrade_state state)
{
        if (state == UPGRADE_FINISHED)
                return MESSAGE_FINISHED;
        if (state == UPGRADE_ROLLED_BACK)
                return MESSAGE_ROLLED_BACK;
        return state == UPGRADE_CLEANED ? MESSAGE_CLEANED : MESSAGE_NONE;
}

static enum message message_of(enum upgrade_event event, enum upgrade_state state)
{
        switch (event) {
        case EVENT_START:
                return MESSAGE_STARTED;
        case EVENT_RESUME:
                return MESSAGE_RESUMED;
        case EVENT_ROLLBACK:
                return MESSAGE_ROLLBACK_STARTED;
        case EVENT_CLEAN:
                return MESSAGE_CLEAN_STARTED;
        case EVENT_INTERRUPT:
                return MESSAGE_INTERRUPTED;
        case EVENT_ALL_DONE:
                return end_of(state);
        case EVENT_CANCEL:
        case EVENT_STAGE_FAILED:
                break;
        }
        return MESSAGE_NONE;
}

const char *message_id_of(const struct upgrade *changed, const struct upgrade_change *change)
{
        if (!change->moves)
                return NULL;
        if (change->event == EVENT_STAGE_FAILED)
                return error_code_message_id(changed->problem.code);
        return ids[message_of(change->event, changed->state)];
}
