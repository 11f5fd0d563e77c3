/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/dump_statement.h"

#include "lib/cleanup.h"
#include "lib/memory.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
        const char *name, *sql;
} objects[] = {
        [DUMP_TABLE] = {"table", "TABLE"},
        [DUMP_SEQUENCE] = {"sequence", "SEQUENCE"},
        [DUMP_VIEW] = {"view", "VIEW"},
        [DUMP_TRIGGER] = {"trigger", "TRIGGER"},
        [DUMP_PROCEDURE] = {"procedure", "PROCEDURE"},
        [DUMP_FUNCTION] = {"function", "FUNCTION"},
        [DUMP_PACKAGE] = {"package", "PACKAGE"},
        [DUMP_PACKAGE_BODY] = {"package body", "PACKAGE BODY"},
        [DUMP_EVENT] = {"event", "EVENT"},
        [DUMP_SCHEMA] = {"schema", "DATABASE"},
};

const char *dump_object_name(enum dump_object object)
{
        return objects[object].name;
}

bool dump_object_from_name(const char *name, enum dump_object *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
                if (name && strcmp(objects[i].name, name) == 0) {
                        *ret = (enum dump_object)i;
                        return true;
                }
        return false;
}

const char *dump_object_sql(enum dump_object object)
{
        return objects[object].sql;
}

void dump_statement_deinit(struct dump_statement *statement)
{
        free(statement->name);
        free(statement->table);
        free(statement->definer);
        *statement = (struct dump_statement){0};
}

/* The words of the statement, those inside of executable comments among them. */
struct words {
        const char *next, *end;
        const char *start; /* the current word */
        size_t size; /* 0: the end */
        bool quoted;
};

static bool is_word_byte(char c)
{
        return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool skip_line(struct words *words)
{
        const char *at = words->next;
        bool dashes = words->end - at >= 2 && at[0] == '-' && at[1] == '-' &&
                      (words->end - at == 2 || (unsigned char)at[2] <= ' ');
        if (*at != '#' && !dashes)
                return false;
        while (words->next < words->end && *words->next != '\n')
                words->next++;
        return true;
}

/* A comment; of an executable one its opening (with the version), and its end. */
static bool skip_comment(struct words *words)
{
        const char *at = words->next;
        size_t left = (size_t)(words->end - at);
        if (left >= 2 && at[0] == '*' && at[1] == '/') {
                words->next += 2;
                return true;
        }
        if (left < 2 || at[0] != '/' || at[1] != '*')
                return false;
        /* "enable the sandbox mode": of mariadb-dump 10.5.25 to 11.4.2 without, of later ones with the M */
        bool sandbox = (left >= 10 && memcmp(at, "/*M!999999", 10) == 0) ||
                       (left >= 9 && memcmp(at, "/*!999999", 9) == 0);
        bool executable = (left > 2 && at[2] == '!') || (left > 3 && at[2] == 'M' && at[3] == '!');
        if (executable && !sandbox) {
                words->next += at[2] == 'M' ? 4 : 3;
                while (words->next < words->end && isdigit((unsigned char)*words->next))
                        words->next++;
                return true;
        }
        const char *end = memmem(at + 2, left - 2, "*/", 2);
        words->next = end ? end + 2 : words->end;
        return true;
}

static bool skip_blank(struct words *words)
{
        if (words->next >= words->end)
                return false;
        if (isspace((unsigned char)*words->next)) {
                words->next++;
                return true;
        }
        return skip_line(words) || skip_comment(words);
}

/* A doubled quote stands for itself. */
static void take_quoted(struct words *words)
{
        char quote = *words->start;
        do {
                words->next++;
                while (words->next < words->end && *words->next != quote)
                        words->next += *words->next == '\\' && quote == '\'' ? 2 : 1;
                words->next = words->next < words->end ? words->next + 1 : words->end;
        } while (words->next < words->end && *words->next == quote);
}

static bool next_word(struct words *words)
{
        while (skip_blank(words))
                ;
        words->start = words->next;
        words->size = 0;
        words->quoted = false;
        if (words->next >= words->end)
                return false;
        if (strchr("`\"'", *words->next)) {
                words->quoted = true;
                take_quoted(words);
        } else if (is_word_byte(*words->next)) {
                while (words->next < words->end && is_word_byte(*words->next))
                        words->next++;
        } else {
                words->next++;
        }
        words->size = (size_t)(words->next - words->start);
        return true;
}

static bool is(const struct words *words, const char *word)
{
        return !words->quoted && words->size == strlen(word) &&
               strncasecmp(words->start, word, words->size) == 0;
}

static bool take(struct words *words, const char *word)
{
        if (!is(words, word))
                return false;
        (void)next_word(words);
        return true;
}

static char *unquote(const struct words *words)
{
        if (!words->quoted || words->size < 2)
                return memory_copy(words->start, words->size);
        char quote = *words->start;
        char *text = memory_copy(words->start + 1, words->size - 2);
        char *to = text;
        for (const char *from = text; *from; from++) {
                *to++ = *from;
                if (*from == quote && from[1] == quote)
                        from++;
        }
        *to = '\0';
        return text;
}

static void take_if_exists(struct words *words)
{
        if (!take(words, "IF"))
                return;
        (void)take(words, "NOT");
        (void)take(words, "EXISTS");
}

/* name, or schema . name; false when there is none. */
static bool take_name(struct words *words, const char *sql, char **ret, struct dump_statement *statement)
{
        if (words->size == 0 || (!words->quoted && !is_word_byte(*words->start)))
                return false;
        for (;;) {
                string_replace(ret, unquote(words));
                statement->name_at = (size_t)(words->start - sql);
                statement->name_size = words->size;
                (void)next_word(words);
                if (!take(words, "."))
                        return true;
                statement->names_schema = true;
                if (words->size == 0)
                        return false;
        }
}

static void take_definer(struct words *words, struct dump_statement *statement)
{
        (void)take(words, "=");
        char *user = unquote(words);
        (void)next_word(words);
        if (take(words, "(")) { /* CURRENT_USER() */
                (void)take(words, ")");
                free(user);
                return;
        }
        if (take(words, "@")) {
                _cleanup_free_ char *host = unquote(words);
                string_replace(&statement->definer, string_format("%s@%s", user, host));
                (void)next_word(words);
        } else if (strcasecmp(user, "CURRENT_USER") != 0) {
                string_replace(&statement->definer, string_copy(user)); /* a role */
        }
        free(user);
}

/* What may stand between CREATE and the kind of thing. */
static void take_modifiers(struct words *words, struct dump_statement *statement)
{
        for (;;) {
                if (take(words, "OR") || take(words, "REPLACE") || take(words, "AGGREGATE"))
                        continue;
                if (take(words, "ALGORITHM")) {
                        (void)take(words, "=");
                        (void)next_word(words);
                } else if (take(words, "DEFINER")) {
                        take_definer(words, statement);
                } else if (take(words, "SQL")) {
                        (void)take(words, "SECURITY");
                        (void)next_word(words);
                } else {
                        return;
                }
        }
}

static bool take_object(struct words *words, enum dump_object *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
                if (i == DUMP_PACKAGE_BODY || !is(words, objects[i].sql))
                        continue;
                (void)next_word(words);
                *ret = i == DUMP_PACKAGE && take(words, "BODY") ? DUMP_PACKAGE_BODY : (enum dump_object)i;
                return true;
        }
        return false;
}

