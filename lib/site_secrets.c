/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/site_secrets.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/site_private.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>

#define DIGITS_LEAST 6 /* of a number that is hidden wherever it stands */

static const char *const told_keys[] = {"api_rate_limiter_cache", "cache_path", "cookie_domain",
        "cookie_path", "db_backup_tables", "db_driver", "db_host", "db_name", "db_port", "db_prefix",
        "db_server_version", "db_table_prefix", "default_timezone", "image_path", "install_source", "locale",
        "log_path", "mailer_spool_path", "mailer_spool_type", "mailer_transport", "queue_protocol", "theme",
        "tmp_path", "update_stability", "upload_dir", NULL};

static bool is_told(const char *key)
{
        for (size_t i = 0; told_keys[i]; i++)
                if (string_equal(told_keys[i], key))
                        return true;
        return false;
}

/* The values that may be told, so that they are hidden nowhere; ends with NULL. */
static char **told_values(const struct local_config *config)
{
        char **values = NULL;
        for (size_t i = 0; told_keys[i]; i++) {
                _cleanup_error_ struct error err = {0};
                char *value = NULL;
                if (local_config_get(config, told_keys[i], &value, &err) == 0)
                        strings_add(&values, value);
        }
        return values;
}

static bool is_in(char *const *values, const char *text)
{
        for (; values && *values; values++)
                if (string_equal(*values, text))
                        return true;
        return false;
}

static bool is_short_number(const char *text)
{
        return strspn(text, "0123456789") == strlen(text) && strlen(text) < DIGITS_LEAST;
}

/* The whole value of each key: where it is put together or is a number, it stands nowhere as a text. */
static void hide_values(struct redactor *redactor, const struct local_config *config, char *const *told)
{
        const char *key;
        for (size_t i = 0; (key = local_config_key(config, i)); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_free_ char *value = NULL;
                bool secret = redactor_names_secret(key);
                if (is_told(key) || local_config_get(config, key, &value, &err) != 0)
                        continue;
                if (secret || (strlen(value) > 3 && !is_short_number(value) && !is_in(told, value)))
                        redactor_hide(redactor, value);
        }
}

static int hide_source(
        struct redactor *redactor, const char *source, size_t size, const char *what, struct error *err)
{
        _cleanup_(local_config_freep) struct local_config *config = NULL;
        _cleanup_strings_ char **told = NULL;
        if (strlen(source) != size)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE, "%s holds a NUL byte", what);
        if (local_config_parse_variable(source, size, "parameters", NULL, &config, err) < 0)
                return error_wrap(err, "%s", what);
        told = told_values(config);
        redactor_hide_php(redactor, source, (const char *const *)told);
        hide_values(redactor, config, told);
        return 0;
}

/* 1: there is no such file. */
static int hide_file(struct redactor *redactor, const struct site *site, const char *path, struct error *err)
{
        _cleanup_free_ char *source = NULL;
        size_t size = 0;
        int result = site_read_source(site, path, &source, &size, err);
        return result == 0 ? hide_source(redactor, source, size, path, err) : result;
}

/* 1: there is no local.php. */
static int hide_site(struct redactor *redactor, const char *root, struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        if (site_open(root, &site, err) < 0)
                return -1;
        int result = hide_file(redactor, site, site->paths.local_config, err);
        return result < 0 || hide_file(redactor, site, PARAMETERS_LOCAL_FILE, err) < 0 ? -1 : result;
}

/* The same file as it was before the upgrade: what was changed in it since may stand in the log. */
static int hide_kept(struct redactor *redactor, const char *state_path, struct error *err)
{
        _cleanup_close_ int folder_fd = open(state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *source = NULL;
        size_t size = 0;
        if (folder_fd < 0)
                return errno == ENOENT ? 1 : error_set_errno(err, errno, "opening %s", state_path);
        int result = file_read(folder_fd, NAME_LOCAL_CONFIG_ORIGINAL, PHP_SOURCE_LIMIT, &source, &size, err);
        return result == 0 ? hide_source(redactor, source, size, NAME_LOCAL_CONFIG_ORIGINAL, err) : result;
}

/* On the way back only the kept one may be there. */
void site_secrets_hide(struct redactor *redactor, const char *root, const char *state_path)
{
        _cleanup_error_ struct error err = {0}, kept_err = {0};
        int kept = state_path ? hide_kept(redactor, state_path, &kept_err) : 1;
        int own = root ? hide_site(redactor, root, &err) : 1;
        if (kept < 0)
                redactor_doubt(redactor, "%s", error_message(&kept_err));
        if (own < 0)
                redactor_doubt(redactor, "%s", error_message(&err));
        if (kept > 0 && own > 0)
                redactor_doubt(
                        redactor, "%s", root ? "local.php is not there" : "the site's root is not known");
}

int site_secrets_told(const char *root, json_t **ret, struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        _cleanup_(local_config_freep) struct local_config *config = NULL;
        if (site_open(root, &site, err) < 0)
                return -1;
        int result = site_read_config(site, site->paths.local_config, "parameters", NULL, &config, err);
        if (result != 0)
                return result < 0 ? -1 : error_set(err, REASON_NOT_FOUND, "there is none");
        json_t *values = json_object();
        for (size_t i = 0; told_keys[i]; i++) {
                _cleanup_error_ struct error unread = {0};
                _cleanup_free_ char *value = NULL;
                int r = local_config_get(config, told_keys[i], &value, &unread);
                if (r <= 0)
                        json_object_set_new(values, told_keys[i],
                                r == 0 ? text_json(value) : json_string("an expression"));
        }
        *ret = values;
        return 0;
}
