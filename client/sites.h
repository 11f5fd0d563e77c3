/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The sites of this machine: those that are configured and those that have a socket. */

#include "lib/config.h"
#include "lib/files.h"

#define SITES_UNITS "/etc/systemd/system"
#define SITES_UNIT_FILE "site.conf" /* the drop-ins that sites add writes */

/* Where a site has its things. */
struct site_places {
        char *configuration; /* its file, SITES_CONFIGURATION/NAME.conf */
        char *service_folder; /* of the drop-ins for its service, */
        char *socket_folder; /* and for its socket */
        char *state;
        char *socket;
};
/* prefix is what stands in front of each, NULL for nothing: --prefix-root. */
void site_places_init(struct site_places *places, const char *prefix, const char *name);
void site_places_deinit(struct site_places *places);
#define _cleanup_site_places_ _cleanup_(site_places_deinit)

/* Their names, sorted. */
void sites_list(const char *prefix, struct string_list *ret);
/* Reads the configuration of a site over what is set. */
int sites_load_config(const char *prefix, const char *name, struct config *ret, struct error *err)
        _must_check;
/* The socket of a site: daemon.socket of its configuration where that can be read, else the usual place, or
 * that of a daemon which was started with --state-dir; owned by the caller. NULL when name is no site's name.
 */
char *sites_socket(const char *prefix, const char *name);
/* The daemon's socket as the command line says, or the environment, or because there is but one site; owned
 * by the caller. NULL when that is wrong or not enough, which has been told. */
struct client;
char *sites_find_socket(const struct client *client);
