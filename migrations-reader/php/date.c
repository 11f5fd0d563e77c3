/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/date.h"

#include <stdlib.h>
#include <strings.h>

#define DAY_SECONDS 86400
#define DAYS_OF_400_YEARS 146097
#define DAYS_FROM_0000_03_01 719468 /* to 1970-01-01 */

static int64_t divide_down(int64_t dividend, int64_t divisor)
{
        int64_t quotient = dividend / divisor;
        return dividend % divisor < 0 ? quotient - 1 : quotient;
}

bool date_is_leap(int64_t year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int64_t date_days_in_month(int64_t year, int64_t month)
{
        static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        return month == 2 && date_is_leap(year) ? 29 : days[month - 1];
}

/* Years that begin in March have their odd day at the end. */
int64_t date_day_number(int64_t year, int64_t month, int64_t day)
{
        year += divide_down(month - 1, 12);
        month = month - 1 - divide_down(month - 1, 12) * 12;
        int64_t shifted_year = month < 2 ? year - 1 : year;
        int64_t shifted_month = month < 2 ? month + 10 : month - 2;
        int64_t era = divide_down(shifted_year, 400);
        int64_t year_of_era = shifted_year - era * 400;
        int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
        return era * DAYS_OF_400_YEARS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
               day_of_year - DAYS_FROM_0000_03_01;
}

static void set_day(struct date_fields *fields, int64_t day_number)
{
        int64_t shifted = day_number + DAYS_FROM_0000_03_01;
        int64_t era = divide_down(shifted, DAYS_OF_400_YEARS);
        int64_t day_of_era = shifted - era * DAYS_OF_400_YEARS;
        int64_t year_of_era =
                (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t month = (5 * day_of_year + 2) / 153;
        fields->day = day_of_year - (153 * month + 2) / 5 + 1;
        fields->month = month < 10 ? month + 3 : month - 9;
        fields->year = year_of_era + era * 400 + (fields->month <= 2 ? 1 : 0);
}

struct date date_now(void)
{
        struct date now = {0};
        now.seconds = php_clock(&now.microseconds);
        return now;
}

struct date_fields date_fields_of(const struct date *date)
{
        struct date_fields fields = {.microseconds = date->microseconds, .zone = date->zone};
        int64_t local = date->seconds + date->zone.offset;
        int64_t day_number = divide_down(local, DAY_SECONDS);
        int64_t second = local - day_number * DAY_SECONDS;
        set_day(&fields, day_number);
        fields.hour = second / 3600;
        fields.minute = second / 60 % 60;
        fields.second = second % 60;
        return fields;
}

struct date date_of_fields(const struct date_fields *fields)
{
        int64_t day_number = date_day_number(fields->year, fields->month, fields->day);
        return (struct date){
                .seconds = day_number * DAY_SECONDS + fields->hour * 3600 + fields->minute * 60 +
                           fields->second - fields->zone.offset,
                .microseconds = fields->microseconds,
                .zone = fields->zone,
        };
}

static bool is_digit(char byte)
{
        return byte >= '0' && byte <= '9';
}

/* "+02:00", "+0200", "+02", "+2" */
static bool read_offset(struct php_span text, int *ret)
{
        int digits[4] = {0};
        size_t count = 0;
        size_t colon = 0;
        for (size_t i = 1; i < text.size; i++) {
                if (is_digit(text.bytes[i]) && count < ARRAY_SIZE(digits))
                        digits[count++] = text.bytes[i] - '0';
                else if (text.bytes[i] == ':' && colon == 0 && count == 2)
                        colon = i;
                else
                        return false;
        }
        if (count == 0 || count == 3 || (colon > 0 && count != 4))
                return false;
        int hours = count == 1 ? digits[0] : digits[0] * 10 + digits[1];
        int minutes = digits[2] * 10 + digits[3];
        if (hours > 14 || minutes > 59)
                return false;
        *ret = (hours * 3600 + minutes * 60) * (*text.bytes == '-' ? -1 : 1);
        return true;
}

int date_zone_read(struct php_span text, struct date_zone *ret)
{
        struct date_zone zone = {.kind = DATE_ZONE_NAMED};
        if (text.size == 3 && strncasecmp(text.bytes, "UTC", 3) == 0) {
                *ret = zone;
                return 0;
        }
        if (text.size == 1 && (*text.bytes == 'Z' || *text.bytes == 'z')) {
                zone.kind = DATE_ZONE_LETTER;
                *ret = zone;
                return 0;
        }
        zone.kind = DATE_ZONE_OFFSET;
        if (text.size < 2 || (*text.bytes != '+' && *text.bytes != '-') || !read_offset(text, &zone.offset))
                return 1;
        *ret = zone;
        return 0;
}

void date_zone_append(struct buffer *out, struct date_zone zone)
{
        int minutes = abs(zone.offset) / 60;
        switch (zone.kind) {
        case DATE_ZONE_NAMED:
                buffer_append_string(out, "UTC");
                return;
        case DATE_ZONE_LETTER:
                buffer_append_string(out, "Z");
                return;
        case DATE_ZONE_OFFSET:
                buffer_append_format(
                        out, "%c%02d:%02d", zone.offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
        }
}
