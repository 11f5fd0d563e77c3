/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/database_private.h"

#include "lib/cancel.h"
#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/pulse.h"
#include "lib/sha256.h"

#include <ctype.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_S 10
/* The servers' own default is a day (MariaDB) or a year (MySQL), and whoever waits for a table lets nobody
 * else come to it. */
#define DEFAULT_LOCK_WAIT_S 60
/* What MySQL and MariaDB both take as a lock's name. */
#define LOCK_NAME_LIMIT 64
#define SCHEMA_CHANGE_POLL_MS 200

/* Numbers of the server (mysqld_error.h) */
#define NOT_PREPARABLE 1295 /* ER_UNSUPPORTED_PS */

void database_parameters_deinit(struct database_parameters *parameters)
{
        free(parameters->host);
        free(parameters->unix_socket);
        free(parameters->name);
        free(parameters->user);
        if (parameters->password)
                explicit_bzero(parameters->password, strlen(parameters->password));
        free(parameters->password);
        *parameters = (struct database_parameters){0};
}

static bool uses_socket(const struct database_parameters *parameters)
{
        return !parameters->host || !*parameters->host || string_equal(parameters->host, "localhost");
}

static char *describe_place(const struct database_parameters *parameters)
{
        if (!uses_socket(parameters))
                return string_format("%s, port %u", parameters->host, parameters->port ?: 3306);
        if (parameters->unix_socket)
                return string_format("localhost, socket %s", parameters->unix_socket);
        return string_copy("localhost, the client library's own socket");
}

static void set_connect_options(MYSQL *mysql, const struct database_parameters *parameters)
{
        unsigned timeout_s = parameters->timeout_s ?: DEFAULT_TIMEOUT_S;
        unsigned protocol = uses_socket(parameters) ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
        unsigned off = 0;
        my_bool reconnect = 0;
        (void)mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s);
        if (parameters->answer_s > 0) {
                (void)mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &parameters->answer_s);
                (void)mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &parameters->answer_s);
        }
        (void)mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
        (void)mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
        /* A new connection would have lost the lock and the session without a word. */
        (void)mysql_options(mysql, MYSQL_OPT_RECONNECT, &reconnect);
        /* Else a hostile server could ask for any file of ours. */
        (void)mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
        /* Before answer_s is over, so that the server is the one that tells why. */
        unsigned lock_wait_s = parameters->lock_wait_s ?: DEFAULT_LOCK_WAIT_S;
        if (parameters->answer_s > 1 && lock_wait_s >= parameters->answer_s)
                lock_wait_s = parameters->answer_s - 1;
        /* The character set once more: a server may pass over what a client says as it connects
         * (skip-character-set-client-handshake), and its init_connect comes behind that. */
        _cleanup_free_ char *session =
                string_format("SET NAMES utf8mb4, SESSION lock_wait_timeout = %u", lock_wait_s);
        (void)mysql_options(mysql, MYSQL_INIT_COMMAND, session);
}

static void copy_parameters(const struct database_parameters *parameters, struct database_parameters *ret)
{
        *ret = *parameters;
        ret->host = string_copy(parameters->host);
        ret->unix_socket = string_copy(parameters->unix_socket);
        ret->name = string_copy(parameters->name);
        ret->user = string_copy(parameters->user);
        ret->password = string_copy(parameters->password);
}

static void init_library(void)
{
        (void)mysql_server_init(0, NULL, NULL);
}

int database_connect(const struct database_parameters *parameters, struct database **ret, struct error *err)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        (void)pthread_once(&once, init_library);

        _cleanup_(database_closep) struct database *database = memory_new(sizeof(*database));
        _pulse_waits_;
        database->place = describe_place(parameters);
        database->socket_fd = -1;
        database->mysql = mysql_init(NULL);
        if (!database->mysql)
                return error_set(err, REASON_INTERNAL, "the database client library can't be initialised");
        copy_parameters(parameters, &database->parameters);
        set_connect_options(database->mysql, parameters);

        bool local = uses_socket(parameters);
        if (!mysql_real_connect(database->mysql, local ? "localhost" : parameters->host,
                    parameters->user ?: "", parameters->password ?: "", parameters->name, parameters->port,
                    local ? parameters->unix_socket : NULL, 0)) {
                unsigned number = mysql_errno(database->mysql);
                bool denied = database_reason(number, NULL) == REASON_DATABASE_ACCESS_DENIED;
                error_set(err, denied ? REASON_DATABASE_ACCESS_DENIED : REASON_DATABASE_UNREACHABLE,
                        "can't connect to database %s as user %s at %s: %s (%u)",
                        parameters->name ?: "(none)", parameters->user ?: "(none)", database->place,
                        mysql_error(database->mysql), number);
                err->number = (int)number;
                return -1;
        }
        database->socket_fd = fcntl(mysql_get_socket(database->mysql), F_DUPFD_CLOEXEC, 0);
        if (database->socket_fd < 0)
                return error_set_errno(err, errno, "can't connect to database %s at %s",
                        parameters->name ?: "(none)", database->place);
        *ret = steal(&database);
        return 0;
}

