/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What Doctrine throws when a schema does not hold a thing, or holds it already. All return the flow. */

#include "migrations-reader/doctrine/objects.h"

const char *dbal_root_exception(enum doctrine_version version); /* DBALException or Exception */
enum php_flow throw_column_missing(struct php_run *run, const char *column, const char *table);
enum php_flow throw_column_exists(struct php_run *run, const char *column, const struct asset *table);
enum php_flow throw_index_missing(struct php_run *run, const char *index, const struct asset *table);
enum php_flow throw_index_exists(struct php_run *run, const char *index, const struct asset *table);
enum php_flow throw_index_name(struct php_run *run, const char *index);
enum php_flow throw_foreign_key_missing(struct php_run *run, const char *key, const struct asset *table);
enum php_flow throw_table_missing(struct php_run *run, const char *table);
enum php_flow throw_table_exists(struct php_run *run, const char *table);
enum php_flow throw_namespace_exists(struct php_run *run, const char *name);
