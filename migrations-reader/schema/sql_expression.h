/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Expressions of generated columns, CHECK constraints and defaults as MariaDB writes them back. Followed:
 * what it writes itself (SHOW CREATE TABLE), and calls, names and literals.
 */

#include "migrations-reader/schema/sql_tokens.h"

/* Owned by the caller; NULL: what the server would write is not known. ret_columns, when not NULL, gets the
 * names of columns (ends with NULL, owned by the caller) even then. */
char *sql_expression_text(
        const struct sql_cursor *cursor, const struct database_server *server, char ***ret_columns);
