/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/site.h"

#include "lib/memory.h"
#include "lib/site_private.h"

#include <ctype.h>
#include <string.h>

struct config_files {
        struct local_config *local; /* local.php */
        struct local_config *parameters; /* parameters_local.php, or NULL */
        const char *local_name;
};

static void config_files_deinit(struct config_files *files)
{
        local_config_free(files->local);
        local_config_free(files->parameters);
}

static const struct local_config *holder(const struct config_files *files, const char *key)
{
        if (files->parameters && local_config_presence(files->parameters, key) != LOCAL_CONFIG_ABSENT)
                return files->parameters;
        return files->local;
}

/* PHP: preg_match('/getenv\((.*?)\)/'), where '.' ends at a line end. True when text holds such a call. */
static bool names_variable(const char *text, char **ret_name)
{
        static const char call[] = "getenv(";
        for (const char *found = strstr(text, call); found; found = strstr(found + 1, call)) {
                const char *name = found + sizeof(call) - 1;
                size_t size = strcspn(name, ")\n");
                if (name[size] != ')')
                        continue;
                *ret_name = memory_copy(name, size);
                return true;
        }
        return false;
}

/* *ret is NULL when the value is not set or null. *ret_set tells the one from the other. */
static int setting(const struct site *site, const struct config_files *files, const char *key, char **ret,
        bool *ret_set, struct error *err)
{
        const struct local_config *file = holder(files, key);
        const char *name = file == files->local ? files->local_name : SITE_OVERRIDES_FILE;
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *variable = NULL;
        if (local_config_get(file, key, &text, err) < 0)
                return error_wrap(err, "%s", name);
        *ret_set = local_config_presence(file, key) != LOCAL_CONFIG_ABSENT;
        if (!text)
                return 0;
        if (!names_variable(text, &variable)) {
                *ret = site_replace_placeholder(site, text);
                return 0;
        }
        const char *value = getenv(variable);
        if (!value)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE,
                        "%s: %s is taken from the environment variable %s, which is not set for this program",
                        name, key, variable);
        *ret = site_replace_placeholder(site, value);
        return 0;
}

/* The value, or fallback where nothing is set, or null, or empty. */
static int text_setting(const struct site *site, const struct config_files *files, const char *key,
        const char *fallback, char **ret, struct error *err)
{
        _cleanup_free_ char *value = NULL;
        bool set = false;
        if (setting(site, files, key, &value, &set, err) < 0)
                return -1;
        *ret = value && *value ? steal(&value) : string_copy(fallback);
        return 0;
}

static int path_setting(const struct site *site, const struct config_files *files, const char *key,
        const char *fallback, char **ret, struct error *err)
{
        _cleanup_free_ char *value = NULL;
        if (text_setting(site, files, key, fallback, &value, err) < 0)
                return -1;
        _cleanup_free_ char *path = site_replace_placeholder(site, value);
        if (site_absolute_path(site, path, ret, err) < 0)
                return error_wrap(err, "%s", key);
        return 0;
}

static int parse_port(const char *text, unsigned *ret)
{
        char *end;
        errno = 0;
        unsigned long port = strtoul(text, &end, 10);
        if (!isdigit((unsigned char)*text) || *end || errno || port > 65535)
                return -1;
        *ret = (unsigned)port;
        return 0;
}

/* mysqlnd joins host and port to an address and takes the port that comes first (seen with PHP 8.2, PDO and
 * mysqli). "localhost" with a port is no longer its word for the Unix socket. */
static void split_host(struct database_parameters *database)
{
        char *host = database->host;
        char *colon = strrchr(host, ':');
        bool bracketed = host[0] == '[' && strchr(host, ']');
        if (bracketed) {
                char *close = strchr(host, ']');
                colon = close[1] == ':' ? close + 1 : NULL;
                if (close[1] != '\0' && !colon)
                        return;
        } else if (!colon || strchr(host, ':') != colon) {
                return;
        }
        unsigned port;
        if (colon && parse_port(colon + 1, &port) == 0) {
                *colon = '\0';
                database->port = port ? port : database->port;
        }
        if (bracketed)
                string_replace(&database->host, memory_copy(host + 1, strcspn(host + 1, "]")));
        else if (string_equal(host, "localhost"))
                string_replace(&database->host, string_copy("127.0.0.1"));
}

/* Not set: 127.0.0.1, Mautic's default. Null or empty: Doctrine leaves the host out, PHP takes localhost. */
static int host_setting(
        const struct site *site, const struct config_files *files, char **ret, struct error *err)
{
        _cleanup_free_ char *value = NULL;
        bool set = false;
        if (setting(site, files, "db_host", &value, &set, err) < 0)
                return -1;
        if (value && *value)
                *ret = steal(&value);
        else
                *ret = string_copy(set ? "localhost" : "127.0.0.1");
        return 0;
}

