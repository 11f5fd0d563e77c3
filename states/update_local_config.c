/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/update_local_config.h"
#include "states/local_config_rules.h"
#include "states/php.h"
#include "states/proof.h"
#include "states/stages.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/local_config.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/process.h"
#include "lib/sha256.h"
#include "lib/text.h"

#include <string.h>

/*
 * Takes local.php as Mautic 2 left it, wherever $paths says it is, and changes what Mautic 3 has otherwise;
 * every other byte stays (states/local_config_rules.h).
 *
 * Leaves the original in the state folder as local.php.mautic-2. The journal holds the hash of the file
 * before and after: one rename takes it from the one to the other, so after a kill the file is one of the
 * two, and what else it is was not done here.
 *
 * On the way back the original's bytes, mode, owner and times return by one rename. What somebody else has
 * made of the file since then is kept in the state folder first, never in the web root: it holds passwords.
 */

#define ORIGINAL_NAME NAME_LOCAL_CONFIG_ORIGINAL
#define EDITED_NAME NAME_LOCAL_CONFIG_EDITED
#define ACTION "edit"
#define LINT_TIME_LIMIT_MS 30000
#define FACT_CHECKED "update_local_config.checked" /* hash of the edited settings that php -l has passed */

/* The file and the journal */

struct edit {
        int folder_fd;
        char *name; /* in folder_fd */
        struct stat status; /* mode, owner and time to keep */
        struct stat folder; /* its time */
        char *before, *after; /* contents; after is NULL until it is made */
        size_t before_size, after_size;
        char before_hash[65], after_hash[65];
        int64_t step;
};

static void edit_deinit(struct edit *edit)
{
        closep(&edit->folder_fd);
        free(edit->name);
        free(edit->before);
        free(edit->after);
}

/* 1: it is not there. */
static int find_edit(struct stage_context *context, struct edit *edit, struct error *err)
{
        int result = site_find_local_config(context->site, &edit->folder_fd, &edit->name, err);
        if (result == 0)
                result = file_stat(edit->folder_fd, edit->name, &edit->status, err);
        if (result == 0)
                result = file_read(edit->folder_fd, edit->name, PHP_SOURCE_LIMIT, &edit->before,
                        &edit->before_size, err);
        if (result == 0 && fstat(edit->folder_fd, &edit->folder) < 0)
                result = error_set_errno(err, errno, "can't look at its folder");
        if (result != 0)
                return result < 0 ? error_wrap(err, "reading %s", context->site->paths.local_config) : 1;
        sha256_of(edit->before, edit->before_size, edit->before_hash);
        return 0;
}

static int read_edit(struct stage_context *context, struct edit *edit, struct error *err)
{
        int result = find_edit(context, edit, err);
        return result == 1 ? error_set(err, REASON_NOT_FOUND,
                                     "%s is not there: put back the one of Mautic 2 (from %s)",
                                     context->site->paths.local_config, NAME_MAUTIC_2_FILES)
                           : result;
}

/* The journal's words for it. Mode and owner are there because the rename that brings the new content brings
 * the daemon's owner with it; the times of the file and of its folder for the way back. */
static char *intent(const struct edit *edit)
{
        const struct timespec *time = &edit->status.st_mtim, *folder = &edit->folder.st_mtim;
        return string_format("before=%s after=%s mode=%o owner=%u group=%u time=%jd.%09ld folder=%jd.%09ld",
                edit->before_hash, edit->after_hash, edit->status.st_mode & 07777, edit->status.st_uid,
                edit->status.st_gid, (intmax_t)time->tv_sec, time->tv_nsec, (intmax_t)folder->tv_sec,
                folder->tv_nsec);
}

struct recorded {
        bool found, done;
        int64_t step;
        char before_hash[65], after_hash[65];
        mode_t mode;
        uid_t owner;
        gid_t group;
        struct timespec time, folder_time;
};

static bool recorded_parse(const char *detail, struct recorded *ret)
{
        intmax_t time_s, folder_s;
        if (!detail ||
                sscanf(detail, "before=%64s after=%64s mode=%o owner=%u group=%u time=%jd.%ld folder=%jd.%ld",
                        ret->before_hash, ret->after_hash, &ret->mode, &ret->owner, &ret->group, &time_s,
                        &ret->time.tv_nsec, &folder_s, &ret->folder_time.tv_nsec) != 9)
                return false;
        ret->time.tv_sec = (time_t)time_s;
        ret->folder_time.tv_sec = (time_t)folder_s;
        return true;
}

