/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What users keep in a Mautic comes back from mautic-2-backup-files to its place in Mautic 3.
 *
 * Takes: Mautic 2 in its folder, Mautic 3 in the root behind the gate. Leaves: plugins, themes, media,
 * translations, waiting mails, and every entry of the root that no release ships, at their old names; whole
 * entries where Mautic 3 has none of that name, else what is missing inside. Nothing of Mautic 3 is replaced;
 * links are moved as links and never followed. Folders that both have take over who may write into them.
 * RESTORED.txt in mautic-2-backup-files says what went where.
 * Survives a kill: all renames are journalled before the first (states/rename_plan.h).
 */

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "states/folder_rights.h"
#include "states/gate.h"
#include "states/mautic_2_files.h"
#include "states/proof.h"
#include "states/rename_plan.h"
#include "states/stages.h"

#include <string.h>

#define PHASE "restore"
#define FACT_MANIFEST "restore_user_data.manifest"
#define MANIFEST NAME_MAUTIC_2_FILES "/RESTORED.txt"
#define SAVED_HTACCESS ".htaccess.mautic-2"
#define MAUTIC_3_SUFFIX ".mautic-3"

#define M2(name) NAME_MAUTIC_2_FILES "/" name
#define M3(name) NAME_MAUTIC_3_FILES "/" name

/* A folder of user data: where paths.php has it, and its name in a release. */
struct area {
        const char *name;
        const char *path;
        bool packages; /* each entry is one plugin or theme: two of one name are never mixed */
};
#define AREA_COUNT 4

struct restore {
        struct stage_context *context;
        struct rename_plan *plan;
        enum rename_kind kind; /* move or copy, as config.user_data says */
        struct area areas[AREA_COUNT];
};

static int stat_or_none(struct restore *restore, const char *path, struct stat *ret, struct error *err)
{
        int r = file_stat(restore->context->site->root_fd, path, ret, err);
        if (r == 1)
                *ret = (struct stat){0};
        return r < 0 ? -1 : 0;
}

static bool is_there(const struct stat *there)
{
        return there->st_ino != 0;
}

static void tell_kept(struct restore *restore, const char *path, const char *why)
{
        _cleanup_free_ char *printable = text_printable(path, false);
        stage_log(restore->context, LOG_LEVEL_WARNING, "%s stays in " NAME_MAUTIC_2_FILES ": %s.", printable,
                why);
}

static void add(struct restore *restore, const char *path, const char *to, const struct stat *thing)
{
        _cleanup_free_ char *from = string_format(M2("%s"), path);
        rename_plan_add(restore->plan, PHASE, restore->kind, from, to, thing, NULL);
}

/* Mautic 3's entry gives way, into mautic-2-backup-files, and the user's takes its place. */
static void add_instead(
        struct restore *restore, const char *path, const struct stat *thing, const struct stat *mautic_3)
{
        _cleanup_free_ char *aside = string_format(M2("%s" MAUTIC_3_SUFFIX), path);
        rename_plan_add(restore->plan, PHASE, RENAME_MOVE, path, aside, mautic_3, NULL);
        add(restore, path, path, thing);
}

static bool is_area(const struct restore *restore, const char *path)
{
        for (size_t i = 0; i < AREA_COUNT; i++)
                if (string_equal(restore->areas[i].path, path))
                        return true;
        return false;
}

static bool holds_area(const struct restore *restore, const char *path)
{
        size_t length = strlen(path);
        for (size_t i = 0; i < AREA_COUNT; i++) {
                const char *area = restore->areas[i].path;
                if (area && strncmp(area, path, length) == 0 && area[length] == '/')
                        return true;
        }
        return false;
}

/* A folder of the release that is only there to be filled: it may give way to a link of the user's. */
static int is_placeholder(struct restore *restore, const char *path, bool *ret, struct error *err)
{
        static const char *const names[] = {".gitkeep", ".htaccess", ".placeholder", "index.html"};
        _cleanup_string_list_ struct string_list list = {0};
        if (folder_list(restore->context->site->root_fd, path, &list, err) < 0)
                return -1;
        *ret = true;
        for (size_t i = 0; i < list.count; i++) {
                bool known = false;
                for (size_t j = 0; j < ARRAY_SIZE(names); j++)
                        known = known || string_equal(list.items[i], names[j]);
                *ret = *ret && known;
        }
        return 0;
}

