/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* As whom a site's daemon runs. */

#include "lib/site.h"

#include <sys/types.h>

struct site_owner {
        uid_t uid;
        gid_t gid;
        char *user, *group; /* their names, or numbers where they have none that a unit file can hold */
        bool has_account; /* the user is one of this machine's */
};
void site_owner_deinit(struct site_owner *owner);

/* The owner of the root folder, who must be that of local.php, too: otherwise whoever owns the one could have
 * his PHP run as the other. wanted (a name or a number, NULL: nobody) is taken as it is. The group is the
 * files' when the user is a member of it, else his own. REASON_PERMISSION_DENIED for root's files and for two
 * owners, with what to do in the message. */
int site_owner_find(const struct site *site, const char *wanted, struct site_owner *ret, struct error *err)
        _must_check;
