/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/schema_statements.h"

#include "lib/memory.h"
#include "lib/text.h"

#include <ctype.h>
#include <string.h>

static const char *const kind_names[] = {
        [DROP_TABLE] = "table",
        [DROP_COLUMN] = "column",
        [DROP_INDEX] = "index",
        [DROP_PRIMARY_KEY] = "primary_key",
        [DROP_FOREIGN_KEY] = "foreign_key",
        [DROP_OTHER] = "other",
};

const char *drop_kind_name(enum drop_kind kind)
{
        return (size_t)kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : NULL;
}

void schema_statements_deinit(struct schema_statements *statements)
{
        for (size_t i = 0; i < statements->count; i++)
                free(statements->items[i]);
        free(statements->items);
        for (size_t i = 0; i < statements->drop_count; i++) {
                free(statements->drops[i].table);
                free(statements->drops[i].name);
        }
        free(statements->drops);
        *statements = (struct schema_statements){0};
}

/* Words of one statement */

struct word {
        const char *start;
        size_t size;
        bool quoted; /* a name in backticks (start and size without them), or a string */
};

/* The end of what is quoted from `at` on; a doubled quote, and in strings a backslash, stands for itself.
 * NULL: it does not end. */
static const char *skip_quoted(const char *at, const char *end)
{
        char quote = *at++;
        for (; at < end; at++) {
                if (*at == '\\' && quote != '`')
                        at++;
                else if (*at == quote && at + 1 < end && at[1] == quote)
                        at++;
                else if (*at == quote)
                        return at + 1;
        }
        return NULL;
}

static bool is_quote(char letter)
{
        return letter == '\'' || letter == '"' || letter == '`';
}

static bool ends_word(char letter)
{
        return isspace((unsigned char)letter) || strchr(",()=;", letter) || is_quote(letter);
}

/* The next word or single sign; false at the end. */
static bool next_word(const char **at, const char *end, struct word *ret)
{
        while (*at < end && isspace((unsigned char)**at))
                (*at)++;
        if (*at >= end)
                return false;
        const char *start = *at;
        if (is_quote(*start)) {
                const char *behind = skip_quoted(start, end);
                *at = behind ? behind : end;
                *ret = (struct word){start + 1, (size_t)(*at - start) - (behind ? 2 : 1), true};
                return true;
        }
        (*at)++;
        if (!ends_word(*start))
                while (*at < end && !ends_word(**at))
                        (*at)++;
        *ret = (struct word){start, (size_t)(*at - start), false};
        return true;
}

static bool word_is(const struct word *word, const char *text)
{
        return !word->quoted && word->size == strlen(text) && strncasecmp(word->start, text, word->size) == 0;
}

#define WORDS_LIMIT 16 /* of one clause; what is dropped stands among the first */

/* One clause: what stands between commas that are in no brackets. */
struct clause {
        struct word words[WORDS_LIMIT];
        size_t count;
};

/* False behind the last. */
static bool next_clause(const char **at, const char *end, struct clause *ret)
{
        size_t depth = 0;
        struct word word;
        *ret = (struct clause){0};
        while (next_word(at, end, &word)) {
                if (word_is(&word, ",") && depth == 0)
                        return true;
                if (word_is(&word, "("))
                        depth++;
                else if (word_is(&word, ")") && depth > 0)
                        depth--;
                if (ret->count < WORDS_LIMIT)
                        ret->words[ret->count++] = word;
        }
        return ret->count > 0;
}

static const struct word *word_at(const struct clause *clause, size_t index)
{
        static const struct word none;
        return index < clause->count ? &clause->words[index] : &none;
}

static char *text_of(const struct word *word)
{
        return word->start ? memory_copy(word->start, word->size) : NULL;
}

/* What the statements drop */

static void add_drop(struct schema_statements *statements, enum drop_kind kind, const struct word *table,
        const struct word *name)
{
        statements->drops =
                memory_grow(statements->drops, statements->drop_count, sizeof(*statements->drops));
        statements->drops[statements->drop_count++] = (struct schema_drop){
                .kind = kind,
                .table = table ? text_of(table) : NULL,
                .name = name ? text_of(name) : NULL,
        };
}

/* Where "IF EXISTS" ends, when it stands at that place. */
static size_t behind_if_exists(const struct clause *clause, size_t index)
{
        return word_is(word_at(clause, index), "IF") && word_is(word_at(clause, index + 1), "EXISTS")
                       ? index + 2
                       : index;
}

/* A clause of ALTER TABLE that begins with DROP. */
static void read_alter_drop(struct schema_statements *statements, const struct word *table,
        const struct clause *clause, size_t drop)
{
        const struct word *what = word_at(clause, drop + 1);
        if (word_is(what, "PRIMARY")) {
                add_drop(statements, DROP_PRIMARY_KEY, table, NULL);
                return;
        }
        static const struct {
                const char *word;
                size_t words;
                enum drop_kind kind;
        } kinds[] = {
                {"FOREIGN", 2, DROP_FOREIGN_KEY},
                {"CONSTRAINT", 1, DROP_FOREIGN_KEY},
                {"INDEX", 1, DROP_INDEX},
                {"KEY", 1, DROP_INDEX},
                {"CHECK", 1, DROP_OTHER},
                {"PARTITION", 1, DROP_OTHER},
                {"COLUMN", 1, DROP_COLUMN},
        };
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (word_is(what, kinds[i].word)) {
                        size_t name = behind_if_exists(clause, drop + 1 + kinds[i].words);
                        add_drop(statements, kinds[i].kind, table, word_at(clause, name));
                        return;
                }
        add_drop(statements, DROP_COLUMN, table, word_at(clause, behind_if_exists(clause, drop + 1)));
}

