/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What introspection shares with the platform's own methods. */

#include "migrations-reader/doctrine/objects.h"

/* Doctrine's name for a database type in lower case, or NULL. */
const char *platform_map_type(const struct platform *platform, const char *database);
enum php_flow throw_unknown_database_type(
        struct php_run *run, const struct platform *platform, const char *database);
