/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way back and its end through the API: what rollback and clean would do, and doing it. */
#include "daemon/answers.h"

#include "lib/files.h"
#include "lib/text.h"
#include "states/clean.h"
#include "states/rollback_preview.h"
#include "states/runner.h"
#include "states/stages.h"

static const char files_only_means[] =
        "The files go back and the database stays as it is now. Mautic 2 does not run on a database that "
        "Mautic 3's migrations have changed: restore one yourself before it is used.";

static int read_files_only(const struct api_request *request, bool *ret, struct error *err)
{
        json_auto_t *body = NULL;
        const char *name;
        json_t *value;
        bool files_only = false;
        if (api_body_object(request, &body, err) < 0)
                return -1;
        json_object_foreach(body, name, value)
        {
                if (!string_equal(name, "files_only") || !json_is_boolean(value))
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "the body has a member %.64s that is not known or does not fit; known is "
                                "files_only (true or false)",
                                name);
                files_only = json_is_true(value);
        }
        *ret = files_only;
        return 0;
}

int answer_rollback(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        bool files_only = false;
        if (read_files_only(request, &files_only, err) < 0 ||
                api->options.upgrade.rollback(api->options.upgrade.userdata, files_only, err) < 0)
                return -1;
        api_reply_taken(api, EVENT_ROLLBACK, reply);
        return 0;
}

int answer_clean(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        if (api->options.upgrade.command(api->options.upgrade.userdata, EVENT_CLEAN, NULL, 0, err) < 0)
                return -1;
        api_reply_taken(api, EVENT_CLEAN, reply);
        return 0;
}

/* What rollback would mean */

static bool is_to_be_undone(const struct stage_snapshot *stage)
{
        return stage->attempts > 0 && stage->state != STAGE_UNDONE;
}

/* In the order in which they are taken back. */
static json_t *stages_json(const struct snapshot *snapshot)
{
        json_t *list = json_array();
        for (size_t i = snapshot->stage_count; i-- > 0;)
                if (is_to_be_undone(&snapshot->stages[i]))
                        json_array_append_new(
                                list, json_pack("{s:o, s:o}", "name", text_json(snapshot->stages[i].name),
                                              "title", text_json(snapshot->stages[i].title)));
        return list;
}

/* tables: null when they were not compared. */
static json_t *database_json(const struct rollback_preview *preview)
{
        bool compared = preview->database_touched && preview->database.backup_path;
        json_t *tables = compared ? json_array() : json_null();
        for (size_t i = 0; compared && i < preview->database.count; i++) {
                const struct database_preview_table *table = &preview->database.tables[i];
                json_array_append_new(tables,
                        json_pack("{s:o, s:I, s:I}", "name", text_json(table->name), "rows_then",
                                (json_int_t)table->rows_then, "rows_now", (json_int_t)table->rows_now));
        }
        return json_pack("{s:b, s:b, s:o, s:o}", "restored", preview->database_touched, "stays",
                preview->files_only, "tables", tables, "problem", text_json(preview->database_problem));
}

static json_t *files_json(const struct rollback_preview *preview)
{
        json_t *list = json_array();
        for (size_t i = 0; i < preview->count; i++)
                json_array_append_new(
                        list, json_pack("{s:o, s:o, s:b}", "path", text_json(preview->files[i].path), "time",
                                      api_time(preview->files[i].time_ms), "set_aside",
                                      preview->files[i].set_aside));
        return json_pack("{s:o, s:I, s:I, s:b, s:o}", "since", api_time(preview->since_ms), "count",
                (json_int_t)preview->written, "set_aside", (json_int_t)preview->set_aside, "whole",
                preview->whole, "first", list);
}

#define NAMES_TOLD 20

static char *first_names(const struct string_list *list)
{
        struct buffer text = {0};
        for (size_t i = 0; i < list->count && i < NAMES_TOLD; i++) {
                _cleanup_free_ char *printable = text_printable(list->items[i], false);
                buffer_append_format(&text, "%s%s", i > 0 ? ", " : "", printable);
        }
        if (list->count > NAMES_TOLD)
                buffer_append_string(&text, ", …");
        return buffer_steal(&text);
}

