/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/lower_private.h"

#include <string.h>

typedef void (*statement_call)(struct lowering *lowering, TSNode node, struct php_ast *into);

/* Blocks */

static void add_statements(
        struct lowering *lowering, const struct php_nodes *nodes, size_t start, struct php_ast *into)
{
        for (size_t i = start; i < nodes->count && !lowering->is_over; i++)
                if (ts_node_is_named(nodes->items[i]))
                        lower_statement(lowering, nodes->items[i], into);
}

/* One statement, {…}, or the statements behind a colon. */
struct php_ast *lower_block(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_BLOCK, node);
        if (php_node_is(node, "compound_statement") || php_node_is(node, "colon_block")) {
                _cleanup_php_nodes_ struct php_nodes children = {0};
                php_named_children(node, &children);
                add_statements(lowering, &children, 0, ast);
        } else {
                lower_statement(lowering, node, ast);
        }
        return ast;
}

/* The body of a loop that may be a mere semicolon. */
static struct php_ast *lower_body(struct lowering *lowering, TSNode node)
{
        TSNode body = php_node_field(node, "body");
        return ts_node_is_null(body) ? php_ast_new(PHP_AST_BLOCK, node) : lower_block(lowering, body);
}

static void lower_compound(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        php_ast_add(into, lower_block(lowering, node));
}

/* Simple statements */

static void lower_expression_statement(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        struct php_ast *ast = php_ast_new(PHP_AST_EXPRESSION, node);
        php_ast_add(ast, lower_expression(lowering, lower_first_named(node)));
        php_ast_add(into, ast);
}

static void lower_return(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        TSNode value = lower_first_named(node);
        struct php_ast *ast = php_ast_new(PHP_AST_RETURN, node);
        php_ast_add(ast, ts_node_is_null(value) ? NULL : lower_expression(lowering, value));
        php_ast_add(into, ast);
}

static void lower_exit(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        TSNode value = lower_first_named(node);
        struct php_ast *exit = php_ast_new(PHP_AST_EXIT, node);
        php_ast_add(exit, ts_node_is_null(value) ? NULL : lower_expression(lowering, value));
        struct php_ast *ast = php_ast_new(PHP_AST_EXPRESSION, node);
        php_ast_add(ast, exit);
        php_ast_add(into, ast);
}

static void lower_echo(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        struct php_ast *ast = php_ast_new(PHP_AST_ECHO, node);
        lower_expressions(lowering, lower_first_named(node), ast);
        php_ast_add(into, ast);
}

static void lower_each_child(
        struct lowering *lowering, TSNode node, struct php_ast *into, enum php_ast_kind kind)
{
        _cleanup_php_nodes_ struct php_nodes variables = {0};
        php_named_children(node, &variables);
        struct php_ast *ast = php_ast_new(kind, node);
        for (size_t i = 0; i < variables.count; i++)
                php_ast_add(ast, lower_target(lowering, variables.items[i]));
        php_ast_add(into, ast);
}

static void lower_unset(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        lower_each_child(lowering, node, into, PHP_AST_UNSET);
}

static void lower_global(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        lower_each_child(lowering, node, into, PHP_AST_GLOBAL);
}

static void lower_static(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        _cleanup_php_nodes_ struct php_nodes variables = {0};
        php_named_children(node, &variables);
        for (size_t i = 0; i < variables.count; i++) {
                TSNode value = php_node_field(variables.items[i], "value");
                struct php_ast *ast = php_ast_new(PHP_AST_STATIC_VARIABLE, variables.items[i]);
                ast->text = lower_variable_text(lowering, php_node_field(variables.items[i], "name"));
                php_ast_add(ast, ts_node_is_null(value) ? NULL : lower_expression(lowering, value));
                php_ast_add(into, ast);
        }
}

static void lower_jump(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        TSNode levels = lower_first_named(node);
        bool is_break = php_node_is(node, "break_statement");
        struct php_ast *ast = php_ast_new(is_break ? PHP_AST_BREAK : PHP_AST_CONTINUE, node);
        if (!ts_node_is_null(levels)) {
                struct php_ast *count = lower_expression(lowering, levels);
                bool is_count = count->kind == PHP_AST_LITERAL && count->value.type == PHP_TYPE_INT &&
                                count->value.integer > 0 && count->value.integer <= 500;
                if (is_count) {
                        ast->levels = (unsigned)count->value.integer;
                } else {
                        php_ast_free(ast);
                        ast = php_ast_unsupported(
                                node, "%s with this operand", is_break ? "break" : "continue");
                }
                php_ast_free(count);
        }
        php_ast_add(into, ast);
}

static void lower_goto(_unused struct lowering *lowering, TSNode node, struct php_ast *into)
{
        php_ast_add(into, php_ast_unsupported(node, "goto"));
}

static void lower_enum(_unused struct lowering *lowering, TSNode node, struct php_ast *into)
{
        php_ast_add(into, php_ast_unsupported(node, "enum"));
}

