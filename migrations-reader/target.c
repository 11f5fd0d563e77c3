/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/target.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "migrations-reader/dump_file.h"
#include "migrations-reader/site_parameter.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define PASSWORD_LIMIT 4096

void target_deinit(struct target *target)
{
        database_close(target->database);
        schema_free(target->schema);
        strings_free(target->rows);
        database_parameters_deinit(&target->parameters);
        free(target->folder);
        free(target->path);
        free(target->prefix);
        free(target->driver);
        if (target->root_fd >= 0 && !target->site)
                (void)close(target->root_fd);
        site_free(target->site);
        *target = (struct target){.root_fd = -1};
}

/* The DSN */

static char *url_part(CURLU *url, CURLUPart part, unsigned flags)
{
        char *text = NULL;
        if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
                return NULL;
        char *copy = string_copy(text);
        curl_free(text);
        return copy;
}

/* The value of `name` in "a=b&name=value", percent-decoded; NULL when it is not there. */
static char *query_value(const char *query, const char *name)
{
        size_t size = strlen(name);
        for (const char *at = query; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
                if (strncmp(at, name, size) != 0 || at[size] != '=')
                        continue;
                const char *value = at + size + 1;
                int length = (int)strcspn(value, "&"), decoded_length = 0;
                char *decoded = curl_easy_unescape(NULL, value, length, &decoded_length);
                char *copy = decoded ? memory_copy(decoded, (size_t)decoded_length) : NULL;
                curl_free(decoded);
                return copy;
        }
        return NULL;
}

static int take_url(CURLU *url, struct database_parameters *ret, struct error *err)
{
        _cleanup_free_ char *scheme = url_part(url, CURLUPART_SCHEME, 0);
        _cleanup_free_ char *path = url_part(url, CURLUPART_PATH, CURLU_URLDECODE);
        _cleanup_free_ char *port = url_part(url, CURLUPART_PORT, 0);
        _cleanup_free_ char *query = url_part(url, CURLUPART_QUERY, 0);
        if (!string_equal(scheme, "mysql") && !string_equal(scheme, "mariadb"))
                return error_set(err, REASON_INVALID_ARGUMENT, "the DSN begins with mysql://, not %s://",
                        scheme ?: "");
        if (!path || strlen(path) < 2)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "the DSN names no database: mysql://user@host/DATABASE");
        ret->user = url_part(url, CURLUPART_USER, CURLU_URLDECODE);
        ret->password = url_part(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
        ret->host = url_part(url, CURLUPART_HOST, CURLU_URLDECODE);
        ret->name = string_copy(path + 1);
        ret->port = port ? (unsigned)strtoul(port, NULL, 10) : 0;
        ret->unix_socket = query_value(query, "unix_socket");
        if (ret->unix_socket) /* "localhost" means the socket, as in PHP */
                string_replace(&ret->host, string_copy("localhost"));
        return 0;
}

int target_parse_dsn(const char *dsn, struct database_parameters *ret, struct error *err)
{
        struct database_parameters parameters = {0};
        CURLU *url = curl_url();
        CURLUcode code = url ? curl_url_set(url, CURLUPART_URL, dsn,
                                       CURLU_NON_SUPPORT_SCHEME | CURLU_ALLOW_SPACE | CURLU_NO_AUTHORITY)
                             : CURLUE_OUT_OF_MEMORY;
        int result = code == CURLUE_OK ? take_url(url, &parameters, err)
                                       : error_set(err, REASON_INVALID_ARGUMENT,
                                                 "the DSN can't be understood "
                                                 "(mysql://user:password@host:port/database): %s",
                                                 curl_url_strerror(code));
        curl_url_cleanup(url);
        if (result < 0)
                database_parameters_deinit(&parameters);
        else
                *ret = parameters;
        return result;
}

static int read_password_file(const char *path, char **ret, struct error *err)
{
        _cleanup_close_ int folder_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *absolute = realpath(path, NULL);
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        if (!absolute)
                return error_set_errno(err, errno, "reading the password from %s", path);
        int result = file_read(folder_fd, absolute + 1, PASSWORD_LIMIT, &text, &size, err);
        if (result == 1)
                return error_set(err, REASON_NOT_FOUND, "there is no file %s", path);
        if (result < 0)
                return error_wrap(err, "reading the password from %s", path);
        text[strcspn(text, "\r\n")] = '\0';
        *ret = string_copy(text);
        explicit_bzero(text, size);
        return 0;
}

static int take_password(struct target *target, const struct target_options *options, struct error *err)
{
        char *password = NULL;
        if (options->password_file) {
                if (read_password_file(options->password_file, &password, err) < 0)
                        return -1;
        } else if (!target->parameters.password) {
                password = string_copy(getenv(TARGET_PASSWORD_VARIABLE));
        }
        if (password)
                string_replace(&target->parameters.password, password);
        return 0;
}

/* The files */

static int open_site(struct target *target, const char *root, struct error *err)
{
        if (site_open(root, &target->site, err) < 0)
                return -1;
        target->root_fd = target->site->root_fd;
        target->folder = string_copy(MIGRATIONS_FOLDER);
        target->path = string_format("%s/%s", target->site->root, MIGRATIONS_FOLDER);
        struct stat status;
        int result = file_stat(target->root_fd, target->folder, &status, err);
        if (result == 1)
                return error_set(err, REASON_NOT_MAUTIC, "%s has no folder %s", root, MIGRATIONS_FOLDER);
        return result;
}

/* A folder app/migrations is looked at from its site's root, for the classes beside it; any other by itself.
 */
