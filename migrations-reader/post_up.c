/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/post_up.h"

#include "migrations-reader/migration_container.h"

#include <strings.h>

#define DEPTH_LIMIT 1000 /* twice what php_file_read lets through */

static bool is_this(const struct php_ast *node)
{
        return node && node->kind == PHP_AST_VARIABLE && string_equal(node->text, "this");
}

/* Services beyond the connection and the loggers: only PHP has them, and only postUp would tell. */
static bool is_service(const struct php_ast *node)
{
        const struct php_ast *name = node->count > 1 ? node->children[1] : NULL;
        return node->kind == PHP_AST_PROPERTY && is_this(node->children[0]) && name &&
               name->kind == PHP_AST_LITERAL &&
               (php_string_is(name->value, "container") || php_string_is(name->value, "entityManager"));
}

/* Anything that is kept beyond a method's end. */
static bool keeps_state(const struct php_ast *node)
{
        switch ((int)node->kind) {
        case PHP_AST_PROPERTY_DECLARATION:
        case PHP_AST_TRAIT_USE:
        case PHP_AST_STATIC_VARIABLE:
        case PHP_AST_STATIC_PROPERTY:
        case PHP_AST_VARIABLE_VARIABLE:
        case PHP_AST_UNSUPPORTED:
                return true;
        case PHP_AST_ASSIGN:
        case PHP_AST_ASSIGN_REFERENCE:
        case PHP_AST_ASSIGN_OPERATOR:
        case PHP_AST_INCREMENT:
                for (const struct php_ast *target = node->children[0]; target && target->count > 0;
                        target = target->children[0])
                        if (target->kind == PHP_AST_PROPERTY && is_this(target->children[0]))
                                return true;
                return false;
        default:
                return false;
        }
}

static bool any(const struct php_ast *node, bool (*test)(const struct php_ast *, const char *),
        const char *name, unsigned depth)
{
        if (!node)
                return false;
        if (depth == DEPTH_LIMIT || test(node, name))
                return true;
        for (size_t i = 0; i < node->count; i++)
                if (any(node->children[i], test, name, depth + 1))
                        return true;
        return false;
}

static bool test_state(const struct php_ast *node, const char *name)
{
        (void)name;
        return keeps_state(node);
}

/* $this->container->get('logger') and the like. */
static bool is_known_service(const struct php_ast *node)
{
        if (node->kind != PHP_AST_METHOD_CALL || node->count < 3 || !is_service(node->children[0]))
                return false;
        const struct php_ast *name = node->children[1], *argument = node->children[2];
        const struct php_ast *value = argument && argument->count > 0 ? argument->children[0] : NULL;
        return name && name->kind == PHP_AST_LITERAL && php_string_is(name->value, "get") && value &&
               value->kind == PHP_AST_LITERAL && value->value.type == PHP_TYPE_STRING &&
               migration_service_is_known(php_string_bytes(value->value));
}

static bool asks_for_services(const struct php_ast *node, unsigned depth)
{
        if (!node || is_known_service(node))
                return false;
        if (depth == DEPTH_LIMIT || is_service(node))
                return true;
        for (size_t i = 0; i < node->count; i++)
                if (asks_for_services(node->children[i], depth + 1))
                        return true;
        return false;
}

static bool test_variable(const struct php_ast *node, const char *name)
{
        return node->kind == PHP_AST_VARIABLE && string_equal(node->text, name);
}

/* PHP_AST_FUNCTION: body, parameters… */
static bool looks_at_parameter(const struct php_ast *function)
{
        return function->count > 1 && function->children[1]->text &&
               any(function->children[0], test_variable, function->children[1]->text, 0);
}

static bool class_stands_alone(const struct php_ast *class)
{
        if (any(class, test_state, NULL, 0))
                return false;
        for (size_t i = 0; i < class->count; i++) {
                const struct php_ast *member = class->children[i];
                const struct php_ast *function = member && member->kind == PHP_AST_METHOD && member->count > 0
                                                         ? member->children[0]
                                                         : NULL;
                if (!function || !function->text)
                        continue;
                if (strcasecmp(function->text, "setContainer") == 0 ||
                        strcasecmp(function->text, "__construct") == 0)
                        return false;
                if (strcasecmp(function->text, "postUp") == 0 && looks_at_parameter(function))
                        return false;
        }
        return true;
}

enum post_up_kind post_up_kind(const struct php_file *file)
{
        size_t classes = 0;
        bool alone = false;
        if (asks_for_services(file->root, 0))
                return POST_UP_WITH_SERVICES;
        for (size_t i = 0; i < file->root->count; i++) {
                const struct php_ast *node = file->root->children[i];
                if (!node || node->kind != PHP_AST_CLASS)
                        continue;
                classes++;
                alone = class_stands_alone(node);
        }
        return classes == 1 && alone ? POST_UP_ALONE : POST_UP_WITH_OBJECT;
}
