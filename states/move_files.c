/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Mautic 2 goes to mautic-2-backup-files, Mautic 3 comes from mautic-3-temp-files to the root.
 *
 * Takes: a Mautic 2 in the root, a Mautic 3 unpacked. Leaves: Mautic 3 in the root behind the gate
 * (states/gate.h), with Mautic 2's local configuration copied to its place, and Mautic 2 whole in its folder.
 * Survives a kill: the whole plan is journalled before the first rename (states/rename_plan.h); run again, it
 * goes on with the step it stood at, and when all are done it does nothing, whatever stands in the root then.
 *
 * What stays in the root: the upgrade's own folders, the live .htaccess, and hidden entries that no release
 * ships (.well-known, .user.ini, .htpasswd, .git, …): they belong to the web server, to PHP or to the
 * account, which need them while the gate is up.
 */

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/mounts.h"
#include "lib/path.h"
#include "states/downtime.h"
#include "states/gate.h"
#include "states/gate_check.h"
#include "states/gate_console.h"
#include "states/leftovers.h"
#include "states/mautic_2_files.h"
#include "states/proof.h"
#include "states/rename_plan.h"
#include "states/stages.h"
#include "states/update_local_config.h"

#include <fnmatch.h>
#include <string.h>

#define FACT_PREPARED "move_files.prepared"
#define PHASE_CLOSE_GATE "close_gate"
#define PHASE_CLOSE_CONSOLE "close_console"
#define PHASE_MAUTIC_2 "move_mautic_2"
#define PHASE_MAUTIC_3 "move_mautic_3"
#define PHASE_CONFIG "copy_config"
#define PHASE_GATHER "gather" /* of the way back */

#define M2(name) NAME_MAUTIC_2_FILES "/" name
#define M3(name) NAME_MAUTIC_3_FILES "/" name

static int stat_known(int root, const char *path, struct stat *ret, struct error *err)
{
        int r = file_stat(root, path, ret, err);
        return r == 1 ? error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s has gone", path) : r;
}

static int require(int root, const char *path, mode_t type, const char *advice, struct error *err)
{
        struct stat there;
        int r = file_stat(root, path, &there, err);
        if (r < 0)
                return -1;
        if (r == 1)
                return error_set(err, REASON_NOT_FOUND, "%s is not there: %s", path, advice);
        if ((there.st_mode & S_IFMT) != type)
                return error_set(err, REASON_UNSAFE_PATH, "%s is not a plain %s: %s", path,
                        type == S_IFDIR ? "folder" : "file", advice);
        return 0;
}

/* A name that the upgrade has in the root for itself. */
static bool is_own(const char *name)
{
        static const char *const own[] = {NAME_MAUTIC_2_FILES, NAME_MAUTIC_3_FILES, NAME_PACKAGE, NAME_BACKUP,
                NAME_LOG, NAME_SET_ASIDE};
        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
                if (string_equal(own[i], name))
                        return true;
        return false;
}

/* A mount point can't be renamed itself, but goes along with the folder it is in; what is in it can't be
 * renamed to Mautic 3's folder later (it can be copied). */
static bool is_in_the_way(const struct stage_context *context, const char *mount)
{
        const struct site_paths *paths = &context->site->paths;
        const char *const areas[] = {
                paths->themes, paths->media, paths->plugins, "translations", "app/spool"};
        if (!strchr(mount, '/'))
                return !is_own(mount) && mount[0] != '.';
        bool moves = !string_equal(context->config->user_data, "copy");
        for (size_t i = 0; moves && i < ARRAY_SIZE(areas); i++)
                if (areas[i] && path_below(mount, areas[i]))
                        return true;
        return false;
}

static int check_no_mounts(struct stage_context *context, struct error *err)
{
        _cleanup_string_list_ struct string_list mounts = {0};
        if (mounts_find(context->site->root, &mounts, err) < 0)
                return -1;
        for (size_t i = 0; i < mounts.count; i++)
                if (is_in_the_way(context, mounts.items[i]))
                        return error_set(err, REASON_UNSAFE_PATH,
                                "%s is a mount point, and what is in it can't be renamed to another folder: "
                                "unmount it for the time of the upgrade",
                                mounts.items[i]);
        return 0;
}

