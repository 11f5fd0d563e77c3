/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/local_config.h"

#include "lib/local_config_private.h"
#include "lib/memory.h"

#include <ctype.h>
#include <string.h>

int local_config_unreadable(TSNode node, struct error *err, const char *what)
{
        return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE, "line %u, column %u: %s", php_node_line(node),
                php_node_column(node), what);
}

static void entry_deinit(struct entry *entry)
{
        free(entry->key);
        *entry = (struct entry){0};
}

static void entries_deinit(struct entries *entries)
{
        for (size_t i = 0; i < entries->count; i++)
                entry_deinit(&entries->items[i]);
        free(entries->items);
        *entries = (struct entries){0};
}

#define _cleanup_entries_ _cleanup_(entries_deinit)

/* Takes the key over. */
static void add_entry(struct entries *entries, enum entry_kind kind, char *key, TSNode value, TSNode whole)
{
        if (entries->count == entries->capacity) {
                entries->capacity = entries->capacity ? entries->capacity * 2 : 64;
                entries->items = memory_resize(entries->items, entries->capacity, sizeof(*entries->items));
        }
        entries->items[entries->count++] =
                (struct entry){.kind = kind, .key = key, .value = value, .whole = whole};
}

/* Moves all entries of *from behind those of *to. */
static void take_entries(struct entries *to, struct entries *from)
{
        if (to->count == 0) {
                entries_deinit(to);
                *to = *from;
                *from = (struct entries){0};
                return;
        }
        for (size_t i = 0; i < from->count; i++)
                add_entry(to, from->items[i].kind, steal(&from->items[i].key), from->items[i].value,
                        from->items[i].whole);
        entries_deinit(from);
}

bool local_config_is_text(const struct local_config *config, TSNode node, const char *text)
{
        size_t size = ts_node_end_byte(node) - ts_node_start_byte(node);
        return size == strlen(text) && memcmp(config->data + ts_node_start_byte(node), text, size) == 0;
}

static bool is_variable(const struct local_config *config, TSNode node)
{
        return php_node_is(node, "variable_name") && local_config_is_text(config, node, config->variable);
}

static TSNode without_parentheses(TSNode node)
{
        while (php_node_is(node, "parenthesized_expression")) {
                _cleanup_php_nodes_ struct php_nodes inner = {0};
                php_named_children(node, &inner);
                if (inner.count != 1)
                        break;
                node = inner.items[0];
        }
        return node;
}

/* What an expression or statement does behind our back */

static bool is_known_include(const struct local_config *config, TSNode node)
{
        if (!config->include)
                return false;
        _cleanup_php_nodes_ struct php_nodes inner = {0};
        php_named_children(node, &inner);
        if (inner.count != 1)
                return false;
        const struct php_known folder = {"__DIR__", "//known"};
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_constant_deinit) struct php_constant path = {0};
        _cleanup_free_ char *expected = string_format("//known/%s", config->include);
        return php_constant_with(config->tree, inner.items[0], &folder, 1, &path, &err) == 0 &&
               path.kind == PHP_STRING && strcmp(path.text, expected) == 0;
}

static bool calls_unseen_code(const struct local_config *config, TSNode node)
{
        static const char *const functions[] = {
                "eval", "extract", "parse_str", "mb_parse_str", "__halt_compiler"};
        TSNode name = php_node_field(node, "function");
        if (ts_node_is_null(name))
                return false;
        _cleanup_free_ char *text = php_node_text(config->tree, name);
        const char *last = strrchr(text, '\\');
        for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
                if (strcasecmp(last ? last + 1 : text, functions[i]) == 0)
                        return true;
        return false;
}

static bool can_change_unseen(const struct local_config *config, TSNode node)
{
        static const char *const includes[] = {
                "include_expression",
                "include_once_expression",
                "require_expression",
                "require_once_expression",
        };
        for (size_t i = 0; i < ARRAY_SIZE(includes); i++)
                if (php_node_is(node, includes[i]))
                        return !is_known_include(config, node);
        if (php_node_is(node, "function_call_expression"))
                return calls_unseen_code(config, node);
        if (php_node_is(node, "variable_name"))
                return local_config_is_text(config, node, "$GLOBALS");
        return php_node_is(node, "dynamic_variable_name");
}

static bool opens_function(TSNode node)
{
        return php_node_is(node, "function_definition") || php_node_is(node, "method_declaration") ||
               php_node_is(node, "anonymous_function");
}

static bool is_behind(const struct local_config *config, TSNode node, TSNode behind)
{
        return ts_node_is_null(behind) || ts_node_start_byte(node) >= ts_node_end_byte(behind);
}

