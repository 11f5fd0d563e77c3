/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Instants as PHP's date functions know them. The default time zone is UTC, which Mautic sets as soon as its
 * kernel boots; other named zones need PHP's own table, fixed offsets do not.
 */

#include "migrations-reader/php/functions.h"

enum date_zone_kind {
        DATE_ZONE_NAMED, /* UTC */
        DATE_ZONE_OFFSET, /* +02:00 */
        DATE_ZONE_LETTER, /* Z */
};

struct date_zone {
        enum date_zone_kind kind;
        int offset; /* seconds east */
};

struct date {
        int64_t seconds; /* since 1970 UTC */
        int microseconds;
        struct date_zone zone;
};

/* The same as a calendar and a clock show it in its zone. Months and the rest may be out of range until
 * date_of_fields. */
struct date_fields {
        int64_t year, month, day, hour, minute, second;
        int microseconds;
        struct date_zone zone;
};

struct date date_now(void);
struct date_fields date_fields_of(const struct date *date);
struct date date_of_fields(const struct date_fields *fields);
int64_t date_days_in_month(int64_t year, int64_t month);
bool date_is_leap(int64_t year);
/* Days since 1970-01-01; months and days out of range carry over. */
int64_t date_day_number(int64_t year, int64_t month, int64_t day);

/* "UTC", "+02:00" and the like; 1 when it is none of these. */
int date_zone_read(struct php_span text, struct date_zone *ret);
/* As format("e") shows it. */
void date_zone_append(struct buffer *out, struct date_zone zone);

/* What strtotime() understands, from `base` on: dates, times, and relative words. What is not understood here
 * stops the run. */
enum php_flow date_parse(struct php_run *run, struct php_span text, const struct date *base, struct date *ret)
        _must_check;
/* createFromFormat() with the letters d m Y H i s, and ! at the begin. */
enum php_flow date_parse_format(struct php_run *run, struct php_span format, struct php_span text,
        const struct date *base, struct date *ret) _must_check;
/* date() and format(). */
enum php_flow date_append(
        struct php_run *run, struct buffer *out, struct php_span format, const struct date *date) _must_check;