/* Everything without which no rename is to begin. */
static int check_both_sites(struct stage_context *context, struct error *err)
{
        int root = context->site->root_fd;
        if (context->site->kind == SITE_MAUTIC_3)
                return error_set(
                        err, REASON_ALREADY_MAUTIC_3, "%s holds Mautic 3 already", context->site->root);
        if (require(root, "index.php", S_IFREG, "the root must hold a whole Mautic 2", err) < 0 ||
                require(root, "app", S_IFDIR, "the root must hold a whole Mautic 2", err) < 0 ||
                require(root, M3("index.php"), S_IFREG, "Mautic 3 was unpacked there", err) < 0 ||
                require(root, M3("app"), S_IFDIR, "Mautic 3 was unpacked there", err) < 0)
                return -1;
        return check_no_mounts(context, err) < 0 ? -1 : rename_probe(root, err);
}

/* The folder for Mautic 2, with the stubs that will take its place. One that was there before this upgrade
 * holds something of the user's: it is left alone. */
static int prepare_folder(struct stage_context *context, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_free_ char *prepared = NULL;
        int known = checkpoint_get_fact(context->checkpoint, FACT_PREPARED, &prepared, err);
        if (known < 0)
                return -1;
        if (known == 1) {
                struct stat there;
                int r = file_stat(root, NAME_MAUTIC_2_FILES, &there, err);
                if (r < 0)
                        return -1;
                if (r == 0)
                        return error_set(err, REASON_ALREADY_EXISTS,
                                NAME_MAUTIC_2_FILES
                                " is there already, from an earlier upgrade: move it out of the "
                                "site, then resume");
                if (checkpoint_set_fact(context->checkpoint, FACT_PREPARED, "yes", err) < 0)
                        return -1;
        }
        if (folder_make(root, NAME_MAUTIC_2_FILES, 0700, err) < 0 ||
                gate_forbid_folder(context, NAME_MAUTIC_2_FILES, err) < 0 ||
                gate_prepare(context, NAME_MAUTIC_2_FILES, err) < 0 ||
                gate_write_console(context, M3("app/console"), err) < 0)
                return error_wrap(err, "preparing the move");
        return 0;
}

static bool stays(const char *name, const struct string_list *mautic_3)
{
        if (is_own(name) || string_equal(name, ".htaccess") || string_equal(name, GATE_NAME_HTACCESS))
                return true;
        return name[0] == '.' && !mautic_2_ships(name) && !string_list_has(mautic_3, name);
}

static int plan_mautic_2(struct stage_context *context, struct rename_plan *plan,
        const struct string_list *mautic_3, struct error *err)
{
        int root = context->site->root_fd;
        struct stat index, app, stub_index, stub_app;
        if (stat_known(root, "index.php", &index, err) < 0 || stat_known(root, "app", &app, err) < 0 ||
                stat_known(root, M2("index.php"), &stub_index, err) < 0 ||
                stat_known(root, M2("app"), &stub_app, err) < 0)
                return -1;
        rename_plan_add(
                plan, PHASE_CLOSE_GATE, RENAME_SWAP, "index.php", M2("index.php"), &index, &stub_index);
        rename_plan_add(plan, PHASE_CLOSE_CONSOLE, RENAME_SWAP, "app", M2("app"), &app, &stub_app);

        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(root, ".", &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                const char *name = names.items[i];
                if (stays(name, mautic_3))
                        continue;
                if (string_equal(name, "index.php") || string_equal(name, "app"))
                        continue;
                struct stat there;
                if (stat_known(root, name, &there, err) < 0)
                        return -1;
                _cleanup_free_ char *to = string_format(M2("%s"), name);
                rename_plan_add(plan, PHASE_MAUTIC_2, RENAME_MOVE, name, to, &there, NULL);
        }
        return 0;
}

