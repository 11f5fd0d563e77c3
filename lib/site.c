/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/site.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/site_private.h"
#include "lib/text.h"

#include <ctype.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

#define METADATA_LIMIT ((size_t)64 * 1024)
#define VERSION_LIMIT 4096
#define CONFIG_FOLDER "app/config"
#define PATHS_FILE CONFIG_FOLDER "/paths.php"
#define PATHS_LOCAL_FILE CONFIG_FOLDER "/paths_local.php"

/* Paths */

/* Takes "//", "/./" and "/x/.." out of an absolute path. A ".." behind a link would lead elsewhere than it
 * reads, so links are looked at. */
static int normalise(const char *path, char **ret, struct error *err)
{
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, "", 0);
        while (*path) {
                size_t size = strcspn(path, "/");
                if (size == 2 && string_begins(path, "..")) {
                        struct stat status;
                        if (out.size > 0 && lstat(out.data, &status) == 0 && S_ISLNK(status.st_mode))
                                return error_set(err, REASON_UNSAFE_PATH,
                                        "a configured path goes on with \"..\" behind the link %s", out.data);
                        const char *slash = strrchr(out.data, '/');
                        out.size = slash ? (size_t)(slash - out.data) : 0;
                        out.data[out.size] = '\0';
                } else if (size > 0 && !(size == 1 && *path == '.')) {
                        buffer_append(&out, "/", 1);
                        buffer_append(&out, path, size);
                }
                path += size;
                path += strspn(path, "/");
        }
        if (out.size == 0)
                buffer_append(&out, "/", 1);
        *ret = buffer_steal(&out);
        return 0;
}

int site_absolute_path(const struct site *site, const char *path, char **ret, struct error *err)
{
        _cleanup_free_ char *full =
                path[0] == '/' ? string_copy(path) : string_format("%s/%s", site->root, path);
        return normalise(full, ret, err);
}

/* Relative to the root where it lies in it. */
static int site_path(const struct site *site, const char *path, char **ret, struct error *err)
{
        _cleanup_free_ char *full = NULL;
        if (site_absolute_path(site, path, &full, err) < 0)
                return -1;
        const char *inside = path_below(full, site->root);
        if (!inside)
                *ret = steal(&full);
        else
                *ret = string_copy(*inside ? inside : ".");
        return 0;
}

char *site_replace_placeholder(const struct site *site, const char *text)
{
        _cleanup_free_ char *app = string_format("%s/app", site->root);
        return text_replace(text, "%kernel.root_dir%", app);
}

/* Files of app/config */

/* The folder and name of what path really is, all links resolved. 1 when it is not there. */
static int resolve_file(const char *path, int *ret_folder_fd, char **ret_name, struct error *err)
{
        _cleanup_free_ char *real = realpath(path, NULL);
        if (!real && (errno == ENOENT || errno == ENOTDIR))
                return 1;
        if (!real)
                return error_set_errno(err, errno, "%s", path);
        char *slash = strrchr(real, '/');
        _cleanup_free_ char *folder = memory_copy(real, slash == real ? 1 : (size_t)(slash - real));
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "%s", folder);
        *ret_folder_fd = fd;
        *ret_name = string_copy(slash + 1);
        return 0;
}

/* Looks in the root and, for what lies in it, in the folder that the move puts Mautic 2 into. */
static int resolve_in_site(
        const struct site *site, const char *path, int *ret_folder_fd, char **ret_name, struct error *err)
{
        _cleanup_free_ char *here =
                path[0] == '/' ? string_copy(path) : string_format("%s/%s", site->root, path);
        int result = resolve_file(here, ret_folder_fd, ret_name, err);
        if (result != 1 || path[0] == '/')
                return result;
        _cleanup_free_ char *moved = string_format("%s/%s/%s", site->root, SITE_MAUTIC_2_FILES, path);
        return resolve_file(moved, ret_folder_fd, ret_name, err);
}

int site_read_source(
        const struct site *site, const char *path, char **ret_data, size_t *ret_size, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL;
        int result = resolve_in_site(site, path, &folder_fd, &name, err);
        if (result != 0)
                return result;
        result = file_read(folder_fd, name, PHP_SOURCE_LIMIT, ret_data, ret_size, err);
        return result < 0 ? error_wrap(err, "reading %s", path) : result;
}

int site_read_config(const struct site *site, const char *path, const char *variable, const char *include,
        struct local_config **ret, struct error *err)
{
        _cleanup_free_ char *data = NULL;
        size_t size = 0;
        int result = site_read_source(site, path, &data, &size, err);
        if (result == 0 && local_config_parse_variable(data, size, variable, include, ret, err) < 0)
                return error_wrap(err, "%s", path);
        return result;
}

