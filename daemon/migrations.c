/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The migrations of the site's files and database: their numbers, and what they would do. Nothing is changed.
 */
#include "daemon/answers.h"

#include "lib/files.h"
#include "lib/site.h"
#include "migrations-reader/migrations_json.h"
#include "migrations-reader/site_parameter.h"
#include "states/site_database.h"

#include <string.h>

#define ANSWER_S 60 /* of the server, for one statement: none of them reads the site's own rows */

/* The site as it is at this request. */
struct view {
        struct site *site;
        struct site_settings settings;
        struct database *database;
        struct migrations migrations;
        struct schema *schema;
        struct planner *planner; /* with schema: only of a view that plans */
};

static void view_deinit(struct view *view)
{
        planner_free(view->planner);
        schema_free(view->schema);
        migrations_deinit(&view->migrations);
        database_close(view->database);
        site_settings_deinit(&view->settings);
        site_free(view->site);
}

static int open_view(struct api *api, struct view *view, struct error *err)
{
        const struct config *config = api->options.config;
        if (site_open(config->root, &view->site, err) < 0 ||
                site_database_connect_within(
                        config, view->site, ANSWER_S, &view->settings, &view->database, err) < 0)
                return error_wrap(err, "reading the migrations");
        database_watch(view->database, &(struct database_watch){.cancel = api->options.cancel});
        if (migrations_look(view->site->root_fd, MIGRATIONS_FOLDER, view->database, view->settings.prefix,
                        &view->migrations, err) < 0)
                return error_wrap(err, "reading the migrations");
        return 0;
}

static int open_planner(struct view *view, struct error *err)
{
        struct planner_settings settings;
        if (site_planner_settings(view->site, view->settings.prefix, view->database, &settings, err) < 0 ||
                schema_read(view->database, &view->schema, err) < 0)
                return error_wrap(err, "planning the migrations");
        settings.schema = view->schema;
        return planner_new(&settings, &view->planner, err);
}

static bool is_mautic_3(const struct view *view)
{
        return view->site->kind == SITE_MAUTIC_3;
}

int answer_migrations(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(view_deinit) struct view view = {0};
        if (open_view(api, &view, err) < 0)
                return -1;
        json_t *status = migrations_status_json(&view.migrations, is_mautic_3(&view));
        json_object_set_new(status, "migrations", migrations_list_json(&view.migrations, is_mautic_3(&view)));
        api_reply_json(reply, 200, status);
        return 0;
}

static const struct migration *find_migration(const struct view *view, const char *version, struct error *err)
{
        for (size_t i = 0; i < view->migrations.count; i++)
                if (string_equal(view->migrations.items[i].version, version))
                        return &view->migrations.items[i];
        error_set(err, REASON_NOT_FOUND, "there is no migration %.64s, neither a file nor a row", version);
        return NULL;
}

static int plan_one(struct view *view, const struct migration *migration, json_t **ret, struct error *err)
{
        _cleanup_plan_ struct plan plan = {0};
        if (planner_plan(view->planner, migration->version, migration->file, &plan, err) < 0)
                return -1;
        *ret = plan_json(&plan);
        return 0;
}

int answer_migration(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(view_deinit) struct view view = {0};
        json_t *plan = json_null();
        if (open_view(api, &view, err) < 0)
                return -1;
        const struct migration *migration = find_migration(&view, api_path_tail(request), err);
        if (!migration)
                return -1;
        if (migration->available &&
                (open_planner(&view, err) < 0 || plan_one(&view, migration, &plan, err) < 0))
                return -1;
        json_t *answer = migration_json(&view.migrations, migration, is_mautic_3(&view));
        json_object_set_new(answer, "plan", plan);
        api_reply_json(reply, 200, answer);
        return 0;
}

/* Those named ("a,b"), in that order. */
static int plan_named(
        struct view *view, const char *versions, bool independent, json_t *list, struct error *err)
{
        while (*versions) {
                size_t size = strcspn(versions, ",");
                _cleanup_free_ char *version = memory_copy(versions, size);
                versions += size + (versions[size] == ',');
                const struct migration *migration = find_migration(view, version, err);
                json_t *plan = NULL;
                if (!migration)
                        return -1;
                if (!migration->available)
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "migration %s has no file any more: it can't be planned", version);
                if (independent)
                        planner_reset(view->planner);
                if (plan_one(view, migration, &plan, err) < 0)
                        return -1;
                json_array_append_new(list, plan);
        }
        return 0;
}

static int plan_all(struct view *view, bool independent, json_t *list, struct error *err)
{
        for (size_t i = 0; i < view->migrations.count; i++) {
                const struct migration *migration = &view->migrations.items[i];
                json_t *plan = NULL;
                if (!migration->available || (migration->executed && !independent))
                        continue;
                if (independent)
                        planner_reset(view->planner);
                if (plan_one(view, migration, &plan, err) < 0)
                        return -1;
                json_array_append_new(list, plan);
        }
        return 0;
}

int answer_plan(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(view_deinit) struct view view = {0};
        json_auto_t *list = json_array();
        int64_t independent = 0;
        const char *versions = api_query_text(request, "versions");
        if (api_query_number(request, "independent", 0, &independent, err) < 0 ||
                open_view(api, &view, err) < 0 || open_planner(&view, err) < 0)
                return -1;
        int result = versions ? plan_named(&view, versions, independent, list, err)
                              : plan_all(&view, independent, list, err);
        if (result == 0)
                api_reply_json(reply, 200, json_incref(list));
        return result;
}
