/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/sql_expression.h"

#include "lib/memory.h"
#include "migrations-reader/schema/schema_private.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define DEPTH_LIMIT 50

/* How tightly an expression holds together; MariaDB writes parentheses only where they are needed. */
enum precedence {
        PRECEDENCE_OR,
        PRECEDENCE_AND,
        PRECEDENCE_NOT,
        PRECEDENCE_COMPARISON,
        PRECEDENCE_SUM,
        PRECEDENCE_PRODUCT,
        PRECEDENCE_PRIMARY,
};

struct written {
        char *text;
        enum precedence precedence;
};

struct writer {
        struct sql_cursor cursor;
        char **columns;
        unsigned depth;
};

/* Functions that come back under this name with their arguments as they are. Asked of MariaDB 10.11. */
static const struct function {
        const char *name, *written; /* NULL: the same in lower case */
} functions[] = {
        {"abs", NULL},
        {"ascii", NULL},
        {"ceil", "ceiling"},
        {"ceiling", NULL},
        {"char_length", NULL},
        {"character_length", "char_length"},
        {"coalesce", NULL},
        {"concat", NULL},
        {"concat_ws", NULL},
        {"crc32", NULL},
        {"date_format", NULL},
        {"day", "dayofmonth"},
        {"dayofmonth", NULL},
        {"dayofweek", NULL},
        {"dayofyear", NULL},
        {"floor", NULL},
        {"greatest", NULL},
        {"hex", NULL},
        {"hour", NULL},
        {"if", NULL},
        {"ifnull", NULL},
        {"json_array", NULL},
        {"json_extract", NULL},
        {"json_object", NULL},
        {"json_unquote", NULL},
        {"json_valid", NULL},
        {"json_value", NULL},
        {"lcase", NULL},
        {"least", NULL},
        {"left", NULL},
        {"length", "octet_length"},
        {"lower", "lcase"},
        {"lpad", NULL},
        {"ltrim", NULL},
        {"md5", NULL},
        {"mid", "substr"},
        {"minute", NULL},
        {"month", NULL},
        {"monthname", NULL},
        {"nullif", NULL},
        {"quarter", NULL},
        {"repeat", NULL},
        {"replace", NULL},
        {"reverse", NULL},
        {"right", NULL},
        {"round", NULL},
        {"rpad", NULL},
        {"rtrim", NULL},
        {"second", NULL},
        {"sha", NULL},
        {"sha1", "sha"},
        {"sha2", NULL},
        {"sign", NULL},
        {"strcmp", NULL},
        {"substr", NULL},
        {"substring", "substr"},
        {"substring_index", NULL},
        {"to_days", NULL},
        {"trim", NULL},
        {"truncate", NULL},
        {"ucase", NULL},
        {"unix_timestamp", NULL},
        {"upper", "ucase"},
        {"uuid", NULL},
        {"week", NULL},
        {"weekday", NULL},
        {"year", NULL},
};

static bool write_or(struct writer *writer, struct written *ret);

static char *lower(const struct sql_token *token)
{
        char *text = memory_copy(token->start, token->size);
        for (char *c = text; *c; c++)
                *c = (char)tolower((unsigned char)*c);
        return text;
}

/* Characters that need no escape and no word about their character set. */
static bool is_plain(const char *text)
{
        for (; *text; text++)
                if (*text < ' ' || *text > '~' || *text == '\'' || *text == '\\')
                        return false;
        return true;
}

static bool write_literal(struct writer *writer, struct written *ret)
{
        const struct sql_token *token = writer->cursor.next;
        _cleanup_free_ char *text = sql_take_string(&writer->cursor);
        if (text) {
                if (!is_plain(text))
                        return false;
                ret->text = string_format("'%s'", text);
                return true;
        }
        if (token->type != SQL_NUMBER || memchr(token->start, 'e', token->size) ||
                memchr(token->start, 'E', token->size))
                return false;
        ret->text = sql_token_text(token, NULL);
        writer->cursor.next++;
        return true;
}

static bool write_arguments(struct writer *writer, struct buffer *text)
{
        struct sql_cursor inside, behind = writer->cursor;
        if (!sql_take_parentheses(&behind, &inside))
                return false;
        writer->cursor = inside;
        bool fine = true;
        while (fine && !sql_at_end(&writer->cursor)) {
                struct written argument = {0};
                fine = write_or(writer, &argument);
                buffer_append_string(text, argument.text ?: "");
                free(argument.text);
                if (fine && sql_take_mark(&writer->cursor, ','))
                        buffer_append_string(text, ",");
                else
                        fine = fine && sql_at_end(&writer->cursor);
        }
        writer->cursor = behind;
        return fine;
}

