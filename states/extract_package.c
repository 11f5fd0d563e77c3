/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * extract_package: the package's files into <root>/mautic-3-temp-files, a folder of mode 0700 that nobody is
 * served from (states/gate.h): whoever asked for the index.php in it would get Mautic 3's installer.
 *
 * It takes the artifact "package", proven by size and hash. The step "folder" is written before the folder is
 * made and gets its inode as evidence: only in a folder that is proven ours is anything replaced or removed.
 * What a killed or failed try has extracted is kept where its CRC is right (lib/archive.h). The step
 * "extract" ends with the numbers as evidence.
 */

#include "lib/archive.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "states/gate.h"
#include "states/package.h"
#include "states/proof.h"
#include "states/stages.h"
#include "states/written_files.h"

#include <inttypes.h>
#include <string.h>

#define STEP_FOLDER "folder"
#define STEP_EXTRACT "extract"
#define OVERHEAD_PER_ENTRY 2048 /* half a block lost in each file, on the average */

static void tell_progress(uint64_t done, uint64_t total, void *userdata)
{
        stage_progress(userdata, done, total, "bytes");
}

/* The package */

static int prove_package(struct stage_context *context, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        char sha256[65];
        uint64_t size = 0;
        int found = checkpoint_load_artifact(context->checkpoint, ARTIFACT_PACKAGE, &record, err);
        if (found < 0)
                return -1;
        if (found > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "no package was recorded");
        struct stat status;
        found = file_stat(context->state_fd, NAME_STATE_PACKAGE, &status, err);
        if (found == 0 && S_ISREG(status.st_mode))
                found = file_sha256(
                        context->state_fd, NAME_STATE_PACKAGE, context->cancel, sha256, &size, err);
        if (found < 0)
                return -1;
        if (found > 0 || !S_ISREG(status.st_mode))
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "the package %s is gone: put it back (%" PRIu64 " bytes, SHA-256 %s), then resume",
                        record.path, record.size, record.sha256);
        if (size != record.size || strcmp(sha256, record.sha256) != 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "the package %s was changed since it was checked (%" PRIu64
                        " bytes, SHA-256 %s): put the right one back (%" PRIu64 " bytes, SHA-256 %s)",
                        record.path, size, sha256, record.size, record.sha256);
        return 0;
}

/* The folder */

/* Whether the journal says that we made, or were about to make, the folder. */
struct claim {
        bool there;
        bool finished;
        int64_t number;
        uint64_t inode; /* when finished */
};

static int load_claim(struct stage_context *context, struct claim *ret, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        for (size_t i = steps.count; i-- > 0;) {
                const struct step_record *step = &steps.items[i];
                if (!string_equal(step->action, STEP_FOLDER))
                        continue;
                ret->there = true;
                ret->finished = step->done;
                ret->number = step->number;
                return step->done && (!step->evidence ||
                                             sscanf(step->evidence, "inode %" SCNu64, &ret->inode) != 1)
                               ? error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                         "the journal's evidence for " NAME_MAUTIC_3_FILES " can't be read")
                               : 0;
        }
        return 0;
}

static int refuse_folder(struct stage_context *context, struct error *err)
{
        return error_set(err, REASON_ALREADY_EXISTS,
                "%s/" NAME_MAUTIC_3_FILES
                " was not made by this upgrade: see whether you need it, move it away "
                "or remove it",
                context->site->root);
}

static int make_folder(struct stage_context *context, struct claim *claim, struct error *err)
{
        if (!claim->there || claim->finished)
                if (checkpoint_add_step(context->checkpoint, context->stage->name, STEP_FOLDER,
                            NAME_MAUTIC_3_FILES, &claim->number, err) < 0)
                        return -1;
        return folder_make(context->site->root_fd, NAME_MAUTIC_3_FILES, 0700, err);
}