static void lower_empty(_unused struct lowering *lowering, _unused TSNode node, _unused struct php_ast *into)
{
}

/* if */

/* The alternatives of an if from number `at` on, as what stands behind `else`; NULL when there are none. */
static struct php_ast *lower_alternatives(
        struct lowering *lowering, const struct php_nodes *alternatives, size_t at)
{
        if (at == alternatives->count)
                return NULL;
        TSNode node = alternatives->items[at];
        TSNode body = php_node_field(node, "body");
        if (php_node_is(node, "else_clause"))
                return lower_block(lowering, body);
        if (!lower_enter(lowering, node))
                return php_ast_unsupported(node, "deep nesting");
        struct php_ast *ast = php_ast_new(PHP_AST_IF, node);
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "condition")));
        php_ast_add(ast, lower_block(lowering, body));
        php_ast_add(ast, lower_alternatives(lowering, alternatives, at + 1));
        lower_leave(lowering);
        return ast;
}

static void lower_if(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        _cleanup_php_nodes_ struct php_nodes alternatives = {0};
        php_named_children(node, &alternatives);
        size_t kept = 0;
        for (size_t i = 0; i < alternatives.count; i++)
                if (php_node_is(alternatives.items[i], "else_if_clause") ||
                        php_node_is(alternatives.items[i], "else_clause"))
                        alternatives.items[kept++] = alternatives.items[i];
        alternatives.count = kept;

        struct php_ast *ast = php_ast_new(PHP_AST_IF, node);
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "condition")));
        php_ast_add(ast, lower_block(lowering, php_node_field(node, "body")));
        php_ast_add(ast, lower_alternatives(lowering, &alternatives, 0));
        php_ast_add(into, ast);
}

/* Loops */

static void lower_while(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        struct php_ast *ast = php_ast_new(PHP_AST_WHILE, node);
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "condition")));
        php_ast_add(ast, lower_body(lowering, node));
        php_ast_add(into, ast);
}

static void lower_do(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        struct php_ast *ast = php_ast_new(PHP_AST_DO, node);
        php_ast_add(ast, lower_body(lowering, node));
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "condition")));
        php_ast_add(into, ast);
}

/* for ( part ; part ; part ) body, where a part may be empty and the body a statement, several or ";". */
static void lower_for(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        lower_children(node, &children);
        struct php_ast *ast = php_ast_new(PHP_AST_FOR, node);
        struct php_ast *parts[3] = {0};
        size_t part = 0, i;
        for (i = 2; i < children.count && !php_node_is(children.items[i], ")"); i++) {
                if (php_node_is(children.items[i], ";")) {
                        part++;
                } else if (part < ARRAY_SIZE(parts) && !parts[part]) {
                        parts[part] = php_ast_new(PHP_AST_BLOCK, children.items[i]);
                        lower_expressions(lowering, children.items[i], parts[part]);
                }
        }
        for (size_t n = 0; n < ARRAY_SIZE(parts); n++)
                php_ast_add(ast, parts[n]);
        struct php_ast *body = php_ast_new(PHP_AST_BLOCK, node);
        add_statements(lowering, &children, i, body);
        php_ast_add(ast, body);
        php_ast_add(into, ast);
}

static struct php_ast *lower_foreach_value(struct lowering *lowering, TSNode value, struct php_ast *loop)
{
        if (!php_node_is(value, "by_ref"))
                return lower_target(lowering, value);
        loop->flags |= PHP_FLAG_REFERENCE;
        return lower_target(lowering, lower_first_named(value));
}

/* foreach ( subject as value ) body; the value may be a pair: key => value. */
static void lower_foreach(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        _cleanup_php_nodes_ struct php_nodes children = {0}, pair = {0};
        php_named_children(node, &children);
        struct php_ast *ast = php_ast_new(PHP_AST_FOREACH, node);
        php_ast_add(ast, lower_expression(lowering, children.items[0]));
        TSNode value = children.items[1];
        if (php_node_is(value, "pair"))
                php_named_children(value, &pair);
        php_ast_add(ast, pair.count == 2 ? lower_target(lowering, pair.items[0]) : NULL);
        php_ast_add(ast, lower_foreach_value(lowering, pair.count == 2 ? pair.items[1] : value, ast));
        php_ast_add(ast, lower_body(lowering, node));
        php_ast_add(into, ast);
}

/* switch */

static struct php_ast *lower_case(struct lowering *lowering, TSNode node)
{
        TSNode value = php_node_field(node, "value");
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        struct php_ast *ast = php_ast_new(PHP_AST_CASE, node);
        php_ast_add(ast, ts_node_is_null(value) ? NULL : lower_expression(lowering, value));
        add_statements(lowering, &children, ts_node_is_null(value) ? 0 : 1, ast);
        return ast;
}

