/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The migrations reader as a library: Doctrine migrations without PHP, counted, listed, and planned on a
 * database. It only reads; `migrations-reader apply` is what changes a database.
 *
 *         struct migrations_reader *reader = migrations_reader_new();
 *         char *status = NULL;
 *         if (migrations_reader_set(reader, "root", "/var/www/mautic") == 0 &&
 *                         migrations_reader_open(reader) == 0)
 *                 status = migrations_reader_status(reader);
 *         puts(status ? status : migrations_reader_error(reader));
 *         free(status);
 *         migrations_reader_free(reader);
 *
 * Answers are JSON, as `migrations-reader --json` gives it: members may be added to it, none changes. A
 * reader belongs to one thread at a time; several may be used side by side. A failed allocation ends the
 * process. Link with: pkg-config --cflags --libs migrations-reader.
 */
#ifndef MIGRATIONS_READER_H
#define MIGRATIONS_READER_H

#ifdef __cplusplus
extern "C" {
#endif

struct migrations_reader;

struct migrations_reader *migrations_reader_new(void);
/* Closes what is open. NULL is fine. */
void migrations_reader_free(struct migrations_reader *reader);

/* Where to look, before migrations_reader_open: the option's name and value are those of the program's, in
 * migrations-reader(1): root, or dir with dsn or schema-dump; prefix, password-file, doctrine. NULL takes a
 * value back. -1: there is no such option. */
int migrations_reader_set(struct migrations_reader *reader, const char *option, const char *value);

/* Opens the files, and the database or the dump. Once. */
int migrations_reader_open(struct migrations_reader *reader);

/* Each answers with JSON, to be released with free(), or with NULL. */

/* How many are executed, available, new and executed but unavailable. */
char *migrations_reader_status(struct migrations_reader *reader);
/* All of them, in order. */
char *migrations_reader_list(struct migrations_reader *reader);
/* What they would send to the database: those of `versions`, which ends with NULL; where it is empty or NULL,
 * the new ones. Each on what those before it leave; with `independent` each by itself, on the database as it
 * is, and all available ones where none is named. */
char *migrations_reader_plan(struct migrations_reader *reader, const char *const *versions, int independent);

/* Of the last call that returned -1 or NULL: a sentence, the reason's name ("database_unreachable"), what to
 * do about it or NULL. Valid until the next call; never a password. */
const char *migrations_reader_error(const struct migrations_reader *reader);
const char *migrations_reader_reason(const struct migrations_reader *reader);
const char *migrations_reader_advice(const struct migrations_reader *reader);

/* Of the library that is loaded: "0.1.0". */
const char *migrations_reader_version(void);

#ifdef __cplusplus
}
#endif

#endif
