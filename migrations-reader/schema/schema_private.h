/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the files of this folder share: making and changing the parts of a snapshot. */

#include "migrations-reader/schema/schema.h"

void schema_column_deinit(struct schema_column *column);
void schema_index_deinit(struct schema_index *index);
void schema_foreign_key_deinit(struct schema_foreign_key *key);
void schema_check_deinit(struct schema_check *check);
void schema_table_free(struct schema_table *table);
DEFINE_CLEANUP(struct schema_table *, schema_table_free);

struct schema_column schema_column_copy(const struct schema_column *column);
struct schema_index schema_index_copy(const struct schema_index *index);
struct schema_table *schema_table_copy(const struct schema_table *table);

/* What is given is owned by the table from now on. */
void schema_table_add_column(struct schema_table *table, struct schema_column column);
void schema_table_add_index(struct schema_table *table, struct schema_index index);
void schema_table_add_foreign_key(struct schema_table *table, struct schema_foreign_key key);
void schema_table_add_check(struct schema_table *table, struct schema_check check);
void schema_index_add_part(struct schema_index *index, struct schema_index_part part);
/* In the order of names. */
void schema_add_table(struct schema *schema, struct schema_table *table);
/* NULL: there is none. The caller owns it from now on. */
struct schema_table *schema_take_table(struct schema *schema, const char *name);
void schema_add_view(struct schema *schema, const char *name);
bool schema_has_view(const struct schema *schema, const char *name);
void schema_remove_view(struct schema *schema, const char *name);
int schema_compare_names(const struct schema *schema, const char *left, const char *right);
