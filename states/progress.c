/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/progress.h"

#include "lib/memory.h"

#define SAMPLE_MS 500
#define SMOOTHING_MS 5000.0
#define ETA_LIMIT_MS (100LL * 24 * 3600 * 1000) /* what would take longer is no estimate */

void progress_meter_update(
        struct progress_meter *meter, uint64_t done, uint64_t total, const char *unit, uint64_t now_ms)
{
        bool same = meter->begun && done >= meter->done && string_equal(meter->unit, unit);
        if (!same)
                *meter = (struct progress_meter){.begun = true, .sample_ms = now_ms, .sample_done = done};
        meter->done = done;
        meter->total = total;
        meter->unit = unit;

        uint64_t elapsed_ms = now_ms > meter->sample_ms ? now_ms - meter->sample_ms : 0;
        if (elapsed_ms < SAMPLE_MS)
                return;
        double rate = (double)(done - meter->sample_done) * 1000.0 / (double)elapsed_ms;
        double weight = meter->measured ? (double)elapsed_ms / ((double)elapsed_ms + SMOOTHING_MS) : 1.0;
        meter->rate += weight * (rate - meter->rate);
        meter->measured = true;
        meter->sample_ms = now_ms;
        meter->sample_done = done;
}

uint64_t progress_meter_rate(const struct progress_meter *meter)
{
        return meter->measured ? (uint64_t)meter->rate : 0;
}

int64_t progress_meter_eta_ms(const struct progress_meter *meter)
{
        if (!meter->measured || meter->total == 0 || meter->done > meter->total)
                return -1;
        if (meter->done == meter->total)
                return 0;
        double left_ms = meter->rate > 0 ? (double)(meter->total - meter->done) * 1000.0 / meter->rate : -1;
        return left_ms >= 0 && left_ms < (double)ETA_LIMIT_MS ? (int64_t)left_ms : -1;
}
