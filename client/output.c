/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/output.h"

#include "lib/clock.h"
#include "lib/reasons.h"
#include "lib/text.h"

#include <string.h>
#include <time.h>

#define PROGRAM "mautic-upgradectl"

static bool as_json;

void output_as_json(void)
{
        as_json = true;
}

bool exit_describe(size_t index, int *ret_status, const char **ret_text)
{
        static const struct {
                int status;
                const char *text;
        } table[] = {
#define X(name, status, text) {status, text},
                EXIT_CODES(X)
#undef X
        };
        if (index >= ARRAY_SIZE(table))
                return false;
        *ret_status = table[index].status;
        *ret_text = table[index].text;
        return true;
}

static const char *exit_title(int code)
{
        const char *text = NULL;
        int status;
        for (size_t i = 0; exit_describe(i, &status, &text); i++)
                if (status == code)
                        return text;
        return NULL;
}

void complain(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        fflush(stdout);
        if (!as_json) {
                fprintf(stderr, PROGRAM ": %s\n", text);
                return;
        }
        json_auto_t *note = json_pack("{s:o}", "note", text_json(text));
        json_dumpf(note, stderr, JSON_COMPACT);
        fputc('\n', stderr);
}

/* label stands before the text, which goes on below itself. */
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

static void tell_problem(const json_t *problem)
{
        fflush(stdout);
        if (as_json) {
                json_dumpf(problem, stderr, JSON_COMPACT);
                fputc('\n', stderr);
                return;
        }
        static const struct {
                const char *label, *name;
        } lines[] = {{"code", "code"}, {"reason", "reason"}, {"to do", "advice"}};
        _cleanup_free_ char *detail = member_text(problem, "detail");
        _cleanup_free_ char *allowed = member_names(problem, "allowed");
        fprintf(stderr, PROGRAM ": %s\n", detail);
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                _cleanup_free_ char *text = member_lines(problem, lines[i].name);
                print_indented(stderr, lines[i].label, text);
        }
        print_indented(stderr, "allowed", allowed);
}

static void tell(int code, const char *reason, const char *advice, const char *detail)
{
        json_auto_t *problem = json_pack("{s:s, s:s, s:n, s:o, s:n, s:s, s:n, s:o, s:i}", "type",
                "about:blank", "title", exit_title(code), "status", "detail", text_json(detail), "code",
                "reason", reason, "allowed", "advice", text_json(advice), "exit_status", code);
        tell_problem(problem);
}

int fail(enum exit_code code, const char *reason, const char *advice, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        tell(code, reason, advice, text);
        return code;
}

