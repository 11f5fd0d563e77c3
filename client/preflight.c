/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The findings of the checks as a table: what blocks first, and below each what to do about it. */
#include "client/colours.h"
#include "client/columns.h"
#include "client/commands.h"
#include "client/terminal.h"

#include <string.h>

#define TEXT_COLUMNS_LEAST 36 /* with less beside the names, the text goes below them */
#define GAP 2
#define INDENT_BELOW 4

enum severity { ERRORS, WARNINGS, PASSED };

static const struct {
        const char *name;
        const char *colour;
        const char *one, *many; /* in the sentence that counts them */
} severities[] = {
        [ERRORS] = {"error", COLOUR_RED, "error", "errors"},
        [WARNINGS] = {"warning", COLOUR_YELLOW, "warning", "warnings"},
        [PASSED] = {"ok", COLOUR_GREEN, "ok", "ok"},
};

struct table {
        size_t columns; /* of the whole line */
        size_t severity_columns, id_columns;
        size_t indent; /* where the text begins */
        bool below; /* in lines of its own */
        bool colour;
};

static bool is_of(const json_t *finding, enum severity severity)
{
        return string_equal(
                json_string_value(json_object_get(finding, "severity")), severities[severity].name);
}

static size_t count_of(const json_t *findings, enum severity severity)
{
        size_t count = 0, i;
        json_t *finding;
        json_array_foreach(findings, i, finding) count += is_of(finding, severity);
        return count;
}

static void table_init(struct table *table, const json_t *findings)
{
        size_t i;
        json_t *finding;
        *table = (struct table){.colour = terminal_has_colour(), .columns = terminal_text_columns()};
        json_array_foreach(findings, i, finding)
        {
                _cleanup_free_ char *id = member_text(finding, "id");
                _cleanup_free_ char *severity = member_text(finding, "severity");
                size_t id_columns = columns_of(id), severity_columns = columns_of(severity);
                table->id_columns = id_columns > table->id_columns ? id_columns : table->id_columns;
                if (severity_columns > table->severity_columns)
                        table->severity_columns = severity_columns;
        }
        table->indent = table->severity_columns + table->id_columns + 2 * GAP;
        table->below = table->columns < table->indent + TEXT_COLUMNS_LEAST;
        if (table->below)
                table->indent = INDENT_BELOW;
}

static void print_padded(const char *text, size_t columns)
{
        printf("%s%*s", text, (int)(columns - columns_of(text) + GAP), "");
}

/* Prints the lines below each other from the indent on; the first one stands there already. */
static void print_text(const struct table *table, const char *before, const char *text, const char *colour)
{
        _cleanup_string_list_ struct string_list lines = {0};
        size_t width = table->columns > table->indent + columns_of(before)
                               ? table->columns - table->indent - columns_of(before)
                               : 1;
        columns_wrap(text, width, &lines);
        for (size_t i = 0; i < lines.count; i++) {
                if (i > 0)
                        printf("%*s", (int)table->indent, "");
                printf("%s%s%s%s\n", table->colour ? colour : "",
                        i == 0    ? before
                        : *before ? "   "
                                  : "",
                        lines.items[i], table->colour && *colour ? COLOUR_PLAIN : "");
        }
}

static void print_finding(const struct table *table, const json_t *finding, const char *colour)
{
        _cleanup_free_ char *id = member_text(finding, "id"), *severity = member_text(finding, "severity");
        _cleanup_free_ char *seen = member_text(finding, "seen"), *advice = member_text(finding, "advice");
        if (table->colour)
                fputs(colour, stdout);
        print_padded(severity, table->severity_columns);
        if (table->colour)
                fputs(COLOUR_PLAIN, stdout);
        if (table->below)
                printf("%s\n%*s", id, (int)table->indent, "");
        else
                print_padded(id, table->id_columns);
        print_text(table, "", seen, "");
        if (!*advice || string_equal(severity, "ok"))
                return;
        printf("%*s", (int)table->indent, "");
        print_text(table, "-> ", advice, COLOUR_DIM);
}

static void print_wrapped(const struct table *table, const char *text)
{
        _cleanup_string_list_ struct string_list lines = {0};
        columns_wrap(text, table->columns, &lines);
        for (size_t i = 0; i < lines.count; i++)
                puts(lines.items[i]);
}

static void print_counts(const struct table *table, const json_t *findings, const json_t *answer)
{
        _cleanup_free_ char *time = member_text(answer, "time");
        _cleanup_buffer_ struct buffer text = {0};
        for (size_t i = 0; i < ARRAY_SIZE(severities); i++) {
                size_t count = count_of(findings, (enum severity)i);
                buffer_append_format(&text, "%s%zu %s", i > 0 ? ", " : "", count,
                        count == 1 ? severities[i].one : severities[i].many);
        }
        buffer_append_format(&text, "; checked %.19s UTC", time);
        print_wrapped(table, text.data);
}

/* The command line that goes on from here, to be copied: it is not wrapped. */
static void print_command_line(const json_t *findings)
{
        const char *separator = "";
        size_t i;
        json_t *finding;
        printf("  mautic-upgradectl start --accept ");
        json_array_foreach(findings, i, finding)
        {
                _cleanup_free_ char *id = member_text(finding, "id");
                if (is_of(finding, WARNINGS)) {
                        printf("%s%s", separator, id);
                        separator = ",";
                }
        }
        printf("\n");
}

static void print_next_step(const struct table *table, const json_t *findings)
{
        if (count_of(findings, ERRORS) > 0)
                print_wrapped(table,
                        "An error blocks the upgrade: correct it, then look again with preflight --run.");
        else if (count_of(findings, WARNINGS) > 0) {
                print_wrapped(table, "Correct the warnings, or accept them:");
                print_command_line(findings);
        }
}

static void print_table(const json_t *answer)
{
        const json_t *findings = json_object_get(answer, "findings");
        struct table table;
        table_init(&table, findings);
        for (size_t severity = 0; severity < ARRAY_SIZE(severities); severity++) {
                size_t i;
                json_t *finding;
                json_array_foreach(findings, i, finding)
                {
                        if (is_of(finding, (enum severity)severity))
                                print_finding(&table, finding, severities[severity].colour);
                }
        }
        print_counts(&table, findings, answer);
        print_next_step(&table, findings);
}

int command_preflight(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        int r = ask(client, client->run ? "POST" : "GET", "/v1/preflight", NULL, &reply);
        if (r != 0)
                return r;
        if (client->json)
                print_raw(&reply);
        else
                print_table(reply.json);
        return count_of(json_object_get(reply.json, "findings"), ERRORS) > 0 ? EXIT_COMMAND_FAILED
                                                                             : EXIT_DONE;
}
