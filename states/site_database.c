/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/site_database.h"

#include "lib/memory.h"

#include <limits.h>

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