/* Judges everything below node. The variable itself, a return and a jump are refused at once; what may change
 * the variable unseen is remembered in config->unseen_change: a later base makes it harmless. */
static int inspect(struct local_config *config, TSNode node, struct error *err)
{
        TSNode function = {0};
        TSTreeCursor cursor = ts_tree_cursor_new(node);
        int result = 0;
        do {
                TSNode at = ts_tree_cursor_current_node(&cursor);
                if (opens_function(at) && is_behind(config, at, function))
                        function = at;
                if (is_variable(config, at))
                        result = local_config_unreadable(
                                at, err, "the variable is used in a way that isn't understood");
                else if (php_node_is(at, "return_statement") && is_behind(config, at, function))
                        result = local_config_unreadable(
                                at, err, "a return may keep the settings from being set");
                else if (php_node_is(at, "goto_statement"))
                        result = local_config_unreadable(at, err, "a goto isn't understood");
                else if (ts_node_is_null(config->unseen_change) && can_change_unseen(config, at))
                        config->unseen_change = at;
        } while (result == 0 && php_cursor_next(&cursor));
        ts_tree_cursor_delete(&cursor);
        return result;
}

/* Arrays */

static bool is_number(const char *text)
{
        const char *c = *text == '-' ? text + 1 : text;
        if (!isdigit((unsigned char)*c) || (*c == '0' && (c[1] || c != text)))
                return false;
        while (isdigit((unsigned char)*c))
                c++;
        return *c == '\0';
}

/* *ret_key is NULL when the key is a number, or becomes one. */
static int read_key(struct local_config *config, TSNode node, char **ret_key, struct error *err)
{
        _cleanup_(php_constant_deinit) struct php_constant key = {0};
        if (php_constant(config->tree, node, &key, err) != 0)
                return local_config_unreadable(
                        node, err, "the key is no constant, so it can't be told which one it is");
        *ret_key = NULL;
        if (key.kind == PHP_NULL)
                *ret_key = string_copy("");
        else if (key.kind == PHP_STRING && strlen(key.text) != key.size)
                return local_config_unreadable(node, err, "the key holds a NUL byte");
        else if (key.kind == PHP_STRING && !is_number(key.text))
                *ret_key = steal(&key.text);
        return 0;
}

static int read_element(
        struct local_config *config, TSNode element, struct entries *entries, struct error *err)
{
        _cleanup_php_nodes_ struct php_nodes parts = {0};
        php_named_children(element, &parts);
        if (parts.count < 1 || parts.count > 2 || php_node_is(parts.items[0], "variadic_unpacking"))
                return local_config_unreadable(element, err, "this element isn't understood");
        TSNode value = parts.items[parts.count - 1];
        _cleanup_free_ char *key = NULL;
        if (parts.count == 2 && read_key(config, parts.items[0], &key, err) < 0)
                return -1;
        add_entry(entries, ENTRY_ELEMENT, steal(&key), value, element);
        return 0;
}

static int read_array(struct local_config *config, TSNode array, struct entries *entries, struct error *err)
{
        _cleanup_php_nodes_ struct php_nodes elements = {0};
        php_named_children(array, &elements);
        for (size_t i = 0; i < elements.count; i++)
                if (read_element(config, elements.items[i], entries, err) < 0)
                        return -1;
        return inspect(config, array, err);
}

static bool is_array_merge(const struct local_config *config, TSNode node)
{
        if (!php_node_is(node, "function_call_expression"))
                return false;
        _cleanup_free_ char *name = php_node_text(config->tree, php_node_field(node, "function"));
        return strcasecmp(name[0] == '\\' ? name + 1 : name, "array_merge") == 0;
}

/* The value of one argument, or a null node when it is unpacked, named or by reference. */
static TSNode argument_value(TSNode argument)
{
        _cleanup_php_nodes_ struct php_nodes parts = {0};
        php_children(argument, &parts);
        TSNode value = {0};
        if (php_node_is(argument, "argument") && parts.count == 1)
                value = without_parentheses(parts.items[0]);
        return value;
}

static int check_mergeable(struct local_config *config, TSNode variable, struct error *err)
{
        if (config->alone && !config->seen)
                return ts_node_is_null(config->unseen_change)
                               ? local_config_unreadable(
                                         variable, err, "this is merged before anything has set it")
                               : local_config_unreadable(
                                         config->unseen_change, err, "this may set the settings unseen");
        if (!config->has_base)
                config->begins_with_key = true;
        return 0;
}