static bool write_call(struct writer *writer, struct written *ret)
{
        _cleanup_buffer_ struct buffer arguments = {0};
        _cleanup_free_ char *name = lower(writer->cursor.next++);
        if (!write_arguments(writer, &arguments))
                return false;
        if (strcmp(name, "date") == 0) {
                ret->text = string_format("cast(%s as date)", arguments.data ?: "");
                return true;
        }
        for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
                if (strcmp(functions[i].name, name) == 0) {
                        ret->text =
                                string_format("%s(%s)", functions[i].written ?: name, arguments.data ?: "");
                        return true;
                }
        return false;
}

static bool write_name(struct writer *writer, struct written *ret)
{
        _cleanup_free_ char *name = sql_take_name(&writer->cursor);
        if (!name || sql_at_mark(&writer->cursor, '.'))
                return false;
        strings_add(&writer->columns, string_copy(name));
        ret->text = database_quote_name(name);
        return true;
}

static bool write_word(struct writer *writer, struct written *ret)
{
        static const struct {
                const char *word, *text;
        } constants[] = {{"NULL", "NULL"}, {"TRUE", "1"}, {"FALSE", "0"}};
        const struct sql_token *token = writer->cursor.next;
        for (size_t i = 0; i < ARRAY_SIZE(constants); i++)
                if (sql_take_word(&writer->cursor, constants[i].word)) {
                        ret->text = string_copy(constants[i].text);
                        return true;
                }
        if (token->type == SQL_WORD && token + 1 < writer->cursor.end && token[1].type == SQL_MARK &&
                *token[1].start == '(')
                return write_call(writer, ret);
        static const char *const refused[] = {"CASE", "CAST", "CONVERT", "INTERVAL", "BINARY", "DISTINCT",
                "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIME", "NOT", "EXISTS", "SELECT"};
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
                if (sql_token_is(token, refused[i]))
                        return false;
        return write_name(writer, ret);
}

static bool write_primary(struct writer *writer, struct written *ret)
{
        ret->precedence = PRECEDENCE_PRIMARY;
        if (sql_at_end(&writer->cursor))
                return false;
        const struct sql_token *token = writer->cursor.next;
        if (token->type == SQL_MARK && *token->start == '(') {
                struct sql_cursor inside, behind = writer->cursor;
                if (!sql_take_parentheses(&behind, &inside) || ++writer->depth > DEPTH_LIMIT)
                        return false;
                writer->cursor = inside;
                bool fine = write_or(writer, ret) && sql_at_end(&writer->cursor);
                writer->cursor = behind;
                writer->depth--;
                return fine;
        }
        if (sql_take_mark(&writer->cursor, '-')) {
                struct written number = {0};
                bool fine = !sql_at_end(&writer->cursor) && writer->cursor.next->type == SQL_NUMBER &&
                            write_literal(writer, &number);
                ret->text = fine ? string_format("-%s", number.text) : NULL;
                free(number.text);
                return fine;
        }
        return token->type == SQL_WORD || token->type == SQL_NAME ? write_word(writer, ret)
                                                                  : write_literal(writer, ret);
}

static void append_operand(struct buffer *text, const struct written *operand, enum precedence needed)
{
        buffer_append_format(text, operand->precedence < needed ? "(%s)" : "%s", operand->text);
}

static void join(struct written *left, const char *operation, struct written *right,
        enum precedence precedence, bool flat)
{
        _cleanup_buffer_ struct buffer text = {0};
        append_operand(&text, left, precedence);
        buffer_append_format(&text, " %s ", operation);
        append_operand(&text, right, flat ? precedence : precedence + 1);
        free(left->text);
        free(right->text);
        right->text = NULL;
        *left = (struct written){.text = buffer_steal(&text), .precedence = precedence};
}

struct operation {
        const char *marks, *word, *written;
};

