/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migration_sql.h"

#include "migrations-reader/key_changes.h"
#include "migrations-reader/migration_class.h"

#include <string.h>

/* What a file may cost: variables that name each other again and again would take for ever. */
#define PIECE_LIMIT 5000000 /* bytes of text, and places where a variable gets a value, looked at */
#define DEPTH_LIMIT 8 /* of variables that are made of variables */
#define TEXT_LIMIT ((size_t)1024 * 1024)

static void sql_text_deinit(struct sql_text *text)
{
        buffer_deinit(&text->text);
        free(text->marks);
}

void migration_sql_deinit(struct migration_sql *sql)
{
        for (size_t i = 0; i < sql->count; i++)
                sql_text_deinit(&sql->items[i]);
        free(sql->items);
        for (size_t i = 0; i < sql->key_name_count; i++)
                free(sql->key_names[i]);
        free(sql->key_names);
        *sql = (struct migration_sql){0};
}

unsigned sql_text_line(const struct sql_text *text, size_t offset)
{
        size_t low = 0, high = text->mark_count; /* the last mark at or before offset is below high */
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (text->marks[middle].offset <= offset)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low > 0 ? text->marks[low - 1].line : 0;
}

/* Lists of nodes */

struct node_list {
        TSNode *items;
        size_t count, capacity;
};

static void push(struct node_list *list, TSNode node)
{
        if (list->count == list->capacity) {
                list->capacity = list->capacity ? list->capacity * 2 : 32;
                list->items = memory_resize(list->items, list->capacity, sizeof(TSNode));
        }
        list->items[list->count++] = node;
}

/* Where a variable gets a value. */
struct write {
        uint32_t at;
        TSNode name;
        TSNode value; /* null: not known */
        TSNode block; /* the statement stands right in it */
};

struct call {
        TSNode node;
        bool conditional;
};

/* One method. */
struct method {
        const struct php_tree *tree;
        TSNode class;
        const char *prefix;
        struct write *writes; /* in the order of the source */
        size_t write_count, write_capacity;
        struct call *calls;
        size_t call_count, call_capacity;
        bool tangled; /* references, $$name, extract() …: no variable can be trusted */
        bool skips; /* a throw, or a call of skipIf and the like, or of the class's own methods */
        bool leaves; /* that, or a return */
        size_t *pieces; /* looked at so far in the whole file */
};

static void method_deinit(struct method *method)
{
        free(method->writes);
        free(method->calls);
}

static bool text_is(const struct php_tree *tree, TSNode node, const char *text)
{
        size_t size = strlen(text);
        return !ts_node_is_null(node) && ts_node_end_byte(node) - ts_node_start_byte(node) == size &&
               strncasecmp(php_tree_source(tree) + ts_node_start_byte(node), text, size) == 0;
}

static bool text_is_one_of(const struct php_tree *tree, TSNode node, const char *const *texts, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (text_is(tree, node, texts[i]))
                        return true;
        return false;
}

static bool is_one_of(TSNode node, const char *const *types, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (php_node_is(node, types[i]))
                        return true;
        return false;
}

#define TEXT_IS_ONE_OF(tree, node, list) text_is_one_of(tree, node, list, ARRAY_SIZE(list))
#define IS_ONE_OF(node, list) is_one_of(node, list, ARRAY_SIZE(list))

/* Going through a method */

/* The ancestors of a node, from the method's body on. */
struct path {
        struct node_list nodes;
        size_t conditions; /* of them that run their content not always once */
        size_t closures;
};

static TSNode ancestor(const struct path *path, size_t above)
{
        return above < path->nodes.count ? path->nodes.items[path->nodes.count - 1 - above] : (TSNode){0};
}

static bool is_condition(TSNode node)
{
        static const char *const types[] = {"if_statement", "for_statement", "foreach_statement",
                "while_statement", "do_statement", "switch_statement", "match_expression", "try_statement",
                "conditional_expression", "binary_expression"};
        return IS_ONE_OF(node, types);
}

static bool is_closure(TSNode node)
{
        static const char *const types[] = {"anonymous_function", "anonymous_function_creation_expression",
                "arrow_function", "object_creation_expression"};
        return IS_ONE_OF(node, types);
}

static void path_push(struct path *path, TSNode node)
{
        push(&path->nodes, node);
        path->conditions += is_condition(node);
        path->closures += is_closure(node);
}

