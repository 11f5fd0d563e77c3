/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One inventory beside another, or beside what a dump holds. */
#include "states/backup_inventory.h"

#include <inttypes.h>
#include <string.h>

/* Settling */

static int settle_table(struct inventory_item *item, const struct inventory_item *after,
        const struct dump_item *dumped, struct error *err)
{
        bool same = after && string_equal(item->definition, after->definition) &&
                    string_equal(item->counter, after->counter) &&
                    string_equal(item->checksum, after->checksum) && item->counted == after->counted &&
                    item->rows == after->rows;
        if (same && item->checksum && item->rows != dumped->rows)
                return error_set(err, REASON_BACKUP_INCOMPLETE,
                        "table %s had %" PRIu64
                        " rows before and after the dump, but the dump holds %" PRIu64,
                        item->name, item->rows, dumped->rows);
        if (!item->no_data) {
                item->rows = dumped->rows;
                item->counted = true;
        }
        if (same)
                return 0;
        item->steady = false;
        if (!after || !string_equal(item->definition, after->definition))
                string_replace(&item->definition, NULL);
        string_replace(&item->checksum, NULL);
        string_replace(&item->counter, NULL);
        return 0;
}

static void drop_item(struct inventory *inventory, size_t at)
{
        inventory_item_deinit(&inventory->items[at]);
        memmove(&inventory->items[at], &inventory->items[at + 1],
                (inventory->count - at - 1) * sizeof(*inventory->items));
        inventory->count--;
}

/* What came to be or went while the dump ran is in the inventory when it is in the dump. */
static int settle_item(struct inventory *before, size_t *at, const struct inventory *after,
        const struct dump_contents *dump, struct error *err)
{
        struct inventory_item *item = &before->items[*at];
        const struct inventory_item *later = inventory_find(after, item->object, item->name);
        const struct dump_item *dumped = dump_contents_find(dump, item->object, item->name);
        if (!dumped && later)
                return error_set(err, REASON_BACKUP_INCOMPLETE, "the dump lacks %s %s",
                        dump_object_name(item->object), item->name);
        if (!dumped) {
                drop_item(before, *at);
                return 0;
        }
        ++*at;
        if (item->object == DUMP_TABLE)
                return settle_table(item, later, dumped, err);
        item->steady = later && string_equal(item->definition, later->definition);
        if (!item->steady)
                string_replace(&item->definition, NULL);
        return 0;
}

int inventory_settle(struct inventory *before, const struct inventory *after,
        const struct dump_contents *dump, struct error *err)
{
        for (size_t at = 0; at < before->count;)
                if (settle_item(before, &at, after, dump, err) < 0)
                        return -1;
        for (size_t i = 0; i < dump->count; i++) {
                const struct dump_item *dumped = &dump->items[i];
                if (inventory_find(before, dumped->object, dumped->name))
                        continue;
                struct inventory_item *item = inventory_add(before, dumped->object, dumped->name);
                item->table = string_copy(dumped->table);
                item->rows = dumped->rows;
                item->counted = dumped->object == DUMP_TABLE;
                item->steady = false;
        }
        before->bytes = dump->bytes;
        return 0;
}

void inventory_judge_floats(struct inventory *inventory, bool exact)
{
        for (size_t i = 0; i < inventory->count; i++) {
                struct inventory_item *item = &inventory->items[i];
                if (item->rounded && !exact)
                        string_replace(&item->checksum, NULL);
                item->rounded = item->rounded && !exact;
        }
}

/* Comparing */

#define DIFFERENCES_TOLD 8

struct comparison {
        size_t count;
        struct buffer *text;
};

static void differ(struct comparison *comparison, const char *format, ...) _printf(2, 3);

static void differ(struct comparison *comparison, const char *format, ...)
{
        if (++comparison->count > DIFFERENCES_TOLD)
                return;
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        buffer_append_format(comparison->text, "%s%s", comparison->count > 1 ? "; " : "", text);
}

