/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/written_files.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/text.h"
#include "states/gate.h"
#include "states/rename_plan.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define FACT_LOGS_KEPT "written_files.logs_kept"
#define FACT_FOLDER "written_files.folder"
#define FOLDER NAME_SET_ASIDE "/written-to-mautic-3"
#define TOLD_LIMIT 20

struct walk {
        struct stage_context *context;
        struct archive *archive;
        char *folder; /* NULL: not chosen yet */
        size_t count;
        bool only_looks; /* stops at the first one */
};

static bool package_has_folder(const struct walk *walk, const char *path)
{
        static const char *const made[] = {"var", "var/logs", "var/spool"}; /* by build_cache */
        for (size_t i = 0; i < ARRAY_SIZE(made); i++)
                if (string_equal(made[i], path))
                        return true;
        return walk->archive && archive_has_folder(walk->archive, path);
}

/* What Mautic 3, or the upgrade, makes anew whenever it is needed. */
static bool is_passing(const char *path)
{
        return string_equal(path, "var/cache") || string_equal(path, "var/tmp") ||
               string_equal(path, RENAME_NAME_COPY) || file_is_temporary(path_name(path));
}

/* Once for this upgrade: what an earlier one has left is not mixed with it. */
static int choose_folder(struct walk *walk, struct error *err)
{
        struct checkpoint *checkpoint = walk->context->checkpoint;
        int root = walk->context->site->root_fd;
        if (walk->folder)
                return 0;
        if (checkpoint_get_fact(checkpoint, FACT_FOLDER, &walk->folder, err) < 0)
                return -1;
        if (!walk->folder) {
                _cleanup_free_ char *folder = NULL;
                if (file_free_name(root, FOLDER, &folder, err) < 0 ||
                        checkpoint_set_fact(checkpoint, FACT_FOLDER, folder, err) < 0)
                        return -1;
                walk->folder = steal(&folder);
        }
        if (folder_make(root, walk->folder, 0700, err) < 0)
                return -1;
        return gate_forbid_folder(walk->context, NAME_SET_ASIDE, err);
}

static int set_aside(struct walk *walk, const char *path, struct error *err)
{
        int root = walk->context->site->root_fd;
        walk->count++;
        if (walk->only_looks)
                return 0;
        if (choose_folder(walk, err) < 0)
                return -1;
        _cleanup_free_ char *from = string_format(NAME_MAUTIC_3_FILES "/%s", path);
        _cleanup_free_ char *to = string_format("%s/%s", walk->folder, path);
        _cleanup_free_ char *parent = path_parent(to), *printable = text_printable(path, false);
        if (folder_make(root, parent, 0700, err) < 0 || file_rename(root, from, root, to, err) < 0)
                return error_wrap(err, "setting %s aside", from);
        if (walk->count <= TOLD_LIMIT)
                stage_log(walk->context, LOG_LEVEL_WARNING,
                        "%s was written to Mautic 3's files since the upgrade. It is kept in %s.", printable,
                        walk->folder);
        return 0;
}

static int holds_files(int root, const char *path, bool *ret, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(root, path, &names, err) < 0)
                return -1;
        *ret = false;
        for (size_t i = 0; !*ret && i < names.count; i++) {
                _cleanup_free_ char *below = string_format("%s/%s", path, names.items[i]);
                struct stat there;
                int r = file_stat(root, below, &there, err);
                if (r < 0 || (r == 0 && S_ISDIR(there.st_mode) && holds_files(root, below, ret, err) < 0))
                        return -1;
                *ret = *ret || (r == 0 && !S_ISDIR(there.st_mode));
        }
        return 0;
}

/* The gate has other names for some. */
static const char *name_in_package(const char *path)
{
        if (string_equal(path, GATE_NAME_HTACCESS))
                return ".htaccess";
        return string_equal(path, path_name(GATE_HELD_CONSOLE)) ? "bin/console" : path;
}

