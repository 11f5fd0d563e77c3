/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/lower_private.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void php_aliases_deinit(struct php_aliases *aliases)
{
        for (size_t i = 0; i < aliases->count; i++) {
                free(aliases->items[i].alias);
                free(aliases->items[i].full);
        }
        free(aliases->items);
        *aliases = (struct php_aliases){0};
}

static void add_alias(struct php_aliases *aliases, char *alias, char *full)
{
        aliases->items = memory_grow(aliases->items, aliases->count, sizeof(*aliases->items));
        aliases->items[aliases->count++] = (struct php_alias){.alias = alias, .full = full};
}

static const char *find_alias(
        const struct php_aliases *aliases, const char *name, size_t size, bool with_case)
{
        for (size_t i = 0; i < aliases->count; i++) {
                const char *alias = aliases->items[i].alias;
                if (strlen(alias) == size &&
                        (with_case ? strncmp(alias, name, size) : strncasecmp(alias, name, size)) == 0)
                        return aliases->items[i].full;
        }
        return NULL;
}

bool lower_is_name(TSNode node)
{
        return php_node_is(node, "name") || php_node_is(node, "qualified_name") ||
               php_node_is(node, "relative_name") || php_node_is(node, "relative_scope");
}

/* The name's words and backslashes; blanks and comments, which PHP 7 allows between them, are left out. */
static char *name_text(struct lowering *lowering, TSNode node)
{
        char *text = php_node_text(lowering->tree, node);
        if (!strpbrk(text, " \t\r\n/#"))
                return text;
        free(text);
        _cleanup_buffer_ struct buffer out = {0};
        TSTreeCursor cursor = ts_tree_cursor_new(node);
        do {
                TSNode at = ts_tree_cursor_current_node(&cursor);
                if (ts_node_child_count(at) > 0 || php_node_is(at, "comment"))
                        continue;
                uint32_t start = ts_node_start_byte(at);
                buffer_append(&out, php_tree_source(lowering->tree) + start, ts_node_end_byte(at) - start);
        } while (php_cursor_next(&cursor));
        ts_tree_cursor_delete(&cursor);
        return buffer_steal(&out);
}

static char *in_namespace(struct lowering *lowering, const char *name)
{
        const char *namespace = lowering->file->namespace;
        return namespace[0] ? string_format("%s\\%s", namespace, name) : string_copy(name);
}

/* A name with a backslash in it: \full, namespace\relative, or Alias\rest. */
static char *resolve_qualified(struct lowering *lowering, const char *name)
{
        if (name[0] == '\\')
                return string_copy(name + 1);
        const char *rest = strchr(name, '\\');
        if (strncasecmp(name, "namespace\\", 10) == 0)
                return in_namespace(lowering, name + 10);
        const char *full = find_alias(&lowering->classes, name, (size_t)(rest - name), false);
        return full ? string_format("%s%s", full, rest) : in_namespace(lowering, name);
}

static const char *relative_class(const char *name)
{
        static const char *const names[] = {"self", "parent", "static"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcasecmp(name, names[i]) == 0)
                        return names[i];
        return NULL;
}

static char *resolve_class(struct lowering *lowering, const char *name)
{
        if (relative_class(name))
                return string_copy(relative_class(name));
        if (strchr(name, '\\'))
                return resolve_qualified(lowering, name);
        const char *full = find_alias(&lowering->classes, name, strlen(name), false);
        return full ? string_copy(full) : in_namespace(lowering, name);
}

char *lower_class_text(struct lowering *lowering, TSNode node)
{
        _cleanup_free_ char *name = name_text(lowering, node);
        return resolve_class(lowering, name);
}

char *lower_declared_text(struct lowering *lowering, TSNode node)
{
        _cleanup_free_ char *name = php_node_text(lowering->tree, node);
        return in_namespace(lowering, name);
}

struct php_ast *lower_class_name(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_CLASS_NAME, node);
        ast->text = lower_class_text(lowering, node);
        return ast;
}

/* Functions and constants: an unqualified name that nothing in the namespace has is the global one. */
static void resolve_with_fallback(struct lowering *lowering, const struct php_aliases *aliases,
        bool with_case, const char *name, struct php_ast *ast)
{
        if (strchr(name, '\\')) {
                ast->text = resolve_qualified(lowering, name);
                return;
        }
        const char *full = find_alias(aliases, name, strlen(name), with_case);
        ast->text = full ? string_copy(full) : in_namespace(lowering, name);
        if (!full && lowering->file->namespace[0])
                ast->fallback = string_copy(name);
}

struct php_ast *lower_function_name(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_FUNCTION_NAME, node);
        _cleanup_free_ char *name = name_text(lowering, node);
        resolve_with_fallback(lowering, &lowering->functions, false, name, ast);
        return ast;
}

static const char *magic_constant(const char *name)
{
        static const char *const names[] = {"__LINE__", "__FILE__", "__DIR__", "__FUNCTION__", "__CLASS__",
                "__METHOD__", "__NAMESPACE__", "__TRAIT__"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcasecmp(name, names[i]) == 0)
                        return names[i];
        return NULL;
}

