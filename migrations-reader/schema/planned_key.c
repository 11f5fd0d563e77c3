/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/ddl.h"

#include "lib/memory.h"
#include "migrations-reader/schema/charsets.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY_LIMIT 3072 /* bytes of an InnoDB index with ROW_FORMAT=DYNAMIC */
#define OLD_KEY_LIMIT 767 /* of a column in it with COMPACT and REDUNDANT */
#define SPATIAL_LENGTH 32 /* what STATISTICS tells */
#define KEY_NAME_TRIES 100

/* Whether the generated one's columns begin the other one. */
static bool is_prefix(const struct planned_key *generated, const struct planned_key *other)
{
        if (generated->index.part_count > other->index.part_count)
                return false;
        for (size_t i = 0; i < generated->index.part_count; i++) {
                const struct schema_index_part *part = &generated->index.parts[i];
                if (part->length != other->index.parts[i].length ||
                        strcasecmp(part->column, other->index.parts[i].column) != 0)
                        return false;
        }
        return true;
}

static bool serves(const struct planned_key *left, const struct planned_key *right)
{
        const struct planned_key *generated = left, *other = right;
        bool swap =
                left->generated ? right->generated && left->index.part_count > right->index.part_count : true;
        if (swap) {
                generated = right;
                other = left;
        }
        return generated->generated && is_prefix(generated, other);
}

/* A key that the server makes for a foreign key goes when another one does for it. */
static void ignore_generated(struct table_plan *plan)
{
        for (size_t i = 0; i < plan->key_count; i++) {
                struct planned_key *key = &plan->keys[i];
                for (size_t k = 0; k < i; k++) {
                        struct planned_key *before = &plan->keys[k];
                        if (before->ignored || !serves(key, before))
                                continue;
                        if (!before->generated ||
                                (key->generated && key->index.part_count < before->index.part_count))
                                key->ignored = true;
                        else
                                before->ignored = true;
                        break;
                }
        }
}

/* Whether an index of an unknown past may be one that the server would drop for a better one. */
static bool may_be_generated(const struct schema_table *table, const struct schema_index *index)
{
        for (size_t i = 0; i < table->foreign_key_count; i++) {
                const struct schema_foreign_key *key = &table->foreign_keys[i];
                if (strings_count(key->columns) != index->part_count || !index_covers(index, key->columns))
                        continue;
                size_t size = strlen(key->columns[0]);
                bool named = strcasecmp(index->name, key->name) == 0;
                bool numbered = strncasecmp(index->name, key->columns[0], size) == 0 &&
                                (index->name[size] == '\0' || index->name[size] == '_');
                bool by_server = strstr(key->name, "_ibfk_") != NULL;
                if (named || (by_server && numbered))
                        return true;
        }
        return false;
}

static void doubt_unknown_past(struct ddl *ddl, const struct table_plan *plan)
{
        if (!plan->old)
                return;
        for (size_t i = 0; i < plan->key_count; i++) {
                struct planned_key *kept = &plan->keys[i];
                if (!kept->kept || kept->generated || kept->index.unique ||
                        !may_be_generated(plan->old, &kept->index))
                        continue;
                for (size_t k = 0; k < plan->key_count; k++)
                        if (!plan->keys[k].kept && !plan->keys[k].ignored && is_prefix(kept, &plan->keys[k]))
                                (void)ddl_doubt(ddl, "the server may drop index %s, which it may have made",
                                        kept->index.name);
        }
}

/* Names */

static bool name_exists(const struct table_plan *plan, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (!plan->keys[i].ignored && plan->keys[i].index.name &&
                        strcasecmp(plan->keys[i].index.name, name) == 0)
                        return true;
        return false;
}

