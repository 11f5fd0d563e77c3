/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Stages that begin or end, told as lines. */

#include <jansson.h>
#include <stddef.h>

/* The line on this stage of GET /v1/stages, "extract_package: succeeded (Extract the package, 2.5 s)"; NULL
 * when nothing has changed since the last call. told (stage -> state) remembers. Owned by the caller. */
char *stage_news(json_t *told, const json_t *stage);
/* The i-th stage in the order in which they come: backwards on the way back. NULL behind the last. */
const json_t *stage_in_order(const json_t *stages, const json_t *status, size_t index);