/* A folder below Mautic 2's files, its goal below the root, and how the release calls it (NULL: not at all).
 */
struct place {
        const char *path, *goal, *shipped;
        bool packages;
};

static int merge_folder(struct restore *restore, const struct place *place, struct error *err);

static int merge_both(struct restore *restore, const struct place *child, const struct stat *mautic_2,
        const struct stat *mautic_3, bool in_packages, struct error *err)
{
        bool both_folders = S_ISDIR(mautic_2->st_mode) && S_ISDIR(mautic_3->st_mode);
        if (both_folders && in_packages && !mautic_2_ships_package(child->shipped)) {
                tell_kept(restore, child->path, "Mautic 3 has one of its own under this name");
                return 0;
        }
        if (both_folders)
                return merge_folder(restore, child, err);
        if (S_ISLNK(mautic_2->st_mode) && S_ISDIR(mautic_3->st_mode)) {
                bool placeholder;
                if (is_placeholder(restore, child->goal, &placeholder, err) < 0)
                        return -1;
                if (placeholder && string_equal(child->path, child->goal))
                        add_instead(restore, child->path, mautic_2, mautic_3);
                else
                        tell_kept(restore, child->path,
                                "it is a symbolic link where Mautic 3 has a folder with files of its own; "
                                "bring what is "
                                "behind it over yourself");
                return 0;
        }
        if ((mautic_2->st_mode & S_IFMT) != (mautic_3->st_mode & S_IFMT))
                tell_kept(restore, child->path, "Mautic 3 has something of another kind under this name");
        return 0;
}

static int merge_entry(
        struct restore *restore, const struct place *place, const char *name, struct error *err)
{
        _cleanup_free_ char *path = string_format("%s/%s", place->path, name);
        _cleanup_free_ char *goal = string_format("%s/%s", place->goal, name);
        _cleanup_free_ char *from = string_format(M2("%s"), path);
        _cleanup_free_ char *shipped = place->shipped ? string_format("%s/%s", place->shipped, name) : NULL;
        if (is_area(restore, path) || (shipped && mautic_2_dropped(shipped)))
                return 0;
        struct stat mautic_2, mautic_3;
        if (stat_or_none(restore, from, &mautic_2, err) < 0 ||
                stat_or_none(restore, goal, &mautic_3, err) < 0)
                return -1;
        if (!is_there(&mautic_3)) {
                add(restore, path, goal, &mautic_2);
                return 0;
        }
        struct place child = {.path = path, .goal = goal, .shipped = shipped};
        return merge_both(restore, &child, &mautic_2, &mautic_3, place->packages, err);
}