static enum dump_statement_kind read_drop(
        struct words *words, const char *sql, struct dump_statement *statement)
{
        if (!take_object(words, &statement->object) || statement->object == DUMP_SCHEMA)
                return DUMP_UNKNOWN;
        take_if_exists(words);
        return take_name(words, sql, &statement->name, statement) && words->size == 0 ? DUMP_DROP
                                                                                      : DUMP_UNKNOWN;
}

/* TRIGGER name BEFORE INSERT ON table … */
static bool take_trigger_table(struct words *words, const char *sql, struct dump_statement *statement)
{
        if (!take(words, "BEFORE") && !take(words, "AFTER"))
                return false;
        while (words->size > 0 && !is(words, "ON"))
                (void)next_word(words);
        size_t at = statement->name_at, size = statement->name_size;
        bool taken = take(words, "ON") && take_name(words, sql, &statement->table, statement);
        statement->name_at = at;
        statement->name_size = size;
        return taken;
}

static enum dump_statement_kind read_create(
        struct words *words, const char *sql, struct dump_statement *statement)
{
        take_modifiers(words, statement);
        if (!take_object(words, &statement->object) || statement->object == DUMP_SCHEMA)
                return DUMP_UNKNOWN;
        take_if_exists(words);
        if (!take_name(words, sql, &statement->name, statement))
                return DUMP_UNKNOWN;
        if (statement->object == DUMP_TRIGGER && !take_trigger_table(words, sql, statement))
                return DUMP_UNKNOWN;
        return DUMP_CREATE;
}

