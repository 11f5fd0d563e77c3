/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * clean: what only the way back needed is deleted.
 *
 * Takes a finished or a rolled back upgrade. Mautic 2's folder is known by the journal of cleanup_files, name
 * and inode; in the state folder nobody else has anything under our names. Leaves the logs, which are
 * history, and what was set aside, which is the user's. What can't be deleted is named in the log and is no
 * failure. Survives a kill: what is gone is gone, and the next call deletes the rest.
 */

#include "states/clean.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "states/backup_verify.h"
#include "states/migrations_table.h"
#include "states/rename_plan.h"
#include "states/stages.h"
#include "states/update_local_config.h"

#include <inttypes.h>
#include <string.h>

static const struct {
        const char *name, *what;
} in_state[] = {
        {NAME_STATE_BACKUP, "the backup of the database"},
        {NAME_STATE_BACKUP ".part", "an unfinished backup of the database"},
        {NAME_STATE_INVENTORY, "the inventory of the backup"},
        {NAME_STATE_INVENTORY ".part", "an unfinished inventory of the backup"},
        {NAME_LOCAL_CONFIG_ORIGINAL, "local.php as Mautic 2 had it"},
        {NAME_MIGRATIONS_TABLE, "the copy of the migrations table"},
        {NAME_STATE_PACKAGE, "the package of Mautic 3"},
        {NAME_STATE_PACKAGE ".part", "an unfinished download of the package"},
        {NAME_STATE_PACKAGE ".part.json", "an unfinished download of the package"},
        {NAME_STATE_PACKAGE ".copy", "an unfinished copy of the package"},
        {NAME_STATE_PACKAGE ".damaged", "a damaged package"},
        {NAME_STATE_PACKAGE ".replaced", "a former package"},
};

/* One thing to delete, or to tell of. */
struct item {
        int folder_fd; /* the root, or the state folder */
        const char *folder; /* its path */
        char *name; /* below it */
        const char *what;
};
struct items {
        struct item *list;
        size_t count;
};

static void items_deinit(struct items *items)
{
        for (size_t i = 0; i < items->count; i++)
                free(items->list[i].name);
        free(items->list);
}

static void items_add(struct items *items, struct item item)
{
        items->list = memory_grow(items->list, items->count, sizeof(*items->list));
        items->list[items->count] = item;
        items->list[items->count++].name = string_copy(item.name);
}

static void add_of_root(
        struct stage_context *context, struct items *items, const char *name, const char *what)
{
        items_add(items, (struct item){context->site->root_fd, context->site->root, (char *)name, what});
}

/* Mautic 2's folder where cleanup_files has put it. When a Mautic 2 is in the root, as after a rollback, none
 * is anywhere else. */
static int find_mautic_2(struct stage_context *context, struct items *items, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (context->site->kind != SITE_MAUTIC_3)
                return 0;
        if (rename_plan_load(context, stage_cleanup_files.name, &plan, err) < 0)
                return -1;
        for (size_t i = 0; i < plan.count; i++) {
                const struct rename_step *step = &plan.steps[i];
                struct stat there;
                if (step->kind != RENAME_MOVE || !string_equal(step->from, NAME_MAUTIC_2_FILES))
                        continue;
                int r = file_stat(context->site->root_fd, step->to, &there, err);
                if (r < 0)
                        return -1;
                if (r == 0 && S_ISDIR(there.st_mode) && there.st_ino == step->inode)
                        add_of_root(context, items, step->to, "the files of Mautic 2");
        }
        return 0;
}

static int find_in_state(struct stage_context *context, struct items *items, struct error *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(in_state); i++) {
                struct stat there;
                int r = file_stat(context->state_fd, in_state[i].name, &there, err);
                if (r < 0)
                        return -1;
                if (r == 0 && !S_ISDIR(there.st_mode))
                        items_add(items, (struct item){context->state_fd, context->state_path,
                                                 (char *)in_state[i].name, in_state[i].what});
        }
        return 0;
}

