/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* ALTER TABLE, read into lists; CREATE INDEX and DROP INDEX are short forms of it. */

#include "migrations-reader/schema/ddl.h"

enum drop_kind { DROP_COLUMN, DROP_KEY, DROP_FOREIGN_KEY, DROP_CONSTRAINT };

struct dropped {
        enum drop_kind kind;
        char *name;
        bool if_exists, done;
};

struct set_default {
        char *column;
        struct default_spec value; /* DEFAULT_NONE: DROP DEFAULT */
        bool done;
};

struct renamed {
        bool column; /* else an index */
        char *old, *new;
        bool if_exists, done;
};

struct alter {
        char *table;
        bool if_exists;
        char *new_name;
        struct table_definition definition;
        struct table_options options;
        struct dropped *drops;
        size_t drop_count;
        struct set_default *defaults;
        size_t default_count;
        struct renamed *renames;
        size_t rename_count;
};
void alter_deinit(struct alter *alter);

void add_dropped(struct alter *alter, struct dropped drop);
/* Behind the table's name. */
bool read_alter(struct ddl *ddl, struct alter *alter);
bool apply_alter(struct ddl *ddl, struct alter *alter);
