/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/connection.h"

#include <string.h>

/* What Doctrine throws for the server's error numbers, and PDO's words for them. */
struct server_error {
        unsigned number;
        const char *class; /* below Doctrine\DBAL\Exception\ */
        const char *state;
        const char *words; /* PDO's for the state */
        const char *begins; /* how the server's message begins, to find the number out */
};

#define VIOLATION "Integrity constraint violation"
#define SYNTAX "Syntax error or access violation"

static const struct server_error errors[] = {
        {1044, "ConnectionException", "42000", SYNTAX, "Access denied for user"},
        {1046, "ConnectionException", "3D000", "Invalid catalog name", "No database selected"},
        {1048, "NotNullConstraintViolationException", "23000", VIOLATION, NULL},
        {1049, "ConnectionException", "42000", SYNTAX, "Unknown database"},
        {1050, "TableExistsException", "42S01", "Base table or view already exists", NULL},
        {1051, "TableNotFoundException", "42S02", "Base table or view not found", "Unknown table"},
        {1052, "NonUniqueFieldNameException", "23000", VIOLATION, NULL},
        {1054, "InvalidFieldNameException", "42S22", "Column not found", "Unknown column"},
        {1060, "NonUniqueFieldNameException", "42S21", "Column already exists", "Duplicate column name"},
        {1061, "DriverException", "42000", SYNTAX, "Duplicate key name"},
        {1062, "UniqueConstraintViolationException", "23000", VIOLATION, "Duplicate entry"},
        {1064, "SyntaxErrorException", "42000", SYNTAX, "You have an error in your SQL syntax"},
        {1072, "DriverException", "42000", SYNTAX, "Key column"},
        {1091, "DriverException", "42000", SYNTAX, "Can't DROP"},
        {1142, "ConnectionException", "42000", SYNTAX, NULL},
        {1146, "TableNotFoundException", "42S02", "Base table or view not found", NULL},
        {1305, "DriverException", "42000", SYNTAX, NULL},
        {1451, "ForeignKeyConstraintViolationException", "23000", VIOLATION, NULL},
        {1452, "ForeignKeyConstraintViolationException", "23000", VIOLATION, NULL},
};

static bool ends_with(const char *text, const char *end)
{
        size_t size = strlen(text), tail = strlen(end);
        return size >= tail && strcmp(text + size - tail, end) == 0;
}

static bool fits(const struct server_error *error, unsigned number, const char *words)
{
        if (number != 0)
                return error->number == number;
        if (error->begins)
                return string_begins(words, error->begins);
        if (error->number == 1146)
                return string_begins(words, "Table '") && ends_with(words, "' doesn't exist");
        return error->number == 1050 && string_begins(words, "Table '") &&
               ends_with(words, "' already exists");
}

static char *pdo_message(const struct server_error *error, unsigned number, const char *words)
{
        if (string_begins(words, "SQLSTATE["))
                return string_copy(words);
        if (error)
                return string_format(
                        "SQLSTATE[%s]: %s: %u %s", error->state, error->words, error->number, words);
        if (number != 0)
                return string_format("SQLSTATE[HY000]: General error: %u %s", number, words);
        return string_format("SQLSTATE[HY000]: General error: %s", words);
}

/* with params [1,"x"]: in dbal 2 */
static enum php_flow append_params(struct php_run *run, struct php_value params, struct buffer *out)
{
        struct php_value param, callable;
        bool first = true;
        if (params.type != PHP_TYPE_ARRAY || php_array_count(params) == 0)
                return PHP_OK;
        buffer_append_string(out, " with params [");
        for (size_t at = 0; php_array_next(params, &at, NULL, &param); first = false) {
                _cleanup_php_value_ struct php_value json = PHP_NULL_VALUE;
                callable = php_text("json_encode");
                enum php_flow flow = php_call(run, callable, &param, 1, &json);
                php_release(callable);
                TRY(flow);
                if (!first)
                        buffer_append_string(out, ", ");
                if (json.type == PHP_TYPE_STRING)
                        buffer_append(out, php_string_bytes(json), php_string_size(json));
        }
        buffer_append_string(out, "]");
        return PHP_OK;
}

