/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/site_database.h"

#include "lib/memory.h"

#include <limits.h>
#include <string.h>

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

int site_database_connect(const struct config *config, const struct site *site,
        struct site_settings *ret_settings, struct database **ret, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        if (site_database_settings(config, site, &settings, err) < 0)
                return -1;
        if (database_connect(&settings.database, &database, err) < 0)
                return -1;
        if (ret_settings) {
                *ret_settings = settings;
                settings = (struct site_settings){0};
        }
        *ret = steal(&database);
        return 0;
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