/* Opens the folder, which is made when it is not there; one that is not proven ours is refused. */
static int claim_folder(struct stage_context *context, int *ret_fd, struct error *err)
{
        struct claim claim = {0};
        struct stat status;
        _cleanup_close_ int fd = -1;
        if (load_claim(context, &claim, err) < 0)
                return -1;
        int found = file_stat(context->site->root_fd, NAME_MAUTIC_3_FILES, &status, err);
        if (found < 0)
                return -1;
        bool is_ours = found == 0 && claim.there && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
                       (!claim.finished || claim.inode == (uint64_t)status.st_ino);
        if (found == 0 && !is_ours)
                return refuse_folder(context, err);
        bool records = found > 0 || !claim.finished;
        if (found > 0 && make_folder(context, &claim, err) < 0)
                return -1;
        int opened = folder_open(context->site->root_fd, NAME_MAUTIC_3_FILES, &fd, err);
        if (opened > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, NAME_MAUTIC_3_FILES " was taken away");
        if (opened < 0)
                return -1;
        if (fstat(fd, &status) < 0 || uninterrupted(fchmod(fd, 0700)) < 0)
                return error_set_errno(err, errno, "can't set the mode of " NAME_MAUTIC_3_FILES);
        _cleanup_free_ char *evidence = string_format("inode %" PRIu64, (uint64_t)status.st_ino);
        if (records && checkpoint_finish_step(
                               context->checkpoint, context->stage->name, claim.number, evidence, err) < 0)
                return -1;
        *ret_fd = steal_fd(&fd);
        return 0;
}

/* Room */

static int check_room(
        struct stage_context *context, const struct archive *archive, int folder_fd, struct error *err)
{
        struct tree_total there = {0};
        struct free_space free_space = {0};
        if (tree_total(folder_fd, ".", &there, err) < 0 || file_system_free(folder_fd, &free_space, err) < 0)
                return -1;
        uint64_t entries = archive_entry_count(archive);
        uint64_t bytes = archive_byte_count(archive) + entries * OVERHEAD_PER_ENTRY;
        uint64_t more_bytes = bytes > there.blocks ? bytes - there.blocks : 0;
        uint64_t more_entries = entries > there.entries ? entries - there.entries : 0;
        if (more_bytes > free_space.bytes)
                return error_set(err, REASON_DISK_FULL,
                        "Mautic 3 takes about %" PRIu64 " more bytes below %s, and %" PRIu64 " are free",
                        more_bytes, context->site->root, free_space.bytes);
        if (more_entries > free_space.inodes)
                return error_set(err, REASON_DISK_FULL,
                        "Mautic 3 takes %" PRIu64 " more inodes below %s, and %" PRIu64 " are free",
                        more_entries, context->site->root, free_space.inodes);
        return 0;
}

/* Extraction */

static int extract(struct stage_context *context, struct archive *archive, int folder_fd, struct error *err)
{
        int64_t step;
        struct archive_extract_result result;
        const struct archive_extract_options options = {
                .folder_fd = folder_fd,
                .keeps = gate_is_guard,
                .cancel = context->cancel,
                .on_progress = tell_progress,
                .userdata = context,
        };
        if (checkpoint_add_step(context->checkpoint, context->stage->name, STEP_EXTRACT, NAME_STATE_PACKAGE,
                    &step, err) < 0)
                return -1;
        if (archive_extract(archive, &options, &result, err) < 0)
                return error_wrap(err, "extracting to %s/" NAME_MAUTIC_3_FILES, context->site->root);
        _cleanup_free_ char *evidence =
                string_format("%" PRIu64 " entries, %" PRIu64 " bytes, %" PRIu64 " kept", result.entries,
                        result.bytes, result.kept);
        if (checkpoint_finish_step(context->checkpoint, context->stage->name, step, evidence, err) < 0)
                return -1;
        stage_log(context, LOG_LEVEL_INFO,
                "Extracted %" PRIu64 " files and folders, %" PRIu64 " bytes; %" PRIu64
                " files of an earlier try were kept.",
                result.entries, result.bytes, result.kept);
        return STAGE_DONE;
}