static json_t *kept_json(const struct rollback_preview *preview)
{
        json_t *kept = json_array();
        if (preview->set_aside > 0)
                json_array_append_new(kept,
                        json_string("What was written into Mautic 3's own folders is put into " NAME_SET_ASIDE
                                    " in the site's root."));
        if (preview->added.count > 0) {
                _cleanup_free_ char *names = first_names(&preview->added);
                _cleanup_free_ char *text =
                        string_format("%zu entries of the site's folder came since the upgrade began, and "
                                      "stay where they are: %s.",
                                preview->added.count, names);
                json_array_append_new(kept, text_json(text));
        }
        json_array_append_new(kept,
                json_string("The backup, the package and the log of this upgrade stay in the state folder "
                            "until clean."));
        return kept;
}

static void warn(json_t *warnings, const char *format, ...) _printf(2, 3);
static void warn(json_t *warnings, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        json_array_append_new(warnings, text_json(text));
}

static json_t *warnings_json(const struct rollback_preview *preview)
{
        json_t *warnings = json_array();
        const struct backup_facts *backup = &preview->backup;
        if (preview->database_touched && (!backup->path || backup->problem))
                warn(warnings,
                        "The database can't be restored: %s. A rollback would stop there; put the backup "
                        "back, or roll back the files alone.",
                        backup->path ? backup->problem : "there is no backup");
        if (preview->files_only)
                warn(warnings, "This rollback was begun for the files alone and goes on so: the database is "
                               "not restored, and stays Mautic 3's unless you restore it yourself.");
        if (preview->missing_count > 0)
                warn(warnings,
                        "%zu of Mautic 2's files and folders are gone: %s. A rollback stops before it "
                        "begins; put them (or others) there first.",
                        preview->missing_count, preview->missing.data);
        if (!preview->whole)
                warn(warnings, "Not every folder of the site could be looked into: there may be more files "
                               "than are told.");
        return warnings;
}

int answer_rollback_preview(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        _cleanup_rollback_preview_ struct rollback_preview preview = {0};
        if (!machine_allows(snapshot->state, EVENT_ROLLBACK))
                return runner_refuse(snapshot->state, EVENT_ROLLBACK, err);
        if (rollback_preview(
                    api->options.config, api->options.state_path, api->options.cancel, &preview, err) < 0)
                return -1;
        api_reply_json(reply, 200,
                json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "state",
                        text_json(upgrade_state_name(snapshot->state)), "boundary",
                        api_boundary(snapshot->boundary), "stages", stages_json(snapshot), "database",
                        database_json(&preview), "backup", api_backup(&preview.backup), "files",
                        files_json(&preview), "kept", kept_json(&preview), "files_only", files_only_means,
                        "warnings", warnings_json(&preview)));
        return 0;
}

/* What clean would mean */

static json_t *entries_json(const struct clean_entry *entries, size_t count)
{
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++)
                json_array_append_new(
                        list, json_pack("{s:o, s:o, s:I, s:I}", "path", text_json(entries[i].path), "what",
                                      text_json(entries[i].what), "entries", (json_int_t)entries[i].entries,
                                      "bytes", (json_int_t)entries[i].bytes));
        return list;
}

int answer_clean_preview(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        _cleanup_clean_preview_ struct clean_preview preview = {0};
        if (!machine_allows(snapshot->state, EVENT_CLEAN))
                return runner_refuse(snapshot->state, EVENT_CLEAN, err);
        if (clean_preview(api->options.config, api->options.state_path, &preview, err) < 0)
                return -1;
        api_reply_json(reply, 200,
                json_pack("{s:o, s:o, s:I}", "deleted", entries_json(preview.items, preview.count), "kept",
                        entries_json(preview.kept, preview.kept_count), "bytes", (json_int_t)preview.bytes));
        return 0;
}
