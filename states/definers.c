/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/definers.h"

#include "lib/memory.h"
#include "states/site_database.h"

bool definers_may_be_set(const struct grants *grants)
{
        static const char *const rights[] = {"SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"};
        for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
                if (grants_have_globally(grants, rights[i]))
                        return true;
        return grants_have_role(grants);
}

int definers_judge(
        struct database *database, const struct string_list *owners, char **ret_why, struct error *err)
{
        _cleanup_free_ char *self = NULL;
        _cleanup_database_grants_ struct database_grants grants = {0};
        if (owners->count == 0)
                return 0;
        if (database_query_value(database, &self, err, "SELECT CURRENT_USER()") < 0 ||
                site_database_grants(database, &grants, err) < 0)
                return -1;
        if (definers_may_be_set(&grants.grants))
                return 0;
        for (size_t i = 0; i < owners->count; i++) {
                if (string_equal(owners->items[i], self))
                        continue;
                *ret_why = string_format("the backup holds views, triggers, routines or events that belong "
                                         "to %s, which %s may not make: it needs SET USER (MariaDB), "
                                         "SET_USER_ID (MySQL 8) or SUPER",
                        owners->items[i], self);
                return 1;
        }
        return 0;
}
