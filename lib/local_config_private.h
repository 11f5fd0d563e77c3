/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Between local_config.c (reading) and local_config_edit.c (editing), for nobody else. */

#include "lib/local_config.h"

enum entry_kind {
        ENTRY_ELEMENT, /* 'key' => value, inside an array */
        ENTRY_ASSIGNMENT, /* $parameters['key'] = value; */
        ENTRY_CHANGE, /* $parameters['key']['deeper'] = …; $parameters['key'] .= …; */
};

struct entry {
        enum entry_kind kind;
        char *key; /* NULL for numbers and for none: nothing asks for those */
        TSNode value; /* the whole statement for ENTRY_CHANGE */
        TSNode whole; /* the element or the statement */
};

struct entries {
        struct entry *items;
        size_t count;
        size_t capacity;
};

struct edit {
        char *key;
        char *source; /* NULL: removed */
};

struct local_config {
        char *data;
        size_t size;
        char *variable; /* "$parameters" */
        char *include; /* or NULL */
        bool alone; /* no other file sets the variable before */
        bool begins_with_key; /* $parameters['key'] = …; makes the array that is merged later */
        struct php_tree *tree;
        struct entries entries; /* in the order in which PHP sets them */
        bool has_base;
        bool seen; /* the variable is set at all */
        TSNode unseen_change; /* what may have changed the variable since the base, or null */
        struct edit *edits;
        size_t edit_count;
};

/* Returns -1. */
int local_config_unreadable(TSNode node, struct error *err, const char *what);
bool local_config_is_text(const struct local_config *config, TSNode node, const char *text);
/* The last entry of that key, which is the one that holds; NULL: none. */
const struct entry *local_config_holder(const struct local_config *config, const char *key);
/* As local_config_parse, but the variable ("$parameters") need not be set. alone: no other file sets it
 * before.
 */
int local_config_read(const char *data, size_t size, const char *variable, const char *include, bool alone,
        struct local_config **ret, struct error *err) _must_check;
