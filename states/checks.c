/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/checks_private.h"

#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "states/facts.h"
#include "states/package.h"

#include <jansson.h>
#include <string.h>

/* In this order: what a check needs stands above it. */
static const struct {
        const char *id;
        check_function *function;
        unsigned needs;
} table[] = {
        {"root_is_mautic", check_root_is_mautic, 0},
        {"root_name", check_root_name, NEEDS_SITE},
        {"mautic_version", check_mautic_version, NEEDS_SITE},
        {"half_upgraded", check_half_upgraded, NEEDS_SITE},
        {"root_writable", check_root_writable, NEEDS_SITE},
        {"root_entries", check_root_entries, NEEDS_SITE},
        {"site_files", check_site_files, NEEDS_SITE},
        {"state_folder", check_state_folder, NEEDS_SITE},
        {"git_checkout", check_git_checkout, NEEDS_SITE},
        {"plugins", check_plugins, NEEDS_SITE},
        {"processes", check_processes, NEEDS_SITE},
        {"local_config", check_local_config, NEEDS_SITE},
        {"local_overrides", check_local_overrides, NEEDS_SITE},
        {"rate_limiter_cache", check_rate_limiter_cache, NEEDS_SETTINGS},
        {"spool", check_spool, NEEDS_SETTINGS},
        {"package", check_package, NEEDS_SITE},
        {WARNING_PACKAGE_JUMP, check_package_jump, 0},
        {WARNING_PACKAGE_VENDOR, check_package_vendor, 0},
        {"php_found", check_php_found, 0},
        {"php_version", check_php_version, NEEDS_PHP},
        {"php_extensions", check_php_extensions, NEEDS_PHP},
        {"php_limits", check_php_limits, NEEDS_PHP},
        {"database_driver", check_database_driver, NEEDS_SETTINGS},
        {"database_connection", check_database_connection, NEEDS_SETTINGS},
        {"database_version", check_database_version, NEEDS_DATABASE},
        {"database_writable", check_database_writable, NEEDS_DATABASE},
        {"database_privileges", check_database_privileges, NEEDS_DATABASE},
        {"database_lock", check_database_lock, NEEDS_DATABASE},
        {"database_packet", check_database_packet, NEEDS_SETTINGS | NEEDS_DATABASE},
        {"database_views", check_database_views, NEEDS_DATABASE},
        {"column_types", check_column_types, NEEDS_DATABASE},
        {"dump_tool", check_dump_tool, 0},
        {"backup_restorable", check_backup_restorable, NEEDS_SETTINGS | NEEDS_DATABASE},
        {"backup_verify", check_backup_verify, NEEDS_SETTINGS | NEEDS_DATABASE},
        {"migrations_readable", check_migrations_readable, NEEDS_SITE | NEEDS_SETTINGS | NEEDS_DATABASE},
        {"migrations_of_later", check_migrations_of_later, NEEDS_SITE | NEEDS_SETTINGS | NEEDS_DATABASE},
        {"migrations_dropped_keys", check_migrations_dropped_keys,
                NEEDS_SITE | NEEDS_SETTINGS | NEEDS_DATABASE},
        {"hooks_command", check_hooks_command, 0},
        {"free_space", check_free_space, NEEDS_FILES},
        {"free_space_margin", check_free_space_margin, NEEDS_FILES},
};

const char *checks_id(size_t index)
{
        return index < ARRAY_SIZE(table) ? table[index].id : NULL;
}

/* What is accepted with a name behind it. */
static const struct {
        const char *prefix, *name;
} families[] = {{ACCEPT_RERUN_MIGRATION, "VERSION"}, {ACCEPT_DONE_MIGRATION, "VERSION"},
        {ACCEPT_CONTRADICTED, "STAGE"}};

static bool is_known(const char *id)
{
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (string_equal(table[i].id, id))
                        return true;
        for (size_t i = 0; i < ARRAY_SIZE(families); i++)
                if (string_begins(id, families[i].prefix) && id[strlen(families[i].prefix)])
                        return true;
        return false;
}

int checks_know_ids(const char *const *ids, size_t count, struct error *err)
{
        for (size_t i = 0; i < count; i++) {
                if (is_known(ids[i]))
                        continue;
                _cleanup_buffer_ struct buffer known = {0};
                _cleanup_free_ char *shown = text_printable(ids[i], false);
                for (size_t other = 0; other < ARRAY_SIZE(table); other++)
                        buffer_append_format(&known, "%s, ", table[other].id);
                for (size_t other = 0; other < ARRAY_SIZE(families); other++)
                        buffer_append_format(&known, "%s%s%s", other > 0 ? ", " : "", families[other].prefix,
                                families[other].name);
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "nothing has the id '%.64s' to accept; the ids are %s", shown, known.data);
        }
        return 0;
}

const char *finding_severity_name(enum finding_severity severity)
{
        switch (severity) {
        case FINDING_OK:
                return "ok";
        case FINDING_WARNING:
                return "warning";
        case FINDING_ERROR:
                return "error";
        }
        return NULL;
}