static enum dump_statement_kind read_alter(
        struct words *words, const char *sql, struct dump_statement *statement)
{
        bool schema = is(words, "DATABASE");
        statement->object = schema ? DUMP_SCHEMA : DUMP_TABLE;
        if (!take(words, "DATABASE") && !take(words, "TABLE"))
                return DUMP_UNKNOWN;
        if (schema && is(words, "CHARACTER")) /* the one that the dump is restored into */
                return DUMP_ALTER_SCHEMA;
        if (!take_name(words, sql, &statement->name, statement))
                return DUMP_UNKNOWN;
        if (schema)
                return is(words, "CHARACTER") ? DUMP_ALTER_SCHEMA : DUMP_UNKNOWN;
        return (take(words, "DISABLE") || take(words, "ENABLE")) && is(words, "KEYS") ? DUMP_KEYS
                                                                                      : DUMP_UNKNOWN;
}

/* (…),(…): what is in quotes counts for nothing. Dumps write their rows with backslashes that hide. */
static uint64_t count_rows(const char *at, const char *end)
{
        uint64_t rows = 0;
        size_t depth = 0;
        for (; at < end; at++) {
                if (*at == '\'' || *at == '"') {
                        char quote = *at++;
                        while (at < end && *at != quote)
                                at += *at == '\\' ? 2 : 1;
                } else if (*at == '(') {
                        rows += depth++ == 0;
                } else if (*at == ')' && depth > 0) {
                        depth--;
                }
        }
        return rows;
}

static enum dump_statement_kind read_insert(
        struct words *words, const char *sql, struct dump_statement *statement)
{
        statement->object = DUMP_TABLE;
        (void)take(words, "IGNORE");
        if (!take(words, "INTO") || !take_name(words, sql, &statement->name, statement))
                return DUMP_UNKNOWN;
        while (words->size > 0 && !is(words, "VALUES"))
                (void)next_word(words);
        if (words->size == 0)
                return DUMP_UNKNOWN;
        statement->rows = count_rows(words->next, words->end);
        return DUMP_INSERT;
}

/* What would change more than this session is none of a dump's. */
static enum dump_statement_kind read_set(struct words *words)
{
        for (; words->size > 0; (void)next_word(words))
                if (is(words, "GLOBAL") || is(words, "PERSIST") || is(words, "PASSWORD") || is(words, "ROLE"))
                        return DUMP_UNKNOWN;
        return DUMP_SESSION;
}

static enum dump_statement_kind read_sequence_value(
        struct words *words, const char *sql, struct dump_statement *statement)
{
        statement->object = DUMP_SEQUENCE;
        return take(words, "SETVAL") && take(words, "(") && take_name(words, sql, &statement->name, statement)
                       ? DUMP_SEQUENCE_VALUE
                       : DUMP_UNKNOWN;
}

/* Percona's mysqldump (5.7.17 and later) asks whether there is MyRocks, to load rows into it faster: neither
 * counted nor sent, for the rows come in without it. */
static bool asks_for_myrocks(const struct words *words, const char *sql)
{
        static const char opening[] = "/*!50717 ";
        return memmem(sql, (size_t)(words->end - sql), opening, strlen(opening)) &&
               (is(words, "SELECT") || is(words, "PREPARE") || is(words, "EXECUTE") ||
                       is(words, "DEALLOCATE"));
}

static enum dump_statement_kind read_kind(
        struct words *words, const char *sql, struct dump_statement *statement)
{
        if (!next_word(words))
                return DUMP_BLANK;
        if (take(words, "SET"))
                return read_set(words);
        if (take(words, "DROP"))
                return read_drop(words, sql, statement);
        if (take(words, "CREATE"))
                return read_create(words, sql, statement);
        if (take(words, "ALTER"))
                return read_alter(words, sql, statement);
        if (take(words, "INSERT"))
                return read_insert(words, sql, statement);
        if (take(words, "LOCK") || take(words, "UNLOCK"))
                return is(words, "TABLES") || is(words, "TABLE") ? DUMP_LOCK : DUMP_UNKNOWN;
        if (take(words, "DO"))
                return read_sequence_value(words, sql, statement);
        if (take(words, "COMMIT"))
                return words->size == 0 ? DUMP_SESSION : DUMP_UNKNOWN;
        if (take(words, "START"))
                return is(words, "TRANSACTION") ? DUMP_SESSION : DUMP_UNKNOWN;
        if (asks_for_myrocks(words, sql))
                return DUMP_BLANK;
        return DUMP_UNKNOWN;
}

void dump_statement_read(const char *sql, size_t size, struct dump_statement *ret)
{
        struct words words = {.next = sql, .end = sql + size};
        struct dump_statement statement = {0};
        statement.kind = read_kind(&words, sql, &statement);
        *ret = statement;
}
