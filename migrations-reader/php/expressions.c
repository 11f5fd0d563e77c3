/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/run_private.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

bool php_is_this(const struct php_ast *node)
{
        return node->kind == PHP_AST_VARIABLE && strcmp(node->text, "this") == 0;
}

static bool is_plain_variable(const struct php_ast *node)
{
        return node->kind == PHP_AST_VARIABLE && !php_is_this(node);
}

/* ---- operators ---- */

static bool is_comparison(enum php_operator operator)
{
        return operator== PHP_EQUAL || operator== PHP_NOT_EQUAL;
}

/* Two objects of one class of PHP code are equal when their properties are. */
static enum php_flow objects_equal(
        struct php_run *run, const struct php_object *left, const struct php_object *right, bool *ret)
{
        *ret = left == right;
        if (left == right || left->class != right->class)
                return PHP_OK;
        if (php_is_foreign(left->class))
                return php_needs_php(run, "comparing objects of %s", left->class->name);
        if (php_array_count(left->properties) != php_array_count(right->properties))
                return PHP_OK;
        struct php_key key;
        struct php_value value;
        *ret = true;
        for (size_t at = 0; *ret && php_array_next(left->properties, &at, &key, &value);) {
                const struct php_value *other = php_array_get(right->properties, key);
                *ret = other != NULL;
                enum php_flow flow = other ? php_loosely_equal(run, value, *other, ret) : PHP_OK;
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

enum php_flow php_loosely_equal(struct php_run *run, struct php_value left, struct php_value right, bool *ret)
{
        enum php_flow flow = php_enter(run);
        if (flow != PHP_OK)
                return flow;
        if (left.type == PHP_TYPE_OBJECT && right.type == PHP_TYPE_OBJECT)
                flow = objects_equal(run, left.object, right.object, ret);
        else
                flow = php_answered(run, php_loose_equal(left, right, ret), NULL);
        php_leave(run);
        return flow;
}

/* `.` and comparisons with strings want objects as text. */
static enum php_flow as_text(struct php_run *run, struct php_value value, struct php_value *ret)
{
        if (value.type == PHP_TYPE_OBJECT)
                return php_stringify(run, value, ret);
        *ret = php_copy(value);
        return PHP_OK;
}

static bool is_object(struct php_value value)
{
        return value.type == PHP_TYPE_OBJECT;
}

/* Work that grows with the data counts as steps of its own. */
static void charge(struct php_run *run, struct php_value value)
{
        if (value.type == PHP_TYPE_STRING)
                run->steps += php_string_size(value) / 1024;
        else if (value.type == PHP_TYPE_ARRAY)
                run->steps += php_array_count(value) / 16;
}

static enum php_flow operate(struct php_run *run, enum php_operator operator, struct php_value left,
        struct php_value right, struct php_value *ret)
{
        _cleanup_buffer_ struct buffer message = {0};
        charge(run, left);
        charge(run, right);
        enum php_answer answer = php_operate(operator, left, right, ret, &message);
        bool arrays = left.type == PHP_TYPE_ARRAY || right.type == PHP_TYPE_ARRAY;
        enum php_flow flow = answer == PHP_NOTICE && !arrays
                                     ? php_notice(run, "a number made of a text that only begins like one")
                                     : php_answered(run, answer, &message);
        if (flow != PHP_OK)
                php_clear(ret);
        return flow;
}

enum php_flow php_binary(struct php_run *run, enum php_operator operator, struct php_value left,
        struct php_value right, struct php_value *ret)
{
        if (is_comparison(operator) && is_object(left) && is_object(right)) {
                bool equal = false;
                enum php_flow flow = php_loosely_equal(run, left, right, &equal);
                *ret = php_bool(equal == (operator== PHP_EQUAL));
                return flow;
        }
        bool text = operator== PHP_CONCATENATE ||(
                is_comparison(operator) && (left.type == PHP_TYPE_STRING || right.type == PHP_TYPE_STRING));
        if (!text || (!is_object(left) && !is_object(right)))
                return operate(run, operator, left, right, ret);
        _cleanup_php_value_ struct php_value left_text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value right_text = PHP_NULL_VALUE;
        enum php_flow flow = as_text(run, left, &left_text);
        if (flow == PHP_OK)
                flow = as_text(run, right, &right_text);
        return flow == PHP_OK ? operate(run, operator, left_text, right_text, ret) : flow;
}

static enum php_flow evaluate_logical(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        bool stops_at = node->operator== PHP_LOGICAL_OR;
        _cleanup_php_value_ struct php_value left = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &left);
        if (flow != PHP_OK)
                return flow;
        *ret = php_bool(php_truth(left));
        if (ret->boolean == stops_at)
                return PHP_OK;
        _cleanup_php_value_ struct php_value right = PHP_NULL_VALUE;
        flow = php_evaluate(run, node->children[1], &right);
        *ret = php_bool(flow == PHP_OK && php_truth(right));
        return flow;
}

static enum php_flow evaluate_coalesce(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        enum php_flow flow = php_evaluate_quiet(run, node->children[0], ret);
        if (flow != PHP_OK || ret->type != PHP_TYPE_NULL)
                return flow;
        return php_evaluate(run, node->children[1], ret);
}

/* A plain variable on the left is read by PHP when it operates, behind the right side's evaluation. */
static enum php_flow evaluate_binary(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        if (node->operator== PHP_LOGICAL_AND || node->operator== PHP_LOGICAL_OR)
                return evaluate_logical(run, node, ret);
        if (node->operator== PHP_COALESCE)
                return evaluate_coalesce(run, node, ret);
        const struct php_ast *left_node = node->children[0], *right_node = node->children[1];
        _cleanup_php_value_ struct php_value left = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value right = PHP_NULL_VALUE;
        bool right_first = is_plain_variable(left_node) && !is_plain_variable(right_node);
        enum php_flow flow =
                right_first ? php_evaluate(run, right_node, &right) : php_evaluate(run, left_node, &left);
        if (flow == PHP_OK)
                flow = right_first ? php_evaluate(run, left_node, &left)
                                   : php_evaluate(run, right_node, &right);
        return flow == PHP_OK ? php_binary(run, node->operator, left, right, ret) : flow;
}

static enum php_flow evaluate_not(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &value);
        *ret = php_bool(!php_truth(value));
        return flow;
}