static const char *take_operation(struct writer *writer, const struct operation *operations, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                struct sql_cursor ahead = writer->cursor;
                if (operations[i].word) {
                        if (!sql_take_word(&ahead, operations[i].word))
                                continue;
                } else {
                        const char *mark = operations[i].marks;
                        while (*mark && sql_take_mark(&ahead, *mark))
                                mark++;
                        if (*mark)
                                continue;
                }
                writer->cursor = ahead;
                return operations[i].written;
        }
        return NULL;
}

static bool write_chain(struct writer *writer, struct written *ret, const struct operation *operations,
        size_t count, bool (*write_operand)(struct writer *, struct written *), enum precedence precedence,
        bool flat)
{
        if (!write_operand(writer, ret))
                return false;
        const char *operation;
        while ((operation = take_operation(writer, operations, count))) {
                struct written right = {0};
                if (!write_operand(writer, &right)) {
                        free(right.text);
                        return false;
                }
                join(ret, operation, &right, precedence, flat);
        }
        return true;
}

static bool write_product(struct writer *writer, struct written *ret)
{
        static const struct operation operations[] = {{"*", NULL, "*"}, {"/", NULL, "/"}, {"%", NULL, "MOD"},
                {NULL, "DIV", "DIV"}, {NULL, "MOD", "MOD"}};
        return write_chain(
                writer, ret, operations, ARRAY_SIZE(operations), write_primary, PRECEDENCE_PRODUCT, false);
}

static bool write_sum(struct writer *writer, struct written *ret)
{
        static const struct operation operations[] = {{"+", NULL, "+"}, {"-", NULL, "-"}};
        return write_chain(
                writer, ret, operations, ARRAY_SIZE(operations), write_product, PRECEDENCE_SUM, false);
}

static bool write_comparison(struct writer *writer, struct written *ret)
{
        static const struct operation operations[] = {{"<>", NULL, "<>"}, {"!=", NULL, "<>"},
                {"<=", NULL, "<="}, {">=", NULL, ">="}, {"<", NULL, "<"}, {">", NULL, ">"}, {"=", NULL, "="}};
        if (!write_chain(
                    writer, ret, operations, ARRAY_SIZE(operations), write_sum, PRECEDENCE_COMPARISON, false))
                return false;
        if (!sql_take_word(&writer->cursor, "IS"))
                return true;
        bool negative = sql_take_word(&writer->cursor, "NOT");
        if (!sql_take_word(&writer->cursor, "NULL"))
                return false;
        _cleanup_buffer_ struct buffer text = {0};
        append_operand(&text, ret, PRECEDENCE_COMPARISON);
        buffer_append_string(&text, negative ? " is not null" : " is null");
        free(ret->text);
        *ret = (struct written){.text = buffer_steal(&text), .precedence = PRECEDENCE_COMPARISON};
        return true;
}

static bool write_and(struct writer *writer, struct written *ret)
{
        static const struct operation operations[] = {{"&&", NULL, "and"}, {NULL, "AND", "and"}};
        return write_chain(
                writer, ret, operations, ARRAY_SIZE(operations), write_comparison, PRECEDENCE_AND, true);
}

static bool write_or(struct writer *writer, struct written *ret)
{
        static const struct operation operations[] = {{NULL, "OR", "or"}};
        if (++writer->depth > DEPTH_LIMIT)
                return false;
        bool fine =
                write_chain(writer, ret, operations, ARRAY_SIZE(operations), write_and, PRECEDENCE_OR, true);
        writer->depth--;
        return fine;
}

/* Every name that is no call: more rather than fewer. */
static void add_all_names(struct writer *writer, const struct sql_cursor *cursor)
{
        struct sql_cursor ahead = *cursor;
        while (!sql_at_end(&ahead)) {
                _cleanup_free_ char *name = sql_take_name(&ahead);
                if (!name)
                        ahead.next++;
                else if (!sql_at_mark(&ahead, '('))
                        strings_add(&writer->columns, steal(&name));
        }
}

char *sql_expression_text(
        const struct sql_cursor *cursor, const struct database_server *server, char ***ret_columns)
{
        struct writer writer = {.cursor = *cursor};
        struct written written = {0};
        bool fine = write_or(&writer, &written) && sql_at_end(&writer.cursor) && server->mariadb &&
                    server->major >= 10;
        if (!fine) {
                add_all_names(&writer, cursor);
                free(written.text);
                written.text = NULL;
        }
        if (ret_columns)
                *ret_columns = writer.columns ?: memory_new_array(1, sizeof *writer.columns);
        else
                strings_free(writer.columns);
        return written.text;
}
