/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What systemd is told of one site: drop-ins for mautic-upgraded@NAME.service and .socket, as text. Sources:
 * systemd.unit(5), systemd.syntax(7), systemd.exec(5), systemd.socket(5). */

#include "lib/files.h"

struct site_unit {
        const char *user, *group; /* names, or numbers where they have none */
        const char *root;
        /* Folders out of the root that the upgrade writes into; one that is missing does no harm. */
        struct string_list writable;
        struct string_list readable; /* paths that the service must see */
        const char *state; /* the state folder where it is not at the usual place, or NULL */
        const char *socket; /* where it is not at the usual place, or NULL */
        const char *socket_group; /* that may connect, or NULL */
};

/* A path as one word of a list of paths, in quotes and with what systemd would take for its own escaped;
 * owned by the caller. NULL for what no unit file can hold: control characters, bytes that are not UTF-8,
 * "..". */
char *unit_quote(const char *before, const char *path);

/* Owned by the caller. REASON_UNSAFE_PATH for a path that can't stand in a unit file. */
int site_unit_service(const struct site_unit *unit, char **ret, struct error *err) _must_check;
int site_unit_socket(const struct site_unit *unit, char **ret, struct error *err) _must_check;

/* The last value of a key in a unit file's text, "" when it has none; owned by the caller. */
char *unit_value(const char *text, const char *key);
/* The user that the drop-in of a site names; "" when there is none. Owned by the caller. */
char *site_unit_user(const char *prefix, const char *name);
