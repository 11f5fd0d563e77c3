/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * clean: what only the way back needed is deleted.
 *
 * Takes a finished or a rolled back upgrade. Mautic 2's folder is known by the journal of cleanup_files, name
 * and inode; in the state folder nobody else has anything under our names. Leaves the logs, which are
 * history, and what was set aside, which is the user's. What can't be deleted does not keep the rest, is
 * named in the log, and fails it in the end. Survives a kill: what is gone is gone, and the next call deletes
 * the rest.
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
        {NAME_STATE_UNPROVEN, "a backup that failed its proof"},
        {NAME_STATE_UNPROVEN_INVENTORY, "the inventory of a backup that failed its proof"},
        {NAME_STATE_INVENTORY ".part", "an unfinished inventory of the backup"},
        {NAME_LOCAL_CONFIG_ORIGINAL, "local.php as Mautic 2 had it"},
        {NAME_MIGRATIONS_TABLE, "the copy of the migrations table"},
        {NAME_STATE_PACKAGE_NOTE, "what is known of the package that was fetched ahead"},
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
        bool is_folder;
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
        items_add(
                items, (struct item){context->site->root_fd, context->site->root, (char *)name, what, true});
}

/* Mautic 2's folder where cleanup_files has put it; with `other`, what stands there in its stead, as when the
 * site was copied to another disk. When a Mautic 2 is in the root, as after a rollback, none is anywhere
 * else. */
static int find_mautic_2(struct stage_context *context, bool other, struct items *items, struct error *err)
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
                bool same = r == 0 && S_ISDIR(there.st_mode) && there.st_ino == step->inode;
                if (r == 0 && same != other)
                        add_of_root(context, items, step->to,
                                other ? "not the folder that the upgrade has put there, but a copy or another"
                                      : "the files of Mautic 2");
        }
        return 0;
}

/* After a rollback of the files alone a Mautic 2 stands on a database of Mautic 3's: its own is nowhere but
 * in the backup. */
static int is_backup_needed(struct stage_context *context, bool *ret, struct error *err)
{
        _cleanup_free_ char *touched = NULL;
        if (checkpoint_get_fact(context->checkpoint, FACT_DATABASE_TOUCHED, &touched, err) < 0)
                return -1;
        *ret = context->site->kind != SITE_MAUTIC_3 && string_equal(touched, "yes");
        return 0;
}

static bool is_of_backup(const char *name)
{
        return string_equal(name, NAME_STATE_BACKUP) || string_equal(name, NAME_STATE_INVENTORY);
}

static int find_in_state(struct stage_context *context, struct items *items, struct error *err)
{
        bool needed;
        if (is_backup_needed(context, &needed, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(in_state); i++) {
                struct stat there;
                if (needed && is_of_backup(in_state[i].name))
                        continue;
                int r = file_stat(context->state_fd, in_state[i].name, &there, err);
                if (r < 0)
                        return -1;
                if (r == 0 && !S_ISDIR(there.st_mode))
                        items_add(items, (struct item){context->state_fd, context->state_path,
                                                 (char *)in_state[i].name, in_state[i].what, false});
        }
        return 0;
}

static int find_items(struct stage_context *context, struct items *items, struct error *err)
{
        return find_mautic_2(context, false, items, err) < 0 ? -1 : find_in_state(context, items, err);
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
                if (!string_begins(names.items[i], NAME_SET_ASIDE))
                        continue;
                _cleanup_free_ char *path = string_equal(folder, ".")
                                                    ? string_copy(names.items[i])
                                                    : string_format("%s/%s", folder, names.items[i]);
                add_of_root(context, items, path, what);
        }
        return 0;
}

static int find_needed_backup(struct stage_context *context, struct items *items, struct error *err)
{
        static const char what[] = "the database as Mautic 2 needs it; the files alone were rolled back, and "
                                   "this is all there is of it";
        struct stat there;
        bool needed;
        if (is_backup_needed(context, &needed, err) < 0)
                return -1;
        int r = needed ? file_stat(context->state_fd, NAME_STATE_BACKUP, &there, err) : 1;
        if (r == 0)
                items_add(items, (struct item){context->state_fd, context->state_path,
                                         (char *)NAME_STATE_BACKUP, what});
        return r < 0 ? -1 : 0;
}

