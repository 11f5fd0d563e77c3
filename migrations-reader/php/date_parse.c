/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/date.h"

#include <string.h>

/* Years beyond these, and numbers of units beyond, are nobody's intention. */
#define NUMBER_LIMIT 100000000

enum special_day {
        SAME_DAY,
        FIRST_DAY,
        LAST_DAY,
};

/* A text that is being read: what it says outright, and what is to be added to it. */
struct reading {
        struct php_run *run;
        struct php_span text;
        size_t at;
        struct date_fields fields;
        struct {
                int64_t year, month, day, hour, minute, second;
        } relative;
        enum special_day special_day;
        bool has_date;
        bool has_time;
        bool has_zone;
};

static enum php_flow not_understood(const struct reading *reading)
{
        return php_needs_php(reading->run, "the date \"%.*s\"",
                (int)(reading->text.size < 60 ? reading->text.size : 60), reading->text.bytes);
}

static char peek(const struct reading *reading, size_t ahead)
{
        return reading->at + ahead < reading->text.size ? reading->text.bytes[reading->at + ahead] : '\0';
}

static bool is_digit(char byte)
{
        return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
        char lower = php_lower(byte);
        return lower >= 'a' && lower <= 'z';
}

/* The shape of what comes: digits as 9; the rest as it is. */
static bool looks_like(const struct reading *reading, const char *shape)
{
        for (size_t i = 0; shape[i]; i++) {
                char byte = peek(reading, i);
                if (shape[i] == '9' ? !is_digit(byte) : byte != shape[i])
                        return false;
        }
        return true;
}

static int64_t take_digits(struct reading *reading, size_t count)
{
        int64_t number = 0;
        for (; count > 0; count--)
                number = number * 10 + (reading->text.bytes[reading->at++] - '0');
        return number;
}

static void clear_time(struct reading *reading)
{
        reading->fields.hour = reading->fields.minute = reading->fields.second = 0;
        reading->fields.microseconds = 0;
}

static bool take_date(struct reading *reading)
{
        if (!looks_like(reading, "9999-99-99") && !looks_like(reading, "9999/99/99"))
                return false;
        if (reading->has_date || is_digit(peek(reading, 10)))
                return false;
        reading->fields.year = take_digits(reading, 4);
        reading->at++;
        reading->fields.month = take_digits(reading, 2);
        reading->at++;
        reading->fields.day = take_digits(reading, 2);
        reading->has_date = true;
        return reading->fields.month <= 12 && reading->fields.day <= 31;
}

/* ".123456" */
static bool take_fraction(struct reading *reading)
{
        int digits = 0;
        reading->at++;
        for (; is_digit(peek(reading, 0)) && digits < 6; digits++)
                reading->fields.microseconds =
                        reading->fields.microseconds * 10 + (int)take_digits(reading, 1);
        for (int i = digits; i < 6; i++)
                reading->fields.microseconds *= 10;
        return digits > 0 && !is_digit(peek(reading, 0));
}

static bool take_time(struct reading *reading)
{
        if (!looks_like(reading, "99:99") || reading->has_time)
                return false;
        clear_time(reading);
        reading->has_time = true;
        reading->fields.hour = take_digits(reading, 2);
        reading->at++;
        reading->fields.minute = take_digits(reading, 2);
        if (looks_like(reading, ":99")) {
                reading->at++;
                reading->fields.second = take_digits(reading, 2);
                if (peek(reading, 0) == '.' && !take_fraction(reading))
                        return false;
        }
        return reading->fields.hour <= 23 && reading->fields.minute <= 59 && reading->fields.second <= 59 &&
               !is_digit(peek(reading, 0)) && peek(reading, 0) != ':';
}

static struct php_span take_word(struct reading *reading)
{
        struct php_span word = {reading->text.bytes + reading->at, 0};
        while (is_letter(peek(reading, word.size)))
                word.size++;
        reading->at += word.size;
        return word;
}

static bool word_is(struct php_span word, const char *text)
{
        return php_span_compare(word, (struct php_span){text, strlen(text)}, true) == 0;
}

/* A zone behind a time: Z, UTC, +02:00, +0200. */
static bool take_zone(struct reading *reading)
{
        size_t size = 0;
        if (reading->has_zone)
                return false;
        if (is_letter(peek(reading, 0)))
                while (is_letter(peek(reading, size)))
                        size++;
        else
                for (size = 1; is_digit(peek(reading, size)) || peek(reading, size) == ':';)
                        size++;
        struct php_span text = {reading->text.bytes + reading->at, size};
        if (date_zone_read(text, &reading->fields.zone) != 0 || (text.size < 3 && !is_letter(*text.bytes)))
                return false;
        reading->at += size;
        reading->has_zone = true;
        return true;
}