/* The newest intent of this stage. */
static int load_recorded(struct stage_context *context, struct recorded *ret, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        *ret = (struct recorded){0};
        for (size_t i = 0; i < steps.count; i++) {
                const struct step_record *step = &steps.items[i];
                if (!string_equal(step->action, ACTION))
                        continue;
                if (!recorded_parse(step->detail, ret))
                        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                "the journal of this stage can't be read: %s", step->detail);
                ret->found = true;
                ret->done = step->done;
                ret->step = step->number;
        }
        return 0;
}

static int contradiction(const struct stage_context *context, struct error *err)
{
        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                "%s is neither what it was before the edit nor after it: put back %s/" ORIGINAL_NAME
                " and resume",
                context->site->paths.local_config, context->state_path);
}

/* PHP's words may quote the file, which holds passwords: only the line is told. */
static int refused_by_php(
        const struct stage_context *context, const struct process_result *result, struct error *err)
{
        static const char mark[] = " on line ";
        const char *line = result->output ? strstr(result->output, mark) : NULL;
        if (!line)
                line = result->errors ? strstr(result->errors, mark) : NULL;
        return error_set(err, REASON_LOCAL_CONFIG_UNREADABLE,
                "%s: php -l refuses the edited settings%s%.*s; the file is as it was",
                context->site->paths.local_config, line ? mark : "",
                line ? (int)strspn(line + sizeof(mark) - 1, "0123456789") : 0,
                line ? line + sizeof(mark) - 1 : "");
}

/* php -l on a copy in the state folder, before anything is in its place. */
static int run_php(struct stage_context *context, const struct edit *edit, const char *php, struct error *err)
{
        if (file_write_atomic(context->state_fd, EDITED_NAME, edit->after, edit->after_size, 0600, err) < 0)
                return -1;
        _cleanup_free_ char *path = string_format("%s/" EDITED_NAME, context->state_path);
        const char *const arguments[] = {php, "-n", "-l", path, NULL};
        const struct process_options options = {
                .arguments = arguments,
                .keep_fds = context->lock_fds,
                .keep_count = context->lock_count,
                .time_limit_ms = LINT_TIME_LIMIT_MS,
                .cancel = context->cancel,
        };
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_error_ struct error ignored = {0};
        int ran = process_run(&options, &result, err);
        if (file_remove(context->state_fd, EDITED_NAME, &ignored) < 0)
                stage_log(context, LOG_LEVEL_WARNING, "%s", error_message(&ignored));
        if (ran < 0)
                return error_wrap(err, "checking the edited settings");
        return result.status == 0 ? 0 : refused_by_php(context, &result, err);
}

static int was_checked(struct stage_context *context, const struct edit *edit, bool *ret, struct error *err)
{
        _cleanup_free_ char *hash = NULL;
        if (checkpoint_get_fact(context->checkpoint, FACT_CHECKED, &hash, err) < 0)
                return -1;
        *ret = string_equal(hash, edit->after_hash);
        return 0;
}

static int check_syntax(struct stage_context *context, const struct edit *edit, struct error *err)
{
        _cleanup_free_ char *php = NULL;
        bool checked;
        if (php_use_of(context->config) == PHP_UNUSED)
                return 0;
        if (was_checked(context, edit, &checked, err) < 0)
                return -1;
        int found = checked ? 0 : php_find(context->config, &php, err);
        if (found < 0)
                return -1;
        if (found > 0)
                stage_log(context, LOG_LEVEL_WARNING,
                        "%s is not there: the edited settings go without php -l",
                        context->config->php ? context->config->php : "The PHP of php.path");
        return php ? run_php(context, edit, php, err) : 0;
}

/* The rename gave the file the daemon's owner and the folder's group. */
static int keep_owner(struct stage_context *context, const struct edit *edit, uid_t owner, gid_t group,
        mode_t mode, struct error *err)
{
        const char *path = context->site->paths.local_config;
        _cleanup_close_ int fd = -1;
        struct stat status;
        int result = file_open(edit->folder_fd, edit->name, O_RDONLY | O_NONBLOCK, 0, &fd, err);
        if (result != 0)
                return result < 0 ? -1 : error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s went away", path);
        if (fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "%s", path);
        if ((status.st_uid != owner || status.st_gid != group) && uninterrupted(fchown(fd, owner, group)) < 0)
                stage_log(context, LOG_LEVEL_WARNING,
                        "%s belongs to user %u and group %u now, and can't be given back to %u and %u", path,
                        status.st_uid, status.st_gid, owner, group);
        if (uninterrupted(fchmod(fd, mode)) < 0)
                return error_set_errno(err, errno, "%s", path);
        return file_sync(fd, path, err);
}

