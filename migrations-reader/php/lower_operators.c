/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/lower_private.h"

#include <string.h>
#include <strings.h>

/*
 * Where the grammar's precedences are not PHP's, or PHP 7's not PHP 8's, the tree is turned (** binds tighter
 * than a sign, a cast or @ on its left) or the expression is UNSUPPORTED. A parenthesised operand is a node
 * of its own in the syntax tree, so "directly" below means: without parentheses.
 */

enum operator_group {
        GROUP_OTHER,
        GROUP_DOT,
        GROUP_PLUS,
        GROUP_SHIFT,
        GROUP_EQUALITY,
        GROUP_ORDER,
        GROUP_POWER,
        GROUP_WORD, /* and, or, xor: weaker than = */
};

struct operator_word {
        const char *text;
        enum php_operator operator;
        enum operator_group group;
};

static const struct operator_word operators[] = {
        {"!=", PHP_NOT_EQUAL, GROUP_EQUALITY},
        {"!==", PHP_NOT_IDENTICAL, GROUP_EQUALITY},
        {"%", PHP_MODULO, GROUP_OTHER},
        {"&", PHP_BIT_AND, GROUP_OTHER},
        {"&&", PHP_LOGICAL_AND, GROUP_OTHER},
        {"*", PHP_MULTIPLY, GROUP_OTHER},
        {"**", PHP_POWER, GROUP_POWER},
        {"+", PHP_ADD, GROUP_PLUS},
        {"-", PHP_SUBTRACT, GROUP_PLUS},
        {".", PHP_CONCATENATE, GROUP_DOT},
        {"/", PHP_DIVIDE, GROUP_OTHER},
        {"<", PHP_LESS, GROUP_ORDER},
        {"<<", PHP_SHIFT_LEFT, GROUP_SHIFT},
        {"<=", PHP_LESS_EQUAL, GROUP_ORDER},
        {"<=>", PHP_SPACESHIP, GROUP_EQUALITY},
        {"<>", PHP_NOT_EQUAL, GROUP_EQUALITY},
        {"==", PHP_EQUAL, GROUP_EQUALITY},
        {"===", PHP_IDENTICAL, GROUP_EQUALITY},
        {">", PHP_GREATER, GROUP_ORDER},
        {">=", PHP_GREATER_EQUAL, GROUP_ORDER},
        {">>", PHP_SHIFT_RIGHT, GROUP_SHIFT},
        {"??", PHP_COALESCE, GROUP_OTHER},
        {"^", PHP_BIT_XOR, GROUP_OTHER},
        {"and", PHP_LOGICAL_AND, GROUP_WORD},
        {"or", PHP_LOGICAL_OR, GROUP_WORD},
        {"xor", PHP_LOGICAL_XOR, GROUP_WORD},
        {"|", PHP_BIT_OR, GROUP_OTHER},
        {"||", PHP_LOGICAL_OR, GROUP_OTHER},
};

static const struct operator_word *find_operator(struct lowering *lowering, TSNode mark)
{
        for (size_t i = 0; !ts_node_is_null(mark) && i < ARRAY_SIZE(operators); i++)
                if (lower_text_is(lowering, mark, operators[i].text))
                        return &operators[i];
        return NULL;
}

/* The group of a direct operand that is a binary expression itself. */
static enum operator_group group_of(struct lowering *lowering, TSNode operand)
{
        if (!php_node_is(operand, "binary_expression"))
                return GROUP_OTHER;
        const struct operator_word *word = find_operator(lowering, php_node_field(operand, "operator"));
        return word ? word->group : GROUP_OTHER;
}

static bool is_instanceof(struct lowering *lowering, TSNode node)
{
        TSNode mark = php_node_is(node, "binary_expression") ? php_node_field(node, "operator") : (TSNode){0};
        return !ts_node_is_null(mark) && lower_text_is(lowering, mark, "instanceof");
}

static const char *ambiguity(struct lowering *lowering, enum operator_group group, TSNode left, TSNode right)
{
        enum operator_group on_left = group_of(lowering, left), on_right = group_of(lowering, right);
        if (group == GROUP_DOT &&
                (on_right == GROUP_PLUS || on_right == GROUP_SHIFT || on_left == GROUP_SHIFT))
                return "PHP 7 and PHP 8 order . and + differently";
        if (group == GROUP_POWER && is_instanceof(lowering, right))
                return "instanceof behind **";
        return NULL;
}

