/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/lower_private.h"

#include <string.h>

/* Arguments */

static struct php_ast *lower_argument(struct lowering *lowering, TSNode node)
{
        TSNode name = php_node_field(node, "name");
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        TSNode value = children.items[children.count - 1];
        if (!ts_node_is_null(php_node_field(node, "reference_modifier")))
                return php_ast_unsupported(node, "& in front of an argument");
        struct php_ast *ast = php_ast_new(PHP_AST_ARGUMENT, node);
        if (!ts_node_is_null(name))
                ast->text = php_node_text(lowering->tree, name);
        if (php_node_is(value, "variadic_unpacking")) {
                ast->flags |= PHP_FLAG_SPREAD;
                value = lower_first_named(value);
        }
        php_ast_add(ast, lower_expression(lowering, value));
        return ast;
}

static void add_arguments(struct lowering *lowering, TSNode arguments, struct php_ast *ast)
{
        if (ts_node_is_null(arguments))
                return;
        _cleanup_php_nodes_ struct php_nodes items = {0};
        php_named_children(arguments, &items);
        for (size_t i = 0; i < items.count; i++)
                php_ast_add(ast, php_node_is(items.items[i], "variadic_placeholder")
                                         ? php_ast_new(PHP_AST_CALLABLE_ARGUMENTS, items.items[i])
                                         : lower_argument(lowering, items.items[i]));
}

/* What looks like a function but is the language's own */

static bool are_plain(const struct php_nodes *arguments)
{
        for (size_t i = 0; i < arguments->count; i++) {
                TSNode argument = arguments->items[i];
                if (!php_node_is(argument, "argument") ||
                        !ts_node_is_null(php_node_field(argument, "name")) ||
                        !ts_node_is_null(lower_child(argument, "variadic_unpacking")))
                        return false;
        }
        return true;
}

static struct php_ast *lower_intrinsic(
        struct lowering *lowering, TSNode node, enum php_ast_kind kind, size_t least, size_t most)
{
        _cleanup_php_nodes_ struct php_nodes arguments = {0};
        php_named_children(php_node_field(node, "arguments"), &arguments);
        if (arguments.count < least || arguments.count > most || !are_plain(&arguments))
                return php_ast_unsupported(node, "these arguments");
        struct php_ast *ast = php_ast_new(kind, node);
        for (size_t i = 0; i < arguments.count; i++)
                php_ast_add(ast, lower_expression(lowering, lower_first_named(arguments.items[i])));
        if (kind == PHP_AST_EXIT && arguments.count == 0)
                php_ast_add(ast, NULL);
        return ast;
}

struct php_ast *lower_call_expression(struct lowering *lowering, TSNode node)
{
        static const struct {
                const char *name;
                enum php_ast_kind kind;
                size_t least, most;
        } intrinsics[] = {{"die", PHP_AST_EXIT, 0, 1}, {"empty", PHP_AST_EMPTY, 1, 1},
                {"exit", PHP_AST_EXIT, 0, 1}, {"isset", PHP_AST_ISSET, 1, SIZE_MAX}};
        TSNode function = php_node_field(node, "function");
        for (size_t i = 0; i < ARRAY_SIZE(intrinsics); i++)
                if (php_node_is(function, "name") && lower_text_is(lowering, function, intrinsics[i].name))
                        return lower_intrinsic(
                                lowering, node, intrinsics[i].kind, intrinsics[i].least, intrinsics[i].most);
        if (php_node_is(function, "name") && lower_text_is(lowering, function, "eval"))
                return php_ast_unsupported(node, "eval()");

        struct php_ast *ast = php_ast_new(PHP_AST_CALL, node);
        php_ast_add(ast, lower_is_name(function) ? lower_function_name(lowering, function)
                                                 : lower_expression(lowering, function));
        add_arguments(lowering, php_node_field(node, "arguments"), ast);
        return ast;
}

/* Members */

/* A plain name is a string; a variable or {expression} gives one. */
static struct php_ast *lower_member_name(struct lowering *lowering, TSNode node)
{
        TSNode name = php_node_field(node, "name");
        bool braces = false;
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_children(node, &children);
        for (size_t i = 0; i < children.count; i++)
                braces = braces || php_node_is(children.items[i], "{");
        if (braces || !php_node_is(name, "name"))
                return lower_expression(lowering, name);
        _cleanup_free_ char *text = php_node_text(lowering->tree, name);
        return php_ast_string(name, text, strlen(text));
}

static bool is_nullsafe(TSNode node)
{
        return string_begins(ts_node_type(node), "nullsafe_");
}

struct php_ast *lower_member_access(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_PROPERTY, node);
        ast->flags = is_nullsafe(node) ? PHP_FLAG_NULLSAFE : 0;
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "object")));
        php_ast_add(ast, lower_member_name(lowering, node));
        return ast;
}

struct php_ast *lower_member_call(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_METHOD_CALL, node);
        ast->flags = is_nullsafe(node) ? PHP_FLAG_NULLSAFE : 0;
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "object")));
        php_ast_add(ast, lower_member_name(lowering, node));
        add_arguments(lowering, php_node_field(node, "arguments"), ast);
        return ast;
}

static struct php_ast *lower_scope(struct lowering *lowering, TSNode scope)
{
        return lower_is_name(scope) ? lower_class_name(lowering, scope) : lower_expression(lowering, scope);
}

struct php_ast *lower_static_call(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_STATIC_CALL, node);
        php_ast_add(ast, lower_scope(lowering, php_node_field(node, "scope")));
        php_ast_add(ast, lower_member_name(lowering, node));
        add_arguments(lowering, php_node_field(node, "arguments"), ast);
        return ast;
}

struct php_ast *lower_static_property(struct lowering *lowering, TSNode node)
{
        TSNode name = php_node_field(node, "name");
        if (!php_node_is(name, "variable_name"))
                return php_ast_unsupported(node, "a static property whose name is computed");
        struct php_ast *ast = php_ast_new(PHP_AST_STATIC_PROPERTY, node);
        php_ast_add(ast, lower_scope(lowering, php_node_field(node, "scope")));
        ast->text = lower_variable_text(lowering, name);
        return ast;
}

struct php_ast *lower_class_constant(struct lowering *lowering, TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        lower_children(node, &children);
        if (children.count != 3)
                return php_ast_unsupported(node, "a class constant whose name is computed");
        struct php_ast *ast = php_ast_new(PHP_AST_CLASS_CONSTANT, node);
        php_ast_add(ast, lower_scope(lowering, children.items[0]));
        ast->text = php_node_text(lowering->tree, children.items[2]);
        if (lower_text_is(lowering, children.items[2], "class"))
                string_replace(&ast->text, string_copy("class"));
        return ast;
}

struct php_ast *lower_new(struct lowering *lowering, TSNode node)
{
        TSNode class = lower_first_named(node);
        TSNode arguments = lower_child(node, "arguments");
        struct php_ast *ast = php_ast_new(PHP_AST_NEW, node);
        if (php_node_is(class, "anonymous_class")) {
                php_ast_add(ast, lower_class(lowering, class));
                arguments = lower_child(class, "arguments");
        } else {
                php_ast_add(ast, lower_scope(lowering, class));
        }
        add_arguments(lowering, arguments, ast);
        return ast;
}
