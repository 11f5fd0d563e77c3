/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/output.h"

#include "lib/reasons.h"
#include "lib/text.h"

#include <string.h>
#include <time.h>

void complain(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        fflush(stdout);
        fprintf(stderr, "mautic-upgradectl: %s\n", text);
}

static const char *member(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));
        return text ? text : "";
}

char *member_text(const json_t *object, const char *name)
{
        return text_printable(member(object, name), false);
}

char *member_lines(const json_t *object, const char *name)
{
        return text_printable(member(object, name), true);
}

json_int_t member_integer(const json_t *object, const char *name)
{
        return json_integer_value(json_object_get(object, name));
}

int64_t member_time_ms(const json_t *object, const char *name)
{
        struct tm parts = {0};
        const char *rest = strptime(member(object, name), "%Y-%m-%dT%H:%M:%S", &parts);
        if (!rest)
                return 0;
        return (int64_t)timegm(&parts) * 1000 + (*rest == '.' ? atoi(rest + 1) : 0);
}

static char *format_bytes(uint64_t amount)
{
        static const char *const units[] = {"kB", "MB", "GB", "TB"};
        double scaled = (double)amount / 1000;
        size_t i = 0;
        if (amount < 1000)
                return string_format("%u B", (unsigned)amount);
        for (; scaled >= 999.95 && i + 1 < ARRAY_SIZE(units); i++)
                scaled /= 1000;
        return string_format("%.1f %s", scaled, units[i]);
}

char *format_amount(uint64_t amount, const char *unit)
{
        if (string_equal(unit, "bytes"))
                return format_bytes(amount);
        return string_format("%llu %s", (unsigned long long)amount, unit);
}

char *format_duration(uint64_t milliseconds)
{
        unsigned long long seconds = milliseconds / 1000;
        if (seconds < 10)
                return string_format("%llu.%llu s", seconds, (unsigned long long)(milliseconds % 1000 / 100));
        if (seconds < 60)
                return string_format("%llu s", seconds);
        if (seconds < 3600)
                return string_format("%llu min %llu s", seconds / 60, seconds % 60);
        return string_format("%llu h %llu min", seconds / 3600, seconds % 3600 / 60);
}

char *format_progress(const json_t *progress)
{
        struct buffer text = {0};
        if (!json_is_object(progress))
                return buffer_steal(&text);
        json_int_t done = member_integer(progress, "done"), total = member_integer(progress, "total");
        json_int_t rate = member_integer(progress, "rate_per_second");
        const json_t *eta = json_object_get(progress, "eta_seconds");
        _cleanup_free_ char *unit = member_text(progress, "unit");
        if (total > 0) {
                _cleanup_free_ char *whole = format_amount((uint64_t)total, unit);
                _cleanup_free_ char *part = string_equal(unit, "bytes")
                                                    ? format_amount((uint64_t)done, unit)
                                                    : string_format("%lld", (long long)done);
                buffer_append_format(
                        &text, "%d %%, %s of %s", (int)((double)done * 100 / (double)total), part, whole);
        } else if (done > 0) {
                _cleanup_free_ char *part = format_amount((uint64_t)done, unit);
                buffer_append_string(&text, part);
        }
        if (rate > 0) {
                _cleanup_free_ char *speed = format_amount((uint64_t)rate, unit);
                buffer_append_format(&text, ", %s/s", speed);
        }
        if (json_is_integer(eta)) {
                _cleanup_free_ char *left = format_duration((uint64_t)json_integer_value(eta) * 1000);
                buffer_append_format(&text, ", %s left", left);
        }
        return buffer_steal(&text);
}

char *format_verification(const json_t *verification)
{
        _cleanup_free_ char *verdict = member_text(verification, "verdict");
        _cleanup_free_ char *why = member_text(verification, "why");
        if (!*verdict)
                return string_copy("not proven yet");
        if (string_equal(verdict, "verified"))
                return string_format("proven: %lld tables with %lld rows were restored and compared",
                        (long long)member_integer(verification, "tables"),
                        (long long)member_integer(verification, "rows"));
        if (string_equal(verdict, "structure_only"))
                return string_format("whole by its structure, but was not restored to prove it: %s", why);
        return string_format("not what it should be: %s", why);
}

static void print_indented(FILE *file, const char *label, const char *text)
{
        if (!*text)
                return;
        fprintf(file, "  %-8s ", label);
        for (const char *c = text; *c; c++) {
                fputc(*c, file);
                if (*c == '\n' && c[1])
                        fprintf(file, "%11s", "");
        }
        if (text[strlen(text) - 1] != '\n')
                fputc('\n', file);
}

void print_failure(FILE *file, const json_t *status)
{
        const json_t *error = json_object_get(status, "error");
        if (!json_is_object(error))
                return;
        _cleanup_free_ char *code = member_text(error, "code");
        _cleanup_free_ char *stage = member_text(status, "stage");
        fprintf(file, "%s in the stage %s\n", code, stage);
        static const struct {
                const char *label, *name;
        } lines[] = {
                {"reason", "reason"},
                {"message", "message"},
                {"meaning", "meaning"},
                {"to do", "next"},
                {"advice", "advice"},
                {"help", "link"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                _cleanup_free_ char *text = member_lines(error, lines[i].name);
                print_indented(file, lines[i].label, text);
        }
}

int report_problem(const struct reply *reply)
{
        _cleanup_free_ char *detail = member_text(reply->json, "detail");
        _cleanup_free_ char *reason = member_text(reply->json, "reason");
        const char *advice = reason_advice(reason_from_name(reason));
        complain("%s", *detail ? detail : "the daemon refused without saying why");
        if (advice && reply->status != 404 && reply->status != 409)
                fprintf(stderr, "  %s\n", advice);
        return reply->status == 403 || reply->status == 409 ? EXIT_REFUSED : EXIT_COMMAND_FAILED;
}

void print_raw(const struct reply *reply)
{
        if (reply->body.data)
                fwrite(reply->body.data, 1, reply->body.size, stdout);
}