static void path_pop(struct path *path)
{
        TSNode node = path->nodes.items[--path->nodes.count];
        path->conditions -= is_condition(node);
        path->closures -= is_closure(node);
}

static bool is_pure_function(const struct php_tree *tree, TSNode call)
{
        static const char *const names[] = {"sprintf", "count", "in_array", "implode", "strlen", "strtolower",
                "strtoupper", "trim", "array_key_exists", "is_array", "is_string"};
        return TEXT_IS_ONE_OF(tree, php_node_field(call, "function"), names);
}

/* Whether the variable's value stays what it is. What is not known to be so counts as a write. */
static bool is_read(const struct php_tree *tree, TSNode variable, const struct path *path)
{
        static const char *const types[] = {"encapsed_string", "heredoc_body", "binary_expression",
                "member_call_expression", "member_access_expression", "parenthesized_expression",
                "return_statement", "unary_op_expression", "conditional_expression", "echo_statement",
                "anonymous_function_use_clause", "array_element_initializer"};
        TSNode parent = ancestor(path, 0);
        if (IS_ONE_OF(parent, types))
                return true;
        if (php_node_is(parent, "assignment_expression"))
                return ts_node_start_byte(php_node_field(parent, "right")) == ts_node_start_byte(variable);
        if (!php_node_is(parent, "argument"))
                return false;
        TSNode call = ancestor(path, 2);
        static const char *const binding[] = {"bindParam"};
        if (php_node_is(call, "member_call_expression"))
                return !TEXT_IS_ONE_OF(tree, php_node_field(call, "name"), binding);
        return php_node_is(call, "function_call_expression") && is_pure_function(tree, call);
}

static void add_write(struct method *method, TSNode variable, const struct path *path)
{
        struct write write = {.at = ts_node_start_byte(variable), .name = variable};
        TSNode assignment = ancestor(path, 0);
        if (php_node_is(assignment, "assignment_expression") &&
                php_node_is(ancestor(path, 1), "expression_statement") &&
                php_node_is(ancestor(path, 2), "compound_statement")) {
                write.value = php_node_field(assignment, "right");
                write.block = ancestor(path, 2);
        }
        if (method->write_count == method->write_capacity) {
                method->write_capacity = method->write_capacity ? method->write_capacity * 2 : 16;
                method->writes =
                        memory_resize(method->writes, method->write_capacity, sizeof(*method->writes));
        }
        method->writes[method->write_count++] = write;
}

static void add_call(struct method *method, TSNode node, const struct path *path)
{
        if (method->call_count == method->call_capacity) {
                method->call_capacity = method->call_capacity ? method->call_capacity * 2 : 16;
                method->calls = memory_resize(method->calls, method->call_capacity, sizeof(*method->calls));
        }
        method->calls[method->call_count++] =
                (struct call){.node = node, .conditional = path->conditions > 0 || method->leaves};
}

static bool is_tangle(const struct php_tree *tree, TSNode node)
{
        static const char *const types[] = {"by_ref", "reference_assignment_expression", "reference_modifier",
                "dynamic_variable_name", "global_declaration", "function_static_declaration",
                "goto_statement", "include_expression", "include_once_expression", "require_expression",
                "require_once_expression"};
        static const char *const functions[] = {"extract", "parse_str", "eval"};
        if (php_node_is(node, "function_call_expression"))
                return TEXT_IS_ONE_OF(tree, php_node_field(node, "function"), functions);
        return IS_ONE_OF(node, types);
}

/* skipIf, abortIf, and what a class of the site may have: skipWhenDone, or any method of its own. */
static bool is_skip(const struct method *method, TSNode node)
{
        if (php_node_is(node, "throw_expression") || php_node_is(node, "throw_statement"))
                return true;
        if (!php_node_is(node, "member_call_expression") ||
                !text_is(method->tree, php_node_field(node, "object"), "$this"))
                return false;
        _cleanup_free_ char *name = php_node_text(method->tree, php_node_field(node, "name"));
        return strncasecmp(name, "skip", 4) == 0 || strncasecmp(name, "abort", 5) == 0 ||
               !ts_node_is_null(migration_method(method->tree, method->class, name));
}

static void look_at(struct method *method, TSNode node, const struct path *path)
{
        if (is_tangle(method->tree, node))
                method->tangled = true;
        if (php_node_is(node, "member_call_expression") && path->closures == 0)
                add_call(method, node, path);
        if (php_node_is(node, "variable_name") && !is_read(method->tree, node, path))
                add_write(method, node, path);
        if (is_skip(method, node))
                method->skips = method->leaves = true;
        if (php_node_is(node, "return_statement"))
                method->leaves = true;
}

