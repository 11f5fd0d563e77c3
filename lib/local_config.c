/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/local_config.h"

#include "lib/memory.h"

#include <ctype.h>
#include <string.h>

enum entry_kind {
        ENTRY_ELEMENT, /* 'key' => value, inside an array */
        ENTRY_ASSIGNMENT, /* $parameters['key'] = value; */
        ENTRY_CHANGE, /* $parameters['key']['deeper'] = …; $parameters['key'] .= …; */
};

struct entry {
        enum entry_kind kind;
        char *key; /* NULL for numbers and for none: nothing asks for those */
        TSNode value; /* the whole statement for ENTRY_CHANGE */
        TSNode whole; /* the element or the statement */
};

struct entries {
        struct entry *items;
        size_t count;
        size_t capacity;
};

struct edit {
        char *key;
        char *source; /* NULL: removed */
};

struct local_config {
        char *data;
        size_t size;
        char *variable; /* "$parameters" */
        char *include; /* or NULL */
        bool alone; /* no other file sets the variable before */
        bool begins_with_key; /* $parameters['key'] = …; makes the array that is merged later */
        struct php_tree *tree;
        struct entries entries; /* in the order in which PHP sets them */
        bool has_base;
        bool seen; /* the variable is set at all */
        TSNode unseen_change; /* what may have changed the variable since the base, or null */
        struct edit *edits;
        size_t edit_count;
};

static int unreadable(TSNode node, struct error *err, const char *what)
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

static bool is_text(const struct local_config *config, TSNode node, const char *text)
{
        size_t size = ts_node_end_byte(node) - ts_node_start_byte(node);
        return size == strlen(text) && memcmp(config->data + ts_node_start_byte(node), text, size) == 0;
}

static bool is_variable(const struct local_config *config, TSNode node)
{
        return php_node_is(node, "variable_name") && is_text(config, node, config->variable);
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
                return is_text(config, node, "$GLOBALS");
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
                        result = unreadable(at, err, "the variable is used in a way that isn't understood");
                else if (php_node_is(at, "return_statement") && is_behind(config, at, function))
                        result = unreadable(at, err, "a return may keep the settings from being set");
                else if (php_node_is(at, "goto_statement"))
                        result = unreadable(at, err, "a goto isn't understood");
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
                return unreadable(node, err, "the key is no constant, so it can't be told which one it is");
        *ret_key = NULL;
        if (key.kind == PHP_NULL)
                *ret_key = string_copy("");
        else if (key.kind == PHP_STRING && strlen(key.text) != key.size)
                return unreadable(node, err, "the key holds a NUL byte");
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
                return unreadable(element, err, "this element isn't understood");
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
                               ? unreadable(variable, err, "this is merged before anything has set it")
                               : unreadable(config->unseen_change, err, "this may set the settings unseen");
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
                        return unreadable(arguments.items[i], err, "this argument isn't understood");
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
                return unreadable(right, err, "the settings are no literal array");
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
                return unreadable(config->unseen_change, err, "this may change the settings unseen");
        return 0;
}

static int parse(const char *data, size_t size, const char *variable, const char *include, bool alone,
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
        if (parse(data, size, name, include, alone, &config, err) < 0)
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

static const struct entry *find_holder(const struct local_config *config, const char *key)
{
        for (size_t i = config->entries.count; i-- > 0;)
                if (config->entries.items[i].key && string_equal(config->entries.items[i].key, key))
                        return &config->entries.items[i];
        return NULL;
}

int local_config_value(const struct local_config *config, const char *key, const struct php_tree **ret_tree,
        TSNode *ret_value)
{
        const struct entry *holder = find_holder(config, key);
        if (!holder || holder->kind == ENTRY_CHANGE)
                return 1;
        *ret_tree = config->tree;
        *ret_value = holder->value;
        return 0;
}

enum local_config_presence local_config_presence(const struct local_config *config, const char *key)
{
        const struct entry *holder = find_holder(config, key);
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
        const struct entry *holder = find_holder(config, key);
        if (!holder)
                return 1;
        _cleanup_(php_constant_deinit) struct php_constant value = {0};
        if (holder->kind == ENTRY_CHANGE || php_constant(config->tree, holder->value, &value, err) != 0)
                return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE,
                        "line %u, column %u: the value of %s is no constant", php_node_line(holder->value),
                        php_node_column(holder->value), key);
        return constant_text(&value, holder->value, key, ret_text, err);
}

/* Edits */

/* Takes source over; NULL removes. */
static void set_edit(struct local_config *config, const char *key, char *source)
{
        for (size_t i = 0; i < config->edit_count; i++)
                if (string_equal(config->edits[i].key, key)) {
                        string_replace(&config->edits[i].source, source);
                        return;
                }
        config->edits = memory_resize(config->edits, config->edit_count + 1, sizeof(*config->edits));
        config->edits[config->edit_count++] = (struct edit){.key = string_copy(key), .source = source};
}

