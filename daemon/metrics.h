/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What has been answered, counted for /metrics. The loop thread's alone. */

struct api_route;
struct request_counts;

struct request_counts *request_counts_new(void); /* released by free() */
/* route NULL: none was found. */
void request_counts_add(struct request_counts *counts, const struct api_route *route, unsigned status);
