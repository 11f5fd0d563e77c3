/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/date.h"

#include <stdlib.h>
#include <string.h>

/* DateTime, DateTimeImmutable, DateTimeZone and DateInterval. */

#define INTERVAL_LIMIT 100000000

static void *date_clone(const void *host)
{
        return memory_copy(host, sizeof(struct date));
}

static void *zone_clone(const void *host)
{
        return memory_copy(host, sizeof(struct date_zone));
}

/* ---- DateTimeZone ---- */

static enum php_flow construct_zone(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        struct date_zone zone = {0};
        TRY(php_argument_string(run, call, 0, &name));
        if (date_zone_read(php_span_of(name), &zone) != 0)
                return php_needs_php(run, "the time zone %s", php_string_bytes(name));
        php_set_host_data(call->this, zone_clone(&zone));
        return php_return(call, PHP_NULL_VALUE);
}

static enum php_flow zone_of(struct php_run *run, struct php_call *call, struct date_zone *ret)
{
        if (!call->this_host)
                return php_needs_php(run, "a time zone that was not constructed");
        *ret = *(const struct date_zone *)call->this_host;
        return PHP_OK;
}

PHP_FUNCTION(zone_name)
{
        struct date_zone zone = {0};
        _cleanup_buffer_ struct buffer out = {0};
        TRY(zone_of(run, call, &zone));
        date_zone_append(&out, zone);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(zone_offset)
{
        struct date_zone zone = {0};
        TRY(zone_of(run, call, &zone));
        return php_return(call, php_int(zone.offset));
}

/* A DateTimeZone argument that may be absent or null. */
static enum php_flow argument_zone(
        struct php_run *run, struct php_call *call, size_t n, struct date_zone *ret, bool *ret_given)
{
        *ret_given = php_given_value(call, n);
        if (!*ret_given)
                return PHP_OK;
        struct php_value value = php_argument(call, n);
        const struct date_zone *zone =
                value.type == PHP_TYPE_OBJECT ? php_host_data(run, value, "DateTimeZone") : NULL;
        if (!zone)
                return php_needs_php(run, "a time zone that is a %s", php_type_name(value));
        *ret = *zone;
        return PHP_OK;
}

/* ---- DateTime ---- */

static enum php_flow construct_date(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        struct date base = date_now();
        struct date date = {0};
        bool has_zone;
        TRY(php_optional_string(run, call, 0, "now", &text));
        TRY(argument_zone(run, call, 1, &base.zone, &has_zone));
        TRY(date_parse(run, php_span_of(text), &base, &date));
        php_set_host_data(call->this, date_clone(&date));
        return php_return(call, PHP_NULL_VALUE);
}

static enum php_flow date_of(struct php_run *run, struct php_call *call, struct date *ret)
{
        if (!call->this_host)
                return php_needs_php(run, "a date that was not constructed");
        *ret = *(const struct date *)call->this_host;
        return PHP_OK;
}

/* A DateTime changes; a DateTimeImmutable stays, and another one is returned. */
static enum php_flow return_changed(struct php_run *run, struct php_call *call, const struct date *date)
{
        if (php_host_data(run, call->this, "DateTime")) {
                php_set_host_data(call->this, date_clone(date));
                return php_return(call, php_copy(call->this));
        }
        TRY(php_clone(run, call->this, call->ret));
        php_set_host_data(*call->ret, date_clone(date));
        return PHP_OK;
}

PHP_FUNCTION(date_format)
{
        _cleanup_php_value_ struct php_value format = PHP_NULL_VALUE;
        _cleanup_buffer_ struct buffer out = {0};
        struct date date = {0};
        TRY(date_of(run, call, &date));
        TRY(php_argument_string(run, call, 0, &format));
        TRY(date_append(run, &out, php_span_of(format), &date));
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(date_modify)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        struct date date = {0};
        struct date changed = {0};
        TRY(date_of(run, call, &date));
        TRY(php_argument_string(run, call, 0, &text));
        if (memchr(php_string_bytes(text), '@', php_string_size(text)))
                return php_needs_php(run, "modify() to a timestamp");
        TRY(date_parse(run, php_span_of(text), &date, &changed));
        if (changed.zone.kind != date.zone.kind || changed.zone.offset != date.zone.offset)
                return php_needs_php(run, "modify() with a time zone");
        return return_changed(run, call, &changed);
}

PHP_FUNCTION(date_timestamp)
{
        struct date date = {0};
        TRY(date_of(run, call, &date));
        return php_return(call, php_int(date.seconds));
}

PHP_FUNCTION(date_set_timestamp)
{
        struct date date = {0};
        TRY(date_of(run, call, &date));
        TRY(php_argument_int(run, call, 0, &date.seconds));
        date.microseconds = 0;
        return return_changed(run, call, &date);
}

PHP_FUNCTION(date_offset)
{
        struct date date = {0};
        TRY(date_of(run, call, &date));
        return php_return(call, php_int(date.zone.offset));
}

PHP_FUNCTION(date_zone)
{
        struct date date = {0};
        TRY(date_of(run, call, &date));
        return php_return(call, php_host_object(run, "DateTimeZone", zone_clone(&date.zone)));
}

PHP_FUNCTION(date_set_zone)
{
        struct date date = {0};
        bool given;
        TRY(date_of(run, call, &date));
        TRY(argument_zone(run, call, 0, &date.zone, &given));
        if (!given)
                return php_needs_php(run, "setTimezone() without a time zone");
        return return_changed(run, call, &date);
}

static enum php_flow read_bounded(struct php_run *run, const struct php_call *call, size_t n, int64_t *ret)
{
        TRY(php_optional_int(run, call, n, ret));
        if (*ret > INTERVAL_LIMIT || *ret < -INTERVAL_LIMIT)
                return php_needs_php(run, "a date so far away");
        return PHP_OK;
}

PHP_FUNCTION(date_set_day)
{
        struct date date = {0};
        TRY(date_of(run, call, &date));
        struct date_fields fields = date_fields_of(&date);
        TRY(read_bounded(run, call, 0, &fields.year));
        TRY(read_bounded(run, call, 1, &fields.month));
        TRY(read_bounded(run, call, 2, &fields.day));
        date = date_of_fields(&fields);
        return return_changed(run, call, &date);
}

PHP_FUNCTION(date_set_time)
{
        struct date date = {0};
        int64_t microseconds = 0;
        TRY(date_of(run, call, &date));
        struct date_fields fields = date_fields_of(&date);
        fields.second = 0;
        TRY(read_bounded(run, call, 0, &fields.hour));
        TRY(read_bounded(run, call, 1, &fields.minute));
        TRY(read_bounded(run, call, 2, &fields.second));
        TRY(read_bounded(run, call, 3, &microseconds));
        if (microseconds < 0 || microseconds > 999999)
                return php_needs_php(run, "setTime() with these microseconds");
        fields.microseconds = (int)microseconds;
        date = date_of_fields(&fields);
        return return_changed(run, call, &date);
}

/* Classes of PHP code may have constructors of their own: those need PHP. */
static enum php_flow return_new(struct php_run *run, struct php_call *call, const struct date *date)
{
        if (!call->class_name || (strcmp(call->class_name, "DateTime") != 0 &&
                                         strcmp(call->class_name, "DateTimeImmutable") != 0))
                return php_needs_php(run, "a date of a class of its own");
        return php_return(call, php_host_object(run, call->class_name, date_clone(date)));
}

PHP_FUNCTION(date_from_format)
{
        _cleanup_php_value_ struct php_value format = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        struct date base = date_now();
        struct date date = {0};
        bool has_zone;
        TRY(php_argument_string(run, call, 0, &format));
        TRY(php_argument_string(run, call, 1, &text));
        TRY(argument_zone(run, call, 2, &base.zone, &has_zone));
        TRY(date_parse_format(run, php_span_of(format), php_span_of(text), &base, &date));
        return return_new(run, call, &date);
}

static enum php_flow argument_date(struct php_run *run, struct php_call *call, size_t n, struct date *ret)
{
        struct php_value value = php_argument(call, n);
        const struct date *date = NULL;
        if (value.type == PHP_TYPE_OBJECT)
                date = php_host_data(run, value, "DateTime");
        if (value.type == PHP_TYPE_OBJECT && !date)
                date = php_host_data(run, value, "DateTimeImmutable");
        if (!date)
                return php_needs_php(run, "a date that is a %s", php_type_name(value));
        *ret = *date;
        return PHP_OK;
}

PHP_FUNCTION(date_from_other)
{
        struct date date = {0};
        TRY(argument_date(run, call, 0, &date));
        return return_new(run, call, &date);
}

/* ---- DateInterval: its parts are properties ---- */

static const char *const interval_parts[] = {"y", "m", "d", "h", "i", "s"};

static bool read_designator(const char **text, bool *in_time, int64_t parts[])
{
        static const char letters[] = "YMDHMS";
        int64_t number = 0;
        size_t digits = 0;
        if (**text == 'T' && !*in_time) {
                *in_time = true;
                ++*text;
        }
        for (; **text >= '0' && **text <= '9' && digits < 9; ++*text, digits++)
                number = number * 10 + (**text - '0');
        if (digits == 0 || digits == 9)
                return false;
        char letter = *(*text)++;
        if (letter == 'W' && !*in_time) {
                parts[2] = number * 7;
                return true;
        }
        for (size_t i = *in_time ? 3 : 0; i < (*in_time ? 6 : 3); i++) {
                if (letters[i] == letter) {
                        parts[i] = number;
                        return true;
                }
        }
        return false;
}

/* "P1Y2M3DT4H5M6S" */
static bool read_interval(const char *text, int64_t parts[])
{
        bool in_time = false;
        if (*text++ != 'P' || !*text)
                return false;
        if (strchr(text, 'W') && strchr(text, 'D'))
                return false; /* PHP before 8.0 forgot the weeks */
        while (*text)
                if (!read_designator(&text, &in_time, parts))
                        return false;
        return true;
}

static void set_interval(struct php_value object, const int64_t parts[], bool inverted, struct php_value days)
{
        for (size_t i = 0; i < ARRAY_SIZE(interval_parts); i++)
                php_set_property(object, interval_parts[i], php_int(parts[i]));
        php_set_property(object, "f", php_float(0));
        php_set_property(object, "invert", php_int(inverted));
        php_set_property(object, "days", days);
}

static enum php_flow construct_interval(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t parts[ARRAY_SIZE(interval_parts)] = {0};
        TRY(php_argument_string(run, call, 0, &text));
        if (!read_interval(php_string_bytes(text), parts))
                return php_needs_php(run, "the interval %s", php_string_bytes(text));
        set_interval(call->this, parts, false, php_bool(false));
        return php_return(call, PHP_NULL_VALUE);
}

static enum php_flow interval_part(
        struct php_run *run, struct php_value interval, const char *name, int64_t *ret)
{
        const struct php_value *value = php_property(interval, name);
        struct php_value part = value ? php_look(*value) : PHP_NULL_VALUE;
        if (part.type != PHP_TYPE_INT || part.integer > INTERVAL_LIMIT || part.integer < -INTERVAL_LIMIT)
                return php_needs_php(run, "an interval without whole numbers");
        *ret = part.integer;
        return PHP_OK;
}

static enum php_flow argument_interval(
        struct php_run *run, struct php_call *call, int64_t parts[], int64_t *ret_sign)
{
        struct php_value interval = php_argument(call, 0);
        int64_t inverted;
        if (interval.type != PHP_TYPE_OBJECT || !php_instance_of(run, interval, "DateInterval"))
                return php_needs_php(run, "an interval that is a %s", php_type_name(interval));
        const struct php_value *fraction = php_property(interval, "f");
        const struct php_value *days = php_property(interval, "days");
        if (!fraction || fraction->type != PHP_TYPE_FLOAT || fraction->number != 0 || !days ||
                days->type != PHP_TYPE_BOOL)
                return php_needs_php(run, "an interval between two dates");
        for (size_t i = 0; i < ARRAY_SIZE(interval_parts); i++)
                TRY(interval_part(run, interval, interval_parts[i], &parts[i]));
        TRY(interval_part(run, interval, "invert", &inverted));
        *ret_sign = inverted ? -1 : 1;
        return PHP_OK;
}

static enum php_flow shift_date(struct php_run *run, struct php_call *call, int64_t sign)
{
        struct date date = {0};
        int64_t parts[ARRAY_SIZE(interval_parts)] = {0};
        int64_t own_sign = 1;
        TRY(date_of(run, call, &date));
        TRY(argument_interval(run, call, parts, &own_sign));
        struct date_fields fields = date_fields_of(&date);
        fields.year += sign * own_sign * parts[0];
        fields.month += sign * own_sign * parts[1];
        fields.day += sign * own_sign * parts[2];
        fields.hour += sign * own_sign * parts[3];
        fields.minute += sign * own_sign * parts[4];
        fields.second += sign * own_sign * parts[5];
        date = date_of_fields(&fields);
        return return_changed(run, call, &date);
}

PHP_FUNCTION(date_add)
{
        return shift_date(run, call, 1);
}

PHP_FUNCTION(date_subtract)
{
        return shift_date(run, call, -1);
}

/* The interval from one date to a later one of the same zone. Where days are borrowed from a month, PHP's
 * versions differ in which: then only `days` and `invert` are told. */
static void set_difference(
        struct php_value object, const struct date *early, const struct date *late, bool inverted)
{
        struct date_fields a = date_fields_of(early);
        struct date_fields b = date_fields_of(late);
        int64_t parts[] = {b.year - a.year, b.month - a.month, b.day - a.day, b.hour - a.hour,
                b.minute - a.minute, b.second - a.second};
        static const int64_t carries[] = {0, 12, 0, 24, 60, 60};
        struct php_value days = php_int((late->seconds - early->seconds) / 86400);
        for (size_t i = ARRAY_SIZE(parts) - 1; i > 0; i--) {
                if (parts[i] >= 0)
                        continue;
                if (carries[i] == 0) {
                        php_set_property(object, "invert", php_int(inverted));
                        php_set_property(object, "days", days);
                        return;
                }
                parts[i] += carries[i];
                parts[i - 1]--;
        }
        set_interval(object, parts, inverted, days);
}

PHP_FUNCTION(date_difference)
{
        struct date date = {0};
        struct date other = {0};
        TRY(date_of(run, call, &date));
        TRY(argument_date(run, call, 0, &other));
        if (call->count > 1 || date.zone.offset != other.zone.offset ||
                date.microseconds != other.microseconds)
                return php_needs_php(run, "the difference of these dates");
        *call->ret = php_host_object(run, "DateInterval", NULL);
        bool inverted = other.seconds < date.seconds;
        set_difference(*call->ret, inverted ? &other : &date, inverted ? &date : &other, inverted);
        return PHP_OK;
}

#define DATE_METHODS                                                                                         \
        {"format", date_format, 1, 1, false, "format"}, {"modify", date_modify, 1, 1, false, "modifier"},    \
                {"getTimestamp", date_timestamp, 0, 0, false, NULL},                                         \
                {"setTimestamp", date_set_timestamp, 1, 1, false, "timestamp"},                              \
                {"getOffset", date_offset, 0, 0, false, NULL},                                               \
                {"getTimezone", date_zone, 0, 0, false, NULL},                                               \
                {"setTimezone", date_set_zone, 1, 1, false, "timezone"},                                     \
                {"setDate", date_set_day, 3, 3, false, "year,month,day"},                                    \
                {"setTime", date_set_time, 2, 4, false, "hour,minute,second,microsecond"},                   \
                {"add", date_add, 1, 1, false, "interval"}, {"sub", date_subtract, 1, 1, false, "interval"}, \
                {"diff", date_difference, 1, 2, false, "targetObject,absolute"},                             \
        {                                                                                                    \
                "createFromFormat", date_from_format, 2, 3, true, "format,datetime,timezone"                 \
        }

static const struct php_host_method date_methods[] = {
        DATE_METHODS,
        {"createFromImmutable", date_from_other, 1, 1, true, "object"},
        {0},
};

static const struct php_host_method immutable_methods[] = {
        DATE_METHODS,
        {"createFromMutable", date_from_other, 1, 1, true, "object"},
        {0},
};

static const struct php_host_method zone_methods[] = {
        {"getName", zone_name, 0, 0, false, NULL},
        {"getOffset", zone_offset, 1, 1, false, "datetime"},
        {0},
};

static const struct php_host_constant date_constants[] = {
        {"ATOM", PHP_TYPE_STRING, 0, "Y-m-d\\TH:i:sP"},
        {"COOKIE", PHP_TYPE_STRING, 0, "l, d-M-Y H:i:s T"},
        {"ISO8601", PHP_TYPE_STRING, 0, "Y-m-d\\TH:i:sO"},
        {"RFC2822", PHP_TYPE_STRING, 0, "D, d M Y H:i:s O"},
        {"RFC3339", PHP_TYPE_STRING, 0, "Y-m-d\\TH:i:sP"},
        {"RFC3339_EXTENDED", PHP_TYPE_STRING, 0, "Y-m-d\\TH:i:s.vP"},
        {"RFC822", PHP_TYPE_STRING, 0, "D, d M y H:i:s O"},
        {"RSS", PHP_TYPE_STRING, 0, "D, d M Y H:i:s O"},
        {"W3C", PHP_TYPE_STRING, 0, "Y-m-d\\TH:i:sP"},
        {0},
};

static const struct php_host_constant zone_constants[] = {
        {"UTC", PHP_TYPE_INT, 1024, NULL},
        {0},
};

const struct php_host_class php_classes_date[] = {
        {.name = "DateTimeInterface", .constants = date_constants, .is_abstract = true},
        {.name = "DateTime",
                .interfaces = "DateTimeInterface",
                .methods = date_methods,
                .construct = construct_date,
                .release = free,
                .clone = date_clone},
        {.name = "DateTimeImmutable",
                .interfaces = "DateTimeInterface",
                .methods = immutable_methods,
                .construct = construct_date,
                .release = free,
                .clone = date_clone},
        {.name = "DateTimeZone",
                .methods = zone_methods,
                .constants = zone_constants,
                .construct = construct_zone,
                .release = free,
                .clone = zone_clone},
        {.name = "DateInterval", .construct = construct_interval, .shows_properties = true},
        {0},
};
