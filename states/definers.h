/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Views, triggers, routines and events belong to somebody, their definer. What belongs to another can only be
 * made again by who has the right to it. */

#include "lib/database.h"
#include "lib/files.h"
#include "states/grants.h"

/* Whether these grants, as far as they tell, give that right. */
bool definers_may_be_set(const struct grants *grants);

/* owners: "user@host", or a role. 1 with *ret_why (owned by the caller): the connection's user may not make
 * what belongs to one of them. What a role gives can't be seen, and is thought to do. */
int definers_judge(struct database *database, const struct string_list *owners, char **ret_why,
        struct error *err) _must_check;