/* told: whose log hears of values that are left alone; NULL: nobody's. */
static int fill_edit(struct stage_context *told, struct edit *edit, char **ret_keys, struct error *err)
{
        _cleanup_(local_config_freep) struct local_config *config = NULL;
        if (local_config_parse(edit->before, edit->before_size, &config, err) < 0 ||
                local_config_rules_apply(told, config, ret_keys, err) < 0 ||
                local_config_render(config, &edit->after, &edit->after_size, err) < 0)
                return -1;
        sha256_of(edit->after, edit->after_size, edit->after_hash);
        return 0;
}

static int make_edit(struct stage_context *context, struct edit *edit, struct error *err)
{
        const char *path = context->site->paths.local_config;
        _cleanup_free_ char *keys = NULL;
        if (fill_edit(context, edit, &keys, err) < 0)
                return error_wrap(err, "%s", path);
        if (string_equal(edit->before_hash, edit->after_hash)) {
                stage_log(context, LOG_LEVEL_INFO, "%s fits Mautic 3 as it is.", path);
                return 1;
        }
        stage_log(context, LOG_LEVEL_INFO, "Changing in %s: %s.", path, keys);
        return check_syntax(context, edit, err);
}

/* Keeps the original, and says what is to be done, before it is done. */
static int record_intent(
        struct stage_context *context, struct edit *edit, const struct recorded *recorded, struct error *err)
{
        if (file_write_atomic(context->state_fd, ORIGINAL_NAME, edit->before, edit->before_size, 0600, err) <
                0)
                return error_wrap(err, "keeping the original of %s", context->site->paths.local_config);
        if (recorded->found && !recorded->done && string_equal(recorded->after_hash, edit->after_hash)) {
                edit->step = recorded->step;
                return 0;
        }
        _cleanup_free_ char *detail = intent(edit);
        return checkpoint_add_step(
                context->checkpoint, context->stage->name, ACTION, detail, &edit->step, err);
}

static int check_result(struct stage_context *context, const struct edit *edit, struct error *err)
{
        char seen[65];
        uint64_t size;
        if (file_sha256(edit->folder_fd, edit->name, NULL, seen, &size, err) < 0)
                return error_wrap(err, "reading %s back", context->site->paths.local_config);
        return string_equal(seen, edit->after_hash) ? 0 : contradiction(context, err);
}

static int finish(struct stage_context *context, int64_t step, const char *evidence, struct error *err)
{
        if (checkpoint_finish_step(context->checkpoint, context->stage->name, step, evidence, err) < 0 ||
                file_remove(context->state_fd, EDITED_NAME, err) < 0)
                return -1;
        stage_progress(context, 1, 1, "steps");
        stage_log(context, LOG_LEVEL_INFO,
                "Your settings fit Mautic 3 now; the former file is kept as %s/%s.", context->state_path,
                ORIGINAL_NAME);
        return STAGE_DONE;
}

static int put_in_place(struct stage_context *context, const struct edit *edit, struct error *err)
{
        if (file_write_atomic(edit->folder_fd, edit->name, edit->after, edit->after_size,
                    edit->status.st_mode & 07777, err) < 0)
                return error_wrap(err, "writing %s", context->site->paths.local_config);
        if (keep_owner(context, edit, edit->status.st_uid, edit->status.st_gid, edit->status.st_mode & 07777,
                    err) < 0)
                return -1;
        return check_result(context, edit, err);
}

static int update_local_config(struct stage_context *context, struct error *err)
{
        _cleanup_(edit_deinit) struct edit edit = {.folder_fd = -1};
        struct recorded recorded;
        stage_progress(context, 0, 1, "steps");
        if (load_recorded(context, &recorded, err) < 0 || read_edit(context, &edit, err) < 0)
                return -1;

        if (recorded.found && string_equal(edit.before_hash, recorded.after_hash)) {
                /* Whoever renamed it may have been killed before the sync of its folder. */
                if (keep_owner(context, &edit, recorded.owner, recorded.group, recorded.mode, err) < 0 ||
                        file_sync(edit.folder_fd, context->site->paths.local_config, err) < 0)
                        return -1;
                return finish(context, recorded.step, recorded.after_hash, err);
        }
        if (recorded.found && !string_equal(edit.before_hash, recorded.before_hash))
                return contradiction(context, err);

        int result = make_edit(context, &edit, err);
        if (result != 0)
                return result < 0 ? -1 : STAGE_SKIP;
        if (record_intent(context, &edit, &recorded, err) < 0 || put_in_place(context, &edit, err) < 0)
                return -1;
        return finish(context, edit.step, edit.after_hash, err);
}

