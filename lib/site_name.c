/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/site_name.h"

#include "lib/memory.h"

#include <string.h>

#define SITE_NAME_LIMIT 64
#define SOCKET ".sock" /* NAME.sock is the socket of the site NAME */

int site_name_check(const char *name, struct error *err)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
        size_t size = strlen(name);
        bool is_socket = size >= strlen(SOCKET) && string_equal(name + size - strlen(SOCKET), SOCKET);
        if (size > 0 && *name != '.' && *name != '-' && size <= SITE_NAME_LIMIT &&
                strspn(name, letters) == size && !is_socket)
                return 0;
        return error_set(err, REASON_INVALID_ARGUMENT,
                "%.100s is no name of a site: letters, digits, '.', '_' and '-' make one, %d at most, "
                "without " SOCKET " at its end",
                name, SITE_NAME_LIMIT);
}
