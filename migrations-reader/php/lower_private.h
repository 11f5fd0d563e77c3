/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * From the syntax tree to PHP_AST: what the parts of the lowering share. Every lower_… gives a node that is
 * owned by the caller, never NULL; what is not known becomes UNSUPPORTED. Only what PHP
 * itself refuses and nesting that is too deep fail the whole file: `failed` is set then, and what is lowered
 * afterwards is of no use.
 */

#include "lib/php_syntax.h"
#include "migrations-reader/php/ast.h"

struct php_alias {
        char *alias; /* as written */
        char *full;
};

struct php_aliases {
        struct php_alias *items;
        size_t count;
};

struct lowering {
        const struct php_tree *tree;
        struct php_file *file;
        struct php_aliases classes, functions, constants;
        bool has_namespace;
        bool is_over; /* behind a second namespace */
        bool has_yield; /* in the function that is being lowered */
        unsigned depth;
        bool failed;
        struct error *err;
};

/* Nodes (ast.c). */
struct php_ast *php_ast_new(enum php_ast_kind kind, TSNode node);
void php_ast_add(struct php_ast *parent, struct php_ast *child); /* takes it; NULL is an empty slot */
void php_ast_free(struct php_ast *ast);
struct php_ast *php_ast_unsupported(TSNode node, const char *format, ...) _printf(2, 3);
struct php_ast *php_ast_string(TSNode node, const char *bytes, size_t size); /* a LITERAL */

/* Help with nodes (lower.c). */
/* An error of the whole file: PHP would not take it, or it nests too deep. */
void lower_fail(struct lowering *lowering, TSNode node, const char *words);
bool lower_enter(struct lowering *lowering, TSNode node); /* false: too deep; else lower_leave follows */
void lower_leave(struct lowering *lowering);
bool lower_text_is(struct lowering *lowering, TSNode node, const char *text); /* without case */
/* All children but comments. */
void lower_children(TSNode node, struct php_nodes *ret);
/* The child of that type; a null node when there is none. */
TSNode lower_child(TSNode node, const char *type);
TSNode lower_first_named(TSNode node); /* comments do not count */

/* The function for a node's type in a table that is sorted by type; NULL when it is not there. */
typedef struct php_ast *(*lower_call)(struct lowering *lowering, TSNode node);
struct lower_rule {
        const char *type;
        lower_call call;
};
lower_call lower_find(const struct lower_rule *rules, size_t count, TSNode node);

/* Names (lower_names.c). The results are owned by the caller. */
void lower_use(struct lowering *lowering, TSNode node); /* namespace_use_declaration */
char *lower_class_text(struct lowering *lowering, TSNode name);
char *lower_declared_text(struct lowering *lowering, TSNode name); /* of what is declared here */
char *lower_type_text(struct lowering *lowering, TSNode type); /* NULL for a null node */
struct php_ast *lower_class_name(struct lowering *lowering, TSNode name);
struct php_ast *lower_function_name(struct lowering *lowering, TSNode name);
struct php_ast *lower_constant(struct lowering *lowering, TSNode name);
bool lower_is_name(TSNode node);
char *lower_variable_text(struct lowering *lowering, TSNode variable_name); /* without $ */
void php_aliases_deinit(struct php_aliases *aliases);

/* Literals (lower_literals.c). */
struct php_ast *lower_integer(struct lowering *lowering, TSNode node);
struct php_ast *lower_float(struct lowering *lowering, TSNode node);
struct php_ast *lower_boolean(struct lowering *lowering, TSNode node);
struct php_ast *lower_null(struct lowering *lowering, TSNode node);
struct php_ast *lower_string(struct lowering *lowering, TSNode node);
struct php_ast *lower_encapsed_string(struct lowering *lowering, TSNode node);
struct php_ast *lower_heredoc(struct lowering *lowering, TSNode node);

/* Expressions (lower_expressions.c, lower_operators.c, lower_calls.c). */
struct php_ast *lower_expression(struct lowering *lowering, TSNode node);
/* What is assigned to: arrays become LIST; what can't be assigned to is UNSUPPORTED. */
struct php_ast *lower_target(struct lowering *lowering, TSNode node);
void lower_expressions(
        struct lowering *lowering, TSNode node, struct php_ast *parent); /* a comma list too, if so */

struct php_ast *lower_assignment(struct lowering *lowering, TSNode node);
struct php_ast *lower_reference_assignment(struct lowering *lowering, TSNode node);
struct php_ast *lower_augmented_assignment(struct lowering *lowering, TSNode node);
struct php_ast *lower_binary(struct lowering *lowering, TSNode node);
struct php_ast *lower_cast(struct lowering *lowering, TSNode node);
struct php_ast *lower_conditional(struct lowering *lowering, TSNode node);
struct php_ast *lower_unary(struct lowering *lowering, TSNode node);
struct php_ast *lower_update(struct lowering *lowering, TSNode node);
bool lower_binds_weakly(struct lowering *lowering, TSNode node); /* and, or, xor without parentheses */
struct php_ast *lower_print(struct lowering *lowering, TSNode node);

struct php_ast *lower_call_expression(struct lowering *lowering, TSNode node);
struct php_ast *lower_member_access(struct lowering *lowering, TSNode node);
struct php_ast *lower_member_call(struct lowering *lowering, TSNode node);
struct php_ast *lower_new(struct lowering *lowering, TSNode node);
struct php_ast *lower_class_constant(struct lowering *lowering, TSNode node);
struct php_ast *lower_static_call(struct lowering *lowering, TSNode node);
struct php_ast *lower_static_property(struct lowering *lowering, TSNode node);

/* Statements (lower_statements.c): a statement may become several or none. */
void lower_statement(struct lowering *lowering, TSNode node, struct php_ast *into);
struct php_ast *lower_block(struct lowering *lowering, TSNode node); /* its statements as one BLOCK */

/* Declarations (lower_declarations.c). */
struct php_ast *lower_closure(struct lowering *lowering, TSNode node);
struct php_ast *lower_arrow(struct lowering *lowering, TSNode node);
struct php_ast *lower_function(struct lowering *lowering, TSNode node); /* function_definition */
struct php_ast *lower_class(struct lowering *lowering, TSNode node); /* class, interface, trait, anonymous */
void lower_constants(struct lowering *lowering, TSNode node, struct php_ast *into, bool in_class);
