/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/database.h"

#include "lib/memory.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define STATE "SQLSTATE["
#define DESCRIPTION_LIMIT 100 /* bytes between an SQLSTATE and its number */

enum reason database_reason(unsigned number)
{
        static const struct {
                unsigned number;
                enum reason reason;
        } known[] = {
                {1021, REASON_DISK_FULL}, {1040, REASON_DATABASE_UNREACHABLE}, /* too many connections */
                {1044, REASON_DATABASE_ACCESS_DENIED}, {1045, REASON_DATABASE_ACCESS_DENIED},
                {1049, REASON_DATABASE_UNREACHABLE}, /* no such database */
                {1053, REASON_DATABASE_LOST}, /* it is shutting down */
                {1114, REASON_DISK_FULL}, /* the table is full */
                {1129, REASON_DATABASE_UNREACHABLE}, /* the host is blocked */
                {1130, REASON_DATABASE_ACCESS_DENIED}, /* the host is not allowed */
                {1142, REASON_DATABASE_ACCESS_DENIED}, {1143, REASON_DATABASE_ACCESS_DENIED},
                {1203, REASON_DATABASE_UNREACHABLE}, /* too many connections of the user's */
                {1226, REASON_DATABASE_UNREACHABLE}, /* the same, or too many queries an hour */
                {1227, REASON_DATABASE_ACCESS_DENIED}, {1370, REASON_DATABASE_ACCESS_DENIED},
                {1698, REASON_DATABASE_ACCESS_DENIED}, {1927, REASON_DATABASE_LOST}, /* KILL */
                {2002, REASON_DATABASE_UNREACHABLE}, {2003, REASON_DATABASE_UNREACHABLE},
                {2005, REASON_DATABASE_UNREACHABLE}, {2006, REASON_DATABASE_LOST},
                {2013, REASON_DATABASE_LOST}, {2055, REASON_DATABASE_LOST},
                {3118, REASON_DATABASE_ACCESS_DENIED}, /* MySQL: the account is locked */
                {4151, REASON_DATABASE_ACCESS_DENIED}, /* MariaDB: the same */
        };
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (known[i].number == number)
                        return known[i].reason;
        return REASON_NONE;
}

/* The number behind "SQLSTATE[…]": " [NUMBER] …" when connecting, ": Words: NUMBER …" else; 0: none. */
static unsigned number_behind_state(const char *text)
{
        const char *end = strchr(text, ']');
        if (!end || end - text > 8)
                return 0;
        if (strncmp(end, "] [", 3) == 0 && isdigit((unsigned char)end[3]))
                return (unsigned)strtoul(end + 3, NULL, 10);
        for (const char *at = end; *at && *at != '\n' && at - end < DESCRIPTION_LIMIT; at++)
                if (at[0] == ':' && at[1] == ' ' && isdigit((unsigned char)at[2]))
                        return (unsigned)strtoul(at + 2, NULL, 10);
        return 0;
}

enum reason database_reason_in_text(const char *text)
{
        enum reason reason = REASON_NONE;
        for (const char *at = text ? strstr(text, STATE) : NULL; at; at = strstr(at, STATE)) {
                at += strlen(STATE);
                unsigned number = number_behind_state(at);
                reason = number ? database_reason(number) : reason;
        }
        return reason;
}