static enum php_flow evaluate_negate(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        _cleanup_buffer_ struct buffer message = {0};
        enum php_flow flow = php_evaluate(run, node->children[0], &value);
        return flow == PHP_OK ? php_answered(run, php_negate(value, ret, &message), &message) : flow;
}

static enum php_flow evaluate_plus(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &value);
        return flow == PHP_OK ? php_binary(run, PHP_MULTIPLY, value, php_int(1), ret) : flow;
}

static enum php_flow evaluate_bit_not(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &value);
        if (flow != PHP_OK)
                return flow;
        if (value.type != PHP_TYPE_INT)
                return php_needs_php(run, "~ of a value that is no integer");
        *ret = php_int(~value.integer);
        return PHP_OK;
}

static enum php_flow evaluate_ternary(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value condition = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &condition);
        if (flow != PHP_OK)
                return flow;
        if (!php_truth(condition))
                return php_evaluate(run, node->children[2], ret);
        if (node->children[1])
                return php_evaluate(run, node->children[1], ret);
        *ret = php_steal(&condition);
        return PHP_OK;
}

/* ---- literals, strings, arrays ---- */

static enum php_flow evaluate_literal(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        (void)run;
        *ret = php_copy(node->value);
        return PHP_OK;
}

static enum php_flow evaluate_interpolated(
        struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < node->count; i++) {
                _cleanup_php_value_ struct php_value part = PHP_NULL_VALUE;
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                enum php_flow flow = php_evaluate(run, node->children[i], &part);
                if (flow == PHP_OK)
                        flow = php_stringify(run, part, &text);
                if (flow != PHP_OK)
                        return flow;
                if (text.type == PHP_TYPE_STRING)
                        buffer_append(&out, php_string_bytes(text), php_string_size(text));
                charge(run, text);
        }
        *ret = php_bytes(out.data ? out.data : "", out.size);
        return PHP_OK;
}

