/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migration_class.h"

#include "lib/memory.h"

#include <string.h>

TSNode migration_class(const struct php_tree *tree, const char *name)
{
        TSNode found = {0};
        TSTreeCursor cursor = ts_tree_cursor_new(php_tree_root(tree));
        do {
                TSNode node = ts_tree_cursor_current_node(&cursor);
                if (!php_node_is(node, "class_declaration"))
                        continue;
                _cleanup_free_ char *text = php_node_text(tree, php_node_field(node, "name"));
                if (strcasecmp(text, name) == 0)
                        found = node;
        } while (ts_node_is_null(found) && php_cursor_next(&cursor));
        ts_tree_cursor_delete(&cursor);
        return found;
}

TSNode migration_method(const struct php_tree *tree, TSNode class, const char *name)
{
        _cleanup_php_nodes_ struct php_nodes members = {0};
        php_named_children(php_node_field(class, "body"), &members);
        for (size_t i = 0; i < members.count; i++) {
                if (!php_node_is(members.items[i], "method_declaration"))
                        continue;
                _cleanup_free_ char *text = php_node_text(tree, php_node_field(members.items[i], "name"));
                if (strcasecmp(text, name) == 0)
                        return members.items[i];
        }
        return (TSNode){0};
}