static int read_merge(struct local_config *config, TSNode call, struct error *err)
{
        _cleanup_entries_ struct entries merged = {0};
        _cleanup_php_nodes_ struct php_nodes arguments = {0};
        php_named_children(php_node_field(call, "arguments"), &arguments);
        bool keeps = false;
        for (size_t i = 0; i < arguments.count; i++) {
                TSNode value = argument_value(arguments.items[i]);
                if (!ts_node_is_null(value) && is_variable(config, value) && !keeps) {
                        if (check_mergeable(config, value, err) < 0)
                                return -1;
                        keeps = true;
                        take_entries(&merged, &config->entries);
                } else if (php_node_is(value, "array_creation_expression")) {
                        if (read_array(config, value, &merged, err) < 0)
                                return -1;
                } else {
                        return local_config_unreadable(
                                arguments.items[i], err, "this argument isn't understood");
                }
        }
        entries_deinit(&config->entries);
        take_entries(&config->entries, &merged);
        config->seen = true;
        if (!keeps) {
                config->has_base = true;
                config->unseen_change = (TSNode){0};
        }
        return 0;
}

/* Statements */

static int read_base(struct local_config *config, TSNode value, struct error *err)
{
        TSNode right = without_parentheses(value);
        if (is_array_merge(config, right))
                return read_merge(config, right, err);
        if (!php_node_is(right, "array_creation_expression"))
                return local_config_unreadable(right, err, "the settings are no literal array");
        entries_deinit(&config->entries);
        if (read_array(config, right, &config->entries, err) < 0)
                return -1;
        /* What an include inside the array does is done before the array is assigned. */
        config->unseen_change = (TSNode){0};
        config->has_base = config->seen = true;
        return 0;
}

/* The innermost $parameters[…] of a chain of subscripts; a null node when it is none of ours. */
static TSNode innermost_subscript(const struct local_config *config, TSNode node)
{
        while (php_node_is(node, "subscript_expression")) {
                TSNode object = ts_node_named_child(node, 0);
                if (is_variable(config, object))
                        return node;
                node = object;
        }
        return (TSNode){0};
}

static int inspect_indexes(struct local_config *config, TSNode subscript, struct error *err)
{
        while (php_node_is(subscript, "subscript_expression")) {
                _cleanup_php_nodes_ struct php_nodes parts = {0};
                php_named_children(subscript, &parts);
                for (size_t i = 1; i < parts.count; i++)
                        if (inspect(config, parts.items[i], err) < 0)
                                return -1;
                subscript = parts.count > 0 ? parts.items[0] : (TSNode){0};
        }
        return 0;
}

static int read_change(
        struct local_config *config, TSNode statement, TSNode assignment, TSNode innermost, struct error *err)
{
        TSNode left = php_node_field(assignment, "left");
        TSNode right = php_node_field(assignment, "right");
        _cleanup_php_nodes_ struct php_nodes parts = {0};
        php_named_children(innermost, &parts);
        _cleanup_free_ char *key = NULL;
        if (parts.count == 2 && read_key(config, parts.items[1], &key, err) < 0)
                return -1;
        if (inspect_indexes(config, left, err) < 0 || inspect(config, right, err) < 0)
                return -1;
        bool whole = php_node_is(assignment, "assignment_expression") && ts_node_eq(left, innermost);
        add_entry(&config->entries, whole ? ENTRY_ASSIGNMENT : ENTRY_CHANGE, steal(&key),
                whole ? right : statement, statement);
        config->seen = true;
        return 0;
}

static int read_statement(struct local_config *config, TSNode statement, struct error *err)
{
        _cleanup_php_nodes_ struct php_nodes parts = {0};
        php_named_children(statement, &parts);
        if (!php_node_is(statement, "expression_statement") || parts.count != 1)
                return inspect(config, statement, err);
        TSNode assignment = parts.items[0];
        bool plain = php_node_is(assignment, "assignment_expression");
        if (!plain && !php_node_is(assignment, "augmented_assignment_expression"))
                return inspect(config, statement, err);
        TSNode left = php_node_field(assignment, "left");
        if (plain && is_variable(config, left))
                return read_base(config, php_node_field(assignment, "right"), err);
        TSNode innermost = innermost_subscript(config, left);
        if (ts_node_is_null(innermost))
                return inspect(config, statement, err);
        return read_change(config, statement, assignment, innermost, err);
}

static int read_program(struct local_config *config, struct error *err)
{
        _cleanup_php_nodes_ struct php_nodes statements = {0};
        php_named_children(php_tree_root(config->tree), &statements);
        for (size_t i = 0; i < statements.count; i++)
                if (read_statement(config, statements.items[i], err) < 0)
                        return -1;
        if (!ts_node_is_null(config->unseen_change))
                return local_config_unreadable(
                        config->unseen_change, err, "this may change the settings unseen");
        return 0;
}

