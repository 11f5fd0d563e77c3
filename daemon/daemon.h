/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The loop thread: signals, the service manager, the socket. It never blocks; the runner's thread does the
 * upgrade, libuv's pool what takes a disk or a database.
 */

#include "daemon/settings.h"

/* Runs until SIGTERM or SIGINT; 0 after a clean stop. A failure is logged by the caller. */
int daemon_run(const struct settings *settings, struct error *err) _must_check;