static int merge_folder(struct restore *restore, const struct place *place, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        _cleanup_free_ char *from = string_format(M2("%s"), place->path);
        if (cancel_check(restore->context->cancel, err) < 0 ||
                folder_list(restore->context->site->root_fd, from, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++)
                if (merge_entry(restore, place, names.items[i], err) < 0)
                        return -1;
        return 0;
}

/* A folder that may be missing on either side, or be a link. */
static int merge_top(struct restore *restore, const struct place *place, struct error *err)
{
        _cleanup_free_ char *from = string_format(M2("%s"), place->path);
        struct stat mautic_2, mautic_3;
        if (stat_or_none(restore, from, &mautic_2, err) < 0 ||
                stat_or_none(restore, place->goal, &mautic_3, err) < 0)
                return -1;
        if (!is_there(&mautic_2))
                return 0;
        if (!is_there(&mautic_3) && !holds_area(restore, place->path)) {
                add(restore, place->path, place->goal, &mautic_2);
                return 0;
        }
        if (S_ISDIR(mautic_2.st_mode) && (S_ISDIR(mautic_3.st_mode) || !is_there(&mautic_3)))
                return merge_folder(restore, place, err);
        return merge_both(restore, place, &mautic_2, &mautic_3, false, err);
}

static int plan_areas(struct restore *restore, struct error *err)
{
        for (size_t i = 0; i < AREA_COUNT; i++) {
                const struct area *area = &restore->areas[i];
                if (area->path[0] == '/') {
                        stage_log(restore->context, LOG_LEVEL_WARNING,
                                "The folder of %s lies outside of the site (%s) and is left as it is: bring "
                                "Mautic 3's own %s there if they are needed.",
                                area->name, area->path, area->name);
                        continue;
                }
                struct place place = {area->path, area->path, area->name, area->packages};
                if (merge_top(restore, &place, err) < 0)
                        return error_wrap(err, "looking through %s", area->path);
        }
        return 0;
}

/* Entries of the root that no release ships. A PHP file waits behind the gate with Mautic 3's own. */
static int plan_foreign(struct restore *restore, const char *name, struct error *err)
{
        const char *dot = strrchr(name, '.');
        if (!string_equal(dot, ".php")) {
                struct place place = {.path = name, .goal = name};
                return merge_top(restore, &place, err);
        }
        _cleanup_free_ char *from = string_format(M2("%s"), name), *held = string_format(M3("%s"), name);
        struct stat mautic_2, waiting, live;
        if (stat_or_none(restore, from, &mautic_2, err) < 0 ||
                stat_or_none(restore, held, &waiting, err) < 0 || stat_or_none(restore, name, &live, err) < 0)
                return -1;
        if (is_there(&waiting) || is_there(&live))
                tell_kept(restore, name, "Mautic 3 has one of its own under this name");
        else
                add(restore, name, held, &mautic_2);
        return 0;
}

static int plan_root(struct restore *restore, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(restore->context->site->root_fd, NAME_MAUTIC_2_FILES, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                const char *name = names.items[i];
                if (mautic_2_ships(name) || is_area(restore, name) || gate_is_guard(name) ||
                        string_equal(name, "RESTORED.txt"))
                        continue;
                if (plan_foreign(restore, name, err) < 0)
                        return error_wrap(err, "looking at %s", name);
        }
        return 0;
}

static int same_content(int root, const char *left, const char *right, bool *ret, struct error *err)
{
        char hashes[2][65];
        uint64_t size;
        const char *paths[] = {left, right};
        for (size_t i = 0; i < 2; i++) {
                struct stat there;
                int r = file_stat(root, paths[i], &there, err);
                if (r == 0 && S_ISREG(there.st_mode))
                        r = file_sha256(root, paths[i], NULL, hashes[i], &size, err);
                else if (r == 0)
                        r = 1;
                if (r < 0)
                        return -1;
                if (r == 1) {
                        *ret = false;
                        return 0;
                }
        }
        *ret = strcmp(hashes[0], hashes[1]) == 0;
        return 0;
}

/* robots.txt and favicon.ico: both releases ship them, and users make them their own. */
static int plan_edited_file(struct restore *restore, const char *name, struct error *err)
{
        int root = restore->context->site->root_fd;
        _cleanup_free_ char *from = string_format(M2("%s"), name);
        struct stat mautic_2, mautic_3;
        bool stock, same;
        if (stat_or_none(restore, from, &mautic_2, err) < 0 ||
                stat_or_none(restore, name, &mautic_3, err) < 0 ||
                mautic_2_file_is_stock(root, from, &stock, err) < 0 ||
                same_content(root, from, name, &same, err) < 0)
                return error_wrap(err, "comparing %s", name);
        if (!is_there(&mautic_2) || stock || same)
                return 0;
        if (is_there(&mautic_3))
                add_instead(restore, name, &mautic_2, &mautic_3);
        else
                add(restore, name, name, &mautic_2);
        stage_log(restore->context, LOG_LEVEL_INFO, "%s was changed by you and stays as you made it.", name);
        return 0;
}

/* Mautic 2's .htaccess has stood in the root all the time. A stock one gives way to Mautic 3's. In a changed
 * one there may be passwords, addresses and handlers that protect the site: it stays live (Mautic 3's only
 * names fewer scripts), a copy is kept under a name that says so, and Mautic 3's stays beside it to compare.
 */
static int plan_both_htaccess(struct restore *restore, const char *new, struct error *err)
{
        int root = restore->context->site->root_fd;
        _cleanup_free_ char *saved = NULL;
        struct stat mautic_2, mautic_3;
        bool stock, same;
        if (stat_or_none(restore, ".htaccess", &mautic_2, err) < 0 ||
                stat_or_none(restore, new, &mautic_3, err) < 0 ||
                mautic_2_file_is_stock(root, ".htaccess", &stock, err) < 0 ||
                same_content(root, ".htaccess", new, &same, err) < 0 ||
                file_free_name(root, SAVED_HTACCESS, &saved, err) < 0)
                return error_wrap(err, "comparing .htaccess");
        if (!is_there(&mautic_2) || !is_there(&mautic_3))
                return 0;
        if (stock || same) {
                rename_plan_add(restore->plan, PHASE, RENAME_SWAP, new, ".htaccess", &mautic_3, &mautic_2);
                rename_plan_add(restore->plan, PHASE, RENAME_MOVE, new, M2(SAVED_HTACCESS), &mautic_2, NULL);
                return 0;
        }
        rename_plan_add(restore->plan, PHASE, RENAME_COPY, ".htaccess", saved, &mautic_2, NULL);
        stage_log(restore->context, LOG_LEVEL_WARNING,
                "Your .htaccess differs from Mautic's own and stays live (a copy is %s); Mautic 3's is %s: "
                "compare them.",
                saved, new);
        return 0;
}

/* Where move_files has put Mautic 3's is in its plan. */
static int plan_htaccess(struct restore *restore, struct error *err)
{
        static const char *const names[] = {M3(".htaccess"), M3(GATE_NAME_HTACCESS)};
        _cleanup_rename_plan_ struct rename_plan moved = {0};
        if (rename_plan_load(restore->context, stage_move_files.name, &moved, err) < 0)
                return -1;
        for (size_t i = 0; i < moved.count; i++)
                for (size_t j = 0; j < ARRAY_SIZE(names); j++)
                        if (string_equal(moved.steps[i].from, names[j]) &&
                                !string_equal(moved.steps[i].to, ".htaccess"))
                                return plan_both_htaccess(restore, moved.steps[i].to, err);
        return 0;
}

/* "app/../var/spool" → "var/spool"; NULL for a path that is not below the root. */
static char *below_root(const struct site *site, const char *path)
{
        size_t length = strlen(site->root);
        if (!path || strncmp(path, site->root, length) != 0 || path[length] != '/')
                return NULL;
        _cleanup_free_ char *copy = string_copy(path + length);
        _cleanup_buffer_ struct buffer result = {0};
        char *rest = copy;
        for (char *part; (part = strsep(&rest, "/"));) {
                if (*part == '\0' || string_equal(part, "."))
                        continue;
                if (string_equal(part, "..")) {
                        char *slash = result.data ? strrchr(result.data, '/') : NULL;
                        if (!slash)
                                return NULL;
                        *slash = '\0';
                        result.size = (size_t)(slash - result.data);
                        continue;
                }
                buffer_append_format(&result, "/%s", part);
        }
        return result.size > 1 ? string_copy(result.data + 1) : NULL;
}

/* Mails that wait to be sent. local.php names Mautic 3's folder already; the default was app/spool before. */
static int plan_spool(struct restore *restore, struct error *err)
{
        const struct site *site = restore->context->site;
        _cleanup_site_settings_ struct site_settings settings = {0};
        if (site_load_settings(site, &settings, err) < 0)
                return -1;
        _cleanup_free_ char *goal = below_root(site, settings.mailer_spool_path);
        if (!goal)
                return 0;
        bool standard = string_equal(goal, "var/spool");
        if (!standard && !string_begins(goal, "app/")) /* came with its entry of the root */
                return 0;
        struct place place = {.path = standard ? "app/spool" : goal, .goal = goal};
        return merge_top(restore, &place, err);
}

static int make_plan(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        const struct site_paths *paths = &context->site->paths;
        struct restore restore = {
                .context = context,
                .plan = plan,
                .kind = string_equal(context->config->user_data, "copy") ? RENAME_COPY : RENAME_MOVE,
                .areas = {{"plugins", paths->plugins, true}, {"themes", paths->themes, true},
                        {"media", paths->media, false}, {"translations", "translations", false}},
        };
        struct stat there;
        if (stat_or_none(&restore, NAME_MAUTIC_2_FILES, &there, err) < 0)
                return -1;
        if (!is_there(&there))
                return error_set(err, REASON_NOT_FOUND, "the folder " NAME_MAUTIC_2_FILES " is gone");
        if (plan_areas(&restore, err) < 0 || plan_root(&restore, err) < 0 || plan_spool(&restore, err) < 0 ||
                plan_htaccess(&restore, err) < 0)
                return -1;
        for (size_t i = 0; mautic_2_edited_files[i]; i++)
                if (plan_edited_file(&restore, mautic_2_edited_files[i], err) < 0)
                        return -1;
        return rename_plan_record(context, plan, err);
}

/* A file of that name may be the user's own, from the root. */
static int claim_manifest(struct stage_context *context, bool *ret, struct error *err)
{
        _cleanup_free_ char *claimed = NULL;
        struct stat there;
        int r = checkpoint_get_fact(context->checkpoint, FACT_MANIFEST, &claimed, err);
        if (r < 0)
                return -1;
        *ret = true;
        if (r == 0)
                return 0;
        r = file_stat(context->site->root_fd, MANIFEST, &there, err);
        if (r < 0)
                return -1;
        *ret = r == 1;
        return r == 1 ? checkpoint_set_fact(context->checkpoint, FACT_MANIFEST, "yes", err) : 0;
}

static int write_manifest(struct stage_context *context, const struct rename_plan *plan, struct error *err)
{
        bool ours;
        if (claim_manifest(context, &ours, err) < 0)
                return -1;
        if (!ours)
                return 0;
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_string(
                &text, "What was brought from Mautic 2's files to Mautic 3, below the site's folder:\n\n");
        for (size_t i = 0; i < plan->count; i++) {
                const struct rename_step *step = &plan->steps[i];
                _cleanup_free_ char *from = text_printable(step->from, false);
                _cleanup_free_ char *to = text_printable(step->to, false);
                buffer_append_format(
                        &text, "%s  %s -> %s\n", step->kind == RENAME_COPY ? "copied" : "moved ", from, to);
        }
        return file_write_atomic(context->site->root_fd, MANIFEST, text.data, text.size, 0600, err);
}

/* After the renames: a folder that its owner may not write to (0555) takes nothing in. */
static int take_over_rights(struct stage_context *context, struct error *err)
{
        static const char *const variable[][2] = {{M2("app/cache"), "var/cache"},
                {M2("app/logs"), "var/logs"}, {M2("app/cache"), "var/tmp"}, {M2("app/spool"), "var/spool"}};
        const struct site_paths *paths = &context->site->paths;
        const char *const areas[] = {paths->plugins, paths->themes, paths->media, "translations"};
        for (size_t i = 0; i < ARRAY_SIZE(areas); i++) {
                if (!areas[i] || areas[i][0] == '/')
                        continue;
                _cleanup_free_ char *from = string_format(M2("%s"), areas[i]);
                if (folder_rights_take_over_below(context, from, areas[i], err) < 0)
                        return error_wrap(err, "giving %s the rights that it had", areas[i]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(variable); i++) {
                struct stat there;
                int r = file_stat(context->site->root_fd, variable[i][0], &there, err);
                if (r < 0)
                        return -1;
                if (r == 1 || !S_ISDIR(there.st_mode))
                        continue;
                if (folder_make(context->site->root_fd, variable[i][1], there.st_mode & 07777, err) < 0 ||
                        folder_rights_take_over(context, variable[i][0], variable[i][1], err) < 0)
                        return error_wrap(err, "giving %s the rights of Mautic 2's", variable[i][1]);
        }
        return 0;
}

static int restore_user_data(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (rename_plan_load(context, context->stage->name, &plan, err) < 0)
                return -1;
        if (plan.count == 0 && make_plan(context, &plan, err) < 0)
                return error_wrap(err, "planning what comes back");
        if (rename_plan_run(context, &plan, PHASE, err) < 0 || take_over_rights(context, err) < 0 ||
                write_manifest(context, &plan, err) < 0)
                return error_wrap(err, "bringing user data to Mautic 3");
        stage_log(context, LOG_LEVEL_INFO,
                "%zu renames and copies brought your plugins, themes, media and other files to Mautic 3.",
                plan.count);
        return STAGE_DONE;
}

static int take_user_data_back(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (rename_plan_load(context, context->stage->name, &plan, err) < 0)
                return -1;
        _cleanup_free_ char *manifest = NULL;
        if (checkpoint_get_fact(context->checkpoint, FACT_MANIFEST, &manifest, err) < 0)
                return -1;
        if (rename_plan_undo(context, &plan, PHASE, RENAME_LOST_IS_TOLD, err) < 0 ||
                (manifest && file_remove(context->site->root_fd, MANIFEST, err) < 0))
                return error_wrap(err, "taking user data back to " NAME_MAUTIC_2_FILES);
        return 0;
}

const struct stage stage_restore_user_data = {
        .name = "restore_user_data",
        .title = "Bring plugins, themes and media to Mautic 3",
        .error_code = ERR_RESTORE_USER_DATA_FAILED,
        .run = restore_user_data,
        .prove = prove_restore_user_data,
        .undo = take_user_data_back,
        .begins = BOUNDARY_DATABASE_MIGRATED,
};
