/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The service manager's part in adding and removing a site. */

#include "client/commands.h"
#include "lib/error.h"

/* Tells of each act of a command, and remembers it for --json. */
struct site_report {
        bool json;
        json_t *acts;
};
void site_report_act(struct site_report *report, const char *act, const char *what);
/* What to do after a failure; NULL when nothing had been done. */
const char *site_report_advice(const struct site_report *report);

/* Whether systemd runs this machine. Source: sd_booted(3). */
bool systemd_runs(void);

/* Runs systemctl with these words (the last is NULL), and tells it. Where it is not to be asked
 * (--no-systemd, another root folder) the command is told alone. */
int systemctl(const struct client *client, struct site_report *report, const char *const *words,
        struct error *err) _must_check;