static bool is_php(const char *name)
{
        const char *dot = strrchr(name, '.');
        return string_equal(dot, ".php");
}

/* Where an entry of Mautic 3 goes: to its own name, or to the folder that paths.php puts in its place, so
 * that Mautic 3's own plugins stand where Mautic 3 will look for them. NULL: it waits behind the gate. */
static char *goal_of(struct stage_context *context, const char *name, const char *htaccess)
{
        const struct site_paths *paths = &context->site->paths;
        const struct {
                const char *name, *path;
        } folders[] = {{"themes", paths->themes}, {"media", paths->media}, {"plugins", paths->plugins}};
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (string_equal(name, folders[i].name) && folders[i].path && folders[i].path[0] != '/')
                        return string_copy(folders[i].path);
        if (string_equal(name, ".htaccess") || string_equal(name, GATE_NAME_HTACCESS))
                return string_copy(htaccess);
        return is_php(name) ? NULL : string_copy(name);
}

/* Beside Mautic 2's, which stays live; a file of the user's own that has the name keeps it. */
static int choose_htaccess(int root, char **ret, struct error *err)
{
        struct stat there;
        int r = file_stat(root, ".htaccess", &there, err);
        if (r == 1)
                *ret = string_copy(".htaccess");
        return r == 0 ? file_free_name(root, GATE_NAME_HTACCESS, ret, err) : r < 0 ? -1 : 0;
}

static int plan_mautic_3(struct stage_context *context, struct rename_plan *plan,
        const struct string_list *mautic_3, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_free_ char *held = NULL, *htaccess = NULL;
        struct stat there, stub;
        if (choose_htaccess(root, &htaccess, err) < 0 || gate_held_name(context, &held, err) < 0 ||
                stat_known(root, M3("index.php"), &there, err) < 0)
                return -1;
        rename_plan_add(plan, PHASE_MAUTIC_3, RENAME_MOVE, M3("index.php"), held, &there, NULL);
        for (size_t i = 0; i < mautic_3->count; i++) {
                const char *name = mautic_3->items[i];
                _cleanup_free_ char *to = goal_of(context, name, htaccess);
                if (!to || string_equal(name, "app"))
                        continue;
                _cleanup_free_ char *from = string_format(M3("%s"), name);
                if (stat_known(root, from, &there, err) < 0)
                        return -1;
                rename_plan_add(plan, PHASE_MAUTIC_3, RENAME_MOVE, from, to, &there, NULL);
        }
        /* Last, so that Mautic 3 is whole when its app appears. */
        if (stat_known(root, M3("app"), &there, err) < 0 || stat_known(root, M2("app"), &stub, err) < 0)
                return -1;
        rename_plan_add(plan, PHASE_MAUTIC_3, RENAME_SWAP, M3("app"), "app", &there, &stub);
        return 0;
}

static int plan_copy(
        struct stage_context *context, struct rename_plan *plan, const char *path, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_free_ char *shipped = string_format(M3("%s"), path), *from = string_format(M2("%s"), path);
        struct stat there, other;
        int r = file_stat(root, shipped, &other, err);
        if (r < 0)
                return -1;
        if (r == 0) /* Mautic 3's own stays */
                return 0;
        r = file_stat(root, path, &there, err);
        if (r == 0)
                rename_plan_add(plan, PHASE_CONFIG, RENAME_COPY, from, path, &there, NULL);
        return r < 0 ? -1 : 0;
}

/* app/config's *local*.php, as the script has it, and the local.php that paths.php names. */
static int plan_config(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        const char *config = context->site->paths.local_config;
        bool planned = false;
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(context->site->root_fd, "app/config", &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                if (fnmatch("*local*.php", names.items[i], 0) != 0)
                        continue;
                _cleanup_free_ char *path = string_format("app/config/%s", names.items[i]);
                planned = planned || string_equal(path, config);
                if (plan_copy(context, plan, path, err) < 0)
                        return -1;
        }
        if (!planned && config && config[0] != '/')
                return plan_copy(context, plan, config, err);
        return 0;
}