static const struct edit *find_edit(const struct local_config *config, const char *key)
{
        for (size_t i = 0; key && i < config->edit_count; i++)
                if (string_equal(config->edits[i].key, key))
                        return &config->edits[i];
        return NULL;
}

int local_config_replace(
        struct local_config *config, const char *key, const char *php_source, struct error *err)
{
        const struct entry *holder = find_holder(config, key);
        if (!holder)
                return 1;
        if (holder->kind == ENTRY_CHANGE)
                return unreadable(holder->whole, err, "a setting that is to be replaced is changed by parts");
        set_edit(config, key, string_copy(php_source));
        return 0;
}

int local_config_remove(struct local_config *config, const char *key, struct error *err)
{
        if (!find_holder(config, key))
                return 1;
        for (size_t i = 0; i < config->entries.count; i++) {
                const struct entry *entry = &config->entries.items[i];
                if (!string_equal(entry->key, key))
                        continue;
                if (entry->kind == ENTRY_CHANGE)
                        return unreadable(
                                entry->whole, err, "a setting that is to be removed is changed by parts");
                if (entry->kind == ENTRY_ASSIGNMENT && config->alone && config->begins_with_key)
                        return unreadable(entry->whole, err,
                                "a setting that is to be removed is what a later merge begins with");
        }
        set_edit(config, key, NULL);
        return 0;
}

struct span {
        size_t start;
        size_t end;
        const char *source; /* what comes instead; NULL: nothing */
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

static size_t skip_blanks(const struct local_config *config, size_t at)
{
        while (at < config->size && is_blank(config->data[at]))
                at++;
        return at;
}

static size_t skip_blanks_back(const struct local_config *config, size_t at)
{
        while (at > 0 && is_blank(config->data[at - 1]))
                at--;
        return at;
}

static bool at_line_start(const struct local_config *config, size_t at)
{
        return at == 0 || config->data[at - 1] == '\n' || config->data[at - 1] == '\r';
}

/* Behind the line end that stands at `at`, or `at` itself when there is none. */
static size_t skip_line_end(const struct local_config *config, size_t at)
{
        if (at < config->size && config->data[at] == '\r')
                at++;
        if (at < config->size && config->data[at] == '\n')
                at++;
        return at;
}

/* Where a comment ends that ends on the line on which it starts; 0 for one that goes on. The grammar counts
 * the line end behind a "?" to the comment. */
static size_t comment_end(const struct local_config *config, TSNode comment)
{
        size_t start = ts_node_start_byte(comment);
        size_t end = ts_node_end_byte(comment);
        while (end > start && (config->data[end - 1] == '\n' || config->data[end - 1] == '\r'))
                end--;
        size_t size = end - start;
        return memchr(config->data + start, '\n', size) || memchr(config->data + start, '\r', size) ? 0 : end;
}

/* The end of the comments behind `at` that stand on its line. */
static size_t skip_comments(
        const struct local_config *config, size_t at, const struct php_nodes *siblings, size_t next)
{
        for (; next < siblings->count && php_node_is(siblings->items[next], "comment"); next++) {
                size_t end = comment_end(config, siblings->items[next]);
                if (end == 0 || ts_node_start_byte(siblings->items[next]) != skip_blanks(config, at))
                        break;
                at = end;
        }
        return at;
}

/* Where an element or a statement is to be taken out. With the line to itself it goes with its line and the
 * comment behind it; else alone, with the blanks that would be left over. A comma left in front of the
 * closing bracket is legal PHP, so the comma in front goes only where it stands right there. */
static struct span removal(const struct local_config *config, TSNode whole)
{
        _cleanup_php_nodes_ struct php_nodes siblings = {0};
        php_children(ts_node_parent(whole), &siblings);
        size_t index = 0;
        while (index + 1 < siblings.count && !ts_node_eq(siblings.items[index], whole))
                index++;

        struct span span = {.start = ts_node_start_byte(whole), .end = ts_node_end_byte(whole)};
        size_t next = index + 1;
        while (next < siblings.count && php_node_is(siblings.items[next], "comment"))
                next++;
        bool comma = next < siblings.count && php_node_is(siblings.items[next], ",");
        if (comma)
                span.end = ts_node_end_byte(siblings.items[next]);

        size_t before = skip_blanks_back(config, span.start);
        size_t after = skip_comments(config, span.end, &siblings, comma ? next + 1 : index + 1);
        after = skip_blanks(config, after);
        bool line_ends = after == config->size || skip_line_end(config, after) > after;
        if (at_line_start(config, before) && line_ends)
                return (struct span){.start = before, .end = skip_line_end(config, after)};

