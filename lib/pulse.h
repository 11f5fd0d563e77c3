/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Signs of life of a thread whose work may take hours, for who watches whether it is stuck: it beats as it
 * gets on (a look at its cancel, progress, a child that lives), or waits for what may take its time (the
 * database, the disk, a command). A thread that has no pulse attached gives none, at no cost.
 */

#include "lib/cleanup.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pulse { /* zeroed: dead until the first beat */
        _Atomic uint64_t beat_ms; /* steady clock */
        _Atomic unsigned waits;
};

/* From now on this thread's signs go there; NULL: nowhere. */
void pulse_attach(struct pulse *pulse);
/* Where this thread's go, for another that works for it; NULL: nowhere. */
struct pulse *pulse_attached(void);
void pulse_beat(void);

/* While this lives the thread waits. Whoever waits for a thing that may never come bounds that itself. */
struct pulse_wait {
        struct pulse *pulse;
};
struct pulse_wait pulse_wait_begin(void);
void pulse_wait_end(struct pulse_wait *wait);
#define _pulse_waits_                                                                                        \
        __attribute__((unused)) _cleanup_(pulse_wait_end) struct pulse_wait pulse_waits = pulse_wait_begin()

/* Any thread: whether it waits, or has beaten in the last patience_ms. */
bool pulse_lives(struct pulse *pulse, uint64_t now_ms, uint64_t patience_ms);