static int database_settings(const struct site *site, const struct config_files *files,
        struct database_parameters *database, struct error *err)
{
        _cleanup_free_ char *port = NULL;
        if (host_setting(site, files, &database->host, err) < 0 ||
                text_setting(site, files, "db_port", "3306", &port, err) < 0 ||
                text_setting(site, files, "db_name", NULL, &database->name, err) < 0 ||
                text_setting(site, files, "db_user", "", &database->user, err) < 0 ||
                text_setting(site, files, "db_password", "", &database->password, err) < 0)
                return -1;
        if (!database->name)
                return error_set(
                        err, REASON_LOCAL_CONFIG_UNREADABLE, "%s: db_name is not set", files->local_name);
        if (parse_port(port, &database->port) < 0)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE, "%s: db_port is no port number",
                        files->local_name);
        if (database->port == 0)
                database->port = 3306;
        split_host(database);
        return 0;
}

static int folder_settings(const struct site *site, const struct config_files *files,
        struct site_settings *settings, struct error *err)
{
        bool newer = site->kind == SITE_MAUTIC_3;
        const char *cache = newer ? "%kernel.root_dir%/../var/cache" : "%kernel.root_dir%/cache";
        const char *log = newer ? "%kernel.root_dir%/../var/logs" : "%kernel.root_dir%/logs";
        const char *spool = newer ? "%kernel.root_dir%/../var/spool" : "%kernel.root_dir%/spool";
        if (path_setting(site, files, "cache_path", cache, &settings->cache_path, err) < 0 ||
                path_setting(site, files, "log_path", log, &settings->log_path, err) < 0)
                return -1;
        return path_setting(site, files, "mailer_spool_path", spool, &settings->mailer_spool_path, err);
}

static char *value_source(const struct config_files *files, const char *key)
{
        const struct local_config *file = holder(files, key);
        const struct php_tree *tree;
        TSNode node;
        enum local_config_presence presence = local_config_presence(file, key);
        if (presence == LOCAL_CONFIG_ABSENT || presence == LOCAL_CONFIG_NULL)
                return NULL;
        if (local_config_value(file, key, &tree, &node) != 0)
                return string_copy("(changed by parts)");
        return php_node_text(tree, node);
}

static int read_settings(const struct site *site, const struct config_files *files,
        struct site_settings *settings, struct error *err)
{
        if (database_settings(site, files, &settings->database, err) < 0 ||
                text_setting(site, files, "db_driver", "pdo_mysql", &settings->driver, err) < 0 ||
                text_setting(site, files, "db_table_prefix", "", &settings->prefix, err) < 0 ||
                text_setting(site, files, "site_url", NULL, &settings->site_url, err) < 0 ||
                folder_settings(site, files, settings, err) < 0)
                return -1;
        settings->rate_limiter_cache = value_source(files, "api_rate_limiter_cache");
        return 0;
}

int site_read_overrides(const struct site *site, struct local_config **ret, struct error *err)
{
        return site_read_config(site, SITE_OVERRIDES_FILE, "parameters", NULL, ret, err);
}

static int load(const struct site *site,
        int (*read)(const struct site *site, const struct config_files *files, struct site_settings *settings,
                struct error *err),
        struct site_settings *ret, struct error *err)
{
        _cleanup_(config_files_deinit) struct config_files files = {.local_name = site->paths.local_config};
        int result = site_read_config(site, files.local_name, "parameters", NULL, &files.local, err);
        if (result == 1 && site->stand_in) {
                if (local_config_parse(site->stand_in, strlen(site->stand_in), &files.local, err) < 0)
                        return error_wrap(err, "what is kept of %s", files.local_name);
                result = 0;
        }
        if (result == 1)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE,
                        "%s is not there: this Mautic has not been installed", files.local_name);
        if (result < 0 || site_read_overrides(site, &files.parameters, err) < 0)
                return -1;
        _cleanup_site_settings_ struct site_settings settings = {0};
        if (read(site, &files, &settings, err) < 0)
                return -1;
        *ret = settings;
        settings = (struct site_settings){0};
        return 0;
}

int site_load_settings(const struct site *site, struct site_settings *ret, struct error *err)
{
        return load(site, read_settings, ret, err);
}

int site_load_folders(const struct site *site, struct site_settings *ret, struct error *err)
{
        return load(site, folder_settings, ret, err);
}

void site_settings_deinit(struct site_settings *settings)
{
        database_parameters_deinit(&settings->database);
        free(settings->driver);
        free(settings->prefix);
        free(settings->site_url);
        free(settings->cache_path);
        free(settings->log_path);
        free(settings->mailer_spool_path);
        free(settings->rate_limiter_cache);
        *settings = (struct site_settings){0};
}