/* column, column_2, column_3 … among the keys before this one */
static char *make_name(const struct table_plan *plan, size_t at)
{
        const char *column = find_planned_column(plan, plan->keys[at].index.parts[0].column)->column.name;
        if (!name_exists(plan, at, column) && strcasecmp(column, "PRIMARY") != 0)
                return string_copy(column);
        for (unsigned i = 2; i < KEY_NAME_TRIES; i++) {
                _cleanup_free_ char *name = string_format("%s_%u", column, i);
                if (!name_exists(plan, at, name))
                        return steal(&name);
        }
        return string_copy("not_specified");
}

static bool name_key(struct ddl *ddl, struct table_plan *plan, size_t at)
{
        struct planned_key *key = &plan->keys[at];
        if (key->kind == PLANNED_PRIMARY) {
                if (name_exists(plan, at, "PRIMARY"))
                        return ddl_refuse(ddl, 1068, "Multiple primary key defined");
                string_replace(&key->index.name, string_copy("PRIMARY"));
                return true;
        }
        if (!key->index.name)
                key->index.name = make_name(plan, at);
        if (strcasecmp(key->index.name, "PRIMARY") == 0)
                return ddl_refuse(ddl, 1280, "Incorrect index name 'PRIMARY'");
        if (name_exists(plan, at, key->index.name))
                return ddl_refuse(ddl, 1061, "Duplicate key name '%s'", key->index.name);
        return true;
}

/* Parts */

static uint64_t fixed_bytes(const struct type_facts *facts)
{
        switch (facts->kind) {
        case TYPE_INTEGER:
                return facts->bytes;
        case TYPE_FLOAT:
        case TYPE_TIMESTAMP:
                return 4;
        case TYPE_DATE:
        case TYPE_TIME:
                return 3;
        case TYPE_YEAR:
        case TYPE_ENUM:
                return 1;
        case TYPE_DECIMAL:
                return facts->length / 2 + 1;
        case TYPE_OTHER:
                return 16;
        case TYPE_BINARY:
        case TYPE_BIT:
        case TYPE_BLOB:
        case TYPE_CHAR:
        case TYPE_DATETIME:
        case TYPE_DOUBLE:
        case TYPE_GEOMETRY:
        case TYPE_JSON:
        case TYPE_SET:
        case TYPE_TEXT:
        case TYPE_VARBINARY:
        case TYPE_VARCHAR:
                return 8;
        }
        return 8;
}

static bool is_sized(enum type_kind kind)
{
        return kind == TYPE_CHAR || kind == TYPE_VARCHAR || kind == TYPE_BINARY || kind == TYPE_VARBINARY;
}

static bool refuse_prefix(struct ddl *ddl)
{
        return ddl_refuse(ddl, 1089,
                "Incorrect prefix key; the used key part isn't a string, the used length is longer than the "
                "key part, or the storage engine doesn't support unique prefix keys");
}

static bool refuse_long_key(struct ddl *ddl)
{
        return ddl_refuse(ddl, 1071, "Specified key was too long; max key length is %u bytes", KEY_LIMIT);
}

/* A TEXT's bytes as a key part can be. */
static uint64_t blob_bytes(const struct type_facts *facts)
{
        return facts->bytes == 1 ? 255 : facts->bytes == 2 ? 65535 : UINT32_MAX;
}

static bool cuts_long_keys(const struct ddl *ddl)
{
        const struct database_server *server = &ddl->schema->server;
        return server->mariadb && server->major * 100 + server->minor >= 1004;
}

struct key_size {
        uint64_t bytes;
        bool too_long; /* a unique key that the server makes a HASH of */
};

static bool refuse_blob_key(struct ddl *ddl, const char *column)
{
        return ddl_refuse(
                ddl, 1170, "BLOB/TEXT column '%s' used in key specification without a key length", column);
}

