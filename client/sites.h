/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The sites of this machine: those that are configured and those that have a socket. */

#include "lib/config.h"
#include "lib/files.h"

/* Their names, sorted. */
void sites_list(struct string_list *ret);
/* Reads the configuration of a site over what is set. */
int sites_load_config(const char *name, struct config *ret, struct error *err) _must_check;
/* The socket of a site: daemon.socket of its configuration where that can be read, else the usual place;
 * owned by the caller. NULL when name is no site's name. */
char *sites_socket(const char *name);
/* The daemon's socket as the command line says, or the environment, or because there is but one site; owned
 * by the caller. NULL when that is wrong or not enough, which has been told. */
struct client;
char *sites_find_socket(const struct client *client);