static int find_items(struct stage_context *context, struct items *items, struct error *err)
{
        return find_mautic_2(context, items, err) < 0 ? -1 : find_in_state(context, items, err);
}

static int find_set_aside(
        struct stage_context *context, const char *folder, struct items *items, struct error *err)
{
        static const char what[] = "what stood in the way when files were moved";
        _cleanup_string_list_ struct string_list names = {0};
        struct stat there;
        int r = file_stat(context->site->root_fd, folder, &there, err);
        if (r != 0 || !S_ISDIR(there.st_mode)) /* var may be a link by now */
                return r < 0 ? -1 : 0;
        if (folder_list(context->site->root_fd, folder, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                if (strncmp(names.items[i], NAME_SET_ASIDE, strlen(NAME_SET_ASIDE)) != 0)
                        continue;
                _cleanup_free_ char *path = string_equal(folder, ".")
                                                    ? string_copy(names.items[i])
                                                    : string_format("%s/%s", folder, names.items[i]);
                add_of_root(context, items, path, what);
        }
        return 0;
}

/* The user's own data, which might be taken for the upgrade's. */
static int find_kept(struct stage_context *context, struct items *items, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        size_t prefix = strlen(NAME_LOCAL_CONFIG_SET_ASIDE);
        if (find_set_aside(context, ".", items, err) < 0 || find_set_aside(context, "var", items, err) < 0 ||
                folder_list(context->state_fd, ".", &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++)
                if (strncmp(names.items[i], NAME_LOCAL_CONFIG_SET_ASIDE, prefix) == 0)
                        items_add(items, (struct item){context->state_fd, context->state_path, names.items[i],
                                                 "a local.php that was changed after the upgrade"});
        return 0;
}

/* Deleting */

static char *path_shown(const struct item *item)
{
        _cleanup_free_ char *path = string_format("%s/%s", item->folder, item->name);
        return text_printable(path, false);
}

/* Entry by entry, so that one that can't be deleted does not keep the rest. */
static int empty_folder(
        struct stage_context *context, const struct item *item, bool *ret_whole, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        _cleanup_error_ struct error why = {0};
        if (folder_list(item->folder_fd, item->name, &names, &why) < 0)
                stage_log(context, LOG_LEVEL_WARNING, "%s.", error_message(&why));
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = string_format("%s/%s", item->name, names.items[i]);
                if (cancel_check(context->cancel, err) < 0)
                        return -1;
                if (tree_remove(item->folder_fd, path, &why) < 0) {
                        *ret_whole = false;
                        _cleanup_free_ char *printable = text_printable(path, false);
                        stage_log(context, LOG_LEVEL_WARNING, "%s can't be deleted: %s.", printable,
                                error_message(&why));
                        error_deinit(&why);
                }
                stage_progress(context, i + 1, names.count, "steps");
        }
        return 0;
}

/* 1: it is still there. -1: cancelled. */
static int delete_item(struct stage_context *context, const struct item *item, struct error *err)
{
        _cleanup_error_ struct error why = {0};
        _cleanup_free_ char *shown = path_shown(item);
        struct tree_total total = {0};
        bool whole = true;
        if (cancel_check(context->cancel, err) < 0)
                return -1;
        if (tree_total(item->folder_fd, item->name, &total, &why) < 0) /* only to be told */
                error_deinit(&why);
        if (total.entries > 1 && empty_folder(context, item, &whole, err) < 0)
                return -1;
        if (whole && tree_remove(item->folder_fd, item->name, &why) >= 0) {
                stage_log(context, LOG_LEVEL_INFO, "%s (%s, %" PRIu64 " bytes) is deleted.", shown,
                        item->what, total.bytes);
                return 0;
        }
        stage_log(context, LOG_LEVEL_WARNING, "%s (%s) could not be deleted, do it yourself%s%s.", shown,
                item->what, why.message ? ": " : "", why.message ? why.message : "");
        return 1;
}

static void tell_kept(struct stage_context *context)
{
        _cleanup_(items_deinit) struct items kept = {0};
        _cleanup_error_ struct error why = {0};
        if (find_kept(context, &kept, &why) < 0)
                stage_log(context, LOG_LEVEL_WARNING, "%s.", error_message(&why));
        for (size_t i = 0; i < kept.count; i++) {
                _cleanup_free_ char *shown = path_shown(&kept.list[i]);
                stage_log(context, LOG_LEVEL_WARNING,
                        "%s is left: %s. Look through it, and delete it when you need nothing of it.", shown,
                        kept.list[i].what);
        }
}

/* Nobody would ask for it again before another upgrade. */
static void drop_scratch_schemas(struct stage_context *context)
{
        _cleanup_error_ struct error why = {0};
        if (backup_verify_clean(context, &why) < 0)
                stage_log(context, LOG_LEVEL_WARNING, "%s.", error_message(&why));
}

static int clean(struct stage_context *context, struct error *err)
{
        _cleanup_(items_deinit) struct items items = {0};
        int left = 0;
        if (find_items(context, &items, err) < 0)
                return -1;
        for (size_t i = 0; i < items.count; i++) {
                int r = delete_item(context, &items.list[i], err);
                if (r < 0)
                        return -1;
                left += r;
        }
        drop_scratch_schemas(context);
        tell_kept(context);
        return left;
}

const struct stage clean_stage = {
        .name = "clean",
        .title = "Delete the backups",
        .error_code = ERR_CLEANUP_FILES,
        .run = clean,
};

/* Looking */

static void entries_free(struct clean_entry *entries, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                free(entries[i].path);
                free(entries[i].what);
        }
        free(entries);
}