/* The user's own data, which might be taken for the upgrade's. */
static int find_kept(struct stage_context *context, struct items *items, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        size_t prefix = strlen(NAME_LOCAL_CONFIG_SET_ASIDE);
        if (find_mautic_2(context, true, items, err) < 0 || find_needed_backup(context, items, err) < 0 ||
                find_set_aside(context, ".", items, err) < 0 ||
                find_set_aside(context, "var", items, err) < 0 ||
                folder_list(context->state_fd, ".", &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++)
                if (strncmp(names.items[i], NAME_LOCAL_CONFIG_SET_ASIDE, prefix) == 0)
                        items_add(items, (struct item){context->state_fd, context->state_path, names.items[i],
                                                 "a local.php that was changed after the upgrade", false});
        return 0;
}

/* Deleting */

#define TENTHS_FROM 1000 /* entries: what is less is soon done, and not told of in between */

struct deletion {
        struct stage_context *context;
        struct tree_total whole, gone;
        uint64_t tenths; /* told of */
        size_t left; /* things that could not be deleted */
        struct error first; /* why the first of them could not */
};
static void deletion_deinit(struct deletion *deletion)
{
        error_deinit(&deletion->first);
}

static char *path_shown(const struct item *item)
{
        _cleanup_free_ char *path = string_format("%s/%s", item->folder, item->name);
        return text_printable(path, false);
}

static void on_removed(uint64_t blocks, void *userdata)
{
        struct deletion *deletion = userdata;
        const struct tree_total *whole = &deletion->whole, *gone = &deletion->gone;
        deletion->gone.entries++;
        deletion->gone.blocks += blocks;
        /* Somebody may have put more there since it was counted. */
        uint64_t total = gone->entries > whole->entries ? gone->entries : whole->entries;
        stage_progress(deletion->context, gone->entries, total, "files");
        uint64_t tenths = gone->entries * 10 / total;
        if (total < TENTHS_FROM || tenths <= deletion->tenths || tenths == 10)
                return;
        deletion->tenths = tenths;
        stage_log(deletion->context, LOG_LEVEL_INFO,
                "%" PRIu64 " %% deleted: %" PRIu64 " of %" PRIu64 " files and folders, %" PRIu64
                " of %" PRIu64 " bytes.",
                tenths * 10, gone->entries, total, gone->blocks, whole->blocks);
}

/* 0: gone. 1: it is still there, and that is told. -1: told to stop. */
static int delete_path(
        struct deletion *deletion, const struct item *item, const char *name, struct error *err)
{
        struct stage_context *context = deletion->context;
        const struct tree_watch watch = {on_removed, deletion, context->cancel};
        _cleanup_error_ struct error why = {0};
        if (cancel_check(context->cancel, err) < 0)
                return -1;
        if (tree_remove_watched(item->folder_fd, name, &watch, &why) >= 0)
                return 0;
        if (cancel_check(context->cancel, err) < 0)
                return -1;
        _cleanup_free_ char *path = string_format("%s/%s", item->folder, name);
        _cleanup_free_ char *printable = text_printable(path, false);
        stage_log(context, LOG_LEVEL_WARNING, "%s can't be deleted: %s.", printable, error_message(&why));
        if (!deletion->first.message) {
                error_move(&deletion->first, &why);
                (void)error_wrap(&deletion->first, "in %s", item->folder);
        }
        return 1;
}

/* Entry by entry, so that one that can't be deleted does not keep the rest. */
static int empty_folder(struct deletion *deletion, const struct item *item, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        _cleanup_error_ struct error unseen = {0};
        int left = 0;
        if (folder_list(item->folder_fd, item->name, &names, &unseen) < 0)
                return 0; /* why is told when it is deleted itself */
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = string_format("%s/%s", item->name, names.items[i]);
                int r = delete_path(deletion, item, path, err);
                if (r < 0)
                        return -1;
                left += r;
        }
        return left > 0;
}

static int delete_item(
        struct deletion *deletion, const struct item *item, const struct tree_total *total, struct error *err)
{
        _cleanup_free_ char *shown = path_shown(item);
        int left = item->is_folder ? empty_folder(deletion, item, err) : 0;
        if (left == 0)
                left = delete_path(deletion, item, item->name, err);
        if (left < 0)
                return -1;
        deletion->left += (size_t)left;
        if (left == 0)
                stage_log(deletion->context, LOG_LEVEL_INFO,
                        "%s (%s, %" PRIu64 " %s, %" PRIu64 " bytes) is deleted.", shown, item->what,
                        total->entries, item->is_folder ? "files and folders" : "file", total->blocks);
        else
                stage_log(deletion->context, LOG_LEVEL_WARNING, "%s (%s) could not be deleted as a whole.",
                        shown, item->what);
        return 0;
}

static int delete_items(struct deletion *deletion, const struct items *items, struct error *err)
{
        _cleanup_free_ struct tree_total *totals = memory_new_array(items->count + 1, sizeof(*totals));
        for (size_t i = 0; i < items->count; i++) {
                const struct item *item = &items->list[i];
                _cleanup_error_ struct error unknown = {0}; /* the sum is only to be told */
                if (tree_total(item->folder_fd, item->name, &totals[i], &unknown) != 0)
                        totals[i] = (struct tree_total){0};
                deletion->whole.entries += totals[i].entries + item->is_folder;
                deletion->whole.blocks += totals[i].blocks;
        }
        stage_progress(deletion->context, 0, deletion->whole.entries, "files");
        for (size_t i = 0; i < items->count; i++)
                if (delete_item(deletion, &items->list[i], &totals[i], err) < 0)
                        return -1;
        return 0;
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
        _cleanup_(deletion_deinit) struct deletion deletion = {.context = context};
        if (find_items(context, &items, err) < 0 || delete_items(&deletion, &items, err) < 0)
                return -1;
        drop_scratch_schemas(context);
        tell_kept(context);
        if (deletion.left == 0)
                return STAGE_DONE;
        return error_set(err, deletion.first.reason, "%zu of %zu things could not be deleted as a whole: %s",
                deletion.left, items.count, error_message(&deletion.first));
}

const struct stage clean_stage = {
        .name = "clean",
        .title = "Delete the backups",
        .error_code = ERR_CLEAN_FAILED,
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