/* The package's entries, without what keeps web servers out of the folder. */
static int list_mautic_3(struct stage_context *context, struct string_list *ret, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_string_list_ struct string_list names = {0};
        int r = folder_list(root, NAME_MAUTIC_3_FILES, &names, err);
        for (size_t i = 0; r == 0 && i < names.count; i++) {
                _cleanup_free_ char *path = string_format(M3("%s"), names.items[i]);
                bool ours = gate_is_guard(names.items[i]);
                if (ours && gate_is_stub(root, path, &ours, err) < 0)
                        return -1;
                if (!ours)
                        string_list_add(ret, names.items[i]);
        }
        return r;
}

static int make_plan(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        _cleanup_string_list_ struct string_list mautic_3 = {0};
        if (check_both_sites(context, err) < 0 || prepare_folder(context, err) < 0)
                return -1;
        int r = list_mautic_3(context, &mautic_3, err);
        if (r != 0)
                return r < 0 ? -1 : error_set(err, REASON_NOT_FOUND, NAME_MAUTIC_3_FILES " is not there");
        if (plan_mautic_2(context, plan, &mautic_3, err) < 0 ||
                plan_mautic_3(context, plan, &mautic_3, err) < 0 || plan_config(context, plan, err) < 0 ||
                rename_plan_record(context, plan, err) < 0)
                return error_wrap(err, "planning the move");
        stage_log(context, LOG_LEVEL_INFO, "%zu renames are planned.", plan->count);
        return 0;
}

/* The stub of app lies in mautic-3-temp-files now; what a PHP at work made in it meanwhile is kept. */
static int keep_what_appeared(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        struct stat there;
        bool untouched = true;
        int root = context->site->root_fd;
        int r = file_stat(root, M3("app"), &there, err);
        if (r < 0 || (r == 0 && gate_is_untouched_stub(root, M3("app"), &untouched, err) < 0))
                return -1;
        return untouched ? 0 : rename_set_aside(context, plan, M3("app"), err);
}

static int close_gate(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        bool first = !rename_plan_phase_done(plan, PHASE_CLOSE_GATE);
        if (rename_plan_run(context, plan, PHASE_CLOSE_GATE, err) < 0 || downtime_begins(context, err) < 0)
                return -1;
        if (first)
                stage_log(context, LOG_LEVEL_INFO, "Visitors get a 503 page from now on.");
        bool closed = rename_plan_phase_done(plan, PHASE_CLOSE_CONSOLE);
        if (closed && rename_plan_phase_done(plan, PHASE_MAUTIC_2))
                return 0;
        if (!closed && (gate_check(context, err) < 0 || gate_hold_console(context, err) < 0))
                return -1;
        return gate_wait_for_requests(context, err);
}

static int move_files(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (rename_plan_load(context, context->stage->name, &plan, err) < 0)
                return -1;
        if (plan.count == 0 && make_plan(context, &plan, err) < 0)
                return -1;
        /* Nothing behind the gate that can be done in front of it. */
        if (!rename_plan_phase_done(&plan, PHASE_CLOSE_GATE) &&
                update_local_config_beforehand(context, err) < 0)
                return -1;
        if (close_gate(context, &plan, err) < 0)
                return error_wrap(err, "closing the site to visitors");
        if (rename_plan_run(context, &plan, PHASE_CLOSE_CONSOLE, err) < 0 ||
                gate_release_console(context, err) < 0 ||
                rename_plan_run(context, &plan, PHASE_MAUTIC_2, err) < 0)
                return error_wrap(err, "moving Mautic 2 to " NAME_MAUTIC_2_FILES);
        if (rename_plan_run(context, &plan, PHASE_MAUTIC_3, err) < 0 ||
                keep_what_appeared(context, &plan, err) < 0)
                return error_wrap(err, "moving Mautic 3 to the root");
        if (rename_plan_run(context, &plan, PHASE_CONFIG, err) < 0)
                return error_wrap(err, "copying the local configuration to Mautic 3");
        return STAGE_DONE;
}