void clean_preview_deinit(struct clean_preview *preview)
{
        entries_free(preview->items, preview->count);
        entries_free(preview->kept, preview->kept_count);
        *preview = (struct clean_preview){0};
}

static int sum_up(const struct items *items, struct clean_entry **ret, size_t *ret_count, struct error *err)
{
        for (size_t i = 0; i < items->count; i++) {
                const struct item *item = &items->list[i];
                struct tree_total total = {0};
                if (tree_total(item->folder_fd, item->name, &total, err) < 0)
                        return -1;
                *ret = memory_grow(*ret, *ret_count, sizeof(**ret));
                (*ret)[(*ret_count)++] = (struct clean_entry){
                        .path = string_format("%s/%s", item->folder, item->name),
                        .what = string_copy(item->what),
                        .entries = total.entries,
                        .bytes = total.blocks,
                };
        }
        return 0;
}

static int look(struct stage_context *context, struct clean_preview *preview, struct error *err)
{
        _cleanup_(items_deinit) struct items items = {0}, kept = {0};
        if (find_items(context, &items, err) < 0 || find_kept(context, &kept, err) < 0 ||
                sum_up(&items, &preview->items, &preview->count, err) < 0 ||
                sum_up(&kept, &preview->kept, &preview->kept_count, err) < 0)
                return -1;
        for (size_t i = 0; i < preview->count; i++)
                preview->bytes += preview->items[i].bytes;
        return 0;
}

int clean_preview(
        const struct config *config, const char *state_path, struct clean_preview *ret, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_(site_freep) struct site *site = NULL;
        _cleanup_close_ int state_fd = -1;
        _cleanup_clean_preview_ struct clean_preview preview = {0};
        int r = checkpoint_open_reader(state_path, &checkpoint, err);
        if (r != 0) {
                if (r > 0)
                        *ret = preview;
                return r < 0 ? -1 : 0;
        }
        state_fd = uninterrupted(open(state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (state_fd < 0)
                return error_set_errno(err, errno, "can't open the state folder %s", state_path);
        if (site_open(config->root, &site, err) < 0)
                return -1;
        struct stage_context context = {
                .stage = &clean_stage,
                .config = config,
                .checkpoint = checkpoint,
                .site = site,
                .state_path = state_path,
                .state_fd = state_fd,
        };
        if (look(&context, &preview, err) < 0)
                return error_wrap(err, "looking at what would be deleted");
        *ret = preview;
        preview = (struct clean_preview){0};
        return 0;
}
