/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* PHP_AST as S-expressions: (KIND :flags "text" children…), for tables of expected trees. */

#include "migrations-reader/php/ast.h"

#include <inttypes.h>
#include <string.h>

static const char *const ast_kinds[] = {
        [PHP_AST_LITERAL] = "",
        [PHP_AST_INTERPOLATED] = "interpolated",
        [PHP_AST_VARIABLE] = "$",
        [PHP_AST_VARIABLE_VARIABLE] = "$$",
        [PHP_AST_ARRAY] = "array",
        [PHP_AST_ELEMENT] = "element",
        [PHP_AST_LIST] = "list",
        [PHP_AST_OFFSET] = "offset",
        [PHP_AST_PROPERTY] = "->",
        [PHP_AST_STATIC_PROPERTY] = "::$",
        [PHP_AST_CLASS_CONSTANT] = "::",
        [PHP_AST_CLASS_NAME] = "class-name",
        [PHP_AST_CONSTANT] = "constant",
        [PHP_AST_MAGIC] = "magic",
        [PHP_AST_CALL] = "call",
        [PHP_AST_FUNCTION_NAME] = "function-name",
        [PHP_AST_METHOD_CALL] = "->()",
        [PHP_AST_STATIC_CALL] = "::()",
        [PHP_AST_NEW] = "new",
        [PHP_AST_ARGUMENT] = "arg",
        [PHP_AST_CALLABLE_ARGUMENTS] = "(...)",
        [PHP_AST_BINARY] = "binary",
        [PHP_AST_NOT] = "!",
        [PHP_AST_NEGATE] = "-",
        [PHP_AST_PLUS] = "+",
        [PHP_AST_BIT_NOT] = "~",
        [PHP_AST_TERNARY] = "?:",
        [PHP_AST_ASSIGN] = "=",
        [PHP_AST_ASSIGN_REFERENCE] = "=&",
        [PHP_AST_ASSIGN_OPERATOR] = "operator=",
        [PHP_AST_INCREMENT] = "++",
        [PHP_AST_CAST] = "cast",
        [PHP_AST_ISSET] = "isset",
        [PHP_AST_EMPTY] = "empty",
        [PHP_AST_INSTANCEOF] = "instanceof",
        [PHP_AST_CLONE] = "clone",
        [PHP_AST_SILENCE] = "@",
        [PHP_AST_PRINT] = "print",
        [PHP_AST_EXIT] = "exit",
        [PHP_AST_INCLUDE] = "include",
        [PHP_AST_THROW] = "throw",
        [PHP_AST_MATCH] = "match",
        [PHP_AST_MATCH_ARM] = "arm",
        [PHP_AST_CLOSURE] = "closure",
        [PHP_AST_ARROW] = "arrow",
        [PHP_AST_USE] = "use",
        [PHP_AST_BLOCK] = "block",
        [PHP_AST_EXPRESSION] = ";",
        [PHP_AST_ECHO] = "echo",
        [PHP_AST_IF] = "if",
        [PHP_AST_WHILE] = "while",
        [PHP_AST_DO] = "do",
        [PHP_AST_FOR] = "for",
        [PHP_AST_FOREACH] = "foreach",
        [PHP_AST_SWITCH] = "switch",
        [PHP_AST_CASE] = "case",
        [PHP_AST_BREAK] = "break",
        [PHP_AST_CONTINUE] = "continue",
        [PHP_AST_RETURN] = "return",
        [PHP_AST_TRY] = "try",
        [PHP_AST_CATCH] = "catch",
        [PHP_AST_UNSET] = "unset",
        [PHP_AST_GLOBAL] = "global",
        [PHP_AST_STATIC_VARIABLE] = "static",
        [PHP_AST_FUNCTION] = "function",
        [PHP_AST_PARAMETER] = "param",
        [PHP_AST_CLASS] = "class",
        [PHP_AST_METHOD] = "method",
        [PHP_AST_PROPERTY_DECLARATION] = "property",
        [PHP_AST_CONSTANT_DECLARATION] = "const",
        [PHP_AST_TRAIT_USE] = "uses",
        [PHP_AST_UNSUPPORTED] = "UNSUPPORTED",
};

