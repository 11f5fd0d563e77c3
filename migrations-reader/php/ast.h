/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A PHP file as the interpreter wants it: names resolved by namespace and `use`, literals as values,
 * positions kept. What the interpreter does not know becomes PHP_AST_UNSUPPORTED with words, and stops only
 * whoever gets there: a file may hold more than a migration uses.
 *
 * Children are in the order told; a slot in [brackets] may be NULL; … means any number of the last.
 */

#include "lib/error.h"
#include "migrations-reader/php/operators.h"
#include "migrations-reader/php/value.h"

#include <stdint.h>

enum php_ast_kind {
        /* expressions */
        PHP_AST_LITERAL, /* value */
        PHP_AST_INTERPOLATED, /* parts… (concatenated) */
        PHP_AST_VARIABLE, /* text: name without $ */
        PHP_AST_VARIABLE_VARIABLE, /* name expression */
        PHP_AST_ARRAY, /* elements… */
        PHP_AST_ELEMENT, /* [key], value; flags REFERENCE, SPREAD; also in LIST */
        PHP_AST_LIST, /* [elements]…: the left side of = and of foreach; [] and list() */
        PHP_AST_OFFSET, /* base, [index]: $a[1]; index NULL in $a[] = */
        PHP_AST_PROPERTY, /* object, name expression (LITERAL when plain); flag NULLSAFE */
        PHP_AST_STATIC_PROPERTY, /* class, text: name without $ */
        PHP_AST_CLASS_CONSTANT, /* class, text: name ("class" too) */
        PHP_AST_CLASS_NAME, /* text: full name without leading \, or self, parent, static */
        PHP_AST_CONSTANT, /* text: full name; fallback: the global name when not qualified, or NULL */
        PHP_AST_MAGIC, /* text: __LINE__ __FILE__ __DIR__ __FUNCTION__ __CLASS__ __METHOD__ __NAMESPACE__
                          __TRAIT__ */
        PHP_AST_CALL, /* callee (FUNCTION_NAME or expression), arguments… */
        PHP_AST_FUNCTION_NAME, /* text: full name; fallback as in CONSTANT */
        PHP_AST_METHOD_CALL, /* object, name expression, arguments…; flag NULLSAFE */
        PHP_AST_STATIC_CALL, /* class, name expression, arguments… */
        PHP_AST_NEW, /* class (CLASS_NAME, CLASS or expression), arguments… */
        PHP_AST_ARGUMENT, /* value; text: name of a named argument or NULL; flag SPREAD */
        PHP_AST_CALLABLE_ARGUMENTS, /* the (...) of a first-class callable, as the only argument */
        PHP_AST_BINARY, /* left, right; operator */
        PHP_AST_NOT, /* operand */
        PHP_AST_NEGATE, /* operand */
        PHP_AST_PLUS, /* operand (unary) */
        PHP_AST_BIT_NOT, /* operand */
        PHP_AST_TERNARY, /* condition, [then], else */
        PHP_AST_ASSIGN, /* target, value */
        PHP_AST_ASSIGN_REFERENCE, /* target, source variable */
        PHP_AST_ASSIGN_OPERATOR, /* target, value; operator (COALESCE for ??=) */
        PHP_AST_INCREMENT, /* target; flags PREFIX, DECREMENT */
        PHP_AST_CAST, /* operand; cast */
        PHP_AST_ISSET, /* variables… */
        PHP_AST_EMPTY, /* expression */
        PHP_AST_INSTANCEOF, /* object, class (CLASS_NAME or expression) */
        PHP_AST_CLONE, /* object */
        PHP_AST_SILENCE, /* operand: @ */
        PHP_AST_PRINT, /* operand */
        PHP_AST_EXIT, /* [operand] */
        PHP_AST_INCLUDE, /* operand; text: include, include_once, require, require_once */
        PHP_AST_THROW, /* operand (an expression in PHP 8) */
        PHP_AST_MATCH, /* subject, arms… */
        PHP_AST_MATCH_ARM, /* result, [conditions]… (none: default) */
        PHP_AST_CLOSURE, /* FUNCTION, uses… (USE); flag STATIC */
        PHP_AST_ARROW, /* FUNCTION whose body is one RETURN; flag STATIC */
        PHP_AST_USE, /* text: name; flag REFERENCE */

