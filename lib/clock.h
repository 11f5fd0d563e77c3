/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

/* Milliseconds since 1970 UTC. */
int64_t clock_wall_ms(void);
/* Milliseconds of CLOCK_BOOTTIME: for rates, time-outs and ages; never goes back. */
uint64_t clock_steady_ms(void);
/* "2026-11-22 16:23:15" (UTC) into ret[20]. */
void clock_format_utc(int64_t wall_ms, char ret[20]);
/* "2026-11-22T16:23:15.123Z" into ret[25]. */
void clock_format_iso(int64_t wall_ms, char ret[25]);
/* "2.5 s", "42 s", "3 min 7 s", "2 h 5 min"; owned by the caller. */
char *clock_format_duration(uint64_t milliseconds);
