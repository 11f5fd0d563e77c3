/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the service manager is told and gives, through libsystemd; without it, or not started by systemd,
 * all of these do nothing. Any thread. */

#include "lib/error.h"

#include <stdint.h>

void service_notify(const char *format, ...) _printf(1, 2);
/* Every how many milliseconds the watchdog wants to hear of us; 0: never. */
uint64_t service_watchdog_ms(void);
/* The socket that systemd listens on for us: 0 with *ret_fd, 1 when there is none. */
int service_listen_fd(int *ret_fd, struct error *err) _must_check;