/* No PHP takes `1 == 2 == 3`, where the grammar does. */
static void check_comparisons(struct lowering *lowering, enum operator_group group, TSNode left, TSNode mark)
{
        if ((group == GROUP_EQUALITY || group == GROUP_ORDER) && group_of(lowering, left) == group)
                lower_fail(lowering, mark, "two comparisons in a row");
}

static bool is_prefix(TSNode node)
{
        return php_node_is(node, "unary_op_expression") || php_node_is(node, "cast_expression") ||
               php_node_is(node, "error_suppression_expression");
}

static struct php_ast *make_binary(TSNode node, enum php_operator operator, struct php_ast * left,
        TSNode right, struct lowering *lowering)
{
        struct php_ast *ast = php_ast_new(PHP_AST_BINARY, node);
        ast->operator= operator;
        php_ast_add(ast, left);
        php_ast_add(ast, lower_expression(lowering, right));
        return ast;
}

/* `-$a ** 2` is -($a ** 2): the prefix operators that are lowered around the power's base go around all. */
static struct php_ast *lower_power(struct lowering *lowering, TSNode node, TSNode left, TSNode right)
{
        struct php_ast *base = lower_expression(lowering, left);
        struct php_ast **slot = &base;
        while (is_prefix(left) && (*slot)->kind != PHP_AST_UNSUPPORTED && (*slot)->count == 1) {
                slot = &(*slot)->children[0];
                left = php_node_is(left, "unary_op_expression") ? php_node_field(left, "argument")
                       : php_node_is(left, "cast_expression")   ? php_node_field(left, "value")
                                                                : lower_first_named(left);
        }
        *slot = make_binary(node, PHP_POWER, *slot, right, lowering);
        return base;
}

static struct php_ast *lower_instanceof(struct lowering *lowering, TSNode node, TSNode left, TSNode right)
{
        struct php_ast *ast = php_ast_new(PHP_AST_INSTANCEOF, node);
        php_ast_add(ast, lower_expression(lowering, left));
        php_ast_add(ast,
                lower_is_name(right) ? lower_class_name(lowering, right) : lower_expression(lowering, right));
        return ast;
}

struct php_ast *lower_binary(struct lowering *lowering, TSNode node)
{
        TSNode left = php_node_field(node, "left"), right = php_node_field(node, "right");
        TSNode mark = php_node_field(node, "operator");
        if (!ts_node_is_null(mark) && lower_text_is(lowering, mark, "instanceof"))
                return lower_instanceof(lowering, node, left, right);
        const struct operator_word *word = find_operator(lowering, mark);
        if (!word)
                return php_ast_unsupported(node, "this operator");
        check_comparisons(lowering, word->group, left, mark);
        const char *problem = ambiguity(lowering, word->group, left, right);
        if (problem)
                return php_ast_unsupported(node, "%s", problem);
        if (word->group == GROUP_POWER)
                return lower_power(lowering, node, left, right);
        return make_binary(node, word->operator, lower_expression(lowering, left), right, lowering);
}

struct php_ast *lower_unary(struct lowering *lowering, TSNode node)
{
        static const struct {
                const char *text;
                enum php_ast_kind kind;
        } kinds[] = {{"!", PHP_AST_NOT}, {"+", PHP_AST_PLUS}, {"-", PHP_AST_NEGATE}, {"~", PHP_AST_BIT_NOT}};
        TSNode mark = php_node_field(node, "operator"), argument = php_node_field(node, "argument");
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                if (ts_node_is_null(mark) || !lower_text_is(lowering, mark, kinds[i].text))
                        continue;
                if (kinds[i].kind != PHP_AST_NOT && is_instanceof(lowering, argument))
                        return php_ast_unsupported(node, "instanceof behind a sign");
                struct php_ast *ast = php_ast_new(kinds[i].kind, node);
                php_ast_add(ast, lower_expression(lowering, argument));
                return ast;
        }
        return php_ast_unsupported(node, "this operator");
}