/* What stands in front of the driver's message. */
static enum php_flow append_introduction(
        struct php_run *run, const struct sql_statement *statement, struct buffer *out)
{
        if (version_of(run) >= DOCTRINE_3_7) {
                buffer_append_string(out, "An exception occurred while executing a query: ");
                return PHP_OK;
        }
        bool is_prepared = statement->prepared.size > 0;
        buffer_append_string(out, "An exception occurred while executing '");
        buffer_append(out, is_prepared ? statement->prepared.data : statement->sql,
                is_prepared ? statement->prepared.size : statement->size);
        buffer_append_string(out, "'");
        TRY(append_params(run, is_prepared ? statement->values : statement->params, out));
        buffer_append_string(out, ":\n\n");
        return PHP_OK;
}

enum php_flow throw_query_error(
        struct php_run *run, const struct sql_statement *statement, unsigned number, const char *words)
{
        const struct server_error *error = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(errors) && !error; i++)
                if (fits(&errors[i], number, words))
                        error = &errors[i];
        _cleanup_free_ char *message = pdo_message(error, number, words);
        _cleanup_free_ char *class =
                string_format(DBAL "Exception\\%s", error ? error->class : "DriverException");
        _cleanup_buffer_ struct buffer text = {0};
        TRY(append_introduction(run, statement, &text));
        buffer_append_string(&text, message);
        int64_t code = version_of(run) >= DOCTRINE_3_7 ? (error ? error->number : number) : 0;
        return doctrine_throw(run, class, code, "%s", text.data);
}

enum php_flow wrap_thrown(struct php_run *run, const struct sql_statement *statement)
{
        if (version_of(run) >= DOCTRINE_3_7)
                return PHP_THROWN;
        _cleanup_php_value_ struct php_value message = PHP_NULL_VALUE;
        _cleanup_buffer_ struct buffer text = {0};
        TRY(php_call_method(run, php_run_exception(run), "getMessage", NULL, 0, &message));
        TRY(append_introduction(run, statement, &text));
        buffer_append(&text, php_string_bytes(message), php_string_size(message));
        php_run_forget_exception(run);
        return doctrine_throw(run, version_of(run) >= DOCTRINE_2_13 ? DBAL "Exception" : DBAL "DBALException",
                0, "%s", text.data);
}

#define DBAL_2 DBAL "DBALException"
#define DBAL_3 DBAL "Exception"
#define MISSING DBAL "ArrayParameters\\Exception\\"

const struct doctrine_class query_exception_classes[] = {
        {.class = {.name = DBAL "SQLParserUtilsException", .parent = DBAL_2}, .gone = DOCTRINE_2_13},
        {.class = {.name = DBAL "SQLParserUtilsException", .parent = DBAL_3},
                .from = DOCTRINE_2_13,
                .gone = DOCTRINE_3_7},
        {.class = {.name = DBAL "Query\\QueryException", .parent = DBAL_2}, .gone = DOCTRINE_2_13},
        {.class = {.name = DBAL "Query\\QueryException", .parent = DBAL_3}, .from = DOCTRINE_2_13},
        {.class = {.name = DBAL "Exception\\NoKeyValue", .parent = DBAL_3},
                .from = DOCTRINE_2_13,
                .gone = DOCTRINE_3_7},
        {.class = {.name = MISSING "MissingNamedParameter", .parent = "LogicException"},
                .from = DOCTRINE_3_7},
        {.class = {.name = MISSING "MissingPositionalParameter", .parent = "LogicException"},
                .from = DOCTRINE_3_7},
        {.class = {.name = "PDOException", .parent = "RuntimeException"}},
        {.class = {.name = NULL}},
};
