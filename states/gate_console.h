/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Mautic 2's app/console, closed to cron before the folder app goes: a console that is started a moment
 * before would lose the files it runs on. So the stub takes its place first, the consoles that are at work
 * are waited for, and only then is app moved, in which the console then gets its place back.
 *
 * Meanwhile it is kept under a second name in mautic-2-backup-files; that name says what is left to do.
 */

#include "states/stage.h"

/* The stub stands at app/console from now on. May be killed and called again; nothing is done when app is no
 * longer Mautic 2's. */
int gate_hold_console(struct stage_context *context, struct error *err) _must_check;
/* The console stands at its place in Mautic 2's app again, wherever that is, and app has its time of last
 * change from before. May be killed and called again; also for the way back. */
int gate_release_console(struct stage_context *context, struct error *err) _must_check;
