/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Character sets and collations, by the names that a server tells. */

#include "lib/database.h"

/* The server's own name for a character set ("utf8" is utf8mb3 since MariaDB 10.6 and MySQL 8.0.30), owned by
 * the caller; NULL: there is none of that name. */
char *charset_name(const struct database_server *server, const char *name);
/* The same for a collation's name; it is known only by its form. NULL: it can't be one. */
char *collation_name(const struct database_server *server, const char *name);
/* The character set's part of a collation's name; owned by the caller. */
char *collation_charset(const char *collation);
/* Of a name that charset_name gave. Owned by the caller. */
char *charset_default_collation(const struct database_server *server, const char *charset);
/* _bin; owned by the caller. */
char *charset_binary_collation(const char *charset);
/* Bytes that a character takes at most; 1 for one that is not known. */
unsigned charset_width(const char *charset);