static int look_at_file(struct walk *walk, const char *path, const char *full, struct error *err)
{
        int root = walk->context->site->root_fd;
        bool ours = false;
        if (walk->archive &&
                archive_compare(walk->archive, name_in_package(path), root, full, &ours, err) < 0)
                return error_wrap(err, "comparing %s", full);
        if (!ours && gate_is_stub(root, full, &ours, err) < 0)
                return -1;
        return ours ? 0 : set_aside(walk, path, err);
}

static int look_below(struct walk *walk, const char *path, struct error *err);

/* A copy is enough, and a rename could not lead out of the site's file system. */
static int keep_logs(struct walk *walk, const char *path, const char *full, struct error *err)
{
        struct stage_context *context = walk->context;
        struct walk look = {.context = context, .archive = walk->archive, .only_looks = true};
        _cleanup_error_ struct error problem = {0};
        if (look_below(&look, path, err) < 0)
                return -1;
        _cleanup_free_ char *kept = NULL;
        int unknown =
                look.count > 0 ? checkpoint_get_fact(context->checkpoint, FACT_LOGS_KEPT, &kept, err) : 0;
        if (unknown <= 0) /* kept before a kill: what is left of them by now must not take the copy's place */
                return unknown;
        if (tree_remove(context->state_fd, WRITTEN_FILES_LOGS, &problem) >= 0 &&
                tree_copy(context->site->root_fd, full, context->state_fd, WRITTEN_FILES_LOGS,
                        context->cancel, &problem) == 0) {
                if (checkpoint_set_fact(context->checkpoint, FACT_LOGS_KEPT, "yes", err) < 0)
                        return -1;
                stage_log(context, LOG_LEVEL_INFO, "Mautic 3's logs are kept in %s/" WRITTEN_FILES_LOGS ".",
                        context->state_path);
                return 0;
        }
        if (cancel_check(context->cancel, err) < 0)
                return -1;
        stage_log(context, LOG_LEVEL_WARNING, "Mautic 3's logs could not be copied to %s: %s.",
                context->state_path, error_message(&problem));
        return look_below(walk, path, err);
}

static int look_at(struct walk *walk, const char *path, struct error *err)
{
        int root = walk->context->site->root_fd;
        _cleanup_free_ char *full = string_format(NAME_MAUTIC_3_FILES "/%s", path);
        struct stat there;
        bool filled;
        if (is_passing(path))
                return 0;
        int r = file_stat(root, full, &there, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        if (!S_ISDIR(there.st_mode))
                return look_at_file(walk, path, full, err);
        if (string_equal(path, "var/logs") && !walk->only_looks)
                return keep_logs(walk, path, full, err);
        if (package_has_folder(walk, path))
                return look_below(walk, path, err);
        if (gate_is_untouched_stub(root, full, &filled, err) < 0)
                return -1;
        if (filled) /* with the gate's own */
                return 0;
        return holds_files(root, full, &filled, err) < 0 ? -1 : filled ? set_aside(walk, path, err) : 0;
}

static int look_below(struct walk *walk, const char *path, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        _cleanup_free_ char *folder = string_format(NAME_MAUTIC_3_FILES "%s%s", path[0] ? "/" : "", path);
        if (cancel_check(walk->context->cancel, err) < 0 ||
                folder_list(walk->context->site->root_fd, folder, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *below =
                        string_format("%s%s%s", path, path[0] ? "/" : "", names.items[i]);
                if (walk->only_looks && walk->count > 0)
                        return 0;
                if (look_at(walk, below, err) < 0)
                        return -1;
        }
        return 0;
}

int written_files_set_aside(struct stage_context *context, struct archive *archive, struct error *err)
{
        struct walk walk = {.context = context, .archive = archive};
        int r = look_below(&walk, "", err);
        if (r == 0 && walk.count > TOLD_LIMIT)
                stage_log(context, LOG_LEVEL_WARNING, "%zu more files and folders are kept in %s.",
                        walk.count - TOLD_LIMIT, walk.folder);
        free(walk.folder);
        return r;
}
