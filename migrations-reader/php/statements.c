/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/run_private.h"

#include <string.h>

enum php_flow php_execute_children(struct php_run *run, const struct php_ast *node, size_t first)
{
        for (size_t i = first; i < node->count; i++) {
                if (!node->children[i])
                        continue;
                enum php_flow flow = php_execute(run, node->children[i]);
                if (flow != PHP_OK || run->frame->completion != PHP_NORMAL)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow execute_block(struct php_run *run, const struct php_ast *node)
{
        return php_execute_children(run, node, 0);
}

static bool is_call(const struct php_ast *node)
{
        return node->kind == PHP_AST_CALL || node->kind == PHP_AST_METHOD_CALL ||
               node->kind == PHP_AST_STATIC_CALL;
}

static enum php_flow execute_expression(struct php_run *run, const struct php_ast *node)
{
        _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
        const struct php_value *outer = run->ignored;
        if (is_call(node->children[0]))
                run->ignored = &ignored;
        enum php_flow flow = php_evaluate(run, node->children[0], &ignored);
        run->ignored = outer;
        return flow;
}

/* The console's output is nobody's here; the text is made, for that may fail. */
static enum php_flow execute_echo(struct php_run *run, const struct php_ast *node)
{
        for (size_t i = 0; i < node->count; i++) {
                _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                enum php_flow flow = php_evaluate(run, node->children[i], &value);
                if (flow == PHP_OK)
                        flow = php_stringify(run, value, &text);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow execute_if(struct php_run *run, const struct php_ast *node)
{
        _cleanup_php_value_ struct php_value condition = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &condition);
        if (flow != PHP_OK)
                return flow;
        bool truth = php_truth(condition);
        php_clear(&condition);
        const struct php_ast *branch =
                truth ? node->children[1] : (node->count > 2 ? node->children[2] : NULL);
        return branch ? php_execute(run, branch) : PHP_OK;
}

/* ---- leaving ---- */

static enum php_flow leave(struct php_run *run, enum php_completion completion, unsigned levels)
{
        run->frame->completion = completion;
        run->frame->levels = levels > 0 ? levels : 1;
        return PHP_OK;
}

static enum php_flow execute_break(struct php_run *run, const struct php_ast *node)
{
        return leave(run, PHP_BREAKING, node->levels);
}

static enum php_flow execute_continue(struct php_run *run, const struct php_ast *node)
{
        return leave(run, PHP_CONTINUING, node->levels);
}

static enum php_flow execute_return(struct php_run *run, const struct php_ast *node)
{
        struct php_value value = PHP_NULL_VALUE;
        if (node->count > 0 && node->children[0]) {
                enum php_flow flow = php_evaluate(run, node->children[0], &value);
                if (flow != PHP_OK)
                        return flow;
        }
        php_assign(&run->frame->result, value);
        return leave(run, PHP_RETURNING, 1);
}

/* ---- switch ---- */

static enum php_flow find_case(
        struct php_run *run, const struct php_ast *node, struct php_value subject, size_t *ret)
{
        size_t fallback = 0;
        for (size_t i = 1; i < node->count; i++) {
                const struct php_ast *label =
                        node->children[i]->count > 0 ? node->children[i]->children[0] : NULL;
                if (!label) {
                        fallback = i;
                        continue;
                }
                _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
                _cleanup_php_value_ struct php_value equal = PHP_NULL_VALUE;
                enum php_flow flow = php_evaluate(run, label, &value);
                if (flow == PHP_OK)
                        flow = php_binary(run, PHP_EQUAL, subject, value, &equal);
                if (flow != PHP_OK)
                        return flow;
                if (php_truth(equal)) {
                        *ret = i;
                        return PHP_OK;
                }
        }
        *ret = fallback;
        return PHP_OK;
}

static enum php_flow execute_switch(struct php_run *run, const struct php_ast *node)
{
        _cleanup_php_value_ struct php_value subject = PHP_NULL_VALUE;
        size_t at = 0;
        enum php_flow flow = php_evaluate(run, node->children[0], &subject);
        if (flow == PHP_OK)
                flow = find_case(run, node, subject, &at);
        for (; flow == PHP_OK && at > 0 && at < node->count; at++) {
                flow = php_execute_children(run, node->children[at], 1);
                if (flow != PHP_OK || run->frame->completion != PHP_NORMAL)
                        break;
        }
        if (flow == PHP_OK)
                (void)php_goes_on(run);
        return flow;
}

/* ---- try ---- */

static bool catches(struct php_run *run, const struct php_ast *node, struct php_value exception)
{
        for (size_t i = 1; i < node->count; i++)
                if (php_instance_of(run, exception, node->children[i]->text))
                        return true;
        return false;
}

static enum php_flow execute_catch(struct php_run *run, const struct php_ast *node)
{
        struct php_value exception = php_steal(&run->exception);
        if (node->text) {
                struct php_value *slot = php_array_slot(&run->frame->variables, php_key_text(node->text));
                php_assign(slot, exception);
        } else {
                php_release(exception);
        }
        return php_execute(run, node->children[0]);
}

static enum php_flow execute_catches(struct php_run *run, const struct php_ast *node)
{
        for (size_t i = 2; i < node->count; i++) {
                const struct php_class *class = run->exception.object->class;
                if (catches(run, node->children[i], run->exception))
                        return execute_catch(run, node->children[i]);
                if (class->unknown_interfaces)
                        return php_needs_php(run, "whether a %s is caught", class->name);
        }
        return PHP_THROWN;
}

/* What the body was about to do waits for the end of finally, and is forgotten when that one leaves itself.
 */
static enum php_flow execute_finally(struct php_run *run, const struct php_ast *node, enum php_flow flow)
{
        struct php_frame *frame = run->frame;
        enum php_completion completion = frame->completion;
        unsigned levels = frame->levels;
        struct php_value result = php_steal(&frame->result);
        struct php_value exception = php_steal(&run->exception);
        frame->completion = PHP_NORMAL;
        enum php_flow after = php_execute(run, node);
        if (after == PHP_OK && frame->completion == PHP_NORMAL) {
                frame->completion = completion;
                frame->levels = levels;
                php_assign(&frame->result, result);
                if (flow == PHP_THROWN)
                        return php_throw_value(run, exception);
                return flow;
        }
        php_release(result);
        php_release(exception);
        return after;
}

static enum php_flow execute_try(struct php_run *run, const struct php_ast *node)
{
        unsigned silence = run->silence;
        enum php_flow flow = php_execute(run, node->children[0]);
        if (flow == PHP_THROWN) {
                run->silence = silence;
                flow = execute_catches(run, node);
        }
        if (flow == PHP_STOPPED || node->count < 2 || !node->children[1])
                return flow;
        return execute_finally(run, node->children[1], flow);
}

/* ---- declarations, variables ---- */

static enum php_flow execute_class(struct php_run *run, const struct php_ast *node)
{
        struct php_pending *pending = node->text ? php_names_find_folded(&run->pending, node->text) : NULL;
        struct php_class *class = NULL;
        if (pending && pending->node == node)
                return PHP_OK; /* known since the file's begin, put together when it is needed */
        return php_declare_class(
                run, node, run->frame->file, node->text ? node->text : "class@anonymous", &class);
}

static enum php_flow execute_function(struct php_run *run, const struct php_ast *node)
{
        const struct php_function *known = php_names_find_folded(&run->functions, node->text);
        if (known && known->node == node)
                return PHP_OK;
        if (known)
                return php_fatal(run, "Cannot redeclare %s()", node->text);
        php_declare_function(run, node, run->frame->file);
        return PHP_OK;
}

static enum php_flow execute_constant(struct php_run *run, const struct php_ast *node)
{
        struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &value);
        if (flow == PHP_OK)
                php_run_define(run, node->text, value);
        return flow;
}

static enum php_flow execute_unset(struct php_run *run, const struct php_ast *node)
{
        for (size_t i = 0; i < node->count; i++) {
                enum php_flow flow = php_unset_target(run, node->children[i]);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow execute_global(struct php_run *run, const struct php_ast *node)
{
        (void)node;
        return php_needs_php(run, "global");
}

/* PHP 8.1 gives an inherited method the statics of its class, PHP 7 its own. */
static enum php_flow execute_static_variable(struct php_run *run, const struct php_ast *node)
{
        struct php_frame *frame = run->frame;
        struct php_function *function = frame->function;
        if (!function)
                return php_needs_php(run, "a static variable outside of functions");
        if (function->owner && frame->static_class != function->owner)
                return php_needs_php(run,
                        "a static variable in an inherited method, which PHP 7 and PHP 8 disagree about");
        if (function->statics.type != PHP_TYPE_ARRAY)
                function->statics = php_new_array();
        struct php_key key = php_key_text(node->text);
        if (!php_array_get(function->statics, key)) {
                struct php_value value = PHP_NULL_VALUE;
                enum php_flow flow = PHP_OK;
                if (node->count > 0 && node->children[0])
                        flow = php_evaluate(run, node->children[0], &value);
                if (flow != PHP_OK)
                        return flow;
                php_array_set(&function->statics, key, value);
        }
        struct php_value reference = php_make_reference(php_array_slot(&function->statics, key));
        struct php_value *slot = php_array_slot(&frame->variables, key);
        php_release(*slot);
        *slot = reference;
        return PHP_OK;
}

typedef enum php_flow (*executor)(struct php_run *run, const struct php_ast *node);
static const executor executors[] = {
        [PHP_AST_BLOCK] = execute_block,
        [PHP_AST_EXPRESSION] = execute_expression,
        [PHP_AST_ECHO] = execute_echo,
        [PHP_AST_IF] = execute_if,
        [PHP_AST_WHILE] = php_execute_while,
        [PHP_AST_DO] = php_execute_do,
        [PHP_AST_FOR] = php_execute_for,
        [PHP_AST_FOREACH] = php_execute_foreach,
        [PHP_AST_SWITCH] = execute_switch,
        [PHP_AST_BREAK] = execute_break,
        [PHP_AST_CONTINUE] = execute_continue,
        [PHP_AST_RETURN] = execute_return,
        [PHP_AST_TRY] = execute_try,
        [PHP_AST_UNSET] = execute_unset,
        [PHP_AST_GLOBAL] = execute_global,
        [PHP_AST_STATIC_VARIABLE] = execute_static_variable,
        [PHP_AST_FUNCTION] = execute_function,
        [PHP_AST_CLASS] = execute_class,
        [PHP_AST_CONSTANT_DECLARATION] = execute_constant,
};

enum php_flow php_execute(struct php_run *run, const struct php_ast *node)
{
        executor execute = (size_t)node->kind < ARRAY_SIZE(executors) ? executors[node->kind] : NULL;
        enum php_flow flow = php_enter(run);
        if (flow != PHP_OK)
                return flow;
        run->frame->line = node->line;
        if (execute) {
                flow = execute(run, node);
        } else {
                _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
                flow = php_evaluate(run, node, &ignored);
        }
        php_leave(run);
        return flow;
}