/* The whole of a TEXT or BLOB: as much as fits in. */
static bool fit_blob(struct ddl *ddl, const struct planned_key *key, const struct schema_column *column,
        const struct type_facts *facts, struct schema_index_part *part, struct key_size *size)
{
        unsigned width = charset_width(column->charset);
        if (facts->kind != TYPE_TEXT && facts->kind != TYPE_BLOB)
                return ddl_doubt(ddl, "an index on %s", column->name);
        if (part->length == 0) {
                if (key->kind == PLANNED_PRIMARY || !cuts_long_keys(ddl))
                        return refuse_blob_key(ddl, column->name);
                if (key->kind == PLANNED_UNIQUE) {
                        size->too_long = true;
                        return true;
                }
                uint64_t bytes = blob_bytes(facts) < KEY_LIMIT ? blob_bytes(facts) : KEY_LIMIT;
                part->length = (unsigned)(bytes > 255 ? bytes / width : bytes);
                size->bytes += bytes + (bytes == KEY_LIMIT && key->index.part_count > 1);
                return true;
        }
        if (part->length > blob_bytes(facts))
                part->length = (unsigned)blob_bytes(facts);
        uint64_t bytes = (uint64_t)part->length * width;
        if (bytes > blob_bytes(facts))
                bytes = blob_bytes(facts);
        if (bytes > KEY_LIMIT) {
                if (key->kind != PLANNED_PLAIN || !cuts_long_keys(ddl))
                        return key->kind == PLANNED_PRIMARY ? refuse_long_key(ddl)
                                                            : ddl_doubt(ddl, "a long unique key part");
                bytes = KEY_LIMIT;
                part->length = KEY_LIMIT / width;
        }
        size->bytes += bytes;
        return true;
}

static bool fit_sized(struct ddl *ddl, const struct planned_key *key, const struct schema_column *column,
        const struct type_facts *facts, struct schema_index_part *part, struct key_size *size)
{
        unsigned width = charset_width(column->charset);
        if (part->length > facts->length)
                return refuse_prefix(ddl);
        if (part->length == facts->length)
                part->length = 0;
        uint64_t bytes = (uint64_t)(part->length ?: facts->length) * width;
        if (bytes <= KEY_LIMIT) {
                size->bytes += bytes;
                return true;
        }
        if (key->kind == PLANNED_PRIMARY || !cuts_long_keys(ddl))
                return refuse_long_key(ddl);
        if (key->kind == PLANNED_UNIQUE) {
                size->too_long = true;
                return part->length == 0 || ddl_doubt(ddl, "a long unique key part");
        }
        part->length = KEY_LIMIT / width;
        size->bytes += KEY_LIMIT;
        return true;
}

static bool fit_special(struct ddl *ddl, const struct table_plan *plan, const struct planned_key *key,
        const struct schema_column *column, const struct type_facts *facts, struct schema_index_part *part)
{
        if (key->kind == PLANNED_FULLTEXT) {
                part->length = 0;
                const struct planned_column *first = find_planned_column(plan, key->index.parts[0].column);
                bool same = first && string_equal(first->column.collation, column->collation);
                if (!same ||
                        (facts->kind != TYPE_CHAR && facts->kind != TYPE_VARCHAR && facts->kind != TYPE_TEXT))
                        return ddl_refuse(
                                ddl, 1283, "Column '%s' cannot be part of FULLTEXT index", column->name);
                return true;
        }
        if (facts->kind != TYPE_GEOMETRY)
                return ddl_refuse(ddl, 1687, "A SPATIAL index may only contain a geometrical type column");
        if (column->nullable)
                return ddl_refuse(ddl, 1252, "All parts of a SPATIAL index must be NOT NULL");
        part->length = SPATIAL_LENGTH;
        return true;
}

static bool fit_column(struct ddl *ddl, struct table_plan *plan, struct planned_key *key,
        struct schema_index_part *part, struct key_size *size)
{
        struct planned_column *planned = find_planned_column(plan, part->column);
        if (!planned)
                return ddl_refuse(ddl, 1072, "Key column '%s' doesn't exist in table", part->column);
        struct schema_column *column = &planned->column;
        string_replace(&part->column, string_copy(column->name));
        struct type_facts facts = type_facts_of(column->type);
        if (key->kind == PLANNED_FULLTEXT || key->kind == PLANNED_SPATIAL)
                return fit_special(ddl, plan, key, column, &facts, part);
        if (key->kind == PLANNED_PRIMARY) {
                if (column->nullable && string_equal(column->default_value, "NULL"))
                        string_replace(&column->default_value, NULL);
                column->nullable = false;
        }
        if (type_is_blob(facts.kind))
                return fit_blob(ddl, key, column, &facts, part, size);
        if (is_sized(facts.kind))
                return fit_sized(ddl, key, column, &facts, part, size);
        if (part->length > 0)
                return refuse_prefix(ddl);
        size->bytes += fixed_bytes(&facts);
        return true;
}

