/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/date.h"

#include <stdlib.h>
#include <string.h>

static const char *const day_names[] = {
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"January", "February", "March", "April", "May", "June", "July",
        "August", "September", "October", "November", "December"};

/* What is shown, and what follows from it. */
struct shown {
        const struct date *date;
        struct date_fields fields;
        int weekday; /* 0: Sunday */
        int64_t day_of_year; /* from 0 */
        int64_t week; /* ISO 8601 */
        int64_t week_year;
};

static int weekday_of(int64_t day_number)
{
        return (int)(((day_number + 4) % 7 + 7) % 7);
}

/* The week that has the year's first Thursday is its first. */
static void find_week(struct shown *shown, int64_t day_number)
{
        int from_monday = (shown->weekday + 6) % 7;
        int64_t thursday = day_number - from_monday + 3;
        shown->week_year = shown->fields.year;
        if (thursday < date_day_number(shown->fields.year, 1, 1))
                shown->week_year--;
        else if (thursday >= date_day_number(shown->fields.year + 1, 1, 1))
                shown->week_year++;
        shown->week = (thursday - date_day_number(shown->week_year, 1, 1)) / 7 + 1;
}

static struct shown show(const struct date *date)
{
        struct shown shown = {.date = date, .fields = date_fields_of(date)};
        int64_t day_number = date_day_number(shown.fields.year, shown.fields.month, shown.fields.day);
        shown.weekday = weekday_of(day_number);
        shown.day_of_year = day_number - date_day_number(shown.fields.year, 1, 1);
        find_week(&shown, day_number);
        return shown;
}

static const char *ordinal_suffix(int64_t day)
{
        if (day >= 10 && day <= 19)
                return "th";
        return day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : day % 10 == 3 ? "rd" : "th";
}

/* Swatch's beats: thousandths of the day in UTC+1. */
static int beat_of(const struct date *date)
{
        int64_t second = ((date->seconds + 3600) % 86400 + 86400) % 86400;
        return (int)(second * 10 / 864);
}

static void append_offset(struct buffer *out, int offset, const char *separator)
{
        int minutes = abs(offset) / 60;
        buffer_append_format(
                out, "%c%02d%s%02d", offset < 0 ? '-' : '+', minutes / 60, separator, minutes % 60);
}

static void append_year(struct buffer *out, int64_t year)
{
        buffer_append_format(out, "%s%04lld", year < 0 ? "-" : "", (long long)llabs(year));
}

/* Letters of the day, week, month and year; false for others. */
static bool append_day_letter(struct buffer *out, const struct shown *shown, char letter)
{
        const struct date_fields *fields = &shown->fields;
        switch (letter) {
        case 'd':
                buffer_append_format(out, "%02lld", (long long)fields->day);
                return true;
        case 'D':
                buffer_append(out, day_names[shown->weekday], 3);
                return true;
        case 'j':
                buffer_append_format(out, "%lld", (long long)fields->day);
                return true;
        case 'l':
                buffer_append_string(out, day_names[shown->weekday]);
                return true;
        case 'N':
                buffer_append_format(out, "%d", shown->weekday == 0 ? 7 : shown->weekday);
                return true;
        case 'S':
                buffer_append_string(out, ordinal_suffix(fields->day));
                return true;
        case 'w':
                buffer_append_format(out, "%d", shown->weekday);
                return true;
        case 'z':
                buffer_append_format(out, "%lld", (long long)shown->day_of_year);
                return true;
        case 'W':
                buffer_append_format(out, "%02lld", (long long)shown->week);
                return true;
        case 'o':
                buffer_append_format(out, "%lld", (long long)shown->week_year);
                return true;
        }
        return false;
}

