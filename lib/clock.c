/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/clock.h"

#include "lib/memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t milliseconds(clockid_t clock)
{
        struct timespec now = {0};
        (void)clock_gettime(clock, &now); /* fails only for a clock that the kernel doesn't have */
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
        return milliseconds(CLOCK_REALTIME);
}

uint64_t clock_steady_ms(void)
{
        return (uint64_t)milliseconds(CLOCK_BOOTTIME);
}

/* Years 1000 to 9999 fit the fixed width; what lies outside (a clock gone mad, a damaged record) becomes the
 * nearest time inside. */
#define FIRST_MS (-30610224000000LL)
#define LAST_MS 253402300799999LL

static int split(int64_t wall_ms, struct tm *ret)
{
        if (wall_ms < FIRST_MS)
                wall_ms = FIRST_MS;
        if (wall_ms > LAST_MS)
                wall_ms = LAST_MS;
        int64_t part = wall_ms % 1000;
        if (part < 0)
                part += 1000;
        time_t seconds = (time_t)((wall_ms - part) / 1000);
        (void)gmtime_r(&seconds, ret); /* can't overflow inside the bounds */
        return (int)part;
}

void clock_format_utc(int64_t wall_ms, char ret[20])
{
        struct tm parts = {0};
        (void)split(wall_ms, &parts);
        (void)strftime(ret, 20, "%Y-%m-%d %H:%M:%S", &parts);
}

void clock_format_iso(int64_t wall_ms, char ret[25])
{
        struct tm parts = {0};
        int part = split(wall_ms, &parts);
        (void)strftime(ret, 25, "%Y-%m-%dT%H:%M:%S", &parts);
        ret[19] = '.';
        ret[20] = (char)('0' + part / 100);
        ret[21] = (char)('0' + part / 10 % 10);
        ret[22] = (char)('0' + part % 10);
        ret[23] = 'Z';
        ret[24] = '\0';
}

char *clock_format_duration(uint64_t milliseconds)
{
        unsigned long long seconds = milliseconds / 1000;
        if (seconds < 10)
                return string_format("%llu.%llu s", seconds, (unsigned long long)(milliseconds % 1000 / 100));
        if (seconds < 60)
                return string_format("%llu s", seconds);
        if (seconds < 3600)
                return string_format("%llu min %llu s", seconds / 60, seconds % 60);
        return string_format("%llu h %llu min", seconds / 3600, seconds % 3600 / 60);
}