static bool check_twice(struct ddl *ddl, struct table_plan *plan, size_t at)
{
        const struct planned_key *key = &plan->keys[at];
        for (size_t i = 0; i < key->index.part_count; i++)
                for (size_t k = 0; k < i; k++)
                        if (strcasecmp(key->index.parts[k].column, key->index.parts[i].column) == 0)
                                return ddl_refuse(
                                        ddl, 1060, "Duplicate column name '%s'", key->index.parts[i].column);
        return true;
}

static bool is_old_format(const struct schema_table *table)
{
        return string_equal(table->row_format, "COMPACT") || string_equal(table->row_format, "REDUNDANT");
}

static bool is_whole_blob(const struct table_plan *plan, const struct schema_index_part *part)
{
        const struct planned_column *column = find_planned_column(plan, part->column);
        enum type_kind kind = column ? type_facts_of(column->column.type).kind : TYPE_OTHER;
        return part->length == 0 && (kind == TYPE_TEXT || kind == TYPE_BLOB);
}

/* What is found before anything else of the key. */
static bool check_blobs(struct ddl *ddl, const struct table_plan *plan, const struct planned_key *key)
{
        for (size_t i = 0; i < key->index.part_count && key->kind <= PLANNED_PRIMARY; i++) {
                const struct schema_index_part *part = &key->index.parts[i];
                const struct planned_column *column = find_planned_column(plan, part->column);
                if (key->kind == PLANNED_PRIMARY && column && column->column.expression)
                        return ddl_refuse(ddl, 1903, "Primary key cannot be defined upon a generated column");
                if (!is_whole_blob(plan, part))
                        continue;
                if (key->kind == PLANNED_PRIMARY)
                        return refuse_blob_key(ddl, part->column);
        }
        return true;
}

static bool finish_key(struct ddl *ddl, struct table_plan *plan, size_t at)
{
        struct planned_key *key = &plan->keys[at];
        struct key_size size = {0};
        if (!check_blobs(ddl, plan, key))
                return false;
        for (size_t i = 0; i < key->index.part_count; i++) {
                uint64_t before = size.bytes;
                if (!fit_column(ddl, plan, key, &key->index.parts[i], &size))
                        return false;
                if (is_old_format(plan->table) && (size.bytes - before > OLD_KEY_LIMIT || size.too_long))
                        return ddl_doubt(
                                ddl, "a long key part in the row format %s", plan->table->row_format);
        }
        if (key->index.part_count > 16)
                return ddl_refuse(ddl, 1070, "Too many key parts specified; max 16 parts allowed");
        if (size.bytes > KEY_LIMIT && key->kind == PLANNED_UNIQUE && cuts_long_keys(ddl))
                size.too_long = true;
        else if (size.bytes > KEY_LIMIT)
                return refuse_long_key(ddl);
        key->index.unique = key->kind == PLANNED_UNIQUE || key->kind == PLANNED_PRIMARY;
        string_replace(&key->index.type, string_copy(key->kind == PLANNED_FULLTEXT  ? "FULLTEXT"
                                                     : key->kind == PLANNED_SPATIAL ? "SPATIAL"
                                                     : size.too_long                ? "HASH"
                                                                                    : "BTREE"));
        if (!key->index.comment)
                key->index.comment = string_copy("");
        key->index.made_by_foreign_key = key->generated;
        return true;
}