static void lower_switch(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        struct php_ast *ast = php_ast_new(PHP_AST_SWITCH, node);
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "condition")));
        _cleanup_php_nodes_ struct php_nodes cases = {0};
        php_named_children(php_node_field(node, "body"), &cases);
        for (size_t i = 0; i < cases.count; i++)
                php_ast_add(ast, lower_case(lowering, cases.items[i]));
        php_ast_add(into, ast);
}

/* try */

static struct php_ast *lower_catch(struct lowering *lowering, TSNode node)
{
        TSNode name = php_node_field(node, "name");
        struct php_ast *ast = php_ast_new(PHP_AST_CATCH, node);
        if (!ts_node_is_null(name))
                ast->text = lower_variable_text(lowering, name);
        php_ast_add(ast, lower_block(lowering, php_node_field(node, "body")));
        _cleanup_php_nodes_ struct php_nodes types = {0};
        php_named_children(php_node_field(node, "type"), &types);
        for (size_t i = 0; i < types.count; i++)
                php_ast_add(ast, lower_class_name(lowering, lower_first_named(types.items[i])));
        return ast;
}

static void lower_try(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        TSNode finally = lower_child(node, "finally_clause");
        struct php_ast *ast = php_ast_new(PHP_AST_TRY, node);
        php_ast_add(ast, lower_block(lowering, php_node_field(node, "body")));
        php_ast_add(ast,
                ts_node_is_null(finally) ? NULL : lower_block(lowering, php_node_field(finally, "body")));
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        for (size_t i = 0; i < children.count; i++)
                if (php_node_is(children.items[i], "catch_clause"))
                        php_ast_add(ast, lower_catch(lowering, children.items[i]));
        php_ast_add(into, ast);
}

/* What holds for the file */

static void lower_declare(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        TSNode directive = children.items[0];
        TSNode value = lower_first_named(directive);
        bool is_mark = children.count == 1 ||
                       (children.count == 2 && php_node_is(children.items[1], "empty_statement"));
        bool is_strict = php_node_is(ts_node_child(directive, 0), "strict_types");
        if (is_mark && is_strict &&
                (lower_text_is(lowering, value, "1") || lower_text_is(lowering, value, "0")))
                lowering->file->strict_types = lower_text_is(lowering, value, "1");
        else
                php_ast_add(into, php_ast_unsupported(node, "this declare()"));
}

static void lower_namespace(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        TSNode name = php_node_field(node, "name"), body = php_node_field(node, "body");
        if (lowering->has_namespace) {
                php_ast_add(into, php_ast_unsupported(node, "a second namespace in one file"));
                lowering->is_over = true;
                return;
        }
        lowering->has_namespace = true;
        if (!ts_node_is_null(name))
                string_replace(&lowering->file->namespace, php_node_text(lowering->tree, name));
        if (ts_node_is_null(body))
                return;
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(body, &children);
        add_statements(lowering, &children, 0, into);
}

static void lower_use_statement(struct lowering *lowering, TSNode node, _unused struct php_ast *into)
{
        lower_use(lowering, node);
}

static void lower_function_statement(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        php_ast_add(into, lower_function(lowering, node));
}

static void lower_class_statement(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        php_ast_add(into, lower_class(lowering, node));
}

static void lower_constants_statement(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        lower_constants(lowering, node, into, false);
}

static const struct {
        const char *type;
        statement_call call;
} rules[] = {
        {"expression_statement", lower_expression_statement},
        {"if_statement", lower_if},
        {"return_statement", lower_return},
        {"foreach_statement", lower_foreach},
        {"compound_statement", lower_compound},
        {"break_statement", lower_jump},
        {"continue_statement", lower_jump},
        {"switch_statement", lower_switch},
        {"for_statement", lower_for},
        {"while_statement", lower_while},
        {"do_statement", lower_do},
        {"try_statement", lower_try},
        {"echo_statement", lower_echo},
        {"unset_statement", lower_unset},
        {"global_declaration", lower_global},
        {"function_static_declaration", lower_static},
        {"exit_statement", lower_exit},
        {"empty_statement", lower_empty},
        {"namespace_use_declaration", lower_use_statement},
        {"namespace_definition", lower_namespace},
        {"declare_statement", lower_declare},
        {"class_declaration", lower_class_statement},
        {"interface_declaration", lower_class_statement},
        {"trait_declaration", lower_class_statement},
        {"function_definition", lower_function_statement},
        {"const_declaration", lower_constants_statement},
        {"enum_declaration", lower_enum},
        {"goto_statement", lower_goto},
        {"named_label_statement", lower_goto},
};

void lower_statement(struct lowering *lowering, TSNode node, struct php_ast *into)
{
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
                if (!php_node_is(node, rules[i].type))
                        continue;
                if (!lower_enter(lowering, node))
                        return;
                rules[i].call(lowering, node, into);
                lower_leave(lowering);
                return;
        }
        php_ast_add(into, php_ast_unsupported(node, "the construct \"%s\"", ts_node_type(node)));
}
