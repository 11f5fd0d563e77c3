/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Keys that new migrations drop and the live schema doesn't have: such a migration fails in the middle of an
 * upgrade. Only what is constant in the migration's text is judged, never a guess; nothing is evaluated.
 */

#include "lib/database.h"
#include "lib/error.h"
#include "migrations-reader/key_changes.h"

struct dropped_key {
        char *version, *file;
        unsigned line;
        char *table, *key;
        enum key_kind kind;
        bool conditional; /* its statement runs only under a condition */
        bool can_skip; /* preUp may skip the migration */
};

struct dropped_keys {
        struct dropped_key *items;
        size_t count;
};
void dropped_keys_deinit(struct dropped_keys *keys);
#define _cleanup_dropped_keys_ _cleanup_(dropped_keys_deinit)

/* What migrations that are still to run do to keys, one after the other. */
struct planned_keys;
struct planned_keys *planned_keys_new(const char *prefix);
void planned_keys_free(struct planned_keys *planned);
DEFINE_CLEANUP(struct planned_keys *, planned_keys_free);

/* Adds the next migration in order. -1, REASON_INVALID_ARGUMENT, when its source can't be read. */
int planned_keys_add(struct planned_keys *planned, const char *version, const char *file, const char *source,
        size_t size, struct error *err) _must_check;

/* The drops whose table is there and whose key is not, and is not added by a statement before. */
int planned_keys_find_missing(const struct planned_keys *planned, struct database *database,
        struct dropped_keys *ret, struct error *err) _must_check;