static void survey(struct method *method, TSNode body)
{
        struct path path = {0};
        TSTreeCursor cursor = ts_tree_cursor_new(body);
        bool more = true;
        while (more) {
                TSNode node = ts_tree_cursor_current_node(&cursor);
                look_at(method, node, &path);
                if (ts_tree_cursor_goto_first_child(&cursor)) {
                        path_push(&path, node);
                        continue;
                }
                while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
                        more = ts_tree_cursor_goto_parent(&cursor);
                        if (!more)
                                break;
                        path_pop(&path);
                }
        }
        ts_tree_cursor_delete(&cursor);
        free(path.nodes.items);
}

/* What a variable holds at a place */

static bool same_name(const struct php_tree *tree, TSNode left, TSNode right)
{
        size_t size = ts_node_end_byte(left) - ts_node_start_byte(left);
        return size == ts_node_end_byte(right) - ts_node_start_byte(right) &&
               memcmp(php_tree_source(tree) + ts_node_start_byte(left),
                       php_tree_source(tree) + ts_node_start_byte(right), size) == 0;
}

/* The end of the block's statement in which a byte stands; 0 when it stands elsewhere. */
static uint32_t end_in_block(TSNode block, uint32_t at)
{
        if (at < ts_node_start_byte(block) || at >= ts_node_end_byte(block))
                return 0;
        uint32_t end = 0;
        TSTreeCursor cursor = ts_tree_cursor_new(block);
        if (ts_tree_cursor_goto_first_child_for_byte(&cursor, at) >= 0)
                end = ts_node_end_byte(ts_tree_cursor_current_node(&cursor));
        ts_tree_cursor_delete(&cursor);
        return end;
}

/* The last write before the place, if its block holds the place, too: then it has been made, whatever the
 * way there was. Not so when a later write stands in the same statement, which may be a loop. */
static TSNode value_at(struct method *method, TSNode variable, uint32_t at)
{
        const struct write *last = NULL;
        uint32_t end = 0;
        if (method->tangled)
                return (TSNode){0};
        for (size_t i = 0; i < method->write_count; i++) {
                const struct write *write = &method->writes[i];
                if (++*method->pieces > PIECE_LIMIT)
                        return (TSNode){0};
                if (!same_name(method->tree, write->name, variable))
                        continue;
                if (write->at < at) {
                        last = write;
                        end = ts_node_is_null(write->block) ? 0 : end_in_block(write->block, at);
                } else if (write->at < end)
                        return (TSNode){0};
        }
        return end > 0 ? last->value : (TSNode){0};
}

/* Constant strings */

struct writer {
        struct method *method;
        struct sql_text *out;
        size_t depth; /* of variables */
};

static void add_mark(struct sql_text *out, unsigned line)
{
        if ((out->mark_count & (out->mark_count - 1)) == 0)
                out->marks = memory_resize(
                        out->marks, out->mark_count ? out->mark_count * 2 : 1, sizeof(*out->marks));
        out->marks[out->mark_count++] = (struct sql_mark){.offset = out->text.size, .line = line};
}

static void append_unknown(struct writer *writer)
{
        buffer_append(&writer->out->text, (const char[]){SQL_UNKNOWN}, 1);
}

static unsigned lines_between(const char *text, const char *end)
{
        unsigned lines = 0;
        for (; text < end; text++)
                lines += *text == '\n';
        return lines;
}

/* Raw source text between quotes, line by line, so that each knows where it stands. */
static void append_raw(
        struct writer *writer, enum php_quotes quotes, uint32_t start, uint32_t end, unsigned line)
{
        const char *source = php_tree_source(writer->method->tree);
        *writer->method->pieces += end - start;
        while (start < end) {
                const char *newline = memchr(source + start, '\n', end - start);
                uint32_t stop = newline ? (uint32_t)(newline - source) + 1 : end;
                add_mark(writer->out, line++);
                if (php_decode(quotes, source + start, stop - start, &writer->out->text) != 0)
                        append_unknown(writer);
                start = stop;
        }
}

static bool is_interpolation(TSNode node)
{
        static const char *const plain[] = {"string_content", "escape_sequence", "nowdoc_string"};
        return ts_node_is_named(node) && !IS_ONE_OF(node, plain);
}

