/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/backup_inventory.h"

#include <jansson.h>
#include <string.h>

#define INVENTORY_VERSION 1

static json_t *text_or_null(const char *text)
{
        return text ? json_string(text) : json_null();
}

static json_t *item_json(const struct inventory_item *item)
{
        json_t *json = json_pack("{ss ss so}", "object", dump_object_name(item->object), "name", item->name,
                "definition", text_or_null(item->definition));
        if (item->table)
                (void)json_object_set_new(json, "table", json_string(item->table));
        if (item->object != DUMP_TABLE)
                return json;
        (void)json_object_set_new(
                json, "rows", item->counted ? json_integer((json_int_t)item->rows) : json_null());
        (void)json_object_set_new(json, "checksum", text_or_null(item->checksum));
        (void)json_object_set_new(json, "counter", text_or_null(item->counter));
        (void)json_object_set_new(json, "steady", json_boolean(item->steady));
        (void)json_object_set_new(json, "rounded", json_boolean(item->rounded));
        (void)json_object_set_new(json, "old_dates", json_boolean(item->old_dates));
        (void)json_object_set_new(json, "no_data", json_boolean(item->no_data));
        (void)json_object_set_new(json, "versioned", json_boolean(item->versioned));
        return json;
}

char *inventory_text(const struct inventory *inventory)
{
        json_auto_t *json = json_pack("{si ss ss ss ss sI sI sb s[]}", "version", INVENTORY_VERSION, "schema",
                inventory->schema, "server", inventory->server, "charset", inventory->charset, "collation",
                inventory->collation, "time_ms", (json_int_t)inventory->time_ms, "bytes",
                (json_int_t)inventory->bytes, "checksums", (int)inventory->checksums, "items");
        (void)json_object_set_new(json, "prefix", text_or_null(inventory->prefix));
        for (size_t i = 0; i < inventory->count; i++)
                (void)json_array_append_new(json_object_get(json, "items"), item_json(&inventory->items[i]));
        return json_dumps(json, JSON_INDENT(1));
}

static char *text_of(const json_t *json, const char *name)
{
        return string_copy(json_string_value(json_object_get(json, name)));
}

static bool flag_of(const json_t *json, const char *name)
{
        return json_is_true(json_object_get(json, name));
}

static bool parse_item(const json_t *json, struct inventory_item *item)
{
        if (!dump_object_from_name(json_string_value(json_object_get(json, "object")), &item->object))
                return false;
        const json_t *rows = json_object_get(json, "rows");
        item->name = text_of(json, "name");
        item->definition = text_of(json, "definition");
        item->table = text_of(json, "table");
        item->checksum = text_of(json, "checksum");
        item->counter = text_of(json, "counter");
        item->counted = json_is_integer(rows) && json_integer_value(rows) >= 0;
        item->rows = item->counted ? (uint64_t)json_integer_value(rows) : 0;
        item->steady = flag_of(json, "steady");
        item->rounded = flag_of(json, "rounded");
        item->old_dates = flag_of(json, "old_dates");
        item->no_data = flag_of(json, "no_data");
        item->versioned = flag_of(json, "versioned");
        return item->name && (item->object != DUMP_TRIGGER || item->table);
}

static bool parse_items(const json_t *items, struct inventory *inventory)
{
        size_t count = json_array_size(items);
        inventory->items = memory_new_array(count + 1, sizeof(*inventory->items));
        while (inventory->count < count) {
                const json_t *item = json_array_get(items, inventory->count);
                if (!parse_item(item, &inventory->items[inventory->count++]))
                        return false;
        }
        return json_is_array(items);
}

int inventory_parse(const char *text, size_t size, struct inventory *ret, struct error *err)
{
        json_auto_t *json = json_loadb(text, size, 0, NULL);
        _cleanup_inventory_ struct inventory inventory = {
                .schema = text_of(json, "schema"),
                .server = text_of(json, "server"),
                .charset = text_of(json, "charset"),
                .collation = text_of(json, "collation"),
                .prefix = text_of(json, "prefix"),
                .time_ms = json_integer_value(json_object_get(json, "time_ms")),
                .bytes = (uint64_t)json_integer_value(json_object_get(json, "bytes")),
                .checksums = flag_of(json, "checksums"),
        };
        if (json_integer_value(json_object_get(json, "version")) != INVENTORY_VERSION || !inventory.schema ||
                !inventory.charset || !inventory.collation ||
                !parse_items(json_object_get(json, "items"), &inventory))
                return error_set(err, REASON_BACKUP_INCOMPLETE, "the backup's inventory can't be read");
        *ret = inventory;
        inventory = (struct inventory){0};
        return 0;
}
