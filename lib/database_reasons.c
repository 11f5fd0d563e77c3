/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/database.h"

#include "lib/memory.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define STATE "SQLSTATE["
#define DESCRIPTION_LIMIT 100 /* bytes between an SQLSTATE and its number */
#define WORDS_LIMIT 1000 /* bytes behind a number that are looked at */
#define INCORRECT_KEY_FILE 1034 /* ER_NOT_KEYFILE */

/* Of a table's handler, where the operating system's could stand (my_base.h). */
enum {
        RECORD_FILE_FULL = 135, /* InnoDB says so when the disk is full */
        INDEX_FILE_FULL = 136,
        HANDLER_DISK_FULL = 189,
        TABLESPACE_EXISTS = 184, /* a file of a table that the server does not know */
};

/* Says that something can't be done on disk; why is in its words alone. mysys_err.h, mysqld_error.h */
static bool is_file_error(unsigned number)
{
        static const unsigned numbers[] = {1, /* EE_CANTCREATEFILE */
                3, /* EE_WRITE */
                20, /* EE_DISK_FULL */
                1004, 1005, 1006, /* ER_CANT_CREATE_FILE, …_TABLE, …_DB */
                1025, 1026, /* ER_ERROR_ON_RENAME, …_ON_WRITE */
                1030}; /* ER_GET_ERRNO */
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
                if (numbers[i] == number)
                        return true;
        return false;
}

/* The operating system's error in the first line of such words: 'Got error 28 "No space left on device" from
 * storage engine', '(errno: 28 "…")', '(Errcode: 28 "…")', MySQL's '(OS errno 28 - …)'; 0: none. */
static int number_of_system(const char *words)
{
        static const char *const signs[] = {"rror ", "rrno: ", "rrno ", "rrcode: "};
        _cleanup_free_ char *line = memory_copy(words, strnlen(words, WORDS_LIMIT));
        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
                for (const char *at = line; (at = strstr(at, signs[i]));) {
                        at += strlen(signs[i]);
                        if (isdigit((unsigned char)*at))
                                return (int)strtol(at, NULL, 10);
                }
        return 0;
}

static enum reason reason_of_file_error(const char *words)
{
        int number = words ? number_of_system(words) : 0;
        bool full = number == ENOSPC || number == EDQUOT || number == RECORD_FILE_FULL ||
                    number == INDEX_FILE_FULL || number == HANDLER_DISK_FULL;
        if (number == TABLESPACE_EXISTS)
                return REASON_DATABASE_DAMAGED;
        return full ? REASON_DISK_FULL : REASON_NONE;
}

enum reason database_reason(unsigned number, const char *words)
{
        static const struct {
                unsigned number;
                enum reason reason;
        } known[] = {
                {1021, REASON_DISK_FULL}, {1033, REASON_DATABASE_DAMAGED}, /* its .frm makes no sense */
                {1040, REASON_DATABASE_UNREACHABLE}, /* too many connections */
                {1044, REASON_DATABASE_ACCESS_DENIED}, {1045, REASON_DATABASE_ACCESS_DENIED},
                {1049, REASON_DATABASE_UNREACHABLE}, /* no such database */
                {1053, REASON_DATABASE_LOST}, /* it is shutting down */
                {1114, REASON_DISK_FULL}, /* the table is full */
                {1129, REASON_DATABASE_UNREACHABLE}, /* the host is blocked */
                {1130, REASON_DATABASE_ACCESS_DENIED}, /* the host is not allowed */
                {1142, REASON_DATABASE_ACCESS_DENIED}, {1143, REASON_DATABASE_ACCESS_DENIED},
                {1194, REASON_DATABASE_DAMAGED}, {1195, REASON_DATABASE_DAMAGED}, /* marked as crashed */
                {SERVER_LOCK_WAIT_TIMEOUT, REASON_TABLE_LOCKED},
                {1203, REASON_DATABASE_UNREACHABLE}, /* too many connections of the user's */
                {1226, REASON_DATABASE_UNREACHABLE}, /* the same, or too many queries an hour */
                {1227, REASON_DATABASE_ACCESS_DENIED}, {1370, REASON_DATABASE_ACCESS_DENIED},
                {1698, REASON_DATABASE_ACCESS_DENIED}, {1712, REASON_DATABASE_DAMAGED}, /* an index */
                {1812, REASON_DATABASE_DAMAGED}, /* its file is gone */
                {SERVER_TABLESPACE_EXISTS, REASON_DATABASE_DAMAGED}, /* MySQL: a file of no table */
                {1877, REASON_DATABASE_DAMAGED}, /* the table */
                {1932, REASON_DATABASE_DAMAGED}, /* the engine does not have it */
                {1927, REASON_DATABASE_LOST}, /* KILL */
                {2002, REASON_DATABASE_UNREACHABLE}, {2003, REASON_DATABASE_UNREACHABLE},
                {2005, REASON_DATABASE_UNREACHABLE}, {2006, REASON_DATABASE_LOST},
                {2013, REASON_DATABASE_LOST}, {2055, REASON_DATABASE_LOST},
                {3118, REASON_DATABASE_ACCESS_DENIED}, /* MySQL: the account is locked */
                {4151, REASON_DATABASE_ACCESS_DENIED}, /* MariaDB: the same */
        };
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (known[i].number == number)
                        return known[i].reason;
        if (number == INCORRECT_KEY_FILE) /* of a temporary table: the server's tmpdir is full */
                return words && strstr(words, "#sql") ? REASON_DISK_FULL : REASON_DATABASE_DAMAGED;
        return is_file_error(number) ? reason_of_file_error(words) : REASON_NONE;
}

/* Where the number behind "SQLSTATE[…]" stands: " [NUMBER] …" when connecting, ": Words: NUMBER …" else;
 * NULL: there is none. */
static const char *number_behind_state(const char *text)
{
        const char *end = strchr(text, ']');
        if (!end || end - text > 8)
                return NULL;
        if (string_begins(end, "] [") && isdigit((unsigned char)end[3]))
                return end + 3;
        for (const char *at = end; *at && *at != '\n' && at - end < DESCRIPTION_LIMIT; at++)
                if (at[0] == ':' && at[1] == ' ' && isdigit((unsigned char)at[2]))
                        return at + 2;
        return NULL;
}

enum reason database_reason_in_text(const char *text)
{
        enum reason reason = REASON_NONE;
        for (const char *at = text ? strstr(text, STATE) : NULL; at; at = strstr(at, STATE)) {
                at += strlen(STATE);
                const char *number = number_behind_state(at);
                if (!number)
                        continue;
                char *words;
                unsigned long value = strtoul(number, &words, 10);
                reason = value <= UINT_MAX ? database_reason((unsigned)value, words) : REASON_NONE;
        }
        return reason;
}