int fail_usage(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        tell(EXIT_USAGE, "invalid_argument", "Try '" PROGRAM " help'.", text);
        return EXIT_USAGE;
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

char *member_names(const json_t *object, const char *name)
{
        struct buffer text = {0};
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(object, name), i, item)
                buffer_append_format(&text, "%s%s", i > 0 ? ", " : "", json_string_value(item));
        _cleanup_free_ char *all = buffer_steal(&text);
        return text_printable(all, false);
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

char *format_downtime(const json_t *status)
{
        const json_t *seconds = json_object_get(status, "downtime_seconds");
        bool goes_on = json_is_string(json_object_get(status, "downtime_since"));
        _cleanup_free_ char *duration =
                json_is_number(seconds) ? clock_format_duration((uint64_t)(json_number_value(seconds) * 1000))
                                        : NULL;
        return duration ? string_format(
                                  "Visitors %s the 503 page for %s.", goes_on ? "have got" : "got", duration)
                        : NULL;
}

static char *format_share(json_int_t done, json_int_t total)
{
        return total > 0 ? string_format("%d %%", (int)((double)done * 100 / (double)total))
                         : string_copy("");
}

static char *format_part(json_int_t done, json_int_t total, const char *unit)
{
        if (total <= 0)
                return done > 0 ? format_amount((uint64_t)done, unit) : string_copy("");
        _cleanup_free_ char *whole = format_amount((uint64_t)total, unit);
        _cleanup_free_ char *part = string_equal(unit, "bytes") ? format_amount((uint64_t)done, unit)
                                                                : string_format("%lld", (long long)done);
        return string_format("%s of %s", part, whole);
}

static char *format_rate(json_int_t rate, const char *unit)
{
        _cleanup_free_ char *speed = rate > 0 ? format_amount((uint64_t)rate, unit) : NULL;
        return speed ? string_format("%s/s", speed) : string_copy("");
}

static char *format_left(const json_t *eta)
{
        json_int_t seconds = json_integer_value(eta);
        _cleanup_free_ char *left =
                json_is_integer(eta) ? clock_format_duration((uint64_t)seconds * 1000) : NULL;
        return left ? string_format("%s left", left) : string_copy("");
}

void progress_text_init(struct progress_text *text, const json_t *progress)
{
        json_int_t done = member_integer(progress, "done"), total = member_integer(progress, "total");
        _cleanup_free_ char *unit = member_text(progress, "unit");
        *text = (struct progress_text){
                .share = format_share(done, total),
                .amount = format_part(done, total, unit),
                .rate = format_rate(member_integer(progress, "rate_per_second"), unit),
                .left = format_left(json_object_get(progress, "eta_seconds")),
        };
}

void progress_text_deinit(struct progress_text *text)
{
        free(text->share);
        free(text->amount);
        free(text->rate);
        free(text->left);
}

char *format_progress(const json_t *progress)
{
        struct progress_text parts;
        struct buffer text = {0};
        progress_text_init(&parts, progress);
        const char *const all[] = {parts.share, parts.amount, parts.rate, parts.left};
        for (size_t i = 0; i < ARRAY_SIZE(all); i++)
                if (*all[i])
                        buffer_append_format(&text, "%s%s", text.size > 0 ? ", " : "", all[i]);
        progress_text_deinit(&parts);
        return buffer_steal(&text);
}

char *format_prefetch(const json_t *prefetch)
{
        static const struct {
                const char *state, *words;
        } states[] = {
                {"running", "being fetched ahead"},
                {"done", "fetched ahead"},
                {"failed", "could not be fetched ahead"},
                {"stopped", "fetched ahead in part"},
        };
        _cleanup_free_ char *state = member_text(prefetch, "state");
        _cleanup_free_ char *message = member_text(prefetch, "message");
        _cleanup_free_ char *progress = format_progress(json_object_get(prefetch, "progress"));
        const char *details = *message ? message : progress;
        for (size_t i = 0; i < ARRAY_SIZE(states); i++)
                if (string_equal(states[i].state, state))
                        return string_format("%s%s%s", states[i].words, *details ? ": " : "", details);
        return string_copy("");
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

/* What goes on all the same, to be copied; "" when nothing can be accepted. Owned by the caller. */
static char *acceptance(const json_t *error)
{
        _cleanup_free_ char *ids = member_names(error, "acceptable");
        _cleanup_free_ char *list = text_replace(ids, ", ", ",");
        return *list ? string_format(PROGRAM " resume --accept %s", list) : string_copy("");
}

void print_failure(FILE *file, const json_t *status)
{
        const json_t *error = json_object_get(status, "error");
        if (!json_is_object(error))
                return;
        _cleanup_free_ char *code = member_text(error, "code");
        _cleanup_free_ char *stage = member_text(status, "stage");
        fprintf(file, *stage ? "%s in the stage %s\n" : "%s\n", code, stage);
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
        _cleanup_free_ char *command = acceptance(error);
        print_indented(file, "accept", command);
}

int report_problem(const struct reply *reply)
{
        int code = reply->status == 403 || reply->status == 409 ? EXIT_REFUSED : EXIT_COMMAND_FAILED;
        const json_t *allowed = json_object_get(reply->json, "allowed");
        const char *reason = member(reply->json, "reason");
        const char *advice = reason_advice(reason_from_name(reason));
        json_auto_t *problem = json_is_object(reply->json) ? json_deep_copy(reply->json) : json_object();
        if (!*member(problem, "detail"))
                json_object_set_new(problem, "detail", text_json("the daemon refused without saying why"));
        if (json_is_array(allowed) && json_array_size(allowed) == 0)
                advice = "Wait: nothing is allowed in this state.";
        json_object_set_new(problem, "advice", text_json(advice));
        json_object_set_new(problem, "exit_status", json_integer(code));
        tell_problem(problem);
        return code;
}

void print_raw(const struct reply *reply)
{
        if (reply->body.data)
                fwrite(reply->body.data, 1, reply->body.size, stdout);
}

void print_json(const json_t *value)
{
        json_dumpf(value, stdout, JSON_COMPACT);
        putchar('\n');
}