int site_find_local_config(const struct site *site, int *ret_folder_fd, char **ret_name, struct error *err)
{
        _cleanup_free_ char *path = site->paths.local_config[0] == '/'
                                            ? string_copy(site->paths.local_config)
                                            : string_format("%s/%s", site->root, site->paths.local_config);
        return resolve_file(path, ret_folder_fd, ret_name, err);
}

/* $paths */

struct path_files {
        struct local_config *shipped; /* paths.php, or NULL */
        struct local_config *local; /* paths_local.php, or NULL */
};

static void path_files_deinit(struct path_files *files)
{
        local_config_free(files->shipped);
        local_config_free(files->local);
}

static int read_path_files(const struct site *site, struct path_files *ret, struct error *err)
{
        if (site_read_config(site, PATHS_FILE, "paths", "paths_local.php", &ret->shipped, err) < 0)
                return -1;
        return site_read_config(site, PATHS_LOCAL_FILE, "paths", NULL, &ret->local, err);
}

/* The constant string that $paths[key] has, *ret NULL when it has none. */
static int path_value(const struct site *site, const struct path_files *files, const char *key, char **ret,
        struct error *err)
{
        const struct local_config *file = files->local;
        if (!file || local_config_presence(file, key) == LOCAL_CONFIG_ABSENT) {
                if (file && local_config_has_base(file))
                        return 0;
                file = files->shipped;
        }
        const struct php_tree *tree;
        TSNode node;
        if (!file || local_config_presence(file, key) == LOCAL_CONFIG_ABSENT)
                return 0;
        _cleanup_(php_constant_deinit) struct php_constant value = {0};
        _cleanup_free_ char *app = string_format("%s/app", site->root);
        _cleanup_free_ char *config = string_format("%s/" CONFIG_FOLDER, site->root);
        const struct php_known known[] = {{"$root", app}, {"__DIR__", config}};
        const char *name = file == files->local ? PATHS_LOCAL_FILE : PATHS_FILE;
        if (local_config_value(file, key, &tree, &node) != 0)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE,
                        "%s: line 1, column 1: $paths['%s'] is changed by parts", name, key);
        if (php_constant_with(tree, node, known, ARRAY_SIZE(known), &value, err) != 0 ||
                (value.kind != PHP_STRING && value.kind != PHP_NULL) ||
                (value.text && strlen(value.text) != value.size))
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE,
                        "%s: line %u, column %u: $paths['%s'] is no constant string", name,
                        php_node_line(node), php_node_column(node), key);
        if (value.text && *value.text)
                *ret = site_replace_placeholder(site, value.text);
        return 0;
}

/* A folder of $paths. Mautic puts the root in front of every path that doesn't hold it, '/' or not; a
 * "<key>_root" takes the root's place. */
static int folder_path(const struct site *site, const struct path_files *files, const char *key,
        const char *fallback, char **ret, struct error *err)
{
        _cleanup_free_ char *value = NULL;
        _cleanup_free_ char *base = NULL;
        _cleanup_free_ char *base_key = string_format("%s_root", key);
        if (path_value(site, files, key, &value, err) < 0 ||
                path_value(site, files, base_key, &base, err) < 0)
                return -1;
        const char *in = base ? base : site->root;
        const char *path = value ? value : fallback;
        _cleanup_free_ char *full = strstr(path, in) ? string_copy(path) : string_format("%s/%s", in, path);
        return site_path(site, full, ret, err);
}

static int read_paths(struct site *site, struct error *err)
{
        _cleanup_(path_files_deinit) struct path_files files = {0};
        _cleanup_free_ char *local_config = NULL;
        if (read_path_files(site, &files, err) < 0 ||
                folder_path(site, &files, "themes", "themes", &site->paths.themes, err) < 0 ||
                folder_path(site, &files, "assets", "media", &site->paths.media, err) < 0 ||
                folder_path(site, &files, "plugins", "plugins", &site->paths.plugins, err) < 0 ||
                path_value(site, &files, "local_config", &local_config, err) < 0)
                return -1;
        return site_path(site, local_config ? local_config : CONFIG_FOLDER "/local.php",
                &site->paths.local_config, err);
}

/* Version */

static char *first_line(const char *text)
{
        text += strspn(text, " \t\r\n");
        size_t size = strcspn(text, "\r\n");
        while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
                size--;
        return size > 0 ? memory_copy(text, size) : NULL;
}

static int read_version_txt(struct site *site, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int result = file_read(site->root_fd, "app/version.txt", VERSION_LIMIT, &text, &size, err);
        if (result != 0)
                return result < 0 ? error_wrap(err, "reading the version") : 0;
        site->kind = SITE_MAUTIC_2;
        site->version = first_line(text);
        return 0;
}

