/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Rate and time left, from the numbers a stage tells. Pure: the time is given. */

#include <stdbool.h>
#include <stdint.h>

/* A zeroed struct is a meter that has seen nothing. */
struct progress_meter {
        uint64_t done, total;
        const char *unit; /* static */
        uint64_t sample_ms, sample_done; /* where the current sample began */
        double rate; /* per second, smoothed over about five seconds */
        bool begun, measured;
};

/* What was done before the first call (work of a former attempt) never counts as speed; neither does a jump
 * back or to another unit. */
void progress_meter_update(
        struct progress_meter *meter, uint64_t done, uint64_t total, const char *unit, uint64_t now_ms);
/* Units per second; 0: not known (yet). */
uint64_t progress_meter_rate(const struct progress_meter *meter);
/* Milliseconds to total; -1: not known. */
int64_t progress_meter_eta_ms(const struct progress_meter *meter);
