/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/commands.h"

#include "lib/memory.h"
#include "lib/text.h"
#include "migrations-reader/doctrine_status.h"
#include "migrations-reader/migrations_json.h"
#include "migrations-reader/selection.h"

#include <string.h>

const struct command commands[] = {
        {"apply", "--next|--all|--mark-done VERSION", OPTION_APPLY, command_apply,
                "Runs new migrations on the database: the next one, or all; what was broken off goes on "
                "first"},
        {"list", NULL, 0, command_list, "Lists all migrations, executed, new and unavailable"},
        {"plan", "[VERSION]...", OPTION_INDEPENDENT, command_plan,
                "Says which SQL the new migrations, or those named, would send; sends nothing"},
        {"show", "VERSION", 0, command_show, "Shows one migration and its SQL on this database"},
        {"status", NULL, OPTION_FORMAT | OPTION_SHOW_VERSIONS, command_status,
                "Counts executed, available, new and executed unavailable migrations"},
        {0},
};

int report_error(const struct error *err)
{
        _cleanup_free_ char *message = text_printable(error_message(err), false);
        (void)fprintf(stderr, "migrations-reader: %s\n", message);
        if (reason_advice(err->reason))
                (void)fprintf(stderr, "%s\n", reason_advice(err->reason));
        switch ((int)err->reason) {
        case REASON_DATABASE_UNREACHABLE:
        case REASON_DATABASE_ACCESS_DENIED:
        case REASON_DATABASE_LOST:
                return EXIT_NOT_REACHED;
        case REASON_INVALID_ARGUMENT:
                return EXIT_USAGE;
        case REASON_MIGRATION_FAILED:
        case REASON_MIGRATION_INTERRUPTED:
        case REASON_MIGRATION_NEEDS_PHP:
        case REASON_TABLE_LOCKED:
                return EXIT_MIGRATION_FAILED;
        case REASON_LOCKED:
        case REASON_DATABASE_LOCKED:
        case REASON_REFUSED_IN_STATE:
                return EXIT_REFUSED;
        default:
                return EXIT_COMMAND_FAILED;
        }
}

void print_json(json_t *json)
{
        _cleanup_free_ char *text = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY);
        json_decref(json);
        (void)printf("%s\n", text);
}

/* status */

static void print_fact(const char *name, const char *value)
{
        _cleanup_free_ char *printable = text_printable(value ?: "none", false);
        (void)printf("%-22s %s\n", name, printable);
}

static void print_count(const char *name, size_t count, const char *remark)
{
        (void)printf("%-22s %zu%s\n", name, count, remark);
}

static void print_status(const struct migrations *migrations, bool mautic_3)
{
        size_t left_behind = 0;
        for (size_t i = 0; i < migrations->count; i++)
                left_behind += migration_is_left_behind(migrations, &migrations->items[i], mautic_3);
        _cleanup_free_ char *remark =
                left_behind ? string_format(", %zu of them of older releases, as expected after an upgrade",
                                      left_behind)
                            : string_copy("");
        print_count("Executed", migrations->executed, "");
        print_count("Executed unavailable", migrations->executed_unavailable, remark);
        print_count("Available", migrations->available, "");
        print_count("New", migrations->new, "");
        if (migrations->unreadable > 0)
                print_count("Not understood", migrations->unreadable, " (the list says why)");
        print_fact("Previous version", migrations->previous);
        print_fact("Current version", migrations->current);
        print_fact("Next version", migrations->next);
        print_fact("Latest version", migrations->latest);
        _cleanup_free_ char *table = string_format(
                "%s%s", migrations->table, migrations->table_exists ? "" : " (there is no such table)");
        print_fact("Table", table);
}

int command_status(struct reader *reader)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_migrations_ struct migrations migrations = {0};
        struct target *target = &reader->target;
        if (target_look_migrations(target, &migrations, &err) < 0)
                return report_error(&err);
        if (reader->json) {
                print_json(migrations_status_json(&migrations, target_is_mautic_3(target)));
                return EXIT_DONE;
        }
        if (!reader->doctrine_format) {
                print_status(&migrations, target_is_mautic_3(target));
                return EXIT_DONE;
        }
        const struct doctrine_status status = {.migrations = &migrations,
                .version = target->version,
                .driver = target->driver,
                .host = target->parameters.host,
                .database = target->parameters.name
                                    ?: target->schema ? target->schema->database
                                                      : NULL,
                .folder = target->path,
                .show_versions = reader->show_versions};
        doctrine_status_print(&status, stdout);
        return EXIT_DONE;
}

/* list */

static void print_list(const struct migrations *migrations, bool mautic_3)
{
        for (size_t i = 0; i < migrations->count; i++) {
                const struct migration *migration = &migrations->items[i];
                _cleanup_free_ char *version = text_printable(migration->version, false);
                _cleanup_free_ char *description =
                        text_printable(migration->problem ?: migration->description, false);
                (void)printf("%-20s %-12s %-19s %s\n", version,
                        migration_state(migrations, migration, mautic_3), migration->executed_at ?: "",
                        description ?: "");
        }
}