static bool take_timestamp(struct reading *reading)
{
        bool negative = peek(reading, 1) == '-';
        size_t digits = 0;
        reading->at += negative ? 2 : 1;
        while (is_digit(peek(reading, digits)))
                digits++;
        if (digits == 0 || digits > 12 || reading->has_date || reading->has_time || reading->has_zone)
                return false;
        int64_t number = take_digits(reading, digits);
        struct date date = {
                .seconds = negative ? -number : number, .zone = {.kind = DATE_ZONE_OFFSET, .offset = 0}};
        reading->fields = date_fields_of(&date);
        reading->has_date = reading->has_time = reading->has_zone = true;
        return reading->at == reading->text.size;
}

static bool add_unit(struct reading *reading, struct php_span word, int64_t count)
{
        const struct {
                const char *name;
                int64_t *field;
                int64_t times;
        } units[] = {
                {"sec", &reading->relative.second, 1},
                {"secs", &reading->relative.second, 1},
                {"second", &reading->relative.second, 1},
                {"seconds", &reading->relative.second, 1},
                {"min", &reading->relative.minute, 1},
                {"mins", &reading->relative.minute, 1},
                {"minute", &reading->relative.minute, 1},
                {"minutes", &reading->relative.minute, 1},
                {"hour", &reading->relative.hour, 1},
                {"hours", &reading->relative.hour, 1},
                {"day", &reading->relative.day, 1},
                {"days", &reading->relative.day, 1},
                {"week", &reading->relative.day, 7},
                {"weeks", &reading->relative.day, 7},
                {"fortnight", &reading->relative.day, 14},
                {"fortnights", &reading->relative.day, 14},
                {"month", &reading->relative.month, 1},
                {"months", &reading->relative.month, 1},
                {"year", &reading->relative.year, 1},
                {"years", &reading->relative.year, 1},
        };
        for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
                if (word_is(word, units[i].name)) {
                        *units[i].field += count * units[i].times;
                        return true;
                }
        }
        return false;
}

static void skip_blanks(struct reading *reading)
{
        while (peek(reading, 0) == ' ' || peek(reading, 0) == '\t')
                reading->at++;
}

/* "+1 day", "-2 weeks", "3 months" */
static bool take_amount(struct reading *reading)
{
        int64_t sign = 1;
        size_t digits = 0;
        for (; peek(reading, 0) == '+' || peek(reading, 0) == '-'; reading->at++)
                sign *= peek(reading, 0) == '-' ? -1 : 1;
        while (is_digit(peek(reading, digits)))
                digits++;
        if (digits == 0 || digits > 8)
                return false;
        int64_t number = take_digits(reading, digits);
        skip_blanks(reading);
        return number < NUMBER_LIMIT && add_unit(reading, take_word(reading), sign * number);
}

static void turn_around(struct reading *reading)
{
        reading->relative.year = -reading->relative.year;
        reading->relative.month = -reading->relative.month;
        reading->relative.day = -reading->relative.day;
        reading->relative.hour = -reading->relative.hour;
        reading->relative.minute = -reading->relative.minute;
        reading->relative.second = -reading->relative.second;
}

/* "day of" behind first or last. */
static bool take_day_of(struct reading *reading)
{
        size_t begin = reading->at;
        skip_blanks(reading);
        if (!word_is(take_word(reading), "day")) {
                reading->at = begin;
                return false;
        }
        skip_blanks(reading);
        if (word_is(take_word(reading), "of"))
                return true;
        reading->at = begin;
        return false;
}

static void set_time(struct reading *reading, int hour)
{
        clear_time(reading);
        reading->fields.hour = hour;
        reading->has_time = hour > 0;
}

static bool take_named(struct reading *reading)
{
        size_t begin = reading->at;
        struct php_span word = take_word(reading);
        bool last = word_is(word, "last");
        if (word_is(word, "now"))
                return true;
        if (word_is(word, "today") || word_is(word, "midnight") || word_is(word, "noon")) {
                set_time(reading, word_is(word, "noon") ? 12 : 0);
                return true;
        }
        if (word_is(word, "tomorrow") || word_is(word, "yesterday")) {
                set_time(reading, 0);
                reading->relative.day += word_is(word, "tomorrow") ? 1 : -1;
                return true;
        }
        if (word_is(word, "ago")) {
                turn_around(reading);
                return true;
        }
        if ((last || word_is(word, "first")) && take_day_of(reading)) {
                reading->special_day = last ? LAST_DAY : FIRST_DAY;
                return true;
        }
        if (last || word_is(word, "previous") || word_is(word, "next") || word_is(word, "this")) {
                skip_blanks(reading);
                return add_unit(reading, take_word(reading),
                        word_is(word, "next")   ? 1
                        : word_is(word, "this") ? 0
                                                : -1);
        }
        reading->at = begin;
        return take_zone(reading);
}

