/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/log_place.h"

#include <string.h>

const char *log_place_of(const char *fact, bool *ret_in_state)
{
        size_t prefix = strlen(UPGRADE_LOG_IN_STATE);
        const char *path = fact ? fact : NAME_LOG;
        *ret_in_state = strncmp(path, UPGRADE_LOG_IN_STATE, prefix) == 0;
        if (*ret_in_state)
                path += prefix;
        return *path ? path : NULL;
}