struct php_ast *lower_cast(struct lowering *lowering, TSNode node)
{
        static const struct {
                const char *name;
                enum php_cast cast;
        } casts[] = {
                {"array", PHP_CAST_ARRAY},
                {"binary", PHP_CAST_STRING},
                {"bool", PHP_CAST_BOOL},
                {"boolean", PHP_CAST_BOOL},
                {"double", PHP_CAST_FLOAT},
                {"float", PHP_CAST_FLOAT},
                {"int", PHP_CAST_INT},
                {"integer", PHP_CAST_INT},
                {"object", PHP_CAST_OBJECT},
                {"string", PHP_CAST_STRING},
        };
        TSNode type = php_node_field(node, "type");
        for (size_t i = 0; i < ARRAY_SIZE(casts); i++)
                if (lower_text_is(lowering, type, casts[i].name)) {
                        struct php_ast *ast = php_ast_new(PHP_AST_CAST, node);
                        ast->cast = casts[i].cast;
                        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "value")));
                        return ast;
                }
        _cleanup_free_ char *name = php_node_text(lowering->tree, type);
        return php_ast_unsupported(node, "the cast (%s), which PHP 8 does not know", name);
}

/* PHP 8 refuses `a ? b : c ? d : e`, which PHP 7 reads from the left; `a ?: b ?: c` is the same in both. */
struct php_ast *lower_conditional(struct lowering *lowering, TSNode node)
{
        TSNode condition = php_node_field(node, "condition"), body = php_node_field(node, "body");
        if (php_node_is(condition, "conditional_expression") &&
                !(ts_node_is_null(body) && ts_node_is_null(php_node_field(condition, "body"))))
                return php_ast_unsupported(node, "nested ?: without parentheses");
        struct php_ast *ast = php_ast_new(PHP_AST_TERNARY, node);
        php_ast_add(ast, lower_expression(lowering, condition));
        php_ast_add(ast, ts_node_is_null(body) ? NULL : lower_expression(lowering, body));
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "alternative")));
        return ast;
}

/* Assignments */

struct php_ast *lower_assignment(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_ASSIGN, node);
        php_ast_add(ast, lower_target(lowering, php_node_field(node, "left")));
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "right")));
        return ast;
}

struct php_ast *lower_reference_assignment(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_ASSIGN_REFERENCE, node);
        php_ast_add(ast, lower_target(lowering, php_node_field(node, "left")));
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "right")));
        return ast;
}

/* "+=" is its operator and a "=". */
static const struct operator_word *augmented_operator(struct lowering *lowering, TSNode mark)
{
        _cleanup_free_ char *text = php_node_text(lowering->tree, mark);
        size_t size = strlen(text);
        for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
                if (strlen(operators[i].text) + 1 == size && strncmp(operators[i].text, text, size - 1) == 0)
                        return &operators[i];
        return NULL;
}

struct php_ast *lower_augmented_assignment(struct lowering *lowering, TSNode node)
{
        const struct operator_word *word = augmented_operator(lowering, php_node_field(node, "operator"));
        if (!word)
                return php_ast_unsupported(node, "this operator");
        struct php_ast *ast = php_ast_new(PHP_AST_ASSIGN_OPERATOR, node);
        ast->operator= word->operator;
        php_ast_add(ast, lower_target(lowering, php_node_field(node, "left")));
        php_ast_add(ast, lower_expression(lowering, php_node_field(node, "right")));
        return ast;
}

struct php_ast *lower_update(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_INCREMENT, node);
        TSNode argument = php_node_field(node, "argument"), mark = php_node_field(node, "operator");
        if (ts_node_start_byte(mark) < ts_node_start_byte(argument))
                ast->flags |= PHP_FLAG_PREFIX;
        if (lower_text_is(lowering, mark, "--"))
                ast->flags |= PHP_FLAG_DECREMENT;
        php_ast_add(ast, lower_target(lowering, argument));
        return ast;
}

bool lower_binds_weakly(struct lowering *lowering, TSNode node)
{
        return group_of(lowering, node) == GROUP_WORD;
}

/* print and the arrow of an arrow function bind tighter than and, or, xor; the grammar has it otherwise. */
struct php_ast *lower_print(struct lowering *lowering, TSNode node)
{
        TSNode operand = lower_first_named(node);
        if (lower_binds_weakly(lowering, operand))
                return php_ast_unsupported(node, "print with and, or or xor");
        struct php_ast *ast = php_ast_new(PHP_AST_PRINT, node);
        php_ast_add(ast, lower_expression(lowering, operand));
        return ast;
}
