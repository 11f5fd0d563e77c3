/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "migrations-reader/php/ast.h"

/* True when a migration's postUp depends on nothing but the database: its class has no properties and no
 * traits that could hold what preUp or up found, and it looks neither at its parameter (the schema of
 * before). It can be run by itself then, on a new object, also after an interruption. */
bool post_up_stands_alone(const struct php_file *file);
