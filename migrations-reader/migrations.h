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
        char *row; /* the row's value as it stands: "20190724110039", "Mautic\Migrations\Version…"; or NULL */
        char *problem; /* why its file can't be understood, naming file and line; or NULL */
        char *executed_at; /* "2020-11-22 20:08:00" (UTC), or NULL when the row has none */
};

struct migrations {
        struct migration *items; /* in order of version (bytewise) */
        size_t count;
        size_t executed; /* rows */
        size_t executed_unavailable; /* rows without a file */
        size_t available; /* files */
        size_t new; /* files without a row */
        size_t unreadable; /* files with a problem */
        char *table; /* "<prefix>migrations" */
        bool table_exists;
        bool has_namespaces; /* a row holds a class name, as from Mautic 5 on */
        bool has_times; /* the table has a column executed_at, as from Mautic 3 on */
        char *previous, *current, *next, *latest; /* versions as Doctrine tells them; NULL: none */
};
void migrations_deinit(struct migrations *migrations);
#define _cleanup_migrations_ _cleanup_(migrations_deinit)

/* Reads `folder` (relative to root_fd, MIGRATIONS_FOLDER) and the table of the database. A file that can't be
 * read or parsed, whose class is not its name's or extends no migration: REASON_MIGRATIONS_UNDETECTED, naming
 * file and line. A database error: the same reason, the server's message. A missing folder: no files. */
int migrations_read(int root_fd, const char *folder, struct database *database, const char *prefix,
        struct migrations *ret, struct error *err) _must_check;
/* The same for whom the others are worth telling all the same: such a file is a row with its problem. */
int migrations_look(int root_fd, const char *folder, struct database *database, const char *prefix,
        struct migrations *ret, struct error *err) _must_check;
/* -1 with the first problem that migrations_look has found. */
int migrations_judge(const struct migrations *migrations, struct error *err) _must_check;
/* migrations_look with the values of the table's rows (ends with NULL; NULL: there is no table), as a dump
 * holds them. */
int migrations_look_rows(int root_fd, const char *folder, char *const *rows, const char *prefix,
        struct migrations *ret, struct error *err) _must_check;

/* True for a row without a file that an older major version of Mautic wrote, and whose file the newer release
 * left out: that is as it should be after an upgrade. From Mautic 3 on (mautic_3: the files are Mautic 3's or
 * later) rows carry a time, and from Mautic 5 on a namespace: those of before have none. */
bool migration_is_left_behind(
        const struct migrations *migrations, const struct migration *migration, bool mautic_3);