void database_close(struct database *database)
{
        if (!database)
                return;
        if (database->mysql)
                mysql_close(database->mysql);
        if (database->socket_fd >= 0)
                (void)close(database->socket_fd);
        database_parameters_deinit(&database->parameters);
        free(database->holders);
        free(database->place);
        free(database);
}

void database_rows_deinit(struct database_rows *rows)
{
        for (size_t i = 0; i < rows->rows * rows->columns; i++)
                free(rows->cells[i]);
        for (size_t i = 0; rows->names && i < rows->columns; i++)
                free(rows->names[i]);
        free(rows->cells);
        free(rows->sizes);
        free(rows->names);
        *rows = (struct database_rows){0};
}

const char *database_cell(const struct database_rows *rows, size_t row, size_t column)
{
        return row < rows->rows && column < rows->columns ? rows->cells[row * rows->columns + column] : NULL;
}

static enum reason reason_of_query_error(unsigned number, const char *text)
{
        return database_reason(number, text) ?: REASON_DATABASE_QUERY_FAILED;
}

int database_fail(struct database *database, struct error *err)
{
        unsigned number = mysql_errno(database->mysql);
        const char *text = mysql_error(database->mysql);
        error_set(err, reason_of_query_error(number, text), "the database server (%s) says: %s (%u)",
                database->place, text, number);
        err->number = (int)number;
        return -1;
}

static void take_rows(MYSQL_RES *result, struct database_rows *ret)
{
        size_t columns = mysql_num_fields(result);
        size_t count = (size_t)mysql_num_rows(result);
        struct database_rows rows = {.columns = columns};
        rows.cells = memory_new_array(count * columns, sizeof(*rows.cells));
        rows.sizes = memory_new_array(count * columns, sizeof(*rows.sizes));
        rows.names = memory_new_array(columns, sizeof(*rows.names));
        for (size_t i = 0; i < columns; i++)
                rows.names[i] = string_copy(mysql_fetch_field_direct(result, (unsigned)i)->name);
        MYSQL_ROW row;
        while (rows.rows < count && (row = mysql_fetch_row(result))) {
                const unsigned long *lengths = mysql_fetch_lengths(result);
                for (size_t i = 0; i < columns; i++) {
                        size_t at = rows.rows * columns + i;
                        rows.cells[at] = row[i] ? memory_copy(row[i], lengths[i]) : NULL;
                        rows.sizes[at] = row[i] ? lengths[i] : 0;
                }
                rows.rows++;
        }
        *ret = rows;
}

/* A statement can give several results (CALL): the first one with rows is the caller's, all are read, else
 * the connection would be out of step. */
static int read_results(struct database *database, struct database_rows *ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        bool taken = false;
        int more;
        do {
                MYSQL_RES *result = mysql_store_result(database->mysql);
                if (!result && mysql_field_count(database->mysql) > 0)
                        return database_fail(database, err);
                if (result && ret && !taken) {
                        take_rows(result, &rows);
                        taken = true;
                }
                if (result)
                        mysql_free_result(result);
                more = mysql_next_result(database->mysql);
        } while (more == 0);
        if (more > 0)
                return database_fail(database, err);
        if (ret) {
                *ret = rows;
                rows = (struct database_rows){0};
        }
        return 0;
}

void database_name_holders(struct database *database, const char *sql, size_t size, struct error *err)
{
        if (!database->holders)
                database->holders =
                        database_describe_holders(database, mysql_thread_id(database->mysql), sql, size);
        string_replace(&err->message, string_format("%s; another connection holds a lock that the statement "
                                                    "waits for: %s",
                                              error_message(err), database->holders));
}

