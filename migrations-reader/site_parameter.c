/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/site_parameter.h"

#include "lib/files.h"
#include "lib/local_config.h"
#include "lib/site.h"
#include "migrations-reader/migrations.h"
#include "migrations-reader/php/ast.h"

#include <string.h>
#include <strings.h>

#define LOCAL_CONFIG_LIMIT ((size_t)1024 * 1024)
#define BUNDLES "app/bundles"

static struct php_value value_of(const struct php_constant *constant)
{
        switch (constant->kind) {
        case PHP_NULL:
                break;
        case PHP_FALSE:
                return php_bool(false);
        case PHP_TRUE:
                return php_bool(true);
        case PHP_INTEGER:
                return php_int(strtoll(constant->text, NULL, 10));
        case PHP_FLOAT:
                return php_float(strtod(constant->text, NULL));
        case PHP_STRING:
                return php_bytes(constant->text, constant->size);
        }
        return PHP_NULL_VALUE;
}

/* 1: not set there; -1 too when it is no constant: then what it is, only PHP can tell. */
static int read_local(const struct site *site, const char *name, struct php_value *ret, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *file = NULL, *text = NULL;
        _cleanup_(local_config_freep) struct local_config *config = NULL;
        _cleanup_(php_constant_deinit) struct php_constant constant = {0};
        const struct php_tree *tree = NULL;
        TSNode node;
        size_t size = 0;
        int result = site_find_local_config(site, &folder_fd, &file, err);
        if (result == 0)
                result = file_read(folder_fd, file, LOCAL_CONFIG_LIMIT, &text, &size, err);
        if (result == 0)
                result = local_config_parse(text, size, &config, err);
        if (result != 0)
                return result;
        if (local_config_presence(config, name) == LOCAL_CONFIG_ABSENT)
                return 1;
        if (local_config_value(config, name, &tree, &node) != 0 ||
                php_constant(tree, node, &constant, err) != 0)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE, "local.php sets it to no constant");
        *ret = value_of(&constant);
        return 0;
}

/* The value of an array's element with that key; NULL when there is none. */
static const struct php_ast *find_element(const struct php_ast *array, const char *key)
{
        if (!array || array->kind != PHP_AST_ARRAY)
                return NULL;
        for (size_t i = 0; i < array->count; i++) {
                const struct php_ast *element = array->children[i];
                if (element && element->kind == PHP_AST_ELEMENT && element->children[0] &&
                        element->children[0]->kind == PHP_AST_LITERAL &&
                        php_string_is(element->children[0]->value, key))
                        return element->children[1];
        }
        return NULL;
}

static const struct php_ast *returned(const struct php_file *file)
{
        for (size_t i = 0; i < file->root->count; i++)
                if (file->root->children[i]->kind == PHP_AST_RETURN)
                        return file->root->children[i]->children[0];
        return NULL;
}

static bool literal_value(const struct php_ast *node, struct php_value *ret)
{
        if (node->kind == PHP_AST_LITERAL) {
                *ret = php_copy(node->value);
                return true;
        }
        if (node->kind != PHP_AST_CONSTANT)
                return false;
        const char *name = node->fallback ? node->fallback : node->text;
        bool is_true = strcasecmp(name, "true") == 0, is_false = strcasecmp(name, "false") == 0;
        *ret = is_true || is_false ? php_bool(is_true) : PHP_NULL_VALUE;
        return is_true || is_false || strcasecmp(name, "null") == 0;
}

static int read_default(
        int root_fd, const char *bundle, const char *name, struct php_value *ret, struct error *err)
{
        _cleanup_free_ char *path = string_format(BUNDLES "/%s/Config/config.php", bundle);
        _cleanup_free_ char *source = NULL;
        _cleanup_(php_file_freep) struct php_file *file = NULL;
        size_t size = 0;
        int result = file_read(root_fd, path, PHP_SOURCE_LIMIT, &source, &size, err);
        if (result != 0)
                return result;
        if (!strstr(source, name))
                return 1;
        if (php_file_read(path, source, size, &file, err) < 0)
                return -1;
        const struct php_ast *value = find_element(find_element(returned(file), "parameters"), name);
        if (!value)
                return 1;
        return literal_value(value, ret)
                       ? 0
                       : error_set(err, REASON_INVALID_ARGUMENT, "%s, line %u: its default is no constant",
                                 path, value->line);
}

/* A release has files there, too (.htaccess). */
static int is_folder(int root_fd, const char *name, bool *ret, struct error *err)
{
        _cleanup_free_ char *path = string_format(BUNDLES "/%s", name);
        struct stat status;
        int result = file_stat(root_fd, path, &status, err);
        if (result < 0)
                return -1;
        *ret = result == 0 && S_ISDIR(status.st_mode);
        return 0;
}

int site_parameter(void *context, const char *name, struct php_value *ret, struct error *err)
{
        const struct site *site = context;
        _cleanup_string_list_ struct string_list bundles = {0};
        int result = read_local(site, name, ret, err);
        if (result <= 0)
                return result;
        result = folder_list(site->root_fd, BUNDLES, &bundles, err);
        for (size_t i = 0; result == 0 && i < bundles.count; i++) {
                bool folder = false;
                if (is_folder(site->root_fd, bundles.items[i], &folder, err) < 0)
                        return -1;
                if (!folder)
                        continue;
                result = read_default(site->root_fd, bundles.items[i], name, ret, err);
                if (result <= 0)
                        return result;
                result = 0;
        }
        return result < 0 ? -1 : 1;
}

int site_planner_settings(struct site *site, const char *prefix, struct database *database,
        struct planner_settings *ret, struct error *err)
{
        struct planner_settings settings = {
                .root_fd = site->root_fd,
                .folder = MIGRATIONS_FOLDER,
                .prefix = prefix,
                .version =
                        site->kind == SITE_MAUTIC_3 ? DOCTRINE_2_10 : DOCTRINE_2_5, /* when no file tells */
                .database = database,
                .parameter = site_parameter,
                .context = site,
        };
        if (doctrine_version_detect(site->root_fd, MIGRATIONS_FOLDER, &settings.version, err) < 0)
                return -1;
        *ret = settings;
        return 0;
}
