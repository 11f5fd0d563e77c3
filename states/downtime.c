/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/downtime.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "states/stage.h"

#include <inttypes.h>

int64_t downtime_ms(const struct downtime *downtime, int64_t now_ms)
{
        int64_t until_ms = downtime->until_ms > 0 ? downtime->until_ms : now_ms;
        if (downtime->since_ms == 0)
                return -1;
        return downtime->earlier_ms + (until_ms > downtime->since_ms ? until_ms - downtime->since_ms : 0);
}

char *downtime_says(const struct downtime *downtime, int64_t now_ms)
{
        int64_t ms = downtime_ms(downtime, now_ms);
        _cleanup_free_ char *duration = ms < 0 ? NULL : clock_format_duration((uint64_t)ms);
        return duration ? string_format("Visitors %s the 503 page for %s.",
                                  downtime_goes_on(downtime) ? "have got" : "got", duration)
                        : NULL;
}

int downtime_load(struct checkpoint *checkpoint, struct downtime *ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        struct downtime downtime = {0};
        if (checkpoint_get_fact(checkpoint, FACT_DOWNTIME, &text, err) < 0)
                return -1;
        bool sound = text && sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &downtime.since_ms,
                                     &downtime.until_ms, &downtime.earlier_ms) == 3;
        *ret = sound ? downtime : (struct downtime){0};
        return 0;
}

static int save(struct stage_context *context, const struct downtime *downtime, struct error *err)
{
        _cleanup_free_ char *text = string_format("%" PRId64 " %" PRId64 " %" PRId64, downtime->since_ms,
                downtime->until_ms, downtime->earlier_ms);
        if (checkpoint_set_fact(context->checkpoint, FACT_DOWNTIME, text, err) < 0)
                return -1;
        stage_facts_changed(context);
        return 0;
}

/* When what stands at index.php was renamed to there: after `least`, and not in the future; else now. */
static int moment_of_rename(
        struct stage_context *context, int64_t least_ms, int64_t *ret_ms, struct error *err)
{
        struct stat index;
        int r = file_stat(context->site->root_fd, "index.php", &index, err);
        if (r < 0)
                return -1;
        int64_t now_ms = clock_wall_ms();
        int64_t changed_ms =
                r == 0 ? (int64_t)index.st_ctim.tv_sec * 1000 + index.st_ctim.tv_nsec / 1000000 : now_ms;
        *ret_ms = changed_ms >= least_ms && changed_ms <= now_ms ? changed_ms : now_ms;
        return 0;
}

int downtime_begins(struct stage_context *context, struct error *err)
{
        struct downtime downtime;
        if (downtime_load(context->checkpoint, &downtime, err) < 0)
                return -1;
        if (downtime_goes_on(&downtime))
                return 0;
        struct downtime next = {.earlier_ms = downtime.since_ms > 0 ? downtime_ms(&downtime, 0) : 0};
        if (moment_of_rename(context, downtime.until_ms, &next.since_ms, err) < 0)
                return -1;
        return save(context, &next, err);
}

int downtime_ends(struct stage_context *context, struct error *err)
{
        struct downtime downtime;
        if (downtime_load(context->checkpoint, &downtime, err) < 0)
                return -1;
        if (!downtime_goes_on(&downtime))
                return 0;
        if (moment_of_rename(context, downtime.since_ms, &downtime.until_ms, err) < 0)
                return -1;
        if (downtime.until_ms < downtime.since_ms)
                downtime.until_ms = downtime.since_ms;
        return save(context, &downtime, err);
}
