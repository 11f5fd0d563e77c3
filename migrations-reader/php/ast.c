/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/ast.h"

#include "migrations-reader/php/lower_private.h"

#include <stdarg.h>

struct php_ast *php_ast_new(enum php_ast_kind kind, TSNode node)
{
        struct php_ast *ast = memory_new(sizeof(*ast));
        ast->kind = kind;
        ast->line = php_node_line(node);
        ast->end_line = ts_node_end_point(node).row + 1;
        ast->levels = 1;
        return ast;
}

void php_ast_add(struct php_ast *parent, struct php_ast *child)
{
        parent->children = memory_grow(parent->children, parent->count, sizeof(*parent->children));
        parent->children[parent->count++] = child;
}

/* Recursive: php_file_read bounds the depth. */
void php_ast_free(struct php_ast *ast)
{
        if (!ast)
                return;
        for (size_t i = 0; i < ast->count; i++)
                php_ast_free(ast->children[i]);
        free(ast->children);
        php_release(ast->value);
        free(ast->text);
        free(ast->fallback);
        free(ast->type);
        free(ast->parent);
        strings_free(ast->interfaces);
        free(ast);
}

struct php_ast *php_ast_unsupported(TSNode node, const char *format, ...)
{
        struct php_ast *ast = php_ast_new(PHP_AST_UNSUPPORTED, node);
        va_list arguments;
        va_start(arguments, format);
        ast->text = string_format_list(format, arguments);
        va_end(arguments);
        return ast;
}

struct php_ast *php_ast_string(TSNode node, const char *bytes, size_t size)
{
        struct php_ast *ast = php_ast_new(PHP_AST_LITERAL, node);
        ast->value = php_bytes(bytes, size);
        return ast;
}

void php_file_free(struct php_file *file)
{
        if (!file)
                return;
        php_ast_free(file->root);
        free(file->path);
        free(file->namespace);
        free(file);
}
