/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proofs of files in the state folder, and what all proofs ask. */
#include "states/proof.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/sha256.h"
#include "states/gate.h"
#include "states/machine.h"
#include "states/stages.h"

#include <inttypes.h>

#define PIECE_SIZE ((size_t)1024 * 1024)

static int load_stage(struct stage_context *context, const struct stage *stage, int *ret_attempts,
        enum stage_state *ret_state, struct error *err)
{
        _cleanup_stage_record_ struct stage_record record = {0};
        *ret_attempts = 0;
        *ret_state = STAGE_PENDING;
        int found = checkpoint_load_stage(context->checkpoint, stage->name, &record, err);
        if (found != 0)
                return found < 0 ? -1 : 0;
        *ret_attempts = record.attempts;
        return stage_state_from_name(record.state, ret_state)
                       ? 0
                       : error_set(err, REASON_CHECKPOINT_NEWER, "stage %s is in state '%s'", stage->name,
                                 record.state ? record.state : "");
}

int proof_stage_was_begun(
        struct stage_context *context, const struct stage *stage, bool *ret, struct error *err)
{
        int attempts;
        enum stage_state state;
        if (load_stage(context, stage, &attempts, &state, err) < 0)
                return -1;
        *ret = attempts > 0;
        return 0;
}

int proof_stage_is_done(
        struct stage_context *context, const struct stage *stage, bool *ret, struct error *err)
{
        int attempts;
        enum stage_state state;
        if (load_stage(context, stage, &attempts, &state, err) < 0)
                return -1;
        *ret = state == STAGE_SUCCEEDED || state == STAGE_SKIPPED;
        return 0;
}

int proof_mautic_3_is_live(struct stage_context *context, bool *ret, struct error *err)
{
        bool lifted, done;
        if (gate_lift_begun(context, &lifted, err) < 0 ||
                proof_stage_is_done(context, &stage_build_cache, &done, err) < 0)
                return -1;
        *ret = lifted || done;
        return 0;
}

/* Hash of what is read, with progress: a backup may take a while. 1: no such file. */
static int hash_file(struct stage_context *context, const char *name, char ret_hash[SHA256_HEX_SIZE],
        uint64_t *ret_size, struct error *err)
{
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *piece = memory_new(PIECE_SIZE);
        _cleanup_sha256_ struct sha256 *sha256 = sha256_new();
        struct stat status;
        int r = file_open(context->state_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd, err);
        if (r != 0)
                return r;
        if (fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "can't look at %s", name);
        *ret_size = 0;
        for (ssize_t count; S_ISREG(status.st_mode); *ret_size += (uint64_t)count) {
                if (cancel_check(context->cancel, err) < 0)
                        return -1;
                count = TEMP_FAILURE_RETRY(read(fd, piece, PIECE_SIZE));
                if (count < 0)
                        return error_set_errno(err, errno, "can't read %s", name);
                if (count == 0)
                        break;
                sha256_add(sha256, piece, (size_t)count);
                stage_progress(context, *ret_size + (uint64_t)count, (uint64_t)status.st_size, "bytes");
        }
        sha256_finish(sha256, ret_hash);
        return S_ISREG(status.st_mode) ? 0 : 1;
}

/* An artifact that was not recorded is none of this stage's. */
static int prove_artifact(struct stage_context *context, const char *artifact, const char *name,
        const char *what, bool must_be, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        struct stat there;
        char hash[SHA256_HEX_SIZE];
        uint64_t size = 0;
        int r = checkpoint_load_artifact(context->checkpoint, artifact, &record, err);
        if (r < 0)
                return -1;
        if (r == 1)
                return must_be ? error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s is not recorded", what) : 0;
        r = file_stat(context->state_fd, name, &there, err);
        if (r < 0)
                return -1;
        if (r == 1 || !S_ISREG(there.st_mode))
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s, %s/%s, %s; expected: %" PRIu64 " bytes, SHA-256 %s", what, context->state_path,
                        name, r == 1 ? "is gone" : "is no file any more", record.size, record.sha256);
        if ((uint64_t)there.st_size != record.size)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s, %s/%s, has %jd bytes; expected: %" PRIu64 " bytes, SHA-256 %s", what,
                        context->state_path, name, (intmax_t)there.st_size, record.size, record.sha256);
        r = hash_file(context, name, hash, &size, err);
        if (r < 0)
                return -1;
        if (r == 1 || size != record.size || !string_equal(hash, record.sha256))
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s, %s/%s, was changed: its SHA-256 is %s; expected: %s", what, context->state_path,
                        name, r == 1 ? "unknown" : hash, record.sha256);
        return 0;
}

int prove_backup_database(struct stage_context *context, struct error *err)
{
        return prove_artifact(context, ARTIFACT_BACKUP, NAME_STATE_BACKUP, "the backup of the database", true,
                       err) < 0
                       ? -1
                       : prove_artifact(context, ARTIFACT_INVENTORY, NAME_STATE_INVENTORY,
                                 "the inventory of the backup", false, err);
}

int prove_download_package(struct stage_context *context, struct error *err)
{
        bool extracted;
        if (proof_stage_is_done(context, &stage_extract_package, &extracted, err) < 0)
                return -1;
        return extracted ? 0
                         : prove_artifact(context, ARTIFACT_PACKAGE, NAME_STATE_PACKAGE,
                                   "the package of Mautic 3", true, err);
}