static const char *const ast_operators[] = {
        [PHP_ADD] = "+",
        [PHP_SUBTRACT] = "-",
        [PHP_MULTIPLY] = "*",
        [PHP_DIVIDE] = "/",
        [PHP_MODULO] = "%",
        [PHP_POWER] = "**",
        [PHP_CONCATENATE] = ".",
        [PHP_BIT_AND] = "&",
        [PHP_BIT_OR] = "|",
        [PHP_BIT_XOR] = "^",
        [PHP_SHIFT_LEFT] = "<<",
        [PHP_SHIFT_RIGHT] = ">>",
        [PHP_EQUAL] = "==",
        [PHP_NOT_EQUAL] = "!=",
        [PHP_IDENTICAL] = "===",
        [PHP_NOT_IDENTICAL] = "!==",
        [PHP_LESS] = "<",
        [PHP_LESS_EQUAL] = "<=",
        [PHP_GREATER] = ">",
        [PHP_GREATER_EQUAL] = ">=",
        [PHP_SPACESHIP] = "<=>",
        [PHP_LOGICAL_XOR] = "xor",
        [PHP_LOGICAL_AND] = "&&",
        [PHP_LOGICAL_OR] = "||",
        [PHP_COALESCE] = "??",
};

static void ast_print_literal(const struct php_ast *ast, struct buffer *out)
{
        switch (ast->value.type) {
        case PHP_TYPE_NULL:
                buffer_append_string(out, "null");
                return;
        case PHP_TYPE_BOOL:
                buffer_append_string(out, ast->value.boolean ? "true" : "false");
                return;
        case PHP_TYPE_INT:
                buffer_append_format(out, "%" PRId64, ast->value.integer);
                return;
        case PHP_TYPE_FLOAT:
                buffer_append_format(out, "float:%.17g", ast->value.number);
                return;
        case PHP_TYPE_STRING:
                buffer_append(out, "'", 1);
                buffer_append(out, php_string_bytes(ast->value), php_string_size(ast->value));
                buffer_append(out, "'", 1);
                return;
        case PHP_TYPE_ARRAY:
        case PHP_TYPE_OBJECT:
        case PHP_TYPE_REFERENCE:
                buffer_append_string(out, "NO LITERAL");
                return;
        }
}

static void ast_print_flags(const struct php_ast *ast, struct buffer *out)
{
        static const char *const names[] = {"&", "...", "?", "prefix", "decrement", "static", "abstract",
                "final", "public", "protected", "private", "variadic", "readonly", "trait", "interface",
                "returns&"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (ast->flags & 1u << i)
                        buffer_append_format(out, " %s", names[i]);
}

static void ast_print(const struct php_ast *ast, struct buffer *out)
{
        static const char *const casts[] = {"int", "float", "string", "bool", "array", "object", "null"};
        if (!ast) {
                buffer_append_string(out, "-");
                return;
        }
        if (ast->kind == PHP_AST_LITERAL) {
                ast_print_literal(ast, out);
                return;
        }
        if (ast->kind == PHP_AST_VARIABLE) {
                buffer_append_format(out, "$%s", ast->text);
                return;
        }
        buffer_append_format(out, "(%s", ast_kinds[ast->kind]);
        ast_print_flags(ast, out);
        if (ast->kind == PHP_AST_BINARY || ast->kind == PHP_AST_ASSIGN_OPERATOR)
                buffer_append_format(out, " %s", ast_operators[ast->operator]);
        if (ast->kind == PHP_AST_CAST)
                buffer_append_format(out, " %s", casts[ast->cast]);
        if (ast->text)
                buffer_append_format(out, " %s", ast->text);
        if (ast->fallback)
                buffer_append_format(out, " or %s", ast->fallback);
        if (ast->type)
                buffer_append_format(out, " : %s", ast->type);
        if (ast->parent)
                buffer_append_format(out, " extends %s", ast->parent);
        for (char **name = ast->interfaces; name && *name; name++)
                buffer_append_format(out, " implements %s", *name);
        if (ast->levels != 1)
                buffer_append_format(out, " %u", ast->levels);
        for (size_t i = 0; i < ast->count; i++) {
                buffer_append(out, " ", 1);
                ast_print(ast->children[i], out);
        }
        buffer_append(out, ")", 1);
}
