/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What restore_database would do, for people to see: on any thread, with handles of its own. */
#include "states/restore_database.h"

#include "lib/memory.h"
#include "states/backup.h"
#include "states/site_database.h"
#include "states/stages.h"

#include <fcntl.h>
#include <string.h>

#define ANSWER_S 600 /* of the server, for one statement: it counts a table's rows */

void database_preview_deinit(struct database_preview *preview)
{
        for (size_t i = 0; i < preview->count; i++)
                free(preview->tables[i].name);
        free(preview->tables);
        free(preview->backup_path);
        *preview = (struct database_preview){0};
}

static void add_table(struct database_preview *preview, const char *name, int64_t rows_then, int64_t rows_now)
{
        preview->tables = memory_grow(preview->tables, preview->count, sizeof(*preview->tables));
        preview->tables[preview->count++] = (struct database_preview_table){
                .name = string_copy(name), .rows_then = rows_then, .rows_now = rows_now};
}

static int64_t rows_of(const struct inventory_item *item)
{
        return item ? (int64_t)item->rows : -1;
}

static void compare(struct database_preview *preview, const struct inventory *then,
        const struct inventory *now, const struct schema_scope *scope)
{
        for (size_t i = 0; i < then->count; i++) {
                const struct inventory_item *item = &then->items[i];
                if (item->object != DUMP_TABLE || !item->counted || !schema_scope_has(scope, item->name))
                        continue;
                int64_t rows_now = rows_of(inventory_find(now, DUMP_TABLE, item->name));
                if (rows_now != (int64_t)item->rows)
                        add_table(preview, item->name, (int64_t)item->rows, rows_now);
        }
        for (size_t i = 0; i < now->count; i++) {
                const struct inventory_item *item = &now->items[i];
                if (item->object == DUMP_TABLE && !inventory_find(then, DUMP_TABLE, item->name))
                        add_table(preview, item->name, -1, rows_of(item));
        }
}

static int order_by_name(const void *left, const void *right)
{
        return strcmp(((const struct database_preview_table *)left)->name,
                ((const struct database_preview_table *)right)->name);
}

static int count_rows(const struct config *config, struct cancel *cancel, int state_fd,
        const struct inventory *then, struct database_preview *preview, struct error *err)
{
        const struct inventory_progress progress = {.cancel = cancel};
        _cleanup_(site_freep) struct site *site = NULL;
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_inventory_ struct inventory now = {0};
        _cleanup_schema_scope_ struct schema_scope scope = {0};
        bool stand_in;
        if (site_open(config->root, &site, err) < 0 ||
                site_database_stand_in(site, state_fd, &stand_in, err) < 0 ||
                site_database_connect_within(config, site, ANSWER_S, &settings, &database, err) < 0)
                return -1;
        database_watch(database, &(struct database_watch){.cancel = cancel});
        if (restore_database_check_place(database, then, settings.prefix, err) < 0 ||
                schema_scope_read(database, settings.prefix, &scope, err) < 0 ||
                inventory_read(database, INVENTORY_ROWS, &scope, &progress, &now, err) < 0)
                return -1;
        compare(preview, then, &now, &scope);
        if (preview->count > 0)
                qsort(preview->tables, preview->count, sizeof(*preview->tables), order_by_name);
        return 0;
}

static int describe(const struct config *config, struct cancel *cancel, struct checkpoint *checkpoint,
        int state_fd, struct database_preview *preview, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_inventory_ struct inventory then = {0};
        int found = checkpoint_load_artifact(checkpoint, ARTIFACT_BACKUP, &record, err);
        if (found < 0)
                return -1;
        if (found > 0)
                return error_set(err, REASON_BACKUP_MISSING, "no backup of the database is recorded");
        if (backup_load_inventory(checkpoint, state_fd, &then, err) < 0)
                return -1;
        preview->backup_path = steal(&record.path);
        preview->backup_size = record.size;
        preview->backup_ms = then.time_ms;
        return count_rows(config, cancel, state_fd, &then, preview, err);
}

int restore_database_preview(const struct config *config, const char *state_path, struct cancel *cancel,
        struct database_preview *ret, struct error *err)
{
        _cleanup_database_preview_ struct database_preview preview = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_close_ int state_fd = -1;
        _cleanup_free_ char *touched = NULL;
        int result = checkpoint_open_reader(state_path, &checkpoint, err);
        if (result == 0)
                result = checkpoint_get_fact(checkpoint, FACT_DATABASE_TOUCHED, &touched, err);
        if (result < 0)
                return -1;
        if (string_equal(touched, "yes")) {
                state_fd = open(state_path, O_DIRECTORY | O_CLOEXEC);
                if (state_fd < 0)
                        return error_set_errno(err, errno, "opening %s", state_path);
                if (describe(config, cancel, checkpoint, state_fd, &preview, err) < 0)
                        return -1;
        }
        *ret = preview;
        preview = (struct database_preview){0};
        return 0;
}
