/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/pulse.h"

#include "lib/clock.h"

static _Thread_local struct pulse *own;

static void beat(struct pulse *pulse)
{
        if (pulse)
                atomic_store(&pulse->beat_ms, clock_steady_ms());
}

void pulse_attach(struct pulse *pulse)
{
        own = pulse;
        beat(pulse);
}

struct pulse *pulse_attached(void)
{
        return own;
}

void pulse_beat(void)
{
        beat(own);
}

struct pulse_wait pulse_wait_begin(void)
{
        if (own)
                atomic_fetch_add(&own->waits, 1);
        return (struct pulse_wait){own};
}

/* Beats first: between the two it would seem stuck after a long wait. */
void pulse_wait_end(struct pulse_wait *wait)
{
        beat(wait->pulse);
        if (wait->pulse)
                atomic_fetch_sub(&wait->pulse->waits, 1);
}

bool pulse_lives(struct pulse *pulse, uint64_t now_ms, uint64_t patience_ms)
{
        if (atomic_load(&pulse->waits) > 0)
                return true;
        uint64_t beat_ms = atomic_load(&pulse->beat_ms);
        return now_ms <= beat_ms || now_ms - beat_ms <= patience_ms;
}