/* An offset: behind a time at once, or in four digits. */
static bool is_zone(const struct reading *reading)
{
        char byte = peek(reading, 0);
        if ((byte != '+' && byte != '-') || !reading->has_time || reading->has_zone)
                return false;
        if (is_digit(reading->text.bytes[reading->at - 1]))
                return true;
        if (looks_like(reading, byte == '+' ? "+99:99" : "-99:99"))
                return true;
        return looks_like(reading, byte == '+' ? "+9999" : "-9999") && reading->text.size - reading->at == 5;
}

static bool take_part(struct reading *reading)
{
        char byte = peek(reading, 0);
        if (byte == '@')
                return take_timestamp(reading);
        if (byte == 'T' && reading->has_date && !reading->has_time && is_digit(peek(reading, 1))) {
                reading->at++;
                return take_time(reading);
        }
        if (is_letter(byte))
                return take_named(reading);
        if (looks_like(reading, "9999-") || looks_like(reading, "9999/"))
                return take_date(reading);
        if (looks_like(reading, "99:"))
                return take_time(reading);
        if (is_zone(reading))
                return take_zone(reading);
        if (is_digit(byte) || byte == '+' || byte == '-')
                return take_amount(reading);
        return false;
}

/* A day that its month does not have is another one before anything is added to it; not so for the first and
 * the last day of a month. */
static void add_relative(struct reading *reading)
{
        struct date_fields *fields = &reading->fields;
        struct date told = date_of_fields(fields);
        if (reading->special_day == SAME_DAY)
                *fields = date_fields_of(&told);
        fields->year += reading->relative.year;
        fields->month += reading->relative.month;
        fields->day += reading->relative.day;
        fields->hour += reading->relative.hour;
        fields->minute += reading->relative.minute;
        fields->second += reading->relative.second;
        if (reading->special_day != SAME_DAY)
                fields->day = reading->special_day == FIRST_DAY ? 1 : 0;
        if (reading->special_day == LAST_DAY)
                fields->month++;
}

enum php_flow date_parse(struct php_run *run, struct php_span text, const struct date *base, struct date *ret)
{
        struct reading reading = {.run = run, .text = text, .fields = date_fields_of(base)};
        for (skip_blanks(&reading); reading.at < text.size; skip_blanks(&reading)) {
                bool had_date = reading.has_date;
                TRY(php_step(run));
                if (!take_part(&reading))
                        return not_understood(&reading);
                if (reading.has_date && !had_date && !reading.has_time)
                        clear_time(&reading);
        }
        add_relative(&reading);
        *ret = date_of_fields(&reading.fields);
        return PHP_OK;
}

/* ---- by a format ---- */

static bool take_field(struct reading *reading, size_t digits, int64_t most, int64_t *ret)
{
        for (size_t i = 0; i < digits; i++)
                if (!is_digit(peek(reading, i)))
                        return false;
        *ret = take_digits(reading, digits);
        return *ret <= most;
}

/* Hours, minutes and seconds that the format does not name are 0 when it names one of them. */
static bool take_time_field(struct reading *reading, int64_t most, int64_t *ret)
{
        if (!reading->has_time)
                clear_time(reading);
        reading->has_time = true;
        return take_field(reading, 2, most, ret);
}

static void begin_at_epoch(struct reading *reading)
{
        struct date_zone zone = reading->fields.zone;
        reading->fields = (struct date_fields){.year = 1970, .month = 1, .day = 1, .zone = zone};
        reading->has_time = true;
}

static bool take_letter(struct reading *reading, char letter)
{
        struct date_fields *fields = &reading->fields;
        switch (letter) {
        case 'd':
                return take_field(reading, 2, 31, &fields->day);
        case 'm':
                return take_field(reading, 2, 12, &fields->month);
        case 'Y':
                return take_field(reading, 4, 9999, &fields->year);
        case 'H':
                return take_time_field(reading, 23, &fields->hour);
        case 'i':
                return take_time_field(reading, 59, &fields->minute);
        case 's':
                return take_time_field(reading, 59, &fields->second);
        case '!':
                begin_at_epoch(reading);
                return true;
        case '-':
        case '/':
        case ':':
        case '.':
        case ' ':
                return peek(reading, 0) == letter && reading->at++ < reading->text.size;
        }
        return false;
}

enum php_flow date_parse_format(struct php_run *run, struct php_span format, struct php_span text,
        const struct date *base, struct date *ret)
{
        struct reading reading = {.run = run, .text = text, .fields = date_fields_of(base)};
        for (size_t i = 0; i < format.size; i++)
                if ((format.bytes[i] == '!' && i > 0) || !take_letter(&reading, format.bytes[i]))
                        return not_understood(&reading);
        if (reading.at < text.size)
                return not_understood(&reading);
        *ret = date_of_fields(&reading.fields);
        return PHP_OK;
}
