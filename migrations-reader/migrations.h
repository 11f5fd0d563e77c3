/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which Doctrine migrations there are and which have been executed, found without PHP and without ever
 * altering the table.
 * Sources: doctrine/migrations 1.2.2 (Mautic 2.16.5), 2.2.1 (Mautic 3.0), 3.5.5 (Mautic 5): the files are
 * app/migrations/Version*.php, the class has the file's name; the table is <prefix>migrations.
 */

#include "lib/database.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>

#define MIGRATIONS_FOLDER "app/migrations" /* relative to the site's root, in all versions */

struct migration {
        char *version; /* what stands behind "Version": "20190724110039" */
        char *file; /* path relative to the site's root, or NULL when only a row is there */
        char *description; /* getDescription()'s constant, or NULL */
        bool available; /* a file is there */
        bool executed; /* a row is there */
};

struct migrations {
        struct migration *items; /* in order of version (bytewise) */
        size_t count;
        size_t executed; /* rows */
        size_t executed_unavailable; /* rows without a file */
        size_t available; /* files */
        size_t new; /* files without a row */
        char *table; /* "<prefix>migrations" */
        bool table_exists;
        char *previous, *current, *next, *latest; /* versions as Doctrine tells them; NULL: none */
};
void migrations_deinit(struct migrations *migrations);
#define _cleanup_migrations_ _cleanup_(migrations_deinit)

/* Reads `folder` (relative to root_fd, MIGRATIONS_FOLDER) and the table of the database. A file that can't be
 * read or parsed, whose class is not its name's or extends no migration: REASON_MIGRATIONS_UNDETECTED, naming
 * file and line. A database error: the same reason, the server's message. A missing folder: no files. */
int migrations_read(int root_fd, const char *folder, struct database *database, const char *prefix,
        struct migrations *ret, struct error *err) _must_check;
