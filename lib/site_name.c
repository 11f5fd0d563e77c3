/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/site_name.h"

#include <string.h>

#define SITE_NAME_LIMIT 64

int site_name_check(const char *name, struct error *err)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
        if (*name && *name != '.' && *name != '-' && strlen(name) <= SITE_NAME_LIMIT &&
                strspn(name, letters) == strlen(name))
                return 0;
        return error_set(err, REASON_INVALID_ARGUMENT,
                "%.100s is no name of a site: letters, digits, '.', '_' and '-' make one, %d at most", name,
                SITE_NAME_LIMIT);
}