int command_list(struct reader *reader)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_migrations_ struct migrations migrations = {0};
        bool mautic_3 = target_is_mautic_3(&reader->target);
        if (target_look_migrations(&reader->target, &migrations, &err) < 0)
                return report_error(&err);
        if (reader->json)
                print_json(migrations_list_json(&migrations, mautic_3));
        else
                print_list(&migrations, mautic_3);
        return EXIT_DONE;
}

/* plan and show */

static void print_indented(const char *text, const char *indent)
{
        _cleanup_free_ char *printable = text_printable(text, true);
        for (const char *line = printable; *line;) {
                int size = (int)strcspn(line, "\n");
                (void)printf("%s%.*s\n", indent, size, line);
                line += size + (line[size] == '\n');
        }
}

static void print_statement(const struct planned_statement *statement)
{
        print_indented(statement->sql, "    ");
        if (strcmp(statement->parameters, "[]") != 0)
                print_indented(statement->parameters, "      with ");
        if (statement->direct)
                (void)printf("      (sent directly, line %u)\n", statement->line);
}

static void print_plan(const struct plan *plan)
{
        _cleanup_free_ char *version = text_printable(plan->version, false);
        _cleanup_free_ char *message = text_printable(plan->message, false);
        (void)printf("%s  %s%s%s\n", version, plan_verdict_name(plan->verdict), message ? ": " : "",
                message ?: "");
        for (size_t i = 0; i < plan->statements.count; i++)
                print_statement(&plan->statements.items[i]);
        if (plan->refused)
                print_indented(plan->refused, "    The server would refuse ");
}

static void print_totals(const size_t *totals, size_t count)
{
        if (count == 0) {
                (void)printf("There are no new migrations.\n");
                return;
        }
        (void)printf("\n%zu migrations:", count);
        const char *separator = " ";
        static const enum plan_verdict order[] = {
                PLAN_SQL, PLAN_SKIPPED, PLAN_EMPTY, PLAN_NEEDS_PHP, PLAN_ERROR};
        for (size_t i = 0; i < ARRAY_SIZE(order); i++)
                if (totals[order[i]]) {
                        (void)printf("%s%zu %s", separator, totals[order[i]], plan_verdict_name(order[i]));
                        separator = ", ";
                }
        (void)printf("\n");
}

static int print_plans(struct reader *reader, struct planner *planner, const struct migration **chosen,
        size_t count, struct error *err)
{
        json_auto_t *list = json_array();
        size_t totals[PLAN_ERROR + 1] = {0};
        for (size_t i = 0; i < count; i++) {
                _cleanup_plan_ struct plan plan = {0};
                if (reader->independent)
                        planner_reset(planner);
                if (planner_plan(planner, chosen[i]->version, chosen[i]->file, &plan, err) < 0)
                        return -1;
                totals[plan.verdict]++;
                if (reader->json)
                        json_array_append_new(list, plan_json(&plan));
                else
                        print_plan(&plan);
        }
        if (reader->json)
                print_json(json_incref(list));
        else
                print_totals(totals, count);
        return 0;
}

int command_plan(struct reader *reader)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_migrations_ struct migrations migrations = {0};
        _cleanup_(planner_freep) struct planner *planner = NULL;
        _cleanup_free_ const struct migration **chosen = NULL;
        size_t count = 0;
        if (target_look_migrations(&reader->target, &migrations, &err) < 0 ||
                select_migrations(&migrations, reader->versions, reader->independent, &chosen, &count, &err) <
                        0 ||
                target_new_planner(&reader->target, &planner, &err) < 0 ||
                print_plans(reader, planner, chosen, count, &err) < 0)
                return report_error(&err);
        return EXIT_DONE;
}

static void print_migration(const struct migrations *migrations, const struct migration *migration,
        const struct plan *plan, bool mautic_3)
{
        print_fact("Version", migration->version);
        print_fact("State", migration_state(migrations, migration, mautic_3));
        if (migration->executed_at)
                print_fact("Executed at", migration->executed_at);
        print_fact("File", migration->file);
        if (*plan->description)
                print_fact("Description", plan->description);
        (void)printf("\nOn this database as it is %s.\n\n", plan_verdict_meaning(plan->verdict));
        print_plan(plan);
        if (plan->notes) {
                (void)printf("\nIt says:\n");
                print_indented(plan->notes, "    ");
        }
}

int command_show(struct reader *reader)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_migrations_ struct migrations migrations = {0};
        _cleanup_(planner_freep) struct planner *planner = NULL;
        _cleanup_free_ const struct migration **chosen = NULL;
        _cleanup_plan_ struct plan plan = {0};
        size_t count = 0;
        if (target_look_migrations(&reader->target, &migrations, &err) < 0 ||
                select_migrations(&migrations, reader->versions, false, &chosen, &count, &err) < 0 ||
                target_new_planner(&reader->target, &planner, &err) < 0 ||
                planner_plan(planner, chosen[0]->version, chosen[0]->file, &plan, &err) < 0)
                return report_error(&err);
        if (reader->json)
                print_json(plan_json(&plan));
        else
                print_migration(&migrations, chosen[0], &plan, target_is_mautic_3(&reader->target));
        return EXIT_DONE;
}