void findings_deinit(struct findings *findings)
{
        for (size_t i = 0; i < findings->count; i++) {
                free(findings->items[i].seen);
                free(findings->items[i].advice);
        }
        free(findings->items);
        *findings = (struct findings){0};
}

static void _printf(4, 0) fill(struct finding *finding, enum finding_severity severity, const char *advice,
        const char *format, va_list arguments)
{
        finding->severity = severity;
        string_replace(&finding->advice, string_copy(advice));
        string_replace(&finding->seen, string_format_list(format, arguments));
}

void finding_ok(struct finding *finding, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        fill(finding, FINDING_OK, NULL, format, arguments);
        va_end(arguments);
}

void finding_warning(struct finding *finding, const char *advice, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        fill(finding, FINDING_WARNING, advice, format, arguments);
        va_end(arguments);
}

void finding_error(struct finding *finding, const char *advice, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        fill(finding, FINDING_ERROR, advice, format, arguments);
        va_end(arguments);
}

#define NAME_SAMPLE 8

void name_sample_add(struct name_sample *sample, const char *name)
{
        sample->count++;
        if (sample->count <= NAME_SAMPLE) {
                _cleanup_free_ char *shown = text_printable(name, false);
                buffer_append_format(&sample->text, "%s%s", sample->text.size ? ", " : "", shown);
        }
}

const char *name_sample_text(struct name_sample *sample)
{
        buffer_append_string(&sample->text, "");
        if (sample->count > NAME_SAMPLE) {
                buffer_append_format(&sample->text, " and %zu more", sample->count - NAME_SAMPLE);
                sample->count = 0;
        }
        return sample->text.data;
}

void name_sample_deinit(struct name_sample *sample)
{
        buffer_deinit(&sample->text);
}

static const char *what_is_missing(const struct checks *checks, unsigned needs)
{
        if ((needs & NEEDS_SITE) && !checks->site)
                return "the site could not be opened";
        if ((needs & NEEDS_SETTINGS) && !checks->settings_known)
                return "the site's settings are not known";
        if ((needs & NEEDS_PHP) && !checks->php_known && php_use_of(checks->config) == PHP_NEEDED)
                return "PHP did not run";
        if ((needs & NEEDS_DATABASE) && !checks->database)
                return "there is no connection to the database";
        if ((needs & NEEDS_FILES) && !checks->files_known)
                return "the site's files could not be counted";
        return NULL;
}

static void run_check(struct checks *checks, size_t index, struct finding *finding)
{
        finding->id = table[index].id;
        const char *missing = what_is_missing(checks, table[index].needs);
        if (missing)
                finding_warning(finding, "Correct what the other findings name, then run the checks again.",
                        "not checked, for %s", missing);
        else
                table[index].function(checks, finding);
}

static void checks_deinit(struct checks *checks)
{
        site_free(checks->site);
        error_deinit(&checks->site_problem);
        site_settings_deinit(&checks->settings);
        php_facts_deinit(&checks->php);
        database_close(checks->database);
        release_metadata_deinit(&checks->package);
}

int checks_run(const struct checks_options *options, struct findings *ret, struct error *err)
{
        _cleanup_(checks_deinit) struct checks checks = {.options = options, .config = options->config};
        _cleanup_findings_ struct findings findings = {
                .items = memory_new_array(ARRAY_SIZE(table), sizeof *findings.items),
                .count = ARRAY_SIZE(table),
        };
        if (site_open(options->config->root ? options->config->root : "", &checks.site,
                    &checks.site_problem) < 0)
                checks.site = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                if (options->on_progress)
                        options->on_progress(i, ARRAY_SIZE(table), options->userdata);
                run_check(&checks, i, &findings.items[i]);
                /* Also what a cancel broke off has become a finding: none of them is to be believed. */
                if (cancel_check(options->cancel, err) < 0)
                        return -1;
        }
        if (options->on_progress)
                options->on_progress(ARRAY_SIZE(table), ARRAY_SIZE(table), options->userdata);
        *ret = findings;
        findings = (struct findings){0};
        return 0;
}

char *findings_to_json(const struct findings *findings)
{
        json_t *list = json_array();
        json_int_t errors = 0, warnings = 0;
        for (size_t i = 0; i < findings->count; i++) {
                const struct finding *finding = &findings->items[i];
                errors += finding->severity == FINDING_ERROR;
                warnings += finding->severity == FINDING_WARNING;
                json_array_append_new(
                        list, json_pack("{s:s, s:s, s:o, s:o}", "id", finding->id, "severity",
                                      finding_severity_name(finding->severity), "seen",
                                      text_json(finding->seen), "advice", text_json(finding->advice)));
        }
        char time[25];
        clock_format_iso(clock_wall_ms(), time);
        json_t *all = json_pack("{s:s, s:I, s:I, s:o}", "time", time, "errors", errors, "warnings", warnings,
                "findings", list);
        char *text = json_dumps(all, JSON_COMPACT);
        json_decref(all);
        return text;
}
