/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/site_database.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/php_syntax.h"
#include "states/stage.h"
#include "states/update_local_config.h"

#include <limits.h>
#include <string.h>

/* Of stage_look_for_lock_wait: each look is a connection of its own. */
#define FIRST_LOOK_MS 5000
#define LAST_PAUSE_MS 60000
#define LOOK_CONNECT_S 2

int site_database_settings(
        const struct config *config, const struct site *site, struct site_settings *ret, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        if (site_load_settings(site, &settings, err) < 0)
                return error_wrap(err, "reading the site's settings");
        if (config->database_socket)
                string_replace(&settings.database.unix_socket, string_copy(config->database_socket));
        settings.database.timeout_s =
                config->database_timeout > UINT_MAX ? UINT_MAX : (unsigned)config->database_timeout;
        *ret = settings;
        settings = (struct site_settings){0};
        return 0;
}

int site_database_connect_within(const struct config *config, const struct site *site, unsigned answer_s,
        struct site_settings *ret_settings, struct database **ret, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        if (site_database_settings(config, site, &settings, err) < 0)
                return -1;
        settings.database.answer_s = answer_s;
        if (database_connect(&settings.database, &database, err) < 0)
                return -1;
        if (ret_settings) {
                *ret_settings = settings;
                settings = (struct site_settings){0};
        }
        *ret = steal(&database);
        return 0;
}

int site_database_connect(const struct config *config, const struct site *site,
        struct site_settings *ret_settings, struct database **ret, struct error *err)
{
        return site_database_connect_within(config, site, 0, ret_settings, ret, err);
}

int site_database_stand_in(struct site *site, int state_fd, bool *ret_used, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL, *text = NULL;
        size_t size = 0;
        *ret_used = false;
        int r = site_find_local_config(site, &folder_fd, &name, err);
        if (r == 1)
                r = file_read(state_fd, NAME_LOCAL_CONFIG_ORIGINAL, PHP_SOURCE_LIMIT, &text, &size, err);
        if (r < 0)
                return -1;
        if (text && strlen(text) == size) {
                string_replace(&site->stand_in, steal(&text));
                *ret_used = true;
        }
        return 0;
}

static void log_wait(void *userdata, const char *sentence)
{
        stage_log(userdata, LOG_LEVEL_WARNING, "%s", sentence);
}

void stage_watch_database(struct stage_context *context, struct database *database)
{
        const struct database_watch watch = {
                .cancel = context->cancel, .tell = log_wait, .userdata = context};
        database_watch(database, &watch);
}

int stage_database_connect(struct stage_context *context, struct site_settings *ret_settings,
        struct database **ret, struct error *err)
{
        if (site_database_connect(context->config, context->site, ret_settings, ret, err) < 0)
                return -1;
        stage_watch_database(context, *ret);
        return 0;
}

static int find_lock_wait(struct stage_context *context, char **ret, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        if (site_database_settings(context->config, context->site, &settings, err) < 0)
                return -1;
        settings.database.timeout_s = LOOK_CONNECT_S;
        if (database_connect(&settings.database, &database, err) < 0)
                return -1;
        return database_find_lock_wait(database, ret, err);
}

void stage_look_for_lock_wait(struct stage_context *context, struct lock_look *look)
{
        uint64_t now_ms = clock_steady_ms();
        _cleanup_free_ char *found = NULL;
        _cleanup_error_ struct error ignored = {0};
        if (look->told || now_ms < look->next_ms)
                return;
        bool first = look->next_ms == 0;
        look->pause_ms = first ? FIRST_LOOK_MS : look->pause_ms * 2;
        if (look->pause_ms > LAST_PAUSE_MS)
                look->pause_ms = LAST_PAUSE_MS;
        look->next_ms = now_ms + look->pause_ms;
        if (first || find_lock_wait(context, &found, &ignored) != 0)
                return;
        look->told = true;
        stage_log(context, LOG_LEVEL_WARNING, "In the database %s.", found);
}

char *site_database_lock_name(const struct site_settings *settings)
{
        return database_upgrade_lock_name(settings->database.name, settings->prefix);
}

void database_grants_deinit(struct database_grants *grants)
{
        free(grants->lines);
        database_rows_deinit(&grants->rows);
        *grants = (struct database_grants){0};
}

/* MySQL 8 shows what roles give only when they are named; MariaDB shows those that are active anyway. */
static int show_grants(struct database *database, struct database_rows *ret, struct error *err)
{
        struct database_server server;
        if (database_server_version(database, &server, err) < 0)
                return -1;
        if (server.mariadb || server.major < 8)
                return database_query(database, ret, err, "SHOW GRANTS");
        _cleanup_free_ char *roles = NULL;
        int result = database_query_value(database, &roles, err, "SELECT CURRENT_ROLE()");
        if (result < 0)
                return -1;
        if (result > 0 || strcmp(roles, "NONE") == 0)
                return database_query(database, ret, err, "SHOW GRANTS");
        return database_query(database, ret, err, "SHOW GRANTS FOR CURRENT_USER() USING %s", roles);
}

int site_database_grants(struct database *database, struct database_grants *ret, struct error *err)
{
        struct database_grants grants = {0};
        if (show_grants(database, &grants.rows, err) < 0)
                return -1;
        grants.lines = memory_new_array(grants.rows.rows + 1, sizeof(*grants.lines));
        for (size_t i = 0; i < grants.rows.rows; i++)
                if (database_cell(&grants.rows, i, 0))
                        grants.lines[grants.grants.count++] = database_cell(&grants.rows, i, 0);
        grants.grants.lines = grants.lines;
        *ret = grants;
        return 0;
}
