/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/generated_columns.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/php_syntax.h"

#include <string.h>

#define SUBSCRIBER "app/bundles/EmailBundle/EventListener/GeneratedColumnSubscriber.php"
#define TABLE "email_stats"
#define COLUMN "generated_sent_date"
#define WITH "email_id" /* in its index */
#define EXPRESSION                                                                                           \
        "CONCAT(YEAR(date_sent), '-', LPAD(MONTH(date_sent), 2, '0'), '-', LPAD(DAY(date_sent), 2, '0'))"

static int release_has_it(struct stage_context *context, bool *ret, struct error *err)
{
        _cleanup_free_ char *source = NULL;
        size_t size = 0;
        int r = file_read(context->site->root_fd, SUBSCRIBER, PHP_SOURCE_LIMIT, &source, &size, err);
        *ret = r == 0 && strstr(source, COLUMN) && strstr(source, EXPRESSION);
        return r < 0 ? -1 : 0;
}

static bool server_can(const struct database_server *server)
{
        static const unsigned mysql[] = {5, 7, 14}, mariadb[] = {10, 2, 6};
        const unsigned *least = server->mariadb ? mariadb : mysql;
        const unsigned is[] = {server->major, server->minor, server->patch};
        for (size_t i = 0; i < ARRAY_SIZE(is); i++)
                if (is[i] != least[i])
                        return is[i] > least[i];
        return true;
}

static int count(struct database *database, const char *view, const char *column, const char *table,
        const char *name, bool *ret, struct error *err)
{
        _cleanup_free_ char *of = database_quote(database, table), *what = database_quote(database, name);
        _cleanup_free_ char *found = NULL;
        if (database_query_value(database, &found, err,
                    "SELECT COUNT(*) FROM information_schema.%s"
                    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND %s = %s",
                    view, of, column, what) < 0)
                return -1;
        *ret = !string_equal(found, "0");
        return 0;
}

static int add(
        struct stage_context *context, struct database *database, const char *prefix, struct error *err)
{
        _cleanup_free_ char *table = string_format("%s" TABLE, prefix);
        _cleanup_free_ char *index = string_format("%s" COLUMN "_" WITH, prefix);
        _cleanup_free_ char *quoted = database_quote_name(table), *quoted_index = database_quote_name(index);
        bool there = false, has_column = false, has_index = false;
        if (count(database, "COLUMNS", "COLUMN_NAME", table, "date_sent", &there, err) < 0 ||
                count(database, "COLUMNS", "COLUMN_NAME", table, COLUMN, &has_column, err) < 0 ||
                count(database, "STATISTICS", "INDEX_NAME", table, index, &has_index, err) < 0)
                return -1;
        if (!there || (has_column && has_index))
                return 0;
        stage_log(context, LOG_LEVEL_INFO, "Adding the generated column " COLUMN " to %s.", table);
        if (!has_column && database_query(database, NULL, err,
                                   "ALTER TABLE %s ADD " COLUMN " DATE AS (" EXPRESSION
                                   ") COMMENT '(DC2Type:generated)'",
                                   quoted) < 0)
                return -1;
        if (has_index)
                return 0;
        return database_query(database, NULL, err, "ALTER TABLE %s ADD INDEX %s(" COLUMN ", " WITH ")",
                quoted, quoted_index);
}

int generated_columns_add(
        struct stage_context *context, struct database *database, const char *prefix, struct error *err)
{
        struct database_server server;
        bool wanted = false;
        if (release_has_it(context, &wanted, err) < 0)
                return -1;
        if (!wanted)
                return 0;
        if (database_server_version(database, &server, err) < 0 ||
                (server_can(&server) && add(context, database, prefix, err) < 0))
                return error_wrap(err, "adding the generated columns of Mautic 3");
        return 0;
}