static int try_beforehand(struct stage_context *context, bool *ret, struct edit *edit, struct error *err)
{
        _cleanup_free_ char *keys = NULL, *php = NULL;
        *ret = false;
        int result = php_use_of(context->config) == PHP_UNUSED ? 1 : find_edit(context, edit, err);
        if (result == 0)
                result = fill_edit(NULL, edit, &keys, err);
        if (result == 0 && !string_equal(edit->before_hash, edit->after_hash))
                result = php_find(context->config, &php, err);
        if (result == 0 && php)
                result = run_php(context, edit, php, err);
        *ret = result == 0 && php;
        return result < 0 ? -1 : 0;
}

int update_local_config_beforehand(struct stage_context *context, struct error *err)
{
        _cleanup_(edit_deinit) struct edit edit = {.folder_fd = -1};
        bool sound;
        if (try_beforehand(context, &sound, &edit, err) < 0) {
                error_deinit(err);
                return cancel_check(context->cancel, err);
        }
        return sound ? checkpoint_set_fact(context->checkpoint, FACT_CHECKED, edit.after_hash, err) : 0;
}

/* The way back */

static bool same_time(const struct timespec *left, const struct timespec *right)
{
        return left->tv_sec == right->tv_sec && left->tv_nsec == right->tv_nsec;
}

/* Times and owners are for whom the thing belongs to: what can't be given back is told. */
static void told_unchangeable(struct stage_context *context, const char *what)
{
        stage_log(context, LOG_LEVEL_WARNING, "%s of %s can't be given back: %s.", what,
                context->site->paths.local_config, strerror(errno));
}

static int give_back_attributes(
        struct stage_context *context, const struct edit *edit, const struct recorded *was, struct error *err)
{
        const char *path = context->site->paths.local_config;
        const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, was->time};
        _cleanup_close_ int fd = -1;
        struct stat now;
        int result = file_open(edit->folder_fd, edit->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, &fd, err);
        if (result != 0)
                return result < 0 ? -1 : error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s went away", path);
        if (fstat(fd, &now) < 0)
                return error_set_errno(err, errno, "%s", path);
        /* The owner last: who gives a file away has no more say in it. */
        if ((now.st_mode & 07777) != was->mode && uninterrupted(fchmod(fd, was->mode)) < 0)
                told_unchangeable(context, "The mode");
        if (!same_time(&now.st_mtim, &was->time) && uninterrupted(futimens(fd, times)) < 0)
                told_unchangeable(context, "The time");
        if ((now.st_uid != was->owner || now.st_gid != was->group) &&
                uninterrupted(fchown(fd, was->owner, was->group)) < 0)
                told_unchangeable(context, "The owner");
        return file_sync(fd, path, err);
}

static int give_back_folder_time(
        struct stage_context *context, const struct edit *edit, const struct recorded *was, struct error *err)
{
        const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, was->folder_time};
        struct stat now;
        if (fstat(edit->folder_fd, &now) == 0 && same_time(&now.st_mtim, &was->folder_time))
                return 0;
        if (uninterrupted(futimens(edit->folder_fd, times)) == 0)
                return file_sync(edit->folder_fd, "the folder of local.php", err);
        told_unchangeable(context, "The time of the folder");
        return 0;
}

/* Under a name made of its hash: a second try after a kill keeps it once. */
static int keep_foreign_edit(struct stage_context *context, const struct edit *edit, struct error *err)
{
        _cleanup_free_ char *name = string_format(NAME_LOCAL_CONFIG_SET_ASIDE "%.16s", edit->before_hash);
        if (file_write_atomic(context->state_fd, name, edit->before, edit->before_size, 0600, err) < 0)
                return error_wrap(err, "keeping %s as it is now", context->site->paths.local_config);
        stage_log(context, LOG_LEVEL_WARNING,
                "%s was changed by somebody since the upgrade had edited it. What it is now is kept as "
                "%s/%s.",
                context->site->paths.local_config, context->state_path, name);
        return 0;
}