        size_t behind = skip_blanks(config, span.end);
        bool last_on_line = behind == config->size || skip_line_end(config, behind) > behind;
        bool follows_comma = index > 0 && php_node_is(siblings.items[index - 1], ",") &&
                             ts_node_end_byte(siblings.items[index - 1]) == before;
        if (!comma && follows_comma)
                span.start = ts_node_start_byte(siblings.items[index - 1]);
        else if (last_on_line && !at_line_start(config, before))
                span.start = before;
        else if (!at_line_start(config, before) || comma)
                span.end = behind;
        return span;
}

struct spans {
        struct span *items;
        size_t count;
};

static void spans_deinit(struct spans *spans)
{
        free(spans->items);
}

static void add_span(struct spans *spans, struct span span)
{
        spans->items = memory_resize(spans->items, spans->count + 1, sizeof(span));
        spans->items[spans->count++] = span;
}

static void collect_spans(const struct local_config *config, struct spans *spans)
{
        for (size_t i = 0; i < config->entries.count; i++) {
                const struct entry *entry = &config->entries.items[i];
                const struct edit *edit = find_edit(config, entry->key);
                if (!edit)
                        continue;
                if (!edit->source)
                        add_span(spans, removal(config, entry->whole));
                else if (entry == find_holder(config, entry->key))
                        add_span(spans, (struct span){.start = ts_node_start_byte(entry->value),
                                                .end = ts_node_end_byte(entry->value),
                                                .source = edit->source});
        }
}

static int compare_spans(const void *left, const void *right)
{
        const struct span *a = left, *b = right;
        return a->start < b->start ? -1 : a->start > b->start;
}

/* Removals next to each other may share a comma or blanks. */
static void apply_spans(const struct local_config *config, struct spans *spans, struct buffer *out)
{
        if (spans->count > 0)
                qsort(spans->items, spans->count, sizeof(*spans->items), compare_spans);
        size_t at = 0;
        for (size_t i = 0; i < spans->count; i++) {
                const struct span *span = &spans->items[i];
                if (span->start > at)
                        buffer_append(out, config->data + at, span->start - at);
                if (span->source)
                        buffer_append_string(out, span->source);
                if (span->end > at)
                        at = span->end;
        }
        buffer_append(out, config->data + at, config->size - at);
}

static bool same_text(const struct local_config *left, TSNode left_node, const struct local_config *right,
        TSNode right_node)
{
        size_t start = ts_node_start_byte(left_node);
        size_t size = ts_node_end_byte(left_node) - start;
        size_t other = ts_node_start_byte(right_node);
        return ts_node_end_byte(right_node) - other == size &&
               memcmp(left->data + start, right->data + other, size) == 0;
}

static bool is_as_wanted(const struct local_config *config, const struct entry *entry,
        const struct local_config *edited, const struct entry *now)
{
        if (entry->kind != now->kind || !string_equal(entry->key, now->key))
                return false;
        const struct edit *edit = find_edit(config, entry->key);
        if (edit && entry == find_holder(config, entry->key))
                return is_text(edited, now->value, edit->source);
        return same_text(config, entry->value, edited, now->value);
}

static int verify(const struct local_config *config, const char *data, size_t size, struct error *err)
{
        _cleanup_(local_config_freep) struct local_config *edited = NULL;
        _cleanup_error_ struct error cause = {0};
        if (parse(data, size, config->variable, config->include, config->alone, &edited, &cause) < 0)
                return error_set(err, REASON_INTERNAL, "the edited settings can't be read any more: %s",
                        error_message(&cause));
        size_t at = 0;
        for (size_t i = 0; i < config->entries.count; i++) {
                const struct entry *entry = &config->entries.items[i];
                const struct edit *edit = find_edit(config, entry->key);
                if (edit && !edit->source)
                        continue;
                if (at >= edited->entries.count ||
                        !is_as_wanted(config, entry, edited, &edited->entries.items[at]))
                        return error_set(err, REASON_INTERNAL,
                                "the edited settings differ from what was wanted at %s",
                                entry->key ? entry->key : "an element without a key");
                at++;
        }
        if (at != edited->entries.count)
                return error_set(err, REASON_INTERNAL, "the edited settings hold more than was wanted");
        return 0;
}

int local_config_render(
        const struct local_config *config, char **ret_data, size_t *ret_size, struct error *err)
{
        _cleanup_(spans_deinit) struct spans spans = {0};
        _cleanup_buffer_ struct buffer out = {0};
        collect_spans(config, &spans);
        apply_spans(config, &spans, &out);
        if (verify(config, out.data, out.size, err) < 0)
                return -1;
        *ret_size = out.size;
        *ret_data = buffer_steal(&out);
        return 0;
}

char *local_config_quote(const char *text)
{
        struct buffer out = {0};
        buffer_append_string(&out, "'");
        for (; *text; text++) {
                if (*text == '\'' || *text == '\\')
                        buffer_append(&out, "\\", 1);
                buffer_append(&out, text, 1);
        }
        buffer_append_string(&out, "'");
        return buffer_steal(&out);
}
