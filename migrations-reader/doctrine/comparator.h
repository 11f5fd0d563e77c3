/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The parts of the comparator. */

#include "migrations-reader/doctrine/objects.h"

/* Names of the properties that differ: an array. */
enum php_flow compare_columns(struct php_run *run, const struct column *left, const struct column *right,
        struct php_value *ret) _must_check;
enum php_flow columns_equal(struct php_run *run, const struct comparator *comparator,
        const struct column *left, const struct column *right, bool *ret) _must_check;
/* A copy of the table whose columns carry no charset and collation that are the table's own. */
enum php_flow normalize_table(struct php_run *run, struct php_value table, struct php_value *ret) _must_check;
bool indexes_differ(enum doctrine_version version, const struct index *left, const struct index *right);
bool foreign_keys_differ(
        enum doctrine_version version, const struct foreign_key *left, const struct foreign_key *right);
/* The comparator's methods and the classes of differences (difference_classes.c). */
struct php_value difference_new(struct php_run *run, const char *class, const char *const *arrays);
extern const char *const table_diff_arrays[], *const schema_diff_arrays[];
