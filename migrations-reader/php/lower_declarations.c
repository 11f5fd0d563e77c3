/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/lower_private.h"

#include <string.h>

#define VISIBILITY (PHP_FLAG_PUBLIC | PHP_FLAG_PROTECTED | PHP_FLAG_PRIVATE)

/* The flag of a modifier; 0 when the node is none. */
static unsigned modifier_flag(struct lowering *lowering, TSNode node)
{
        static const struct {
                const char *type;
                unsigned flag;
        } modifiers[] = {{"abstract_modifier", PHP_FLAG_ABSTRACT}, {"final_modifier", PHP_FLAG_FINAL},
                {"readonly_modifier", PHP_FLAG_READONLY}, {"static_modifier", PHP_FLAG_STATIC},
                {"var_modifier", PHP_FLAG_PUBLIC}};
        for (size_t i = 0; i < ARRAY_SIZE(modifiers); i++)
                if (php_node_is(node, modifiers[i].type))
                        return modifiers[i].flag;
        if (!php_node_is(node, "visibility_modifier"))
                return 0;
        if (lower_text_is(lowering, node, "private"))
                return PHP_FLAG_PRIVATE;
        return lower_text_is(lowering, node, "protected") ? PHP_FLAG_PROTECTED : PHP_FLAG_PUBLIC;
}

static unsigned modifiers_of(struct lowering *lowering, TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        unsigned flags = 0;
        for (size_t i = 0; i < children.count; i++)
                flags |= modifier_flag(lowering, children.items[i]);
        return flags;
}

static unsigned member_flags(struct lowering *lowering, TSNode node)
{
        unsigned flags = modifiers_of(lowering, node);
        return flags & VISIBILITY ? flags : flags | PHP_FLAG_PUBLIC;
}

/* Functions */

static struct php_ast *optional_expression(struct lowering *lowering, TSNode node)
{
        return ts_node_is_null(node) ? NULL : lower_expression(lowering, node);
}

static struct php_ast *lower_parameter(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_PARAMETER, node);
        TSNode name = php_node_field(node, "name");
        if (php_node_is(node, "property_promotion_parameter"))
                ast->flags = member_flags(lowering, node);
        if (php_node_is(node, "variadic_parameter"))
                ast->flags |= PHP_FLAG_VARIADIC;
        if (!ts_node_is_null(php_node_field(node, "reference_modifier")))
                ast->flags |= PHP_FLAG_REFERENCE;
        if (php_node_is(name, "by_ref")) {
                ast->flags |= PHP_FLAG_REFERENCE;
                name = lower_first_named(name);
        }
        ast->text = lower_variable_text(lowering, name);
        ast->type = lower_type_text(lowering, php_node_field(node, "type"));
        php_ast_add(ast, optional_expression(lowering, php_node_field(node, "default_value")));
        return ast;
}

static bool returns_reference(TSNode node)
{
        return !ts_node_is_null(lower_child(node, "reference_modifier"));
}

/* What calls a function with yield in it gets a generator at once: no statement of the body runs then. */
static struct php_ast *generator(TSNode node)
{
        struct php_ast *block = php_ast_new(PHP_AST_BLOCK, node);
        php_ast_add(block, php_ast_unsupported(node, "a generator (yield)"));
        return block;
}

static struct php_ast *lower_function_body(struct lowering *lowering, TSNode node)
{
        TSNode body = php_node_field(node, "body");
        if (ts_node_is_null(body))
                return NULL;
        bool outer = lowering->has_yield;
        lowering->has_yield = false;
        struct php_ast *ast;
        if (php_node_is(node, "arrow_function")) {
                struct php_ast *result = php_ast_new(PHP_AST_RETURN, body);
                php_ast_add(result, lower_expression(lowering, body));
                ast = php_ast_new(PHP_AST_BLOCK, body);
                php_ast_add(ast, result);
        } else {
                ast = lower_block(lowering, body);
        }
        if (lowering->has_yield) {
                php_ast_free(ast);
                ast = generator(body);
        }
        lowering->has_yield = outer;
        return ast;
}

static struct php_ast *make_function(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_FUNCTION, node);
        ast->type = lower_type_text(lowering, php_node_field(node, "return_type"));
        if (returns_reference(node))
                ast->flags |= PHP_FLAG_RETURNS_REFERENCE;
        php_ast_add(ast, lower_function_body(lowering, node));
        _cleanup_php_nodes_ struct php_nodes parameters = {0};
        php_named_children(php_node_field(node, "parameters"), &parameters);
        for (size_t i = 0; i < parameters.count; i++)
                php_ast_add(ast, lower_parameter(lowering, parameters.items[i]));
        return ast;
}

struct php_ast *lower_function(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = make_function(lowering, node);
        ast->text = lower_declared_text(lowering, php_node_field(node, "name"));
        return ast;
}

static void add_uses(struct lowering *lowering, TSNode clause, struct php_ast *closure)
{
        if (ts_node_is_null(clause))
                return;
        _cleanup_php_nodes_ struct php_nodes variables = {0};
        php_named_children(clause, &variables);
        for (size_t i = 0; i < variables.count; i++) {
                struct php_ast *use = php_ast_new(PHP_AST_USE, variables.items[i]);
                bool by_reference = php_node_is(variables.items[i], "by_ref");
                use->flags = by_reference ? PHP_FLAG_REFERENCE : 0;
                use->text = lower_variable_text(
                        lowering, by_reference ? lower_first_named(variables.items[i]) : variables.items[i]);
                php_ast_add(closure, use);
        }
}

