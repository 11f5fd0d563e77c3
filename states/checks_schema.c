/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/checks_private.h"

#include "migrations-reader/doctrine/doctrine.h"

#include <string.h>

static int list_views(struct checks *checks, struct database_rows *ret, struct error *err)
{
        return database_query(checks->database, ret, err,
                "SELECT TABLE_NAME FROM information_schema.TABLES"
                " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'VIEW' ORDER BY TABLE_NAME");
}

static int find_broken(struct checks *checks, struct name_sample *ret, size_t *ret_count, struct error *err)
{
        _cleanup_database_rows_ struct database_rows views = {0};
        if (list_views(checks, &views, err) < 0)
                return -1;
        for (size_t i = 0; i < views.rows; i++) {
                const char *name = database_cell(&views, i, 0) ?: "";
                _cleanup_free_ char *quoted = database_quote_name(name);
                _cleanup_free_ char *sql = string_format("SELECT * FROM %s LIMIT 0", quoted);
                _cleanup_free_ char *why = NULL;
                int result = database_check(checks->database, sql, strlen(sql), &why, err);
                if (result < 0 || cancel_check(checks->options->cancel, err) < 0)
                        return -1;
                if (result > 0) {
                        _cleanup_free_ char *text = string_format("%s (%s)", name, why);
                        name_sample_add(ret, text);
                }
        }
        *ret_count = views.rows;
        return 0;
}

/* mariadb-dump and mysqldump end with an error at the first of them. */
void check_database_views(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_name_sample_ struct name_sample broken = {0};
        size_t count = 0;
        if (find_broken(checks, &broken, &count, &err) < 0)
                finding_warning(finding, reason_advice(err.reason), "%s", error_message(&err));
        else if (broken.count > 0)
                finding_error(finding,
                        "Correct or drop these views (SHOW CREATE VIEW tells what they want; access that "
                        "is denied can mean that a view's definer is gone): no dump can be made with them.",
                        "views that can't be read: %s", name_sample_text(&broken));
        else
                finding_ok(finding, count > 0 ? "%zu views, each can be read" : "no views", count);
}

/* Doctrine looks at all tables of the schema, also at those of others, before it runs a migration. */
void check_column_types(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_name_sample_ struct name_sample unknown = {0};
        if (database_query(checks->database, &rows, &err,
                    "SELECT C.TABLE_NAME, C.COLUMN_NAME, LOWER(C.DATA_TYPE) FROM information_schema.COLUMNS C"
                    " JOIN information_schema.TABLES T"
                    " ON T.TABLE_SCHEMA = C.TABLE_SCHEMA AND T.TABLE_NAME = C.TABLE_NAME"
                    " WHERE C.TABLE_SCHEMA = DATABASE() AND T.TABLE_TYPE LIKE '%%BASE TABLE%%'"
                    " ORDER BY C.TABLE_NAME, C.ORDINAL_POSITION") < 0) {
                finding_warning(finding, reason_advice(err.reason), "%s", error_message(&err));
                return;
        }
        for (size_t i = 0; i < rows.rows; i++) {
                const char *type = database_cell(&rows, i, 2) ?: "";
                if (doctrine_knows_type(type))
                        continue;
                _cleanup_free_ char *text = string_format("%s of %s (%s)", database_cell(&rows, i, 1) ?: "",
                        database_cell(&rows, i, 0) ?: "", type);
                name_sample_add(&unknown, text);
        }
        if (unknown.count > 0)
                finding_warning(finding,
                        "Expect migrations that look at the tables to fail: move what is not Mautic's to a "
                        "schema of its own, or change the type of these columns.",
                        "columns of types that Doctrine does not know: %s", name_sample_text(&unknown));
        else
                finding_ok(finding, "Doctrine knows the types of all columns");
}