int site_load_release(const struct site *site, struct release_metadata *ret, struct error *err)
{
        _cleanup_free_ char *json = NULL;
        size_t size = 0;
        int result = file_read(site->root_fd, "app/release_metadata.json", METADATA_LIMIT, &json, &size, err);
        if (result < 0)
                return error_wrap(err, "reading the version");
        if (result == 0 && release_metadata_parse(json, size, ret, err) < 0)
                return error_wrap(err, "app/release_metadata.json");
        return result;
}

/* Mautic 3's file wins: Mautic 2 never had it, while an app/version.txt may have been left behind. */
static int read_version(struct site *site, struct error *err)
{
        _cleanup_release_metadata_ struct release_metadata metadata = {0};
        int result = site_load_release(site, &metadata, err);
        if (result != 0)
                return result < 0 ? -1 : read_version_txt(site, err);
        site->kind =
                site_version_compare(metadata.version, "3.0.0-alpha") >= 0 ? SITE_MAUTIC_3 : SITE_MAUTIC_2;
        site->version = steal(&metadata.version);
        return 0;
}

int site_open(const char *root, struct site **ret, struct error *err)
{
        _cleanup_(site_freep) struct site *site = memory_new(sizeof(*site));
        site->root_fd = -1;
        site->root = realpath(root, NULL);
        if (!site->root) {
                int number = errno;
                error_set_errno(err, number, "%s", root);
                if (number == ENOENT || number == ENOTDIR)
                        err->reason = REASON_NOT_MAUTIC;
                return -1;
        }
        site->root_fd = open(site->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (site->root_fd < 0 && errno == ENOTDIR)
                return error_set(err, REASON_NOT_MAUTIC, "%s is no folder", root);
        if (site->root_fd < 0)
                return error_set_errno(err, errno, "%s", root);
        if (read_version(site, err) < 0 || read_paths(site, err) < 0)
                return -1;
        *ret = steal(&site);
        return 0;
}

void site_free(struct site *site)
{
        if (!site)
                return;
        closep(&site->root_fd);
        free(site->root);
        free(site->version);
        if (site->stand_in)
                explicit_bzero(site->stand_in, strlen(site->stand_in));
        free(site->stand_in);
        free(site->paths.themes);
        free(site->paths.media);
        free(site->paths.plugins);
        free(site->paths.local_config);
        free(site);
}

static unsigned long next_part(const char **text)
{
        unsigned long value = 0;
        while (isdigit((unsigned char)**text)) {
                if (value < ULONG_MAX / 10 - 10)
                        value = value * 10 + (unsigned long)(**text - '0');
                (*text)++;
        }
        if (**text == '.' && isdigit((unsigned char)(*text)[1]))
                (*text)++;
        return value;
}

static int compare_suffix(const char *left, const char *right)
{
        if (!*left || !*right)
                return (*left == '\0') - (*right == '\0');
        while (*left && tolower((unsigned char)*left) == tolower((unsigned char)*right)) {
                left++;
                right++;
        }
        if (isdigit((unsigned char)*left) && isdigit((unsigned char)*right))
                return strverscmp(left, right);
        return tolower((unsigned char)*left) - tolower((unsigned char)*right);
}

int site_version_compare(const char *left, const char *right)
{
        while (isdigit((unsigned char)*left) || isdigit((unsigned char)*right)) {
                unsigned long a = next_part(&left), b = next_part(&right);
                if (a != b)
                        return a < b ? -1 : 1;
        }
        return compare_suffix(left, right);
}

/* Release metadata */

static char *string_member(const json_t *object, const char *name)
{
        return string_copy(json_string_value(json_object_get(object, name)));
}

static void json_release(json_t **json)
{
        json_decref(*json);
}

int release_metadata_parse(const char *json, size_t size, struct release_metadata *ret, struct error *err)
{
        json_error_t cause;
        _cleanup_(json_release) json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, &cause);
        if (!root)
                return error_set(err, REASON_INVALID_ARGUMENT, "line %d, column %d: %s", cause.line,
                        cause.column, cause.text);
        _cleanup_release_metadata_ struct release_metadata metadata = {
                .version = string_member(root, "version"),
                .minimum_php_version = string_member(root, "minimum_php_version"),
                .maximum_php_version = string_member(root, "maximum_php_version"),
                .minimum_mautic_version = string_member(root, "minimum_mautic_version"),
        };
        if (!metadata.version || !metadata.minimum_php_version || !metadata.maximum_php_version)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "version, minimum_php_version or maximum_php_version is missing");
        *ret = metadata;
        metadata = (struct release_metadata){0};
        return 0;
}

void release_metadata_deinit(struct release_metadata *metadata)
{
        free(metadata->version);
        free(metadata->minimum_php_version);
        free(metadata->maximum_php_version);
        free(metadata->minimum_mautic_version);
        *metadata = (struct release_metadata){0};
}
