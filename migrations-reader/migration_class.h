/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where a migration's class and its methods stand in its syntax tree. Names as PHP compares them. */

#include "lib/php_syntax.h"

/* A null node (ts_node_is_null) when there is none. */
TSNode migration_class(const struct php_tree *tree, const char *name);
TSNode migration_method(const struct php_tree *tree, TSNode class, const char *name);
