/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/lower_private.h"

#include <string.h>

/* A keyword and its operand. */
static struct php_ast *with_operand(struct lowering *lowering, TSNode node, enum php_ast_kind kind)
{
        struct php_ast *ast = php_ast_new(kind, node);
        php_ast_add(ast, lower_expression(lowering, lower_first_named(node)));
        return ast;
}

static struct php_ast *lower_clone(struct lowering *lowering, TSNode node)
{
        return with_operand(lowering, node, PHP_AST_CLONE);
}

static struct php_ast *lower_silence(struct lowering *lowering, TSNode node)
{
        return with_operand(lowering, node, PHP_AST_SILENCE);
}

static struct php_ast *lower_throw(struct lowering *lowering, TSNode node)
{
        return with_operand(lowering, node, PHP_AST_THROW);
}

static struct php_ast *lower_include(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = with_operand(lowering, node, PHP_AST_INCLUDE);
        ast->text = string_copy(ts_node_type(node));
        *strstr(ast->text, "_expression") = '\0';
        return ast;
}

static struct php_ast *lower_yield(struct lowering *lowering, TSNode node)
{
        lowering->has_yield = true;
        return php_ast_unsupported(node, "yield");
}

static struct php_ast *lower_shell(_unused struct lowering *lowering, TSNode node)
{
        return php_ast_unsupported(node, "a shell command in backticks");
}

static struct php_ast *lower_sequence(_unused struct lowering *lowering, TSNode node)
{
        return php_ast_unsupported(node, "a list of expressions");
}

static struct php_ast *lower_parentheses(struct lowering *lowering, TSNode node)
{
        while (php_node_is(node, "parenthesized_expression"))
                node = lower_first_named(node);
        return lower_expression(lowering, node);
}

static struct php_ast *lower_variable(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_VARIABLE, node);
        ast->text = lower_variable_text(lowering, node);
        return ast;
}

static struct php_ast *lower_dynamic_variable(struct lowering *lowering, TSNode node)
{
        return with_operand(lowering, node, PHP_AST_VARIABLE_VARIABLE);
}

static struct php_ast *lower_subscript(struct lowering *lowering, TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        struct php_ast *ast = php_ast_new(PHP_AST_OFFSET, node);
        php_ast_add(ast, lower_expression(lowering, children.items[0]));
        php_ast_add(ast, children.count > 1 ? lower_expression(lowering, children.items[1]) : NULL);
        return ast;
}

/* Arrays and what is assigned to */

typedef struct php_ast *(*element_call)(struct lowering *lowering, TSNode node);

/* `children` are those of one element: value, key => value, &value, ...value. */
static struct php_ast *lower_element(
        struct lowering *lowering, const TSNode *children, size_t count, element_call lower_value)
{
        struct php_ast *ast = php_ast_new(PHP_AST_ELEMENT, children[0]);
        TSNode value = children[count - 1];
        bool has_key = count == 3 && php_node_is(children[1], "=>");
        php_ast_add(ast, has_key ? lower_expression(lowering, children[0]) : NULL);
        if (php_node_is(value, "by_ref") || php_node_is(value, "variadic_unpacking")) {
                ast->flags |= php_node_is(value, "by_ref") ? PHP_FLAG_REFERENCE : PHP_FLAG_SPREAD;
                value = lower_first_named(value);
        }
        php_ast_add(ast, lower_value(lowering, value));
        return ast;
}

static struct php_ast *lower_array_element(struct lowering *lowering, TSNode node, element_call lower_value)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        lower_children(node, &children);
        return lower_element(lowering, children.items, children.count, lower_value);
}

static struct php_ast *lower_array(struct lowering *lowering, TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        struct php_ast *ast = php_ast_new(PHP_AST_ARRAY, node);
        for (size_t i = 0; i < children.count; i++)
                php_ast_add(ast, lower_array_element(lowering, children.items[i], lower_expression));
        return ast;
}

/* The elements between the commas; nothing between two is an empty slot, nothing behind the last is nothing.
 */
static struct php_ast *lower_list(struct lowering *lowering, TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        lower_children(node, &children);
        struct php_ast *ast = php_ast_new(PHP_AST_LIST, node);
        size_t start = php_node_is(children.items[0], "[") ? 1 : 2;
        for (size_t i = start; i < children.count; i++) {
                bool is_last = i + 1 == children.count;
                if (!is_last && !php_node_is(children.items[i], ","))
                        continue;
                if (i == start && !is_last)
                        php_ast_add(ast, NULL);
                else if (i > start && php_node_is(children.items[start], "array_element_initializer"))
                        php_ast_add(ast, lower_array_element(lowering, children.items[start], lower_target));
                else if (i > start)
                        php_ast_add(ast,
                                lower_element(lowering, children.items + start, i - start, lower_target));
                start = i + 1;
        }
        return ast;
}