static int extract_package(struct stage_context *context, struct error *err)
{
        _cleanup_package_ struct package package = {0};
        _cleanup_close_ int folder_fd = -1;
        if (prove_package(context, err) < 0 ||
                package_open(context->state_fd, NAME_STATE_PACKAGE, context->config, &package, err) < 0 ||
                claim_folder(context, &folder_fd, err) < 0 ||
                check_room(context, package.archive, folder_fd, err) < 0 ||
                gate_forbid_folder(context, NAME_MAUTIC_3_FILES, err) < 0)
                return -1;
        if (extract(context, package.archive, folder_fd, err) < 0)
                return -1;
        return gate_forbid_package(context, err) < 0 || proof_note_extracted(context, err) < 0 ? -1
                                                                                               : STAGE_DONE;
}

/* The way back */

/* A folder that nothing was unpacked to yet was never served; a user's own that has taken its place since is
 * left alone. */
static int find_out_what_is_there(
        struct stage_context *context, bool *ret_ours, bool *ret_served, struct error *err)
{
        struct claim claim = {0};
        struct stat status;
        _cleanup_step_list_ struct step_list steps = {0};
        if (load_claim(context, &claim, err) < 0 ||
                checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        int found = file_stat(context->site->root_fd, NAME_MAUTIC_3_FILES, &status, err);
        if (found < 0)
                return -1;
        *ret_served = false;
        for (size_t i = 0; i < steps.count; i++)
                *ret_served = *ret_served ||
                              (steps.items[i].done && string_equal(steps.items[i].action, STEP_EXTRACT));
        *ret_ours = found == 0 && claim.there && S_ISDIR(status.st_mode) &&
                    (*ret_served || !claim.finished || claim.inode == (uint64_t)status.st_ino);
        return 0;
}

static int keep_what_was_written(struct stage_context *context, struct error *err)
{
        _cleanup_package_ struct package package = {0};
        _cleanup_error_ struct error missing = {0};
        bool sound =
                prove_package(context, &missing) == 0 &&
                package_open(context->state_fd, NAME_STATE_PACKAGE, context->config, &package, &missing) == 0;
        if (!sound && cancel_check(context->cancel, err) < 0)
                return -1;
        if (!sound)
                stage_log(context, LOG_LEVEL_WARNING,
                        "Without the package nobody can tell what was written to Mautic 3's files: all of "
                        "them are kept. %s.",
                        error_message(&missing));
        return written_files_set_aside(context, package.archive, err);
}

/* What belongs to the web server's user can't be removed by another; the site stands without that. */
static int remove_folder(struct stage_context *context, struct error *err)
{
        if (tree_remove(context->site->root_fd, NAME_MAUTIC_3_FILES, err) >= 0)
                return 0;
        if (err->reason != REASON_PERMISSION_DENIED)
                return -1;
        stage_log(context, LOG_LEVEL_WARNING,
                NAME_MAUTIC_3_FILES " could not be deleted, do it yourself: %s.", error_message(err));
        error_deinit(err);
        return 0;
}

static int remove_extracted_files(struct stage_context *context, struct error *err)
{
        bool ours, served;
        if (find_out_what_is_there(context, &ours, &served, err) < 0)
                return -1;
        if (!ours)
                return 0;
        if (!served || keep_what_was_written(context, err) == 0)
                return remove_folder(context, err);
        if (err->reason != REASON_PERMISSION_DENIED)
                return error_wrap(err, "looking for what was written to Mautic 3's files");
        /* Another user's folder can't be moved by us: nothing is deleted that it is in. */
        stage_log(context, LOG_LEVEL_WARNING,
                NAME_MAUTIC_3_FILES
                " is left as it is, for in it another user has written what can't be set aside: "
                "%s. Look through it, and delete it yourself.",
                error_message(err));
        error_deinit(err);
        return 0;
}

const struct stage stage_extract_package = {
        .name = "extract_package",
        .title = "Extract the Mautic 3 package",
        .error_code = ERR_EXTRACT_UPGRADE_PACKAGE_FAILED,
        .run = extract_package,
        .prove = prove_extract_package,
        .undo = remove_extracted_files,
        .begins = BOUNDARY_NOTHING_CHANGED,
};