static enum php_flow spread_element(struct php_run *run, const struct php_ast *node, struct php_value *array)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node, &value);
        if (flow != PHP_OK)
                return flow;
        if (value.type != PHP_TYPE_ARRAY)
                return value.type == PHP_TYPE_OBJECT
                               ? php_needs_php(run, "spreading an object of %s", php_class_of(value))
                               : php_throw(run, "Error", "Only arrays and Traversables can be unpacked");
        struct php_key key;
        struct php_value element;
        charge(run, value);
        for (size_t at = 0; php_array_next(value, &at, &key, &element);) {
                if (key.is_string)
                        php_array_set(array, key, php_copy(element));
                else if (!php_array_append(array, php_copy(element)))
                        return php_throw(run, "Error",
                                "Cannot add element to the array as the next element is already occupied");
        }
        return PHP_OK;
}

static enum php_flow element_value(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        return node->flags & PHP_FLAG_REFERENCE ? php_reference_to(run, node->children[1], ret)
                                                : php_evaluate(run, node->children[1], ret);
}

static enum php_flow add_element(struct php_run *run, const struct php_ast *node, struct php_value *array)
{
        if (node->flags & PHP_FLAG_SPREAD)
                return spread_element(run, node->children[1], array);
        _cleanup_php_value_ struct php_value index = PHP_NULL_VALUE;
        struct php_value value = PHP_NULL_VALUE;
        struct php_key key = {0};
        /* A plain variable as the key is read when the element is added, behind the value's evaluation. */
        const struct php_ast *early = node->children[0], *late = NULL;
        if (early && is_plain_variable(early)) {
                late = early;
                early = NULL;
        }
        enum php_flow flow = early ? php_evaluate(run, early, &index) : PHP_OK;
        if (flow == PHP_OK)
                flow = element_value(run, node, &value);
        if (flow == PHP_OK && late) {
                flow = php_evaluate(run, late, &index);
                if (flow != PHP_OK)
                        php_release(value);
        }
        if (flow != PHP_OK)
                return flow;
        if (!node->children[0])
                return php_array_append(array, value) ? PHP_OK
                                                      : php_throw(run, "Error",
                                                                "Cannot add element to the array as the next "
                                                                "element is already occupied");
        flow = php_offset_key(run, index, &key);
        if (flow != PHP_OK) {
                php_release(value);
                return flow;
        }
        struct php_value *slot = php_array_slot(array, key);
        php_release(*slot);
        *slot = value;
        return PHP_OK;
}

static enum php_flow evaluate_array(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value array = php_new_array();
        for (size_t i = 0; i < node->count; i++) {
                enum php_flow flow = add_element(run, node->children[i], &array);
                if (flow != PHP_OK)
                        return flow;
        }
        *ret = php_steal(&array);
        return PHP_OK;
}

/* ---- constants ---- */

static const struct php_value *find_constant(const struct php_run *run, const char *name)
{
        return php_array_get(run->constants, php_key_text(name));
}

static enum php_flow evaluate_constant(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        const char *name = node->fallback ? node->fallback : node->text;
        if (strcasecmp(name, "true") == 0 || strcasecmp(name, "false") == 0) {
                *ret = php_bool(strcasecmp(name, "true") == 0);
                return PHP_OK;
        }
        if (strcasecmp(name, "null") == 0)
                return PHP_OK;
        const struct php_value *found = find_constant(run, node->text);
        if (!found && node->fallback)
                found = find_constant(run, node->fallback);
        if (!found)
                return php_needs_php(run, "constant %s", name);
        *ret = php_copy(*found);
        return PHP_OK;
}

static enum php_flow evaluate_class_constant(
        struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        const struct php_ast *name = node->children[0];
        bool wants_name = strcasecmp(node->text, "class") == 0;
        if (wants_name && name->kind == PHP_AST_CLASS_NAME && strcasecmp(name->text, "self") != 0 &&
                strcasecmp(name->text, "static") != 0 && strcasecmp(name->text, "parent") != 0) {
                *ret = php_text(*name->text == '\\' ? name->text + 1 : name->text);
                return PHP_OK;
        }
        struct php_class *class = NULL;
        bool forwards = false;
        enum php_flow flow = php_resolve_class(run, name, &class, &forwards);
        if (flow != PHP_OK)
                return flow;
        if (!wants_name)
                return php_class_constant(run, class, node->text, ret);
        *ret = php_text(class->name);
        return PHP_OK;
}