/* The way back */

/* What takes Mautic 3's app's place for a moment lay in mautic-3-temp-files, which cleanup_files has deleted.
 */
static int remake_stub(struct stage_context *context, const struct rename_plan *plan, struct error *err)
{
        struct stat there;
        int root = context->site->root_fd;
        if (folder_make(root, NAME_MAUTIC_3_FILES, 0700, err) < 0)
                return -1;
        int r = file_stat(root, M3("app"), &there, err);
        if (r <= 0)
                return r;
        r = file_stat(root, "app", &there, err);
        return r == 0 && rename_plan_has(plan, "app", &there) ? gate_prepare_app(context, M3("app"), err) : r;
}

/* A package without var/ has it made when the cache is built. */
static int gather_var(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        struct stat there, gathered;
        int root = context->site->root_fd;
        int r = file_stat(root, "var", &there, err);
        if (r < 0)
                return -1;
        if (r == 0 && !rename_plan_has(plan, "var", &there)) {
                r = file_stat(root, M3("var"), &gathered, err);
                if (r < 0)
                        return -1;
                if (r == 0) /* made again by a PHP that is still at work */
                        return rename_set_aside(context, plan, "var", err);
                rename_plan_add(plan, PHASE_GATHER, RENAME_MOVE, "var", M3("var"), &there, NULL);
                if (rename_plan_record(context, plan, err) < 0)
                        return -1;
        }
        return rename_plan_run(context, plan, PHASE_GATHER, err);
}

static int bring_back(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        if (remake_stub(context, plan, err) < 0 ||
                rename_plan_undo(context, plan, PHASE_CONFIG, RENAME_LOST_IS_FINE, err) < 0 ||
                rename_plan_undo(context, plan, PHASE_MAUTIC_3, RENAME_LOST_IS_FINE, err) < 0 ||
                gather_var(context, plan, err) < 0)
                return error_wrap(err, "moving Mautic 3 back to " NAME_MAUTIC_3_FILES);
        if (rename_plan_undo(context, plan, PHASE_MAUTIC_2, RENAME_LOST_FAILS, err) < 0 ||
                rename_plan_undo(context, plan, PHASE_CLOSE_CONSOLE, RENAME_LOST_FAILS, err) < 0 ||
                gate_release_console(context, err) < 0 ||
                rename_plan_undo(context, plan, PHASE_CLOSE_GATE, RENAME_LOST_FAILS, err) < 0 ||
                downtime_ends(context, err) < 0)
                return error_wrap(err, "moving Mautic 2 back to the root");
        stage_log(context, LOG_LEVEL_INFO,
                "Visitors are let in to Mautic 2. Cron jobs must call app/console from now on.");
        return 0;
}

static int move_files_back(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0}, restored = {0};
        _cleanup_free_ char *prepared = NULL;
        if (rename_plan_load(context, context->stage->name, &plan, err) < 0 ||
                rename_plan_load(context, stage_restore_user_data.name, &restored, err) < 0 ||
                checkpoint_get_fact(context->checkpoint, FACT_PREPARED, &prepared, err) < 0 ||
                gate_check_forget(context, err) < 0 ||
                file_remove(context->state_fd, NAME_LOCAL_CONFIG_EDITED, err) < 0) /* killed beforehand */
                return -1;
        plan.later = &restored;
        if (plan.count > 0 && bring_back(context, &plan, err) < 0)
                return -1;
        /* Without the fact the folder is not the upgrade's. */
        return prepared ? leftovers_remove(context, &plan, NAME_MAUTIC_2_FILES, err) : 0;
}

const struct stage stage_move_files = {
        .name = "move_files",
        .title = "Move Mautic 2 away and Mautic 3 into place",
        .error_code = ERR_MOVE_MAUTIC_2_AND_3_FILES,
        .run = move_files,
        .prove = prove_move_files,
        .undo = move_files_back,
        .begins = BOUNDARY_FILES_SWAPPED,
};