static bool append_month_letter(struct buffer *out, const struct shown *shown, char letter)
{
        const struct date_fields *fields = &shown->fields;
        switch (letter) {
        case 'F':
                buffer_append_string(out, month_names[fields->month - 1]);
                return true;
        case 'M':
                buffer_append(out, month_names[fields->month - 1], 3);
                return true;
        case 'm':
                buffer_append_format(out, "%02lld", (long long)fields->month);
                return true;
        case 'n':
                buffer_append_format(out, "%lld", (long long)fields->month);
                return true;
        case 't':
                buffer_append_format(out, "%lld", (long long)date_days_in_month(fields->year, fields->month));
                return true;
        case 'L':
                buffer_append_string(out, date_is_leap(fields->year) ? "1" : "0");
                return true;
        case 'Y':
                append_year(out, fields->year);
                return true;
        case 'y':
                buffer_append_format(out, "%02d", (int)(fields->year % 100));
                return true;
        }
        return false;
}

static bool append_time_letter(struct buffer *out, const struct shown *shown, char letter)
{
        const struct date_fields *fields = &shown->fields;
        long long hour = (long long)fields->hour;
        long long short_hour = hour % 12 == 0 ? 12 : hour % 12;
        switch (letter) {
        case 'a':
                buffer_append_string(out, hour >= 12 ? "pm" : "am");
                return true;
        case 'A':
                buffer_append_string(out, hour >= 12 ? "PM" : "AM");
                return true;
        case 'B':
                buffer_append_format(out, "%03d", beat_of(shown->date));
                return true;
        case 'g':
                buffer_append_format(out, "%lld", short_hour);
                return true;
        case 'G':
                buffer_append_format(out, "%lld", hour);
                return true;
        case 'h':
                buffer_append_format(out, "%02lld", short_hour);
                return true;
        case 'H':
                buffer_append_format(out, "%02lld", hour);
                return true;
        case 'i':
                buffer_append_format(out, "%02lld", (long long)fields->minute);
                return true;
        case 's':
                buffer_append_format(out, "%02lld", (long long)fields->second);
                return true;
        case 'u':
                buffer_append_format(out, "%06d", fields->microseconds);
                return true;
        case 'v':
                buffer_append_format(out, "%03d", fields->microseconds / 1000);
                return true;
        case 'U':
                buffer_append_format(out, "%lld", (long long)shown->date->seconds);
                return true;
        }
        return false;
}

static bool append_zone_letter(struct buffer *out, const struct shown *shown, char letter)
{
        int offset = shown->fields.zone.offset;
        switch (letter) {
        case 'e':
        case 'T':
                date_zone_append(out, shown->fields.zone);
                return true;
        case 'I':
                buffer_append_string(out, "0");
                return true;
        case 'O':
                append_offset(out, offset, "");
                return true;
        case 'P':
                append_offset(out, offset, ":");
                return true;
        case 'Z':
                buffer_append_format(out, "%d", offset);
                return true;
        }
        return false;
}

static const char *composed_format(char letter)
{
        return letter == 'c' ? "Y-m-d\\TH:i:sP" : letter == 'r' ? "D, d M Y H:i:s O" : NULL;
}

static enum php_flow append_letter(
        struct php_run *run, struct buffer *out, const struct shown *shown, char letter)
{
        const char *composed = composed_format(letter);
        if (composed && shown->fields.year < 0)
                return php_needs_php(run, "the letter %c for a date before the year 0", letter);
        if (letter == 'T' && shown->fields.zone.kind == DATE_ZONE_OFFSET)
                return php_needs_php(run, "the letter T for a date without a named time zone");
        if (composed)
                return date_append(run, out, (struct php_span){composed, strlen(composed)}, shown->date);
        if (letter == 'p' || letter == 'x' || letter == 'X')
                return php_differs(run, "the letter %c in a date's format", letter);
        if (!append_day_letter(out, shown, letter) && !append_month_letter(out, shown, letter) &&
                !append_time_letter(out, shown, letter) && !append_zone_letter(out, shown, letter))
                buffer_append(out, &letter, 1);
        return PHP_OK;
}

enum php_flow date_append(
        struct php_run *run, struct buffer *out, struct php_span format, const struct date *date)
{
        struct shown shown = show(date);
        for (size_t i = 0; i < format.size; i++) {
                if (format.bytes[i] != '\\') {
                        TRY(append_letter(run, out, &shown, format.bytes[i]));
                } else if (i + 1 < format.size) {
                        buffer_append(out, format.bytes + ++i, 1);
                } else {
                        buffer_append_string(out, "\\");
                }
        }
        return PHP_OK;
}