static struct php_ast *constant_literal(TSNode node, const char *name)
{
        struct php_value value = PHP_NULL_VALUE;
        if (strcasecmp(name, "true") == 0 || strcasecmp(name, "false") == 0)
                value = php_bool(strcasecmp(name, "true") == 0);
        else if (strcasecmp(name, "null") != 0)
                return NULL;
        struct php_ast *ast = php_ast_new(PHP_AST_LITERAL, node);
        ast->value = value;
        return ast;
}

struct php_ast *lower_constant(struct lowering *lowering, TSNode node)
{
        _cleanup_free_ char *name = name_text(lowering, node);
        struct php_ast *literal = constant_literal(node, name[0] == '\\' ? name + 1 : name);
        if (literal)
                return literal;
        if (strcasecmp(name, "exit") == 0 || strcasecmp(name, "die") == 0) {
                struct php_ast *ast = php_ast_new(PHP_AST_EXIT, node);
                php_ast_add(ast, NULL);
                return ast;
        }
        if (strcasecmp(name, "__COMPILER_HALT_OFFSET__") == 0 || strcasecmp(name, "__PROPERTY__") == 0 ||
                relative_class(name))
                return php_ast_unsupported(node, "%s as a constant", name);
        const char *magic = magic_constant(name);
        struct php_ast *ast = php_ast_new(magic ? PHP_AST_MAGIC : PHP_AST_CONSTANT, node);
        if (magic)
                ast->text = string_copy(magic);
        else
                resolve_with_fallback(lowering, &lowering->constants, true, name, ast);
        return ast;
}

char *lower_variable_text(struct lowering *lowering, TSNode node)
{
        return php_node_text(lowering->tree, lower_first_named(node));
}

/* Types */

static const char *built_in_type(const char *name)
{
        static const char *const names[] = {"array", "bool", "callable", "false", "float", "int", "iterable",
                "mixed", "never", "null", "object", "string", "true", "void"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcasecmp(name, names[i]) == 0)
                        return names[i];
        return NULL;
}

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || c == '_' || c == '\\' || (unsigned char)c >= 0x80;
}

/* A type is names and the marks ? | & ( ) between them, however they nest. */
char *lower_type_text(struct lowering *lowering, TSNode type)
{
        if (ts_node_is_null(type))
                return NULL;
        _cleanup_free_ char *text = name_text(lowering, type);
        _cleanup_buffer_ struct buffer out = {0};
        for (char *c = text; *c;) {
                if (!is_word(*c)) {
                        buffer_append(&out, c++, 1);
                        continue;
                }
                char *start = c;
                while (is_word(*c))
                        c++;
                char after = *c;
                *c = '\0';
                _cleanup_free_ char *name = built_in_type(start) ? string_copy(built_in_type(start))
                                                                 : resolve_class(lowering, start);
                buffer_append_string(&out, name);
                *c = after;
        }
        return buffer_steal(&out);
}

/* use */

static struct php_aliases *aliases_of(struct lowering *lowering, TSNode type, struct php_aliases *otherwise)
{
        if (ts_node_is_null(type))
                return otherwise;
        return lower_text_is(lowering, type, "function") ? &lowering->functions : &lowering->constants;
}

static void use_clause(
        struct lowering *lowering, TSNode clause, const char *prefix, struct php_aliases *aliases)
{
        TSNode type = php_node_field(clause, "type");
        TSNode alias = php_node_field(clause, "alias");
        TSNode name = lower_first_named(clause);
        if (ts_node_is_null(name))
                return;
        _cleanup_free_ char *text = name_text(lowering, name);
        const char *bare = text[0] == '\\' ? text + 1 : text;
        char *full = prefix ? string_format("%s\\%s", prefix, bare) : string_copy(bare);
        const char *last = strrchr(full, '\\');
        char *as = ts_node_is_null(alias) ? string_copy(last ? last + 1 : full)
                                          : php_node_text(lowering->tree, alias);
        add_alias(aliases_of(lowering, type, aliases), as, full);
}

static void use_group(
        struct lowering *lowering, TSNode group, const char *prefix, struct php_aliases *aliases)
{
        _cleanup_php_nodes_ struct php_nodes clauses = {0};
        php_named_children(group, &clauses);
        for (size_t i = 0; i < clauses.count; i++)
                use_clause(lowering, clauses.items[i], prefix, aliases);
}

void lower_use(struct lowering *lowering, TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        struct php_aliases *aliases = aliases_of(lowering, php_node_field(node, "type"), &lowering->classes);
        _cleanup_free_ char *prefix = NULL;
        /* `use function a, b;` marks only its first clause. */
        for (size_t i = 0; i < children.count; i++) {
                TSNode child = children.items[i];
                if (php_node_is(child, "namespace_name")) {
                        string_replace(&prefix, name_text(lowering, child));
                } else if (php_node_is(child, "namespace_use_group")) {
                        use_group(lowering, child, prefix, aliases);
                } else if (php_node_is(child, "namespace_use_clause")) {
                        if (i == 0)
                                aliases = aliases_of(lowering, php_node_field(child, "type"), aliases);
                        use_clause(lowering, child, NULL, aliases);
                }
        }
}
