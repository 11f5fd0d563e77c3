/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/version_table.h"

#include "lib/memory.h"

#include <inttypes.h>
#include <string.h>

#define NO_SUCH_TABLE 1146 /* ER_NO_SUCH_TABLE */
#define NAMESPACE "Mautic\\Migrations\\Version"

/* What each Doctrine makes, and what it changes a former one's table into. */
static const struct {
        const char *columns, *options, *change;
} formats[] = {
        [DOCTRINE_2_5] = {"version VARCHAR(255) NOT NULL",
                "DEFAULT CHARACTER SET utf8 COLLATE utf8_unicode_ci ENGINE = InnoDB", NULL},
        [DOCTRINE_2_10] = {"version VARCHAR(14) NOT NULL, executed_at DATETIME NOT NULL COMMENT "
                           "'(DC2Type:datetime_immutable)'",
                "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci ENGINE = InnoDB",
                "ADD executed_at DATETIME DEFAULT NULL COMMENT '(DC2Type:datetime_immutable)', "
                "CHANGE version version VARCHAR(14) NOT NULL"},
        [DOCTRINE_2_13] = {"version VARCHAR(14) NOT NULL, executed_at DATETIME NOT NULL COMMENT "
                           "'(DC2Type:datetime_immutable)'",
                "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci ENGINE = InnoDB",
                "ADD executed_at DATETIME DEFAULT NULL COMMENT '(DC2Type:datetime_immutable)', "
                "CHANGE version version VARCHAR(14) NOT NULL"},
        [DOCTRINE_3_7] = {"version VARCHAR(191) NOT NULL, executed_at DATETIME DEFAULT NULL, "
                          "execution_time INT DEFAULT NULL",
                "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci ENGINE = InnoDB", NULL},
};

/* The column's definition as information_schema tells it; 1: no such column. */
static int read_column(
        struct database *database, const char *table, const char *column, char **ret_type, struct error *err)
{
        _cleanup_free_ char *quoted = database_quote(database, table);
        return database_query_value(database, ret_type, err,
                "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND "
                "TABLE_NAME = %s AND COLUMN_NAME = '%s'",
                quoted, column);
}

/* doctrine/migrations 3 adds what is missing, one column after the other. */
static int complete_table(struct database *database, const char *name, const char *table, struct error *err)
{
        static const struct {
                const char *column, *type, *change;
        } wanted[] = {
                {"version", "varchar(191)", "CHANGE version version VARCHAR(191) NOT NULL"},
                {"executed_at", "datetime", "ADD executed_at DATETIME DEFAULT NULL"},
                {"execution_time", "int", "ADD execution_time INT DEFAULT NULL"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
                _cleanup_free_ char *type = NULL;
                int result = read_column(database, table, wanted[i].column, &type, err);
                if (result < 0)
                        return -1;
                if (result == 0 && string_begins(type, wanted[i].type))
                        continue;
                if (database_query(database, NULL, err, "ALTER TABLE %s %s", name, wanted[i].change) < 0)
                        return -1;
        }
        return 0;
}

static int change_table(struct database *database, const char *name, const char *table,
        enum doctrine_version version, struct error *err)
{
        if (version == DOCTRINE_3_7)
                return complete_table(database, name, table, err);
        if (!formats[version].change)
                return 0;
        _cleanup_free_ char *type = NULL;
        int result = read_column(database, table, "executed_at", &type, err);
        if (result != 1)
                return result;
        return database_query(database, NULL, err, "ALTER TABLE %s %s", name, formats[version].change);
}

int version_table_prepare(
        struct database *database, const char *table, enum doctrine_version version, struct error *err)
{
        _cleanup_free_ char *name = database_quote_name(table);
        _cleanup_free_ char *type = NULL;
        int result = read_column(database, table, "version", &type, err);
        if (result == 1)
                result = database_query(database, NULL, err, "CREATE TABLE %s (%s, PRIMARY KEY(version)) %s",
                        name, formats[version].columns, formats[version].options);
        else if (result == 0)
                result = change_table(database, name, table, version, err);
        return result < 0 ? error_wrap(err, "preparing the table %s", table) : 0;
}

int version_table_add(struct database *database, const char *table, enum doctrine_version version,
        const char *migration, uint64_t duration_ms, struct error *err)
{
        _cleanup_free_ char *name = database_quote_name(table);
        _cleanup_free_ char *value =
                version == DOCTRINE_3_7 ? string_format(NAMESPACE "%s", migration) : string_copy(migration);
        _cleanup_free_ char *quoted = database_quote(database, value);
        _cleanup_free_ char *values =
                version == DOCTRINE_2_5 ? string_copy(quoted)
                : version == DOCTRINE_3_7
                        ? string_format("%s, UTC_TIMESTAMP(), %" PRIu64, quoted, duration_ms)
                        : string_format("%s, UTC_TIMESTAMP()", quoted);
        static const char *const columns[] = {
                [DOCTRINE_2_5] = "version",
                [DOCTRINE_2_10] = "version, executed_at",
                [DOCTRINE_2_13] = "version, executed_at",
                [DOCTRINE_3_7] = "version, executed_at, execution_time",
        };
        if (database_query(database, NULL, err,
                    "INSERT INTO %s (%s) VALUES (%s) ON DUPLICATE KEY UPDATE version = version", name,
                    columns[version], values) < 0)
                return error_wrap(err, "recording migration %s as executed", migration);
        return 0;
}

int version_table_has(
        struct database *database, const char *table, const char *migration, bool *ret, struct error *err)
{
        _cleanup_free_ char *name = database_quote_name(table);
        _cleanup_free_ char *class_name = string_format(NAMESPACE "%s", migration);
        _cleanup_free_ char *quoted = database_quote(database, migration);
        _cleanup_free_ char *quoted_class = database_quote(database, class_name);
        _cleanup_free_ char *found = NULL;
        int result = database_query_value(database, &found, err,
                "SELECT version FROM %s WHERE version IN (%s, %s)", name, quoted, quoted_class);
        if (result < 0 && err->number == NO_SUCH_TABLE) {
                error_deinit(err);
                result = 1;
        }
        if (result < 0)
                return error_wrap(err, "looking for migration %s in %s", migration, table);
        *ret = result == 0;
        return 0;
}