static void compare_tables(struct comparison *comparison, const struct inventory_item *expected,
        const struct inventory_item *found)
{
        if (expected->counted && found->counted && expected->rows != found->rows)
                differ(comparison, "table %s has %" PRIu64 " rows, the backup %" PRIu64, expected->name,
                        found->rows, expected->rows);
        else if (expected->checksum && found->checksum && !string_equal(expected->checksum, found->checksum))
                differ(comparison, "table %s has other contents than the backup's", expected->name);
        /* InnoDB may hold a counter that was only set in memory; one that it had must be there. */
        if (expected->steady && expected->counter && !string_equal(expected->counter, found->counter))
                differ(comparison, "table %s counts on from %s, the backup from %s", expected->name,
                        found->counter ?: "1", expected->counter);
}

static void compare_items(struct comparison *comparison, const struct inventory_item *expected,
        const struct inventory_item *found)
{
        if (!found) {
                differ(comparison, "%s %s is missing", dump_object_name(expected->object), expected->name);
                return;
        }
        if (expected->definition && found->definition &&
                !string_equal(expected->definition, found->definition))
                differ(comparison, "%s %s is defined otherwise", dump_object_name(expected->object),
                        expected->name);
        if (expected->object == DUMP_TABLE)
                compare_tables(comparison, expected, found);
}

static size_t end_comparison(struct comparison *comparison)
{
        if (comparison->count > DIFFERENCES_TOLD)
                buffer_append_format(
                        comparison->text, "; and %zu more", comparison->count - DIFFERENCES_TOLD);
        return comparison->count;
}

size_t inventory_compare(const struct inventory *expected, const struct inventory *found,
        const struct schema_scope *scope, struct buffer *differences, uint64_t *tables, uint64_t *rows)
{
        struct comparison comparison = {.text = differences};
        *tables = *rows = 0;
        for (size_t i = 0; i < expected->count; i++) {
                const struct inventory_item *item = &expected->items[i];
                if (!schema_scope_has(scope, item->table ?: item->name))
                        continue;
                compare_items(&comparison, item, inventory_find(found, item->object, item->name));
                *tables += item->object == DUMP_TABLE;
                *rows += item->object == DUMP_TABLE && item->counted ? item->rows : 0;
        }
        for (size_t i = 0; i < found->count; i++) {
                const struct inventory_item *item = &found->items[i];
                if (!inventory_find(expected, item->object, item->name))
                        differ(&comparison, "%s %s is not in the backup", dump_object_name(item->object),
                                item->name);
        }
        return end_comparison(&comparison);
}

static bool has_same_rows(const struct inventory_item *left, const struct inventory_item *right)
{
        return left->rows == right->rows && string_equal(left->checksum, right->checksum) &&
               string_equal(left->counter, right->counter);
}

size_t inventory_forget_written(struct inventory *expected, const struct inventory *first,
        const struct inventory *second, struct buffer *names)
{
        size_t count = 0;
        for (size_t i = 0; i < expected->count; i++) {
                struct inventory_item *item = &expected->items[i];
                const struct inventory_item *one = inventory_find(first, item->object, item->name);
                const struct inventory_item *other = inventory_find(second, item->object, item->name);
                if (item->object != DUMP_TABLE || !one || !other || has_same_rows(one, other))
                        continue;
                item->counted = item->steady = false;
                string_replace(&item->checksum, NULL);
                buffer_append_format(names, "%s%s", count++ > 0 ? ", " : "", item->name);
        }
        return count;
}

size_t inventory_compare_dump(const struct inventory *expected, const struct dump_contents *dump,
        struct buffer *differences, uint64_t *tables, uint64_t *rows)
{
        struct comparison comparison = {.text = differences};
        *tables = *rows = 0;
        for (size_t i = 0; i < expected->count; i++) {
                const struct inventory_item *item = &expected->items[i];
                const struct dump_item *dumped = dump_contents_find(dump, item->object, item->name);
                if (!dumped)
                        differ(&comparison, "%s %s is missing", dump_object_name(item->object), item->name);
                else if (item->object == DUMP_TABLE && item->counted && item->rows != dumped->rows)
                        differ(&comparison, "the dump holds %" PRIu64 " rows of table %s, not %" PRIu64,
                                dumped->rows, item->name, item->rows);
                *tables += item->object == DUMP_TABLE;
                *rows += dumped ? dumped->rows : 0;
        }
        for (size_t i = 0; i < dump->count; i++)
                if (!inventory_find(expected, dump->items[i].object, dump->items[i].name))
                        differ(&comparison, "%s %s was not there", dump_object_name(dump->items[i].object),
                                dump->items[i].name);
        return end_comparison(&comparison);
}
