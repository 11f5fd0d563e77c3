/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One request to the site, as a visitor makes it, but with the gate's token: the gate lets it through to
 * Mautic 3 and says so in the answer, so that an answer of another server, or of a cache in between, is never
 * taken for Mautic's.
 */

#include "states/stage.h"

/* time_limit_s: how long one answer may take. 0 when Mautic 3 answers, and also when the site can't be
 * reached from here, is served by another machine, or the answer is not from behind the gate: then that is
 * told in the log. -1 with REASON_SMOKE_TEST_FAILED when Mautic 3 itself answers with a status of 500 or
 * above; cancelled. */
int smoke_request(struct stage_context *context, const char *site_url, long time_limit_s, struct error *err)
        _must_check;