/* Where a file that is gone belongs. Not where a link leads to nothing: it is not for us to say whose it is.
 */
static int find_its_place(struct stage_context *context, struct edit *edit, struct error *err)
{
        const char *path = context->site->paths.local_config;
        _cleanup_free_ char *parent = path_parent(path);
        struct stat there;
        closep(&edit->folder_fd);
        string_replace(&edit->name, string_copy(path_name(path)));
        if (path[0] == '/')
                edit->folder_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        else if (folder_open(context->site->root_fd, parent, &edit->folder_fd, err) < 0)
                return -1;
        int result = edit->folder_fd < 0 ? 0 : file_stat(edit->folder_fd, edit->name, &there, err);
        if (result < 0)
                return -1;
        if (result == 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s is gone, or a link to what is: put %s/" ORIGINAL_NAME " there", path,
                        context->state_path);
        return 0;
}

static int put_back(
        struct stage_context *context, const struct edit *edit, const struct recorded *was, struct error *err)
{
        _cleanup_free_ char *original = NULL;
        size_t size = 0;
        char hash[65] = "";
        int result = file_read(context->state_fd, ORIGINAL_NAME, PHP_SOURCE_LIMIT, &original, &size, err);
        if (result < 0)
                return -1;
        if (result == 0)
                sha256_of(original, size, hash);
        if (!string_equal(hash, was->before_hash))
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s/" ORIGINAL_NAME ", which is to come back as %s, %s", context->state_path,
                        context->site->paths.local_config, result == 0 ? "was changed" : "is gone");
        if (file_write_atomic(edit->folder_fd, edit->name, original, size, was->mode, err) < 0)
                return error_wrap(err, "writing %s", context->site->paths.local_config);
        stage_log(context, LOG_LEVEL_INFO, "%s is as Mautic 2 had it.", context->site->paths.local_config);
        return 0;
}

static int undo_update_local_config(struct stage_context *context, struct error *err)
{
        _cleanup_(edit_deinit) struct edit edit = {.folder_fd = -1};
        struct recorded was;
        if (load_recorded(context, &was, err) < 0 || file_remove(context->state_fd, EDITED_NAME, err) < 0)
                return -1;
        if (!was.found)
                return 0;
        int result = find_edit(context, &edit, err);
        if (result < 0 || (result == 1 && find_its_place(context, &edit, err) < 0))
                return -1;
        bool is_original = result == 0 && string_equal(edit.before_hash, was.before_hash);
        bool is_ours = result == 0 && string_equal(edit.before_hash, was.after_hash);
        if (result == 0 && !is_original && !is_ours && keep_foreign_edit(context, &edit, err) < 0)
                return -1;
        if (!is_original && put_back(context, &edit, &was, err) < 0)
                return -1;
        /* What a killed write has left would stay for ever where nobody writes again. */
        return file_remove_temporary(edit.folder_fd, edit.name, err) < 0 ||
                               give_back_attributes(context, &edit, &was, err) < 0 ||
                               give_back_folder_time(context, &edit, &was, err) < 0
                       ? -1
                       : 0;
}

/* Until visitors are let in: from then on users change settings. */
static int prove_update_local_config(struct stage_context *context, struct error *err)
{
        _cleanup_(edit_deinit) struct edit edit = {.folder_fd = -1};
        const char *path = context->site->paths.local_config;
        struct recorded was;
        bool live;
        if (proof_mautic_3_is_live(context, &live, err) < 0 || load_recorded(context, &was, err) < 0)
                return -1;
        if (live || !was.found)
                return 0;
        int result = find_edit(context, &edit, err);
        if (result < 0)
                return -1;
        if (result == 1)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s is gone; expected: SHA-256 %s", path,
                        was.after_hash);
        return string_equal(edit.before_hash, was.after_hash)
                       ? 0
                       : error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                 "%s was changed since it was made fit for Mautic 3: its SHA-256 is %s; "
                                 "expected: %s",
                                 path, edit.before_hash, was.after_hash);
}

const struct stage stage_update_local_config = {
        .name = "update_local_config",
        .title = "Update local.php",
        .error_code = ERR_UPDATE_LOCAL_CONFIG,
        .run = update_local_config,
        .undo = undo_update_local_config,
        .prove = prove_update_local_config,
        .begins = BOUNDARY_FILES_SWAPPED,
};
