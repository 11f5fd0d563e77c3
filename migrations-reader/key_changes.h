/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which keys the statements of an SQL text drop and add. No database here: bytes in, a list out.
 *
 * Parts of the text may be unknown: each is one byte SQL_UNKNOWN. What depends on such a part is not told;
 * nor is what ends well without the key (IF EXISTS) or names another database.
 */

#include <stdbool.h>
#include <stddef.h>

#define SQL_UNKNOWN '\1'

enum key_kind { KEY_FOREIGN, KEY_INDEX, KEY_PRIMARY, KEY_CONSTRAINT };
const char *key_kind_name(enum key_kind kind); /* "foreign key", "index", … */

struct key_change {
        bool added; /* else dropped */
        enum key_kind kind; /* of a dropped one */
        char *table;
        char *key; /* "PRIMARY" for the primary key; NULL: keys that can't be told (added only) */
        size_t statement; /* from 0 */
        size_t offset; /* of the word DROP, ADD, CREATE … in the text */
};

struct key_changes {
        struct key_change *items;
        size_t count;
};
void key_changes_deinit(struct key_changes *changes);
#define _cleanup_key_changes_ _cleanup_(key_changes_deinit)

/* Of all statements, in their order; a table that is made, dropped or renamed counts as one whose keys, any
 * of them, are added. */
void key_changes_read(const char *text, size_t size, struct key_changes *ret);