int database_send(
        struct database *database, const char *sql, size_t size, bool *ret_broken_off, struct error *err)
{
        if (mysql_send_query(database->mysql, sql, size) != 0)
                return database_fail(database, err);
        database_await(database, sql, size, ret_broken_off);
        return mysql_read_query_result(database->mysql) != 0 ? database_fail(database, err) : 0;
}

int database_query_bytes(
        struct database *database, const char *sql, size_t size, struct database_rows *ret, struct error *err)
{
        _pulse_waits_;
        bool broken_off = false;
        int result = database_send(database, sql, size, &broken_off, err);
        if (result == 0)
                result = read_results(database, ret, err);
        if (result < 0 && err->number == SERVER_LOCK_WAIT_TIMEOUT)
                database_name_holders(database, sql, size, err);
        if (!broken_off || (result < 0 && err->reason == REASON_DATABASE_LOST))
                return result;
        /* What it answers tells of the kill alone. */
        if (result == 0 && ret)
                database_rows_deinit(ret);
        error_deinit(err);
        return cancel_check(database->watch.cancel, err);
}

static int query_text(
        struct database *database, struct database_rows *ret, struct error *err, const char *sql)
{
        return database_query_bytes(database, sql, strlen(sql), ret, err);
}

uint64_t database_insert_id(struct database *database)
{
        return mysql_insert_id(database->mysql);
}

int database_check(struct database *database, const char *sql, size_t size, char **ret_why, struct error *err)
{
        _pulse_waits_;
        MYSQL_STMT *statement = mysql_stmt_init(database->mysql);
        if (!statement)
                return error_set(err, REASON_INTERNAL, "the database client library can't make a statement");
        unsigned number = mysql_stmt_prepare(statement, sql, size) != 0 ? mysql_stmt_errno(statement) : 0;
        _cleanup_free_ char *why = number ? string_copy(mysql_stmt_error(statement)) : NULL;
        enum reason reason = number ? reason_of_query_error(number, why) : REASON_NONE;
        (void)mysql_stmt_close(statement);
        if (number == 0 || number == NOT_PREPARABLE)
                return 0;
        if (reason == REASON_DATABASE_LOST) {
                error_set(
                        err, reason, "the database server (%s) says: %s (%u)", database->place, why, number);
                err->number = (int)number;
                return -1;
        }
        *ret_why = steal(&why);
        return 1;
}

int database_query(
        struct database *database, struct database_rows *ret, struct error *err, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *sql = string_format_list(format, arguments);
        va_end(arguments);
        return query_text(database, ret, err, sql);
}

int database_query_value(struct database *database, char **ret, struct error *err, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *sql = string_format_list(format, arguments);
        va_end(arguments);
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (query_text(database, &rows, err, sql) < 0)
                return -1;
        if (!database_cell(&rows, 0, 0))
                return 1;
        *ret = steal(&rows.cells[0]);
        return 0;
}

int database_data_size(struct database *database, uint64_t *ret, struct error *err)
{
        _cleanup_free_ char *bytes = NULL;
        int result = database_query_value(database, &bytes, err,
                "SELECT CAST(SUM(DATA_LENGTH) AS UNSIGNED) FROM information_schema.TABLES"
                " WHERE TABLE_SCHEMA = DATABASE()");
        if (result < 0)
                return error_wrap(err, "measuring the database");
        *ret = result == 0 ? strtoull(bytes, NULL, 10) : 0; /* no tables: no sum */
        return 0;
}

char *database_quote_bytes(struct database *database, const char *bytes, size_t size)
{
        char *quoted = memory_new(2 * size + 3);
        quoted[0] = '\'';
        unsigned long length = mysql_real_escape_string(database->mysql, quoted + 1, bytes, size);
        quoted[1 + length] = '\'';
        return quoted;
}

char *database_quote(struct database *database, const char *text)
{
        return database_quote_bytes(database, text, strlen(text));
}

char *database_quote_name(const char *name)
{
        _cleanup_buffer_ struct buffer quoted = {0};
        buffer_append_string(&quoted, "`");
        for (; *name; name++) {
                if (*name == '`')
                        buffer_append_string(&quoted, "`");
                buffer_append(&quoted, name, 1);
        }
        buffer_append_string(&quoted, "`");
        return buffer_steal(&quoted);
}