static void append_expression(struct writer *writer, TSNode node);

/* The text of a node between two bytes: its children that are no text are expressions, with or without
 * braces. */
static void append_interpolated(
        struct writer *writer, enum php_quotes quotes, TSNode node, uint32_t start, uint32_t end)
{
        const char *source = php_tree_source(writer->method->tree);
        const char *counted = source + ts_node_start_byte(node);
        unsigned line = php_node_line(node);
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_children(node, &children);
        for (size_t i = 0; i < children.count; i++) {
                TSNode child = children.items[i];
                bool brace = php_node_is(child, "{") || php_node_is(child, "}");
                if (!is_interpolation(child) && !brace)
                        continue;
                if (ts_node_start_byte(child) > start) {
                        line += lines_between(counted, source + start);
                        counted = source + start;
                        append_raw(writer, quotes, start, ts_node_start_byte(child), line);
                }
                if (!brace)
                        append_expression(writer, child);
                start = ts_node_end_byte(child);
        }
        if (start < end) {
                line += lines_between(counted, source + start);
                append_raw(writer, quotes, start, end, line);
        }
}

static void append_quoted(struct writer *writer, TSNode node)
{
        const char *source = php_tree_source(writer->method->tree);
        uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
        start += source[start] == 'b' || source[start] == 'B';
        if (end - start < 2)
                append_unknown(writer);
        else
                append_interpolated(writer, source[start] == '"' ? PHP_DOUBLE_QUOTES : PHP_SINGLE_QUOTES,
                        node, start + 1, end - 1);
}

/* From the first line on. The blanks that PHP 7.3 takes away before each are none of SQL's business. */
static void append_heredoc(struct writer *writer, TSNode node, enum php_quotes quotes)
{
        TSNode body = php_node_field(node, "value");
        if (ts_node_is_null(body))
                return;
        const char *source = php_tree_source(writer->method->tree);
        uint32_t start = ts_node_start_byte(body), end = ts_node_end_byte(body);
        start += start < end && source[start] == '\r';
        start += start < end && source[start] == '\n';
        append_interpolated(writer, quotes, body, start, end);
}

static void append_variable(struct writer *writer, TSNode variable)
{
        TSNode value = writer->depth < DEPTH_LIMIT
                               ? value_at(writer->method, variable, ts_node_start_byte(variable))
                               : (TSNode){0};
        if (ts_node_is_null(value)) {
                append_unknown(writer);
                return;
        }
        writer->depth++;
        append_expression(writer, value);
        writer->depth--;
}

static bool is_prefix(const struct php_tree *tree, TSNode node)
{
        if (php_node_is(node, "member_access_expression"))
                return text_is(tree, php_node_field(node, "object"), "$this") &&
                       text_is(tree, php_node_field(node, "name"), "prefix");
        return php_node_is(node, "name") && text_is(tree, node, "MAUTIC_TABLE_PREFIX");
}

static void append_leaf(struct writer *writer, TSNode node)
{
        if (++*writer->method->pieces > PIECE_LIMIT || writer->out->text.size > TEXT_LIMIT)
                append_unknown(writer);
        else if (php_node_is(node, "string") || php_node_is(node, "encapsed_string"))
                append_quoted(writer, node);
        else if (php_node_is(node, "heredoc"))
                append_heredoc(writer, node, PHP_HEREDOC);
        else if (php_node_is(node, "nowdoc"))
                append_heredoc(writer, node, PHP_NOWDOC);
        else if (php_node_is(node, "variable_name"))
                append_variable(writer, node);
        else if (is_prefix(writer->method->tree, node)) {
                add_mark(writer->out, php_node_line(node));
                buffer_append_string(&writer->out->text, writer->method->prefix);
                *writer->method->pieces += strlen(writer->method->prefix);
        } else
                append_unknown(writer);
}

static TSNode only_child(TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        return children.count == 1 ? children.items[0] : (TSNode){0};
}

/* Concatenations nest as deep as they have operands: walked with a stack of our own. */
static void append_expression(struct writer *writer, TSNode node)
{
        struct node_list stack = {0};
        push(&stack, node);
        while (stack.count > 0) {
                TSNode next = stack.items[--stack.count];
                while (php_node_is(next, "parenthesized_expression"))
                        next = only_child(next);
                if (ts_node_is_null(next))
                        append_unknown(writer);
                else if (php_node_is(next, "binary_expression") &&
                         text_is(writer->method->tree, php_node_field(next, "operator"), ".")) {
                        push(&stack, php_node_field(next, "right"));
                        push(&stack, php_node_field(next, "left"));
                } else
                        append_leaf(writer, next);
        }
        free(stack.items);
}