static char *directory_of(const char *path)
{
        const char *slash = strrchr(path, '/');
        if (!slash)
                return string_copy(".");
        return slash == path ? string_copy("/") : string_format("%.*s", (int)(slash - path), path);
}

static char *method_title(const struct php_function *function)
{
        if (!function)
                return string_copy("");
        if (!function->owner)
                return string_copy(function->name);
        return string_format(
                "%s::%s", function->trait ? function->trait : function->owner->name, function->name);
}

static enum php_flow evaluate_magic(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        const struct php_frame *frame = run->frame;
        _cleanup_free_ char *text = NULL;
        if (strcasecmp(node->text, "__LINE__") == 0) {
                *ret = php_int(node->line);
                return PHP_OK;
        }
        if (strcasecmp(node->text, "__FILE__") == 0)
                text = string_copy(frame->file->path);
        else if (strcasecmp(node->text, "__DIR__") == 0)
                text = directory_of(frame->file->path);
        else if (strcasecmp(node->text, "__FUNCTION__") == 0)
                text = string_copy(frame->function ? frame->function->name : "");
        else if (strcasecmp(node->text, "__CLASS__") == 0)
                text = string_copy(frame->scope ? frame->scope->name : "");
        else if (strcasecmp(node->text, "__METHOD__") == 0)
                text = method_title(frame->function);
        else if (strcasecmp(node->text, "__NAMESPACE__") == 0)
                text = string_copy(frame->file->namespace ? frame->file->namespace : "");
        else
                text = string_copy(frame->function && frame->function->trait ? frame->function->trait : "");
        *ret = php_text(text);
        return PHP_OK;
}

/* ---- the rest ---- */

static enum php_flow evaluate_silence(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        run->silence++;
        enum php_flow flow = php_evaluate(run, node->children[0], ret);
        run->silence--;
        return flow;
}

/* What is printed goes to the console, which nobody reads here. */
static enum php_flow evaluate_print(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &value);
        if (flow == PHP_OK)
                flow = php_stringify(run, value, &text);
        *ret = php_int(1);
        return flow;
}

static enum php_flow evaluate_throw(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        struct php_value exception = PHP_NULL_VALUE;
        (void)ret;
        enum php_flow flow = php_evaluate(run, node->children[0], &exception);
        if (flow != PHP_OK)
                return flow;
        if (php_instance_of(run, exception, "Throwable"))
                return php_throw_value(run, exception);
        php_release(exception);
        return php_throw(run, "Error", "Can only throw objects");
}

static enum php_flow arm_matches(
        struct php_run *run, const struct php_ast *arm, struct php_value subject, bool *ret)
{
        for (size_t i = 1; i < arm->count && !*ret; i++) {
                if (!arm->children[i])
                        continue;
                _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
                enum php_flow flow = php_evaluate(run, arm->children[i], &value);
                if (flow != PHP_OK)
                        return flow;
                *ret = php_identical(subject, value);
        }
        return PHP_OK;
}

static bool is_default(const struct php_ast *arm)
{
        return arm->count < 2 || !arm->children[1];
}

static enum php_flow evaluate_match(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value subject = PHP_NULL_VALUE;
        const struct php_ast *fallback = NULL;
        enum php_flow flow = php_evaluate(run, node->children[0], &subject);
        for (size_t i = 1; i < node->count && flow == PHP_OK; i++) {
                bool matches = false;
                if (is_default(node->children[i]))
                        fallback = node->children[i];
                else
                        flow = arm_matches(run, node->children[i], subject, &matches);
                if (flow == PHP_OK && matches)
                        return php_evaluate(run, node->children[i]->children[0], ret);
        }
        if (flow != PHP_OK)
                return flow;
        if (fallback)
                return php_evaluate(run, fallback->children[0], ret);
        if (subject.type == PHP_TYPE_INT)
                return php_throw(
                        run, "UnhandledMatchError", "Unhandled match case %" PRId64, subject.integer);
        return php_throw(
                run, "UnhandledMatchError", "Unhandled match case of type %s", php_short_type_name(subject));
}

