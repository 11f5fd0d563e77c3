/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Cron jobs that still call Mautic 2's console. */

#include "lib/files.h"
#include "states/stage.h"

/* Picks the lines of a crontab that call app/console of the site at root, or one that they do not name by its
 * full path. Adds "NAME, line 12: /var/www/app/console mautic:segments:update": the call alone, for there may
 * be a password in front of it. No I/O. */
void cron_lines_pick(const char *name, const char *text, const char *root, struct string_list *ret);

/* Looks through the user's crontab, /etc/crontab and /etc/cron.d, as far as they can be read. -1 only when
 * cancelled. */
int cron_lines_find(struct stage_context *context, struct string_list *ret, struct error *err) _must_check;