struct php_ast *lower_target(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast;
        if (php_node_is(node, "list_literal") || php_node_is(node, "array_creation_expression")) {
                if (!lower_enter(lowering, node))
                        return php_ast_unsupported(node, "deep nesting");
                ast = lower_list(lowering, node);
                lower_leave(lowering);
                return ast;
        }
        ast = lower_expression(lowering, node);
        if (ast->kind == PHP_AST_VARIABLE || ast->kind == PHP_AST_VARIABLE_VARIABLE ||
                ast->kind == PHP_AST_OFFSET || ast->kind == PHP_AST_PROPERTY ||
                ast->kind == PHP_AST_STATIC_PROPERTY || ast->kind == PHP_AST_UNSUPPORTED)
                return ast;
        php_ast_free(ast);
        return php_ast_unsupported(node, "an assignment to what is no variable");
}

/* match */

static struct php_ast *lower_arm(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_MATCH_ARM, node);
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "return_expression")));
        TSNode list = php_node_field(node, "conditional_expressions");
        if (ts_node_is_null(list))
                return ast;
        _cleanup_php_nodes_ struct php_nodes conditions = {0};
        php_named_children(list, &conditions);
        for (size_t i = 0; i < conditions.count; i++)
                php_ast_add(ast, lower_expression(lowering, conditions.items[i]));
        return ast;
}

static struct php_ast *lower_match(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_MATCH, node);
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "condition")));
        _cleanup_php_nodes_ struct php_nodes arms = {0};
        php_named_children(php_node_field(node, "body"), &arms);
        for (size_t i = 0; i < arms.count; i++)
                php_ast_add(ast, lower_arm(lowering, arms.items[i]));
        return ast;
}

/* All */

static const struct lower_rule rules[] = {
        {"anonymous_function", lower_closure},
        {"array_creation_expression", lower_array},
        {"arrow_function", lower_arrow},
        {"assignment_expression", lower_assignment},
        {"augmented_assignment_expression", lower_augmented_assignment},
        {"binary_expression", lower_binary},
        {"boolean", lower_boolean},
        {"cast_expression", lower_cast},
        {"class_constant_access_expression", lower_class_constant},
        {"clone_expression", lower_clone},
        {"conditional_expression", lower_conditional},
        {"dynamic_variable_name", lower_dynamic_variable},
        {"encapsed_string", lower_encapsed_string},
        {"error_suppression_expression", lower_silence},
        {"float", lower_float},
        {"function_call_expression", lower_call_expression},
        {"heredoc", lower_heredoc},
        {"include_expression", lower_include},
        {"include_once_expression", lower_include},
        {"integer", lower_integer},
        {"match_expression", lower_match},
        {"member_access_expression", lower_member_access},
        {"member_call_expression", lower_member_call},
        {"name", lower_constant},
        {"nowdoc", lower_heredoc},
        {"null", lower_null},
        {"nullsafe_member_access_expression", lower_member_access},
        {"nullsafe_member_call_expression", lower_member_call},
        {"object_creation_expression", lower_new},
        {"parenthesized_expression", lower_parentheses},
        {"print_intrinsic", lower_print},
        {"qualified_name", lower_constant},
        {"reference_assignment_expression", lower_reference_assignment},
        {"relative_name", lower_constant},
        {"require_expression", lower_include},
        {"require_once_expression", lower_include},
        {"scoped_call_expression", lower_static_call},
        {"scoped_property_access_expression", lower_static_property},
        {"sequence_expression", lower_sequence},
        {"shell_command_expression", lower_shell},
        {"string", lower_string},
        {"subscript_expression", lower_subscript},
        {"throw_expression", lower_throw},
        {"unary_op_expression", lower_unary},
        {"update_expression", lower_update},
        {"variable_name", lower_variable},
        {"yield_expression", lower_yield},
};

struct php_ast *lower_expression(struct lowering *lowering, TSNode node)
{
        lower_call call = ts_node_is_null(node) ? NULL : lower_find(rules, ARRAY_SIZE(rules), node);
        if (!call)
                return php_ast_unsupported(
                        node, "the construct \"%s\"", ts_node_is_null(node) ? "nothing" : ts_node_type(node));
        if (!lower_enter(lowering, node))
                return php_ast_unsupported(node, "deep nesting");
        struct php_ast *ast = call(lowering, node);
        lower_leave(lowering);
        return ast;
}

void lower_expressions(struct lowering *lowering, TSNode node, struct php_ast *parent)
{
        while (php_node_is(node, "sequence_expression")) {
                _cleanup_php_nodes_ struct php_nodes parts = {0};
                php_named_children(node, &parts);
                if (parts.count != 2)
                        break;
                php_ast_add(parent, lower_expression(lowering, parts.items[0]));
                node = parts.items[1];
        }
        php_ast_add(parent, lower_expression(lowering, node));
}