static bool check_long_unique(struct ddl *ddl, const struct table_plan *plan, const struct planned_key *key)
{
        for (size_t i = 0; i < key->index.part_count && strcmp(key->index.type, "HASH") == 0; i++) {
                const char *name = key->index.parts[i].column;
                if (strstr(find_planned_column(plan, name)->column.extra, "auto_increment"))
                        return ddl_refuse(ddl, 4169,
                                "AUTO_INCREMENT column `%s` cannot be used in the UNIQUE index `%s`", name,
                                key->index.name);
        }
        return true;
}

static bool check_automatic(struct ddl *ddl, const struct table_plan *plan)
{
        for (size_t i = 0; i < plan->column_count; i++) {
                const struct schema_column *column = &plan->columns[i].column;
                if (!strstr(column->extra, "auto_increment"))
                        continue;
                bool found = false;
                for (size_t k = 0; k < plan->key_count && !found; k++)
                        found = !plan->keys[k].ignored &&
                                strcasecmp(plan->keys[k].index.parts[0].column, column->name) == 0 &&
                                plan->keys[k].kind <= PLANNED_PRIMARY;
                if (!found)
                        return ddl_refuse(ddl, 1075,
                                "Incorrect table definition; there can be only one auto column and it must "
                                "be defined as a key");
                struct type_facts facts = type_facts_of(column->type);
                if (facts.kind != TYPE_INTEGER)
                        return facts.kind == TYPE_FLOAT || facts.kind == TYPE_DOUBLE
                                       ? ddl_doubt(ddl, "AUTO_INCREMENT on column %s", column->name)
                                       : ddl_refuse(ddl, 1063, "Incorrect column specifier for column '%s'",
                                                 column->name);
        }
        return true;
}

/* Order */

static bool has_null(const struct table_plan *plan, const struct planned_key *key)
{
        for (size_t i = 0; i < key->index.part_count; i++)
                if (find_planned_column(plan, key->index.parts[i].column)->column.nullable)
                        return true;
        return false;
}

static bool has_prefix(const struct planned_key *key)
{
        for (size_t i = 0; i < key->index.part_count; i++)
                if (key->index.parts[i].length > 0)
                        return true;
        return false;
}

/* The primary key, unique keys without NULL (whole columns first), other unique keys, the rest, full texts.
 */
static unsigned rank_of(const struct table_plan *plan, const struct planned_key *key)
{
        if (key->kind == PLANNED_PRIMARY)
                return 0;
        if (strcmp(key->index.type, "HASH") == 0)
                return 5; /* by a hidden column that can be NULL */
        if (key->index.unique)
                return 1 + (has_null(plan, key) ? 2 : 0) + has_prefix(key);
        return key->kind == PLANNED_FULLTEXT ? 7 : 6;
}

static void add_sorted(struct table_plan *plan)
{
        for (unsigned rank = 0; rank <= 7; rank++)
                for (size_t i = 0; i < plan->key_count; i++)
                        if (!plan->keys[i].ignored && rank_of(plan, &plan->keys[i]) == rank)
                                schema_table_add_index(plan->table, schema_index_copy(&plan->keys[i].index));
}

bool finish_keys(struct ddl *ddl, struct table_plan *plan)
{
        ignore_generated(plan);
        static bool (*const passes[])(struct ddl *, struct table_plan *, size_t) = {
                finish_key, name_key, check_twice};
        for (size_t pass = 0; pass < ARRAY_SIZE(passes); pass++)
                for (size_t i = 0; i < plan->key_count; i++)
                        if (!plan->keys[i].ignored && !passes[pass](ddl, plan, i))
                                return false;
        for (size_t i = 0; i < plan->key_count; i++)
                if (!plan->keys[i].ignored && !check_long_unique(ddl, plan, &plan->keys[i]))
                        return false;
        if (!check_automatic(ddl, plan))
                return false;
        doubt_unknown_past(ddl, plan);
        for (size_t i = 0; i < plan->column_count; i++)
                schema_table_add_column(plan->table, schema_column_copy(&plan->columns[i].column));
        add_sorted(plan);
        return true;
}