int local_config_read(const char *data, size_t size, const char *variable, const char *include, bool alone,
        struct local_config **ret, struct error *err)
{
        _cleanup_(local_config_freep) struct local_config *config = memory_new(sizeof(*config));
        config->data = memory_copy(data, size);
        config->size = size;
        config->variable = string_copy(variable);
        config->include = string_copy(include);
        config->alone = alone;
        if (php_parse(config->data, size, &config->tree, err) < 0) {
                err->reason = REASON_LOCAL_CONFIG_UNREADABLE;
                return -1;
        }
        if (read_program(config, err) < 0)
                return -1;
        *ret = steal(&config);
        return 0;
}

static int parse_set(const char *data, size_t size, const char *variable, const char *include, bool alone,
        struct local_config **ret, struct error *err)
{
        _cleanup_free_ char *name = string_format("$%s", variable);
        _cleanup_(local_config_freep) struct local_config *config = NULL;
        if (local_config_read(data, size, name, include, alone, &config, err) < 0)
                return -1;
        if (!config->seen)
                return error_set(
                        err, REASON_LOCAL_CONFIG_UNREADABLE, "line 1, column 1: no statement sets %s", name);
        *ret = steal(&config);
        return 0;
}

int local_config_parse_variable(const char *data, size_t size, const char *variable, const char *include,
        struct local_config **ret, struct error *err)
{
        return parse_set(data, size, variable, include, false, ret, err);
}

int local_config_parse(const char *data, size_t size, struct local_config **ret, struct error *err)
{
        return parse_set(data, size, "parameters", NULL, true, ret, err);
}

void local_config_free(struct local_config *config)
{
        if (!config)
                return;
        for (size_t i = 0; i < config->edit_count; i++) {
                free(config->edits[i].key);
                free(config->edits[i].source);
        }
        free(config->edits);
        entries_deinit(&config->entries);
        php_tree_free(config->tree);
        free(config->variable);
        free(config->include);
        free(config->data);
        free(config);
}

bool local_config_has_base(const struct local_config *config)
{
        return config->has_base;
}

/* Questions */

const struct entry *local_config_holder(const struct local_config *config, const char *key)
{
        for (size_t i = config->entries.count; i-- > 0;)
                if (config->entries.items[i].key && string_equal(config->entries.items[i].key, key))
                        return &config->entries.items[i];
        return NULL;
}

const char *local_config_key(const struct local_config *config, size_t index)
{
        if (index >= config->entries.count)
                return NULL;
        return config->entries.items[index].key ?: "";
}

int local_config_value(const struct local_config *config, const char *key, const struct php_tree **ret_tree,
        TSNode *ret_value)
{
        const struct entry *holder = local_config_holder(config, key);
        if (!holder || holder->kind == ENTRY_CHANGE)
                return 1;
        *ret_tree = config->tree;
        *ret_value = holder->value;
        return 0;
}

enum local_config_presence local_config_presence(const struct local_config *config, const char *key)
{
        const struct entry *holder = local_config_holder(config, key);
        if (!holder)
                return LOCAL_CONFIG_ABSENT;
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_constant_deinit) struct php_constant value = {0};
        if (holder->kind == ENTRY_CHANGE || php_constant(config->tree, holder->value, &value, &err) != 0)
                return LOCAL_CONFIG_EXPRESSION;
        return value.kind == PHP_NULL ? LOCAL_CONFIG_NULL : LOCAL_CONFIG_CONSTANT;
}

static int constant_text(
        struct php_constant *value, TSNode node, const char *key, char **ret_text, struct error *err)
{
        switch (value->kind) {
        case PHP_NULL:
                return 1;
        case PHP_FALSE:
                *ret_text = string_copy("");
                return 0;
        case PHP_TRUE:
                *ret_text = string_copy("1");
                return 0;
        case PHP_INTEGER:
        case PHP_FLOAT:
        case PHP_STRING:
                break;
        }
        if (strlen(value->text) != value->size)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE,
                        "line %u, column %u: the value of %s holds a NUL byte", php_node_line(node),
                        php_node_column(node), key);
        *ret_text = steal(&value->text);
        return 0;
}

int local_config_get(const struct local_config *config, const char *key, char **ret_text, struct error *err)
{
        const struct entry *holder = local_config_holder(config, key);
        if (!holder)
                return 1;
        _cleanup_(php_constant_deinit) struct php_constant value = {0};
        if (holder->kind == ENTRY_CHANGE || php_constant(config->tree, holder->value, &value, err) != 0)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE,
                        "line %u, column %u: the value of %s is no constant", php_node_line(holder->value),
                        php_node_column(holder->value), key);
        return constant_text(&value, holder->value, key, ret_text, err);
}