static enum php_flow evaluate_include(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        (void)ret;
        return php_needs_php(run, "%s", node->text ? node->text : "include");
}

static enum php_flow evaluate_exit(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        (void)node;
        (void)ret;
        return php_needs_php(run, "exit");
}

static enum php_flow evaluate_unsupported(
        struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        (void)ret;
        return php_needs_php(run, "%s", node->text ? node->text : "a construct that is not known here");
}

static enum php_flow evaluate_place(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        return php_evaluate_lookup(run, node, false, ret);
}

typedef enum php_flow (*evaluator)(struct php_run *run, const struct php_ast *node, struct php_value *ret);
static const evaluator evaluators[] = {
        [PHP_AST_LITERAL] = evaluate_literal,
        [PHP_AST_INTERPOLATED] = evaluate_interpolated,
        [PHP_AST_VARIABLE] = evaluate_place,
        [PHP_AST_VARIABLE_VARIABLE] = evaluate_place,
        [PHP_AST_ARRAY] = evaluate_array,
        [PHP_AST_OFFSET] = evaluate_place,
        [PHP_AST_PROPERTY] = evaluate_place,
        [PHP_AST_STATIC_PROPERTY] = evaluate_place,
        [PHP_AST_CLASS_CONSTANT] = evaluate_class_constant,
        [PHP_AST_CONSTANT] = evaluate_constant,
        [PHP_AST_MAGIC] = evaluate_magic,
        [PHP_AST_CALL] = php_evaluate_call,
        [PHP_AST_METHOD_CALL] = php_evaluate_method_call,
        [PHP_AST_STATIC_CALL] = php_evaluate_static_call,
        [PHP_AST_NEW] = php_evaluate_new,
        [PHP_AST_BINARY] = evaluate_binary,
        [PHP_AST_NOT] = evaluate_not,
        [PHP_AST_NEGATE] = evaluate_negate,
        [PHP_AST_PLUS] = evaluate_plus,
        [PHP_AST_BIT_NOT] = evaluate_bit_not,
        [PHP_AST_TERNARY] = evaluate_ternary,
        [PHP_AST_ASSIGN] = php_evaluate_assign,
        [PHP_AST_ASSIGN_REFERENCE] = php_evaluate_assign_reference,
        [PHP_AST_ASSIGN_OPERATOR] = php_evaluate_assign_operator,
        [PHP_AST_INCREMENT] = php_evaluate_increment,
        [PHP_AST_CAST] = php_evaluate_cast,
        [PHP_AST_ISSET] = php_evaluate_isset,
        [PHP_AST_EMPTY] = php_evaluate_empty,
        [PHP_AST_INSTANCEOF] = php_evaluate_instanceof,
        [PHP_AST_CLONE] = php_evaluate_clone,
        [PHP_AST_SILENCE] = evaluate_silence,
        [PHP_AST_PRINT] = evaluate_print,
        [PHP_AST_EXIT] = evaluate_exit,
        [PHP_AST_INCLUDE] = evaluate_include,
        [PHP_AST_THROW] = evaluate_throw,
        [PHP_AST_MATCH] = evaluate_match,
        [PHP_AST_CLOSURE] = php_evaluate_closure,
        [PHP_AST_ARROW] = php_evaluate_arrow,
        [PHP_AST_UNSUPPORTED] = evaluate_unsupported,
};

enum php_flow php_evaluate(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        *ret = PHP_NULL_VALUE;
        enum php_flow flow = php_enter(run);
        if (flow != PHP_OK)
                return flow;
        evaluator evaluate = (size_t)node->kind < ARRAY_SIZE(evaluators) ? evaluators[node->kind] : NULL;
        flow = evaluate ? evaluate(run, node, ret) : php_needs_php(run, "a construct in an unusual place");
        if (flow != PHP_OK)
                php_clear(ret);
        php_leave(run);
        return flow;
}