int database_server_version(struct database *database, struct database_server *ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err, "SELECT VERSION(), @@version_comment") < 0)
                return error_wrap(err, "asking the database server for its version");
        const char *text = database_cell(&rows, 0, 0) ?: "";
        const char *comment = database_cell(&rows, 0, 1) ?: "";
        struct database_server server = {
                .mariadb = strcasestr(text, "mariadb") || strcasestr(comment, "mariadb")};
        /* MariaDB puts this in front for replicas of old MySQL; some proxies pass it on. */
        const char *numbers = server.mariadb && string_begins(text, "5.5.5-") ? text + 6 : text;
        if (sscanf(numbers, "%u.%u.%u", &server.major, &server.minor, &server.patch) < 2)
                return error_set(err, REASON_DATABASE_QUERY_FAILED,
                        "the database server's version '%s' can't be understood", text);
        (void)snprintf(server.text, sizeof(server.text), "%s", text);
        *ret = server;
        return 0;
}

char *database_upgrade_lock_name(const char *database, const char *prefix)
{
        return string_format("mautic-upgraded:%s:%s", database, prefix);
}

/* A name too long for the server keeps its beginning and gets a hash, so that it stays the same lock. */
static char *fit_lock_name(const char *name)
{
        size_t size = strlen(name);
        if (size <= LOCK_NAME_LIMIT)
                return string_copy(name);
        char hash[SHA256_HEX_SIZE];
        sha256_of(name, size, hash);
        return string_format("mautic-upgraded:%.40s", hash);
}

int database_lock(struct database *database, const char *name, unsigned patience_s, struct error *err)
{
        _cleanup_free_ char *fitted = fit_lock_name(name);
        _cleanup_free_ char *quoted = database_quote(database, fitted);
        _cleanup_free_ char *answer = NULL;
        int result =
                database_query_value(database, &answer, err, "SELECT GET_LOCK(%s, %u)", quoted, patience_s);
        if (result < 0)
                return error_wrap(err, "taking the lock %s in the database", fitted);
        if (result > 0)
                return error_set(err, REASON_DATABASE_QUERY_FAILED,
                        "the database server gave no answer to GET_LOCK(%s)", fitted);
        if (!string_equal(answer, "1"))
                return error_set(err, REASON_DATABASE_LOCKED,
                        "another connection holds the lock %s in the database (waited %u s)", fitted,
                        patience_s);
        return 0;
}

const char *database_skip_comments(const char *sql)
{
        for (;;) {
                sql += strspn(sql, " \t\r\n\f\v(;");
                if (*sql == '#' || string_begins(sql, "--")) {
                        sql += strcspn(sql, "\n");
                } else if (string_begins(sql, "/*") && sql[2] != '!') {
                        const char *end = strstr(sql + 2, "*/");
                        sql = end ? end + 2 : sql + strlen(sql);
                } else if (string_begins(sql, "/*")) {
                        sql += 3 + strspn(sql + 3, "M0123456789");
                } else {
                        return sql;
                }
        }
}

bool database_statement_is(const char *sql, const char *const *verbs)
{
        sql = database_skip_comments(sql);
        for (; *verbs; verbs++) {
                size_t size = strlen(*verbs);
                if (strncasecmp(sql, *verbs, size) == 0 && !isalnum((unsigned char)sql[size]) &&
                        sql[size] != '_')
                        return true;
        }
        return false;
}

const char *const database_schema_verbs[] = {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", NULL};

/* The server's threads of one's own user are seen without the PROCESS privilege. */
static int find_schema_change(struct database *database, char **ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT ID, LEFT(INFO, 1000) FROM information_schema.PROCESSLIST"
                    " WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND INFO IS NOT NULL") < 0)
                return error_wrap(err, "looking for schema changes under way");
        for (size_t i = 0; i < rows.rows; i++) {
                const char *sql = database_cell(&rows, i, 1);
                if (!sql || !database_statement_is(sql, database_schema_verbs))
                        continue;
                *ret = string_format(
                        "connection %s: %.120s", database_cell(&rows, i, 0), database_skip_comments(sql));
                return 0;
        }
        return 1;
}

