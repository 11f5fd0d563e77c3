/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the service manager is told while the loop runs: how far the upgrade is, that the daemon is alive, and
 * at a stop that a step can't be left yet. All but supervision_waits belongs to the loop thread.
 *
 * Alive is a loop that turns and a worker that is not stuck (runner_lives): one that gives no sign of life
 * for SUPERVISION_PERIODS periods of the watchdog gets none from here, neither the answer to the watchdog nor
 * more time for its stop.
 */

#include "states/runner.h"

#include <uv.h>

#define SUPERVISION_PERIODS 5

struct supervision {
        uv_timer_t timer;
        uint64_t every_ms; /* how often the watchdog is answered; 0: there is none */
        struct runner *runner; /* NULL: not started yet */
        char *told; /* the last STATUS= */
        bool stopping;
        bool stuck; /* that the worker is, which has been told */
};

void supervision_init(struct supervision *supervision, uv_loop_t *loop);
/* Serves from now on. */
void supervision_ready(struct supervision *supervision, struct runner *runner);
void supervision_tell(struct supervision *supervision, const struct snapshot *snapshot);
/* The stop begins; asks for time until the runner has stopped. */
void supervision_stop(struct supervision *supervision);
void supervision_close(struct supervision *supervision); /* the timer; the loop must turn once more */
void supervision_deinit(struct supervision *supervision);

/* runner_options.on_wait: the start takes so long. Any thread. */
void supervision_waits(uint64_t limit_s, void *userdata);

/* "running: extract_package 43 %", owned by the caller. */
char *supervision_status(const struct snapshot *snapshot);