/* Calls */

static bool takes_sql(const struct php_tree *tree, TSNode call)
{
        static const char *const methods[] = {
                "exec", "executeQuery", "executeStatement", "executeUpdate", "query", "prepare"};
        TSNode object = php_node_field(call, "object"), name = php_node_field(call, "name");
        if (text_is(tree, object, "$this"))
                return text_is(tree, name, "addSql");
        return text_is(tree, object, "$this->connection") && TEXT_IS_ONE_OF(tree, name, methods);
}

static bool makes_key(const struct php_tree *tree, TSNode call)
{
        static const char *const methods[] = {
                "addIndex", "addUniqueIndex", "addForeignKeyConstraint", "renameIndex"};
        return TEXT_IS_ONE_OF(tree, php_node_field(call, "name"), methods);
}

static struct sql_text constant_text(struct method *method, TSNode expression)
{
        struct sql_text text = {0};
        struct writer writer = {.method = method, .out = &text};
        append_expression(&writer, expression);
        return text;
}

static void add_text(struct migration_sql *sql, struct sql_text text)
{
        if ((sql->count & (sql->count - 1)) == 0)
                sql->items = memory_resize(sql->items, sql->count ? sql->count * 2 : 1, sizeof(*sql->items));
        sql->items[sql->count++] = text;
}

static void add_key_name(struct migration_sql *sql, struct method *method, TSNode expression)
{
        struct sql_text text = constant_text(method, expression);
        if (text.text.size > 0 && !memchr(text.text.data, SQL_UNKNOWN, text.text.size)) {
                if ((sql->key_name_count & (sql->key_name_count - 1)) == 0)
                        sql->key_names = memory_resize(sql->key_names,
                                sql->key_name_count ? sql->key_name_count * 2 : 1, sizeof(*sql->key_names));
                sql->key_names[sql->key_name_count++] = buffer_steal(&text.text);
        }
        sql_text_deinit(&text);
}

static void read_call(struct migration_sql *sql, struct method *method, const struct call *call)
{
        bool statement = takes_sql(method->tree, call->node);
        if (!statement && !makes_key(method->tree, call->node))
                return;
        _cleanup_php_nodes_ struct php_nodes arguments = {0};
        php_named_children(php_node_field(call->node, "arguments"), &arguments);
        for (size_t i = 0; i < arguments.count; i++) {
                TSNode value = only_child(arguments.items[i]);
                if (ts_node_is_null(value))
                        continue;
                if (!statement) {
                        add_key_name(sql, method, value);
                        continue;
                }
                struct sql_text text = constant_text(method, value);
                text.conditional = call->conditional;
                add_text(sql, text);
                return;
        }
}

static void read_method(struct migration_sql *sql, struct method *method, const char *name)
{
        TSNode found = migration_method(method->tree, method->class, name);
        if (ts_node_is_null(found) || ts_node_is_null(php_node_field(found, "body")))
                return;
        survey(method, php_node_field(found, "body"));
        for (size_t i = 0; i < method->call_count; i++)
                read_call(sql, method, &method->calls[i]);
}

int migration_sql_read(const char *source, size_t size, const char *class_name, const char *prefix,
        struct migration_sql *ret, struct error *err)
{
        static const char *const names[] = {"preUp", "up", "postUp"};
        _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
        if (php_parse(source, size, &tree, err) < 0)
                return -1;
        TSNode class = migration_class(tree, class_name);
        if (ts_node_is_null(class))
                return error_set(err, REASON_INVALID_ARGUMENT, "it holds no class %s", class_name);
        struct migration_sql sql = {0};
        size_t pieces = 0;
        /* The one assertion of PreUpAssertionMigration skips, too. */
        sql.can_skip = !ts_node_is_null(migration_method(tree, class, "preUpAssertions"));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_(method_deinit) struct method method = {
                        .tree = tree, .class = class, .prefix = prefix, .pieces = &pieces};
                read_method(&sql, &method, names[i]);
                if (i == 0)
                        sql.can_skip = sql.can_skip || method.skips;
        }
        *ret = sql;
        return 0;
}