int database_wait_for_schema_changes(
        struct database *database, unsigned patience_s, struct cancel *cancel, struct error *err)
{
        uint64_t deadline = clock_steady_ms() + patience_s * UINT64_C(1000);
        for (;;) {
                _cleanup_free_ char *change = NULL;
                int result = find_schema_change(database, &change, err);
                if (result != 0)
                        return result < 0 ? -1 : 0;
                if (clock_steady_ms() >= deadline)
                        return error_set(err, REASON_TIMED_OUT,
                                "the database server is still changing tables after %u s (%s)", patience_s,
                                change);
                if (cancel_sleep(cancel, SCHEMA_CHANGE_POLL_MS, err) < 0)
                        return -1;
        }
}

/* Inside double quotes the option files of MySQL and MariaDB know these escapes (my_default.c of both); a '#'
 * or a blank is then an ordinary character. */
static void append_option(struct buffer *file, const char *name, const char *value)
{
        buffer_append_format(file, "%s=\"", name);
        for (; *value; value++) {
                switch (*value) {
                case '"':
                case '\\':
                        buffer_append_format(file, "\\%c", *value);
                        break;
                case '\n':
                        buffer_append_string(file, "\\n");
                        break;
                case '\r':
                        buffer_append_string(file, "\\r");
                        break;
                case '\t':
                        buffer_append_string(file, "\\t");
                        break;
                case '\b':
                        buffer_append_string(file, "\\b");
                        break;
                default:
                        buffer_append(file, value, 1);
                        break;
                }
        }
        buffer_append_string(file, "\"\n");
}

char *database_option_file(const struct database_parameters *parameters)
{
        _cleanup_buffer_ struct buffer file = {0};
        buffer_append_string(&file, "[client]\n");
        if (uses_socket(parameters)) {
                append_option(&file, "host", "localhost");
                append_option(&file, "protocol", "SOCKET");
                if (parameters->unix_socket)
                        append_option(&file, "socket", parameters->unix_socket);
        } else {
                append_option(&file, "host", parameters->host);
                append_option(&file, "protocol", "TCP");
                buffer_append_format(&file, "port=%u\n", parameters->port ?: 3306);
        }
        append_option(&file, "user", parameters->user ?: "");
        /* An empty one is said too: else the program would ask the terminal. */
        append_option(&file, "password", parameters->password ?: "");
        append_option(&file, "default-character-set", "utf8mb4");
        return buffer_steal(&file);
}

int database_started_at(struct database *database, int64_t *ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows uptime = {0};
        _cleanup_free_ char *now = NULL;
        if (database_query_value(database, &now, err, "SELECT UNIX_TIMESTAMP()") < 0 ||
                database_query(database, &uptime, err, "SHOW GLOBAL STATUS LIKE 'Uptime'") < 0)
                return error_wrap(err, "asking since when the server runs");
        const char *seconds = uptime.rows > 0 && uptime.columns > 1 ? database_cell(&uptime, 0, 1) : NULL;
        *ret = strtoll(now ?: "0", NULL, 10) - strtoll(seconds ?: "0", NULL, 10);
        return 0;
}

/* A Unix socket, or one address at both ends. */
static bool is_on_this_machine(struct database *database)
{
        struct sockaddr_storage own = {0}, other = {0};
        socklen_t own_size = sizeof(own), other_size = sizeof(other);
        int fd = mysql_get_socket(database->mysql);
        if (getsockname(fd, (struct sockaddr *)&own, &own_size) < 0 ||
                getpeername(fd, (struct sockaddr *)&other, &other_size) < 0 ||
                own.ss_family != other.ss_family)
                return false;
        switch (own.ss_family) {
        case AF_UNIX:
                return true;
        case AF_INET:
                return ((struct sockaddr_in *)&own)->sin_addr.s_addr ==
                       ((struct sockaddr_in *)&other)->sin_addr.s_addr;
        case AF_INET6:
                return memcmp(&((struct sockaddr_in6 *)&own)->sin6_addr,
                               &((struct sockaddr_in6 *)&other)->sin6_addr, sizeof(struct in6_addr)) == 0;
        default:
                return false;
        }
}

void database_sync_server(struct database *database)
{
        if (!is_on_this_machine(database))
                return;
        _pulse_waits_;
        sync();
}