static void read_alter_table(struct schema_statements *statements, const char *at, const char *end)
{
        struct clause clause;
        if (!next_clause(&at, end, &clause))
                return;
        size_t first = behind_if_exists(&clause, 2);
        struct word table = *word_at(&clause, first);
        /* The first clause stands behind the table's name. */
        if (word_is(word_at(&clause, first + 1), "DROP"))
                read_alter_drop(statements, &table, &clause, first + 1);
        while (next_clause(&at, end, &clause))
                if (word_is(word_at(&clause, 0), "DROP"))
                        read_alter_drop(statements, &table, &clause, 0);
}

static void read_drop(struct schema_statements *statements, const char *at, const char *end)
{
        struct clause clause;
        if (!next_clause(&at, end, &clause))
                return;
        const struct word *what = word_at(&clause, 1);
        if (word_is(what, "INDEX")) {
                size_t name = behind_if_exists(&clause, 2);
                add_drop(statements, DROP_INDEX, word_at(&clause, name + 2), word_at(&clause, name));
        } else if (word_is(what, "TABLE")) {
                add_drop(statements, DROP_TABLE, word_at(&clause, behind_if_exists(&clause, 2)), NULL);
                while (next_clause(&at, end, &clause))
                        add_drop(statements, DROP_TABLE, word_at(&clause, 0), NULL);
        } else {
                add_drop(statements, DROP_OTHER, NULL, word_at(&clause, 2));
        }
}

static void read_drops(struct schema_statements *statements, const char *statement)
{
        const char *at = statement, *end = statement + strlen(statement);
        struct word first = {0}, second = {0};
        (void)next_word(&at, end, &first);
        (void)next_word(&at, end, &second);
        if (word_is(&first, "DROP"))
                read_drop(statements, statement, end);
        else if (word_is(&first, "ALTER") && word_is(&second, "TABLE"))
                read_alter_table(statements, statement, end);
}

/* The output */

/* What the command and PHP say around the statements. */
static bool is_remark(const char *line, size_t size)
{
        static const char *const beginnings[] = {"The following SQL statements will be executed",
                SCHEMA_UPDATE_NOTHING, ("[OK] " SCHEMA_UPDATE_NOTHING), "PHP ",
                "Warning: ", "Notice: ", "Deprecated: ", "Strict Standards: "};
        for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
                if (size >= strlen(beginnings[i]) && string_begins(line, beginnings[i]))
                        return true;
        return size == 0;
}

static bool begins_statement(const char *line, size_t size)
{
        static const char *const verbs[] = {
                "ALTER ", "CREATE ", "DROP ", "RENAME ", "UPDATE ", "INSERT ", "DELETE ", "SET ", "COMMENT "};
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
                if (size > strlen(verbs[i]) && string_begins(line, verbs[i]))
                        return true;
        return false;
}

/* Behind the ";" that ends the statement: outside of quotes, and nothing but blanks up to the line's end. */
static const char *statement_end(const char *at, const char *end)
{
        while (at && at < end) {
                if (is_quote(*at)) {
                        at = skip_quoted(at, end);
                        continue;
                }
                if (*at++ != ';')
                        continue;
                const char *line = at + strspn(at, " \t\r");
                if (line >= end || *line == '\n')
                        return at;
        }
        return NULL;
}

static int refuse_line(const char *line, size_t size, struct error *err)
{
        _cleanup_free_ char *copy = memory_copy(line, size < 300 ? size : 300);
        _cleanup_free_ char *shown = text_printable(copy, false);
        return error_set(err, REASON_PROGRAM_FAILED,
                "what doctrine:schema:update --dump-sql prints is not understood at: %s", shown);
}

int schema_statements_read(const char *output, struct schema_statements *ret, struct error *err)
{
        _cleanup_schema_statements_ struct schema_statements statements = {0};
        const char *end = output + strlen(output);
        for (const char *at = output; at < end;) {
                at += strspn(at, " \t\r\n");
                size_t size = strcspn(at, "\n");
                while (size > 0 && isspace((unsigned char)at[size - 1]))
                        size--;
                if (!begins_statement(at, size)) {
                        if (!is_remark(at, size))
                                return refuse_line(at, size, err);
                        at += strcspn(at, "\n");
                        continue;
                }
                const char *behind = statement_end(at, end);
                if (!behind)
                        return refuse_line(at, size, err);
                statements.items = memory_grow(statements.items, statements.count, sizeof(*statements.items));
                statements.items[statements.count++] = memory_copy(at, (size_t)(behind - 1 - at));
                read_drops(&statements, statements.items[statements.count - 1]);
                at = behind;
        }
        *ret = statements;
        statements = (struct schema_statements){0};
        return 0;
}

bool schema_statements_drop_table(const struct schema_statements *statements, const char *table)
{
        for (size_t i = 0; i < statements->drop_count; i++)
                if (statements->drops[i].kind == DROP_TABLE &&
                        string_equal(statements->drops[i].table, table))
                        return true;
        return false;
}
