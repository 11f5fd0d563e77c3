/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * How long visitors got the 503 page: from the rename that put it in the place of index.php to the one that
 * took it away.
 *
 * Both moments are by the wall clock, for a site whose daemon is dead, or whose machine is off, is down all
 * the time; and both are read from the file system, which gives what a rename puts at index.php the time of
 * that rename as its st_ctime, so that a kill between the rename and its record does not falsify them. A
 * clock that was set meanwhile falsifies them by as much, but nothing ever lasts less than 0. After a kill
 * before the record so does whoever gives index.php another mode, owner or hard link in between.
 *
 * A rollback counts for itself, but for a page that stood already when it was asked for: then the time goes
 * on from where it began.
 */

#include "lib/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

struct checkpoint;
struct error;
struct stage_context;

#define FACT_DOWNTIME "downtime"

struct downtime {
        int64_t since_ms; /* 0: visitors were let in all the time, or it is not known */
        int64_t until_ms; /* 0: they still get the page */
        int64_t earlier_ms; /* how long they got it in the same direction before since_ms */
};

static inline bool downtime_goes_on(const struct downtime *downtime)
{
        return downtime->since_ms > 0 && downtime->until_ms == 0;
}
/* All of it, until now when it goes on; -1: there was none. */
int64_t downtime_ms(const struct downtime *downtime, int64_t now_ms);
int downtime_load(struct checkpoint *checkpoint, struct downtime *ret, struct error *err) _must_check;

/* "Visitors got the 503 page for 4.2 s.", or have got it until now; NULL: there was none. Owned by the
 * caller. */
char *downtime_says(const struct downtime *downtime, int64_t now_ms);

/* The 503 page stands, or index.php is a Mautic's again: whoever has just made sure of it records it. May be
 * called again. */
int downtime_begins(struct stage_context *context, struct error *err) _must_check;
int downtime_ends(struct stage_context *context, struct error *err) _must_check;
