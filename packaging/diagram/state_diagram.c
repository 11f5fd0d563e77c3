/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints the README's diagrams (Mermaid) from the tables that the daemon works by: the states, and the
 * stages. */
#include "lib/error_codes.h"
#include "states/machine.h"
#include "states/stages.h"

#include <stdio.h>

#define STATES_COUNT (sizeof(states) / sizeof(*states))
#define EVENTS_COUNT (sizeof(events) / sizeof(*events))

static const enum upgrade_state states[] = {
#define X(name, text, meaning) UPGRADE_##name,
        UPGRADE_STATES(X)
#undef X
};
static const enum upgrade_event events[] = {
#define X(name, text) EVENT_##name,
        UPGRADE_EVENTS(X)
#undef X
};

/* Events that lead from one state to the same other one share an arrow. */
static void print_arrow(enum upgrade_state from, enum upgrade_state to)
{
        const char *separator = "";
        for (size_t i = 0; i < EVENTS_COUNT; i++) {
                enum upgrade_state state = from;
                if (!machine_move(&state, events[i]) || state != to)
                        continue;
                if (*separator)
                        printf("%s%s", separator, upgrade_event_name(events[i]));
                else
                        printf("    %s --> %s: %s", upgrade_state_name(from), upgrade_state_name(to),
                                upgrade_event_name(events[i]));
                separator = ", ";
        }
        if (*separator)
                printf("\n");
}

static void print_states(void)
{
        printf("```mermaid\nstateDiagram-v2\n    [*] --> %s\n", upgrade_state_name(UPGRADE_IDLE));
        for (size_t from = 0; from < STATES_COUNT; from++)
                for (size_t to = 0; to < STATES_COUNT; to++)
                        print_arrow(states[from], states[to]);
        printf("```\n");
}

static void print_stages(void)
{
        printf("```mermaid\nflowchart LR\n");
        for (size_t i = 0; i < stage_count(); i++)
                printf("    %s[\"%s<br/>%s\"]\n", stages[i]->name, stages[i]->name,
                        error_code_name(stages[i]->error_code));
        for (size_t i = 1; i < stage_count(); i++)
                printf("    %s --> %s\n", stages[i - 1]->name, stages[i]->name);
        printf("```\n");
}

int main(void)
{
        print_states();
        printf("\n");
        print_stages();
        return 0;
}
