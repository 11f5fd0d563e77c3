/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the daemon runs with: the configuration file and the command line brought together, and the folders
 * that follow from them. */

#include "daemon/token.h"
#include "lib/config.h"

#include <sys/socket.h>
#include <sys/types.h>

struct settings_request { /* from the command line; NULL: not given */
        const char *site;
        const char *config;
        const char *root;
        const char *state_folder;
        const char *socket;
        const char *const *assignments; /* "section.key=value" */
        size_t assignment_count;
};

struct settings {
        struct config config; /* root is absolute, its links resolved */
        char *site; /* never NULL */
        char *state_path; /* absolute; made by settings_make_state_folder */
        char *socket_path;
        gid_t group; /* PEER_NO_GROUP: none */
        struct sockaddr_storage listen_address; /* AF_UNSPEC: none */
        struct token token; /* with listen_address */
};

/* Reads, decides and checks; makes nothing. REASON_INVALID_ARGUMENT: the command line lacks something. */
int settings_init(struct settings *settings, const struct settings_request *request, struct error *err)
        _must_check;
void settings_deinit(struct settings *settings);
#define _cleanup_settings_ _cleanup_(settings_deinit)

/* Makes the state folder, mode 0700. One that is there must be the own user's; it gets that mode when it is
 * empty or holds a checkpoint, and is refused when it is open to others and in use for something else. */
int settings_make_state_folder(const struct settings *settings, struct error *err) _must_check;
/* Makes the folder of the socket when it is missing. */
int settings_make_socket_folder(const struct settings *settings, struct error *err) _must_check;