struct php_ast *lower_closure(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_CLOSURE, node);
        ast->flags = modifiers_of(lowering, node);
        php_ast_add(ast, make_function(lowering, node));
        add_uses(lowering, lower_child(node, "anonymous_function_use_clause"), ast);
        return ast;
}

struct php_ast *lower_arrow(struct lowering *lowering, TSNode node)
{
        if (lower_binds_weakly(lowering, php_node_field(node, "body")))
                return php_ast_unsupported(node, "an arrow function with and, or or xor");
        struct php_ast *ast = php_ast_new(PHP_AST_ARROW, node);
        ast->flags = modifiers_of(lowering, node);
        php_ast_add(ast, make_function(lowering, node));
        return ast;
}

/* Members */

void lower_constants(struct lowering *lowering, TSNode node, struct php_ast *into, bool in_class)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        for (size_t i = 0; i < children.count; i++) {
                if (!php_node_is(children.items[i], "const_element"))
                        continue;
                _cleanup_php_nodes_ struct php_nodes parts = {0};
                php_named_children(children.items[i], &parts);
                struct php_ast *ast = php_ast_new(PHP_AST_CONSTANT_DECLARATION, children.items[i]);
                ast->flags = in_class ? member_flags(lowering, node) : 0;
                ast->text = in_class ? php_node_text(lowering->tree, parts.items[0])
                                     : lower_declared_text(lowering, parts.items[0]);
                php_ast_add(ast, lower_expression(lowering, parts.items[parts.count - 1]));
                php_ast_add(into, ast);
        }
}

static void add_properties(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        for (size_t i = 0; i < children.count; i++) {
                TSNode element = children.items[i];
                if (!php_node_is(element, "property_element"))
                        continue;
                struct php_ast *ast = php_ast_new(PHP_AST_PROPERTY_DECLARATION, element);
                ast->flags = member_flags(lowering, node);
                ast->text = lower_variable_text(lowering, php_node_field(element, "name"));
                ast->type = lower_type_text(lowering, php_node_field(node, "type"));
                php_ast_add(ast, optional_expression(lowering, php_node_field(element, "default_value")));
                php_ast_add(into, ast);
        }
}

static void add_method(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        struct php_ast *ast = php_ast_new(PHP_AST_METHOD, node);
        ast->flags = member_flags(lowering, node);
        struct php_ast *function = make_function(lowering, node);
        function->text = php_node_text(lowering->tree, php_node_field(node, "name"));
        php_ast_add(ast, function);
        php_ast_add(into, ast);
}

static void add_traits(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        struct php_ast *ast = php_ast_new(PHP_AST_TRAIT_USE, node);
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        for (size_t i = 0; i < children.count; i++)
                if (lower_is_name(children.items[i]))
                        php_ast_add(ast, lower_class_name(lowering, children.items[i]));
        php_ast_add(into, ast);
        TSNode adaptations = lower_child(node, "use_list");
        if (!ts_node_is_null(adaptations) && !ts_node_is_null(lower_first_named(adaptations)))
                php_ast_add(into, php_ast_unsupported(node, "trait adaptations (insteadof, as)"));
}

/* Hooks and private(set) came with PHP 8.4; a property with them is no plain variable. */
static bool has_hooks(TSNode node)
{
        if (!ts_node_is_null(lower_child(node, "property_hook_list")))
                return true;
        TSNode visibility = lower_child(node, "visibility_modifier");
        return !ts_node_is_null(visibility) && !ts_node_is_null(lower_first_named(visibility));
}

static void add_member(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        if (has_hooks(node))
                php_ast_add(into, php_ast_unsupported(node, "property hooks"));
        else if (php_node_is(node, "method_declaration"))
                add_method(lowering, node, into);
        else if (php_node_is(node, "property_declaration"))
                add_properties(lowering, node, into);
        else if (php_node_is(node, "const_declaration"))
                lower_constants(lowering, node, into, true);
        else if (php_node_is(node, "use_declaration"))
                add_traits(lowering, node, into);
        else
                php_ast_add(into, php_ast_unsupported(node, "the member \"%s\"", ts_node_type(node)));
}

/* Classes */

static void add_interfaces(struct lowering *lowering, TSNode clause, struct php_ast *ast)
{
        if (ts_node_is_null(clause))
                return;
        _cleanup_php_nodes_ struct php_nodes names = {0};
        php_named_children(clause, &names);
        ast->interfaces = memory_new_array(names.count + 1, sizeof(*ast->interfaces));
        for (size_t i = 0; i < names.count; i++)
                ast->interfaces[i] = lower_class_text(lowering, names.items[i]);
}

struct php_ast *lower_class(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_CLASS, node);
        TSNode name = php_node_field(node, "name"), base = lower_child(node, "base_clause");
        ast->flags = modifiers_of(lowering, node);
        if (!ts_node_is_null(name))
                ast->text = lower_declared_text(lowering, name);
        if (php_node_is(node, "interface_declaration")) {
                ast->flags |= PHP_FLAG_INTERFACE;
                add_interfaces(lowering, base, ast);
        } else if (!ts_node_is_null(base)) {
                ast->parent = lower_class_text(lowering, lower_first_named(base));
        }
        if (php_node_is(node, "trait_declaration"))
                ast->flags |= PHP_FLAG_TRAIT;
        add_interfaces(lowering, lower_child(node, "class_interface_clause"), ast);
        _cleanup_php_nodes_ struct php_nodes members = {0};
        php_named_children(php_node_field(node, "body"), &members);
        for (size_t i = 0; i < members.count; i++)
                add_member(lowering, members.items[i], ast);
        return ast;
}