        /* statements */
        PHP_AST_BLOCK, /* statements… */
        PHP_AST_EXPRESSION, /* expression */
        PHP_AST_ECHO, /* expressions… */
        PHP_AST_IF, /* condition, then, [else] */
        PHP_AST_WHILE, /* condition, body */
        PHP_AST_DO, /* body, condition */
        PHP_AST_FOR, /* [BLOCK of expressions], [BLOCK of conditions], [BLOCK of steps], body */
        PHP_AST_FOREACH, /* subject, [key target], value target, body; flag REFERENCE */
        PHP_AST_SWITCH, /* subject, cases… */
        PHP_AST_CASE, /* [value] (NULL: default), statements… */
        PHP_AST_BREAK, /* levels */
        PHP_AST_CONTINUE, /* levels */
        PHP_AST_RETURN, /* [expression] */
        PHP_AST_TRY, /* body, [finally], catches… */
        PHP_AST_CATCH, /* body, classes… (CLASS_NAME); text: variable or NULL */
        PHP_AST_UNSET, /* variables… */
        PHP_AST_GLOBAL, /* variables… */
        PHP_AST_STATIC_VARIABLE, /* [initial value]; text: name */

        /* declarations */
        PHP_AST_FUNCTION, /* body (BLOCK; NULL: abstract), parameters…; text: name; type: return type */
        PHP_AST_PARAMETER, /* [default]; text: name; type; flags REFERENCE, VARIADIC, and visibility if
                              promoted */
        PHP_AST_CLASS, /* members…; text: full name (NULL: anonymous); parent; interfaces; flags */
        PHP_AST_METHOD, /* FUNCTION; flags visibility, STATIC, ABSTRACT, FINAL */
        PHP_AST_PROPERTY_DECLARATION, /* [default]; text; type; flags */
        PHP_AST_CONSTANT_DECLARATION, /* value; text; flags; at top level too */
        PHP_AST_TRAIT_USE, /* CLASS_NAMEs… (adaptations: UNSUPPORTED member) */

        PHP_AST_UNSUPPORTED, /* text: the construct in words ("yield") */
};

enum php_ast_flags {
        PHP_FLAG_REFERENCE = 1 << 0,
        PHP_FLAG_SPREAD = 1 << 1,
        PHP_FLAG_NULLSAFE = 1 << 2,
        PHP_FLAG_PREFIX = 1 << 3,
        PHP_FLAG_DECREMENT = 1 << 4,
        PHP_FLAG_STATIC = 1 << 5,
        PHP_FLAG_ABSTRACT = 1 << 6,
        PHP_FLAG_FINAL = 1 << 7,
        PHP_FLAG_PUBLIC = 1 << 8,
        PHP_FLAG_PROTECTED = 1 << 9,
        PHP_FLAG_PRIVATE = 1 << 10,
        PHP_FLAG_VARIADIC = 1 << 11,
        PHP_FLAG_READONLY = 1 << 12,
        PHP_FLAG_TRAIT = 1 << 13,
        PHP_FLAG_INTERFACE = 1 << 14,
        PHP_FLAG_RETURNS_REFERENCE = 1 << 15,
};

enum php_cast {
        PHP_CAST_INT,
        PHP_CAST_FLOAT,
        PHP_CAST_STRING,
        PHP_CAST_BOOL,
        PHP_CAST_ARRAY,
        PHP_CAST_OBJECT,
        PHP_CAST_NULL
};

struct php_ast {
        enum php_ast_kind kind;
        unsigned flags; /* enum php_ast_flags */
        unsigned line; /* from 1, of the node's begin */
        unsigned end_line;
        enum php_operator operator;
        enum php_cast cast;
        unsigned levels; /* of break and continue, 1 when not told */
        struct php_value value; /* LITERAL */
        char *text;
        char *fallback;
        char *type; /* the declared type as it resolves: "?Doctrine\DBAL\Schema\Schema", "int|string"; or NULL
                     */
        char *parent; /* CLASS: full name or NULL */
        char **interfaces; /* CLASS: full names, ends with NULL; or NULL */
        struct php_ast **children;
        size_t count;
};

/* A file: BLOCK of its statements and declarations in order. strict_types: declare(strict_types=1). */
struct php_file {
        char *path; /* for messages and __FILE__ */
        struct php_ast *root;
        bool strict_types;
        char *namespace; /* "" when none; a file with several: UNSUPPORTED */
};
void php_file_free(struct php_file *file);
DEFINE_CLEANUP(struct php_file *, php_file_free);

/* Parses and lowers. REASON_INVALID_ARGUMENT with line and column for a syntax error; nesting deeper than
 * 500 levels is an error too, so that the interpreter may recurse. source is not needed afterwards. */
int php_file_read(const char *path, const char *source, size_t size, struct php_file **ret, struct error *err)
        _must_check;