static int open_folder(struct target *target, const char *folder, struct error *err)
{
        target->path = realpath(folder, NULL);
        if (!target->path)
                return error_set_errno(err, errno, "opening %s", folder);
        size_t size = strlen(target->path), tail = strlen("/" MIGRATIONS_FOLDER);
        bool in_site = size > tail && strcmp(target->path + size - tail, "/" MIGRATIONS_FOLDER) == 0;
        _cleanup_free_ char *root =
                in_site ? memory_copy(target->path, size - tail) : string_copy(target->path);
        target->folder = string_copy(in_site ? MIGRATIONS_FOLDER : ".");
        target->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return target->root_fd < 0 ? error_set_errno(err, errno, "opening %s", root) : 0;
}

static int take_settings(struct target *target, const struct target_options *options, struct error *err)
{
        bool needs_settings = target->site && (!options->prefix || (!options->dsn && !options->schema_dump));
        if (options->dsn && target_parse_dsn(options->dsn, &target->parameters, err) < 0)
                return -1;
        if (needs_settings) {
                _cleanup_site_settings_ struct site_settings settings = {0};
                if (site_load_settings(target->site, &settings, err) < 0) {
                        /* A bare source tree has no local.php. */
                        if (!options->dsn && !options->schema_dump)
                                return -1;
                        error_deinit(err);
                        settings.prefix = settings.prefix ?: string_copy("");
                }
                target->prefix = steal(&settings.prefix);
                target->driver = steal(&settings.driver);
                if (!options->dsn && !options->schema_dump) {
                        target->parameters = settings.database;
                        settings.database = (struct database_parameters){0};
                }
        }
        if (options->prefix || !target->prefix)
                string_replace(&target->prefix, string_copy(options->prefix ?: ""));
        if (!target->driver)
                target->driver = string_copy("pdo_mysql");
        return take_password(target, options, err);
}

static int take_doctrine(struct target *target, const struct target_options *options, struct error *err)
{
        if (options->doctrine)
                return doctrine_version_from_name(options->doctrine, &target->version)
                               ? 0
                               : error_set(err, REASON_INVALID_ARGUMENT,
                                         "--doctrine: %s is none of 2.5, 2.10, 2.13, 3.7", options->doctrine);
        int result = doctrine_version_detect(target->root_fd, target->folder, &target->version, err);
        if (result == 1) /* no file that would use it either */
                target->version = DOCTRINE_2_5;
        return result < 0 ? -1 : 0;
}

static int read_dump(struct target *target, const char *path, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        _cleanup_free_ char *table = string_format("%smigrations", target->prefix);
        if (dump_file_read(path, &text, &size, err) < 0 ||
                schema_read_dump(text, size, table, &target->schema, &target->rows, err) < 0)
                return error_wrap(err, "reading the dump %s", path);
        if (!schema_find_table(target->schema, table))
                strings_free(steal(&target->rows));
        return 0;
}

int target_check(const struct target_options *options, struct error *err)
{
        if (!options->root == !options->folder)
                return error_set(err, REASON_INVALID_ARGUMENT, "either --root or --dir is wanted");
        if (options->dsn && options->schema_dump)
                return error_set(err, REASON_INVALID_ARGUMENT, "--dsn and --schema-dump exclude each other");
        if (options->folder && !options->dsn && !options->schema_dump)
                return error_set(err, REASON_INVALID_ARGUMENT, "--dir wants --dsn or --schema-dump");
        return 0;
}

int target_open(const struct target_options *options, struct target *ret, struct error *err)
{
        _cleanup_target_ struct target target = {.root_fd = -1};
        int result = options->root ? open_site(&target, options->root, err)
                                   : open_folder(&target, options->folder, err);
        if (result < 0 || take_settings(&target, options, err) < 0 ||
                take_doctrine(&target, options, err) < 0)
                return -1;
        result = options->schema_dump ? read_dump(&target, options->schema_dump, err)
                                      : database_connect(&target.parameters, &target.database, err);
        if (result < 0)
                return -1;
        *ret = target;
        target = (struct target){.root_fd = -1};
        return 0;
}

int target_look_migrations(const struct target *target, struct migrations *ret, struct error *err)
{
        return target->database ? migrations_look(target->root_fd, target->folder, target->database,
                                          target->prefix, ret, err)
                                : migrations_look_rows(target->root_fd, target->folder, target->rows,
                                          target->prefix, ret, err);
}

int target_read_migrations(const struct target *target, struct migrations *ret, struct error *err)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        if (target_look_migrations(target, &migrations, err) < 0 || migrations_judge(&migrations, err) < 0)
                return -1;
        *ret = migrations;
        migrations = (struct migrations){0};
        return 0;
}

int target_read_schema(struct target *target, struct error *err)
{
        return target->schema ? 0 : schema_read(target->database, &target->schema, err);
}

void target_planner_settings(struct target *target, struct planner_settings *ret)
{
        *ret = (struct planner_settings){
                .root_fd = target->root_fd,
                .folder = target->folder,
                .prefix = target->prefix,
                .version = target->version,
                .database = target->database,
                .schema = target->schema,
                .parameter = target->site ? site_parameter : NULL,
                .context = target->site,
        };
}

int target_new_planner(struct target *target, struct planner **ret, struct error *err)
{
        struct planner_settings settings;
        if (target_read_schema(target, err) < 0)
                return -1;
        target_planner_settings(target, &settings);
        return planner_new(&settings, ret, err);
}

bool target_is_mautic_3(const struct target *target)
{
        return target->version >= DOCTRINE_2_10;
}
