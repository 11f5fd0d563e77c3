/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/rollback_preview.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/site.h"
#include "states/footprint.h"
#include "states/gate.h"
#include "states/machine.h"
#include "states/rename_plan.h"
#include "states/rollback_check.h"
#include "states/stages.h"

#include <string.h>
#include <unistd.h>

struct look {
        struct rollback_preview *preview;
        struct cancel *cancel;
        const struct site *site;
        dev_t device;
        struct rename_plan moved, restored, admitted; /* of move_files, of restore_user_data, of the gate */
        struct string_list waiting; /* folders that are still to be looked into */
};

void rollback_preview_deinit(struct rollback_preview *preview)
{
        for (size_t i = 0; i < preview->count; i++)
                free(preview->files[i].path);
        free(preview->files);
        string_list_deinit(&preview->added);
        backup_facts_deinit(&preview->backup);
        database_preview_deinit(&preview->database);
        free(preview->database_problem);
        buffer_deinit(&preview->missing);
        *preview = (struct rollback_preview){0};
}

static void look_deinit(struct look *look)
{
        rename_plan_deinit(&look->moved);
        rename_plan_deinit(&look->restored);
        rename_plan_deinit(&look->admitted);
        string_list_deinit(&look->waiting);
}

static bool is_at_or_below(const char *path, const char *folder)
{
        size_t length = strlen(folder);
        return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* The upgrade's own, and what Mautic makes anew whenever it is needed. */
static bool is_passed_over(const char *path)
{
        static const char *const folders[] = {
                NAME_MAUTIC_2_FILES, NAME_MAUTIC_3_FILES, NAME_LOG, "var/cache", "var/tmp", "var/logs"};
        static const char *const prefixes[] = {
                NAME_SET_ASIDE, "var/" NAME_SET_ASIDE, "var/" NAME_MAUTIC_2_FILES, "var/upgrade_log_"};
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (is_at_or_below(path, folders[i]))
                        return true;
        for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
                if (string_begins(path, prefixes[i]))
                        return true;
        return false;
}

/* The step that brought what is at path, or a folder above it, to its place; NULL: none did. */
static const struct rename_step *brought_by(const struct rename_plan *plan, const char *path)
{
        for (size_t i = 0; i < plan->count; i++)
                if (plan->steps[i].done && is_at_or_below(path, plan->steps[i].to))
                        return &plan->steps[i];
        return NULL;
}

/* What is in a folder that was renamed goes back with it; what no step has brought stays where it is; all
 * else is in Mautic 3's own folders. */
static bool is_set_aside(const struct look *look, const char *path)
{
        const struct rename_step *step = brought_by(&look->restored, path);
        return step ? step->kind == RENAME_COPY : brought_by(&look->moved, path) != NULL;
}

/* A copy with its time kept is as new as any. */
static int64_t changed_ms(const struct stat *there)
{
        const struct timespec *changed = &there->st_ctim, *written = &there->st_mtim;
        int64_t first = (int64_t)changed->tv_sec * 1000 + changed->tv_nsec / 1000000;
        int64_t second = (int64_t)written->tv_sec * 1000 + written->tv_nsec / 1000000;
        return first > second ? first : second;
}

static void note_file(struct look *look, char *path, int64_t time_ms)
{
        struct rollback_preview *preview = look->preview;
        preview->files = memory_grow(preview->files, preview->count, sizeof(*preview->files));
        struct written_file *file = &preview->files[preview->count++];
        *file = (struct written_file){path, time_ms, is_set_aside(look, path)};
        preview->written++;
        preview->set_aside += file->set_aside;
}

static void look_at_entry(struct look *look, int folder_fd, const char *folder, const char *name)
{
        struct stat there;
        _cleanup_free_ char *path =
                string_equal(folder, ".") ? string_copy(name) : string_format("%s/%s", folder, name);
        if (is_passed_over(path))
                return;
        if (fstatat(folder_fd, name, &there, AT_SYMLINK_NOFOLLOW) < 0) {
                look->preview->whole = look->preview->whole && errno == ENOENT;
                return;
        }
        if (S_ISDIR(there.st_mode)) {
                if (there.st_dev == look->device)
                        string_list_add(&look->waiting, path);
                return;
        }
        int64_t time_ms = changed_ms(&there);
        if (time_ms > look->preview->since_ms)
                note_file(look, steal(&path), time_ms);
}

static void look_into(struct look *look, const char *folder)
{
        _cleanup_error_ struct error unreadable = {0};
        _cleanup_close_ int fd = -1, list_fd = -1;
        int r = folder_open(look->site->root_fd, folder, &fd, &unreadable);
        if (r == 0)
                list_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        _cleanup_closedir_ DIR *directory = list_fd >= 0 ? fdopendir(list_fd) : NULL;
        if (!directory) {
                look->preview->whole = look->preview->whole && r > 0;
                return;
        }
        steal_fd(&list_fd);
        for (struct dirent *entry; (entry = readdir(directory));)
                if (!string_equal(entry->d_name, ".") && !string_equal(entry->d_name, ".."))
                        look_at_entry(look, fd, folder, entry->d_name);
}

static int compare_files(const void *left, const void *right)
{
        const struct written_file *a = left, *b = right;
        return a->set_aside != b->set_aside ? (int)b->set_aside - (int)a->set_aside
                                            : strcmp(a->path, b->path);
}

static int look_through(struct look *look, struct error *err)
{
        struct rollback_preview *preview = look->preview;
        struct stat root;
        if (fstat(look->site->root_fd, &root) < 0)
                return error_set_errno(err, errno, "can't look at the site's root");
        look->device = root.st_dev;
        string_list_add(&look->waiting, ".");
        while (look->waiting.count > 0) {
                if (cancel_check(look->cancel, err) < 0)
                        return -1;
                _cleanup_free_ char *folder = look->waiting.items[--look->waiting.count];
                look_into(look, folder);
        }
        if (preview->count > 1)
                qsort(preview->files, preview->count, sizeof(*preview->files), compare_files);
        while (preview->count > WRITTEN_FILES_SHOWN)
                free(preview->files[--preview->count].path);
        return 0;
}

/* Whether a step brought what is at path, or below it. */
static bool is_brought(const struct rename_plan *plan, const char *path)
{
        for (size_t i = 0; i < plan->count; i++)
                if (is_at_or_below(plan->steps[i].to, path))
                        return true;
        return false;
}

/* All that a plan has brought goes again; Mautic 3 makes var by itself. */
static int find_added(struct look *look, struct checkpoint *checkpoint, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        if (footprint_find_new(checkpoint, look->site->root_fd, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                const char *name = names.items[i];
                if (!is_passed_over(name) && !string_equal(name, "var") && !is_brought(&look->moved, name) &&
                        !is_brought(&look->restored, name) && !is_brought(&look->admitted, name))
                        string_list_add(&look->preview->added, name);
        }
        return 0;
}

/* The gate is lifted by the last act of build_cache. */
static int find_since(struct checkpoint *checkpoint, int64_t *ret, struct error *err)
{
        _cleanup_stage_record_ struct stage_record stage = {0};
        int r = checkpoint_load_stage(checkpoint, stage_build_cache.name, &stage, err);
        if (r < 0)
                return -1;
        *ret = r == 0 && string_equal(stage.state, stage_state_name(STAGE_SUCCEEDED)) ? stage.finished_ms : 0;
        return 0;
}

static int find_written(const struct config *config, struct checkpoint *checkpoint, struct cancel *cancel,
        struct rollback_preview *preview, struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        if (site_open(config->root, &site, err) < 0)
                return -1;
        _cleanup_(look_deinit) struct look look = {.preview = preview, .cancel = cancel, .site = site};
        struct stage_context context = {.config = config, .checkpoint = checkpoint, .site = site};
        if (rename_plan_load(&context, stage_move_files.name, &look.moved, err) < 0 ||
                rename_plan_load(&context, stage_restore_user_data.name, &look.restored, err) < 0 ||
                rename_plan_load(&context, GATE_JOURNAL, &look.admitted, err) < 0 ||
                find_added(&look, checkpoint, err) < 0)
                return -1;
        return look_through(&look, err);
}

/* A database that can't be asked is told of: whoever wants the files back wants to know of these. */
static int find_rows(const struct config *config, const char *state_path, struct cancel *cancel,
        struct rollback_preview *preview, struct error *err)
{
        _cleanup_error_ struct error trouble = {0};
        if (!preview->database_touched || preview->backup.problem)
                return 0;
        if (restore_database_preview(config, state_path, cancel, &preview->database, &trouble) == 0)
                return 0;
        if (cancel_check(cancel, err) < 0)
                return -1;
        preview->database_problem = string_copy(error_message(&trouble));
        return 0;
}

/* Once a rollback has brought some of them back, nothing can be told by their names. */
static int find_missing(const struct config *config, struct checkpoint *checkpoint,
        struct rollback_preview *preview, struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        if (preview->since_ms == 0)
                return 0;
        if (site_open(config->root, &site, err) < 0)
                return -1;
        struct stage_context context = {.config = config, .checkpoint = checkpoint, .site = site};
        return rollback_check_files(&context, &preview->missing, &preview->missing_count, err);
}

static int find_all(const struct config *config, struct checkpoint *checkpoint, struct cancel *cancel,
        struct rollback_preview *preview, struct error *err)
{
        _cleanup_free_ char *touched = NULL, *files_only = NULL;
        if (backup_facts_load(checkpoint, &preview->backup, err) < 0 ||
                find_since(checkpoint, &preview->since_ms, err) < 0 ||
                checkpoint_get_fact(checkpoint, FACT_DATABASE_TOUCHED, &touched, err) < 0 ||
                checkpoint_get_fact(checkpoint, FACT_ROLLBACK_FILES_ONLY, &files_only, err) < 0 ||
                find_missing(config, checkpoint, preview, err) < 0)
                return -1;
        preview->files_only = string_equal(files_only, "yes");
        preview->database_touched = string_equal(touched, "yes") && !preview->files_only;
        return preview->since_ms == 0 ? 0 : find_written(config, checkpoint, cancel, preview, err);
}

int rollback_preview(const struct config *config, const char *state_path, struct cancel *cancel,
        struct rollback_preview *ret, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_rollback_preview_ struct rollback_preview preview = {.whole = true};
        int r = checkpoint_open_reader(state_path, &checkpoint, err);
        if (r < 0 || (r == 0 && (find_all(config, checkpoint, cancel, &preview, err) < 0 ||
                                        find_rows(config, state_path, cancel, &preview, err) < 0)))
                return error_wrap(err, "looking at what a rollback would mean");
        *ret = preview;
        preview = (struct rollback_preview){0};
        return 0;
}
