/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine_status.h"

#include "lib/memory.h"
#include "lib/text.h"

#include <string.h>
#include <time.h>

#define TITLE_WIDTH 50
#define VERSION_WIDTH 49
#define DESCRIPTION_INDENT 5

/* "2019-07-24 11:00:39" of "20190724110039"; "" of what is no such time. A part that is too large carries
 * over, as in PHP's DateTime::createFromFormat('YmdHis'). Owned by the caller. */
static char *time_of_version(const char *version)
{
        if (strlen(version) != 14 || strspn(version, "0123456789") != 14)
                return string_copy("");
        int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
        (void)sscanf(version, "%4d%2d%2d%2d%2d%2d", &year, &month, &day, &hour, &minute, &second);
        if (month > 12 || day > 31 || hour > 24 || minute > 59 || second > 59)
                return string_copy("");
        struct tm parts = {.tm_year = year - 1900,
                .tm_mon = month - 1,
                .tm_mday = day,
                .tm_hour = hour,
                .tm_min = minute,
                .tm_sec = second};
        time_t time = timegm(&parts);
        char text[32];
        return string_copy(
                gmtime_r(&time, &parts) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts) ? text
                                                                                                     : "");
}

static void print_line(FILE *file, const char *title, const char *value)
{
        _cleanup_free_ char *printable = text_printable(value ?: "", false);
        (void)fprintf(file, "    >> %s: %*s%s\n", title, TITLE_WIDTH - (int)strlen(title), "", printable);
}

static void print_count(FILE *file, const char *title, size_t count)
{
        _cleanup_free_ char *text = string_format("%zu", count);
        print_line(file, title, text);
}

static void print_version(FILE *file, const char *title, const char *version, const char *otherwise)
{
        _cleanup_free_ char *time = version ? time_of_version(version) : NULL;
        _cleanup_free_ char *text = version ? string_format("%s (%s)", time, version) : NULL;
        print_line(file, title, text ?: otherwise);
}

/* Doctrine knows a version "0" before the first file, which is the previous one of the first. */
static void print_previous(FILE *file, const struct migrations *migrations)
{
        print_version(file, "Previous Version", migrations->previous,
                migrations->current && migrations->available > 0 ? "0" : "Already at first version");
}

static void print_configuration(const struct doctrine_status *status, FILE *file)
{
        const struct migrations *migrations = status->migrations;
        (void)fprintf(file, "\n == Configuration\n\n");
        print_line(file, "Name", "Mautic Migrations");
        print_line(file, "Database Driver", status->driver);
        if (status->version >= DOCTRINE_2_10)
                print_line(file, "Database Host", status->host);
        print_line(file, "Database Name", status->database);
        print_line(file, "Configuration Source", "manually configured");
        print_line(file, "Version Table Name", migrations->table);
        print_line(file, "Version Column Name", "version");
        print_line(file, "Migrations Namespace", "Mautic\\Migrations");
        print_line(file, "Migrations Directory", status->folder);
        print_previous(file, migrations);
        print_version(file, "Current Version", migrations->current, "0");
        print_version(file, "Next Version", migrations->next, "Already at latest version");
        print_version(file, "Latest Version", migrations->latest, "0");
        print_count(file, "Executed Migrations", migrations->executed);
        print_count(file, "Executed Unavailable Migrations", migrations->executed_unavailable);
        print_count(file, "Available Migrations", migrations->available);
        print_count(file, "New Migrations", migrations->new);
}

static void print_migration(
        const struct doctrine_status *status, const struct migration *migration, FILE *file)
{
        _cleanup_free_ char *time = time_of_version(migration->version);
        _cleanup_free_ char *version = text_printable(migration->version, false);
        _cleanup_free_ char *description = text_printable(migration->description, false);
        int gap = VERSION_WIDTH - (int)strlen(time) - (int)strlen(version);
        (void)fprintf(file, "    >> %s (%s)%*s%s", time, version, gap > 1 ? gap : 1, "",
                migration->executed ? "migrated" : "not migrated");
        if (status->version >= DOCTRINE_2_10 && migration->executed_at)
                (void)fprintf(file, " (executed at %s)", migration->executed_at);
        if (description)
                (void)fprintf(file, "%*s%s", DESCRIPTION_INDENT, "", description);
        (void)fputc('\n', file);
}

static void print_versions(const struct doctrine_status *status, FILE *file)
{
        const struct migrations *migrations = status->migrations;
        if (migrations->available > 0)
                (void)fprintf(file, "\n == Available Migration Versions\n\n");
        for (size_t i = 0; i < migrations->count; i++)
                if (migrations->items[i].available)
                        print_migration(status, &migrations->items[i], file);
        if (migrations->executed_unavailable > 0)
                (void)fprintf(file, "\n == Previously Executed Unavailable Migration Versions\n\n");
        for (size_t i = 0; i < migrations->count; i++) {
                if (migrations->items[i].available)
                        continue;
                _cleanup_free_ char *time = time_of_version(migrations->items[i].version);
                _cleanup_free_ char *version = text_printable(migrations->items[i].version, false);
                (void)fprintf(file, "    >> %s (%s)\n", time, version);
        }
}

void doctrine_status_print(const struct doctrine_status *status, FILE *file)
{
        print_configuration(status, file);
        if (status->show_versions)
                print_versions(status, file);
}
