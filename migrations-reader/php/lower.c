/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/lower_private.h"

#include <string.h>
#include <strings.h>

#define NESTING_LIMIT 500
#define NESTING_LIMIT_TEXT "500"

void lower_fail(struct lowering *lowering, TSNode node, const char *words)
{
        if (!lowering->failed)
                error_set(lowering->err, REASON_INVALID_ARGUMENT, "line %u, column %u: %s",
                        php_node_line(node), php_node_column(node), words);
        lowering->failed = true;
}

bool lower_enter(struct lowering *lowering, TSNode node)
{
        if (lowering->depth >= NESTING_LIMIT) {
                lower_fail(lowering, node, "nested deeper than " NESTING_LIMIT_TEXT " levels");
                return false;
        }
        lowering->depth++;
        return true;
}

void lower_leave(struct lowering *lowering)
{
        lowering->depth--;
}

bool lower_text_is(struct lowering *lowering, TSNode node, const char *text)
{
        size_t size = strlen(text);
        uint32_t start = ts_node_start_byte(node);
        return ts_node_end_byte(node) - start == size &&
               strncasecmp(php_tree_source(lowering->tree) + start, text, size) == 0;
}

void lower_children(TSNode node, struct php_nodes *ret)
{
        php_children(node, ret);
        size_t kept = 0;
        for (size_t i = 0; i < ret->count; i++)
                if (!php_node_is(ret->items[i], "comment"))
                        ret->items[kept++] = ret->items[i];
        ret->count = kept;
}

static TSNode find_child(TSNode node, const char *type)
{
        TSNode found = {0};
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        for (size_t i = 0; i < children.count && ts_node_is_null(found); i++)
                if (!type || php_node_is(children.items[i], type))
                        found = children.items[i];
        return found;
}

TSNode lower_child(TSNode node, const char *type)
{
        return find_child(node, type);
}

TSNode lower_first_named(TSNode node)
{
        return find_child(node, NULL);
}

static int compare_rule(const void *key, const void *rule)
{
        return strcmp(key, ((const struct lower_rule *)rule)->type);
}

lower_call lower_find(const struct lower_rule *rules, size_t count, TSNode node)
{
        const struct lower_rule *rule =
                bsearch(ts_node_type(node), rules, count, sizeof(*rules), compare_rule);
        return rule ? rule->call : NULL;
}

static void lower_program(struct lowering *lowering, TSNode program)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(program, &children);
        for (size_t i = 0; i < children.count && !lowering->is_over; i++)
                if (!php_node_is(children.items[i], "php_tag"))
                        lower_statement(lowering, children.items[i], lowering->file->root);
}

static void lowering_deinit(struct lowering *lowering)
{
        php_aliases_deinit(&lowering->classes);
        php_aliases_deinit(&lowering->functions);
        php_aliases_deinit(&lowering->constants);
}

int php_file_read(const char *path, const char *source, size_t size, struct php_file **ret, struct error *err)
{
        _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
        if (php_parse(source, size, &tree, err) < 0)
                return -1;
        _cleanup_(php_file_freep) struct php_file *file = memory_new(sizeof(*file));
        file->path = string_copy(path);
        file->namespace = string_copy("");
        file->root = php_ast_new(PHP_AST_BLOCK, php_tree_root(tree));
        _cleanup_(lowering_deinit) struct lowering lowering = {.tree = tree, .file = file, .err = err};
        lower_program(&lowering, php_tree_root(tree));
        if (lowering.failed)
                return -1;
        *ret = steal(&file);
        return 0;
}
