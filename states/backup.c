/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/backup.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/sha256.h"
#include "states/machine.h"
#include "states/stages.h"

#define INVENTORY_LIMIT ((size_t)64 * 1024 * 1024)

int backup_find(struct stage_context *context, struct artifact_record *ret, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        int found = checkpoint_load_artifact(context->checkpoint, ARTIFACT_BACKUP, &record, err);
        if (found < 0)
                return -1;
        if (found > 0)
                return error_set(err, REASON_BACKUP_MISSING, "no backup of the database is recorded");
        bool matches = false;
        if (file_matches(context->state_fd, NAME_STATE_BACKUP, record.size, record.sha256, context->cancel,
                    &matches, err) < 0)
                return error_wrap(err, "proving the backup");
        if (!matches)
                return error_set(err, REASON_BACKUP_MISSING,
                        "the backup %s is gone, or is not what was written when it was made", record.path);
        *ret = record;
        record = (struct artifact_record){0};
        return 0;
}

int backup_require(struct stage_context *context, struct artifact_record *ret, struct error *err)
{
        _cleanup_stage_record_ struct stage_record stage = {0};
        int found = checkpoint_load_stage(context->checkpoint, stage_backup_database.name, &stage, err);
        if (found < 0)
                return -1;
        if (found > 0 || !string_equal(stage.state, stage_state_name(STAGE_SUCCEEDED)))
                return error_set(err, REASON_BACKUP_MISSING, "there is no finished backup of the database");
        return backup_find(context, ret, err);
}

int backup_load_inventory(
        struct checkpoint *checkpoint, int state_fd, struct inventory *ret, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        char sha256[SHA256_HEX_SIZE];
        int found = checkpoint_load_artifact(checkpoint, ARTIFACT_INVENTORY, &record, err);
        if (found == 0)
                found = file_read(state_fd, NAME_STATE_INVENTORY, INVENTORY_LIMIT, &text, &size, err);
        if (found < 0)
                return error_wrap(err, "reading the backup's inventory");
        if (found == 0)
                sha256_of(text, size, sha256);
        if (found > 0 || size != record.size || !string_equal(sha256, record.sha256))
                return error_set(err, REASON_BACKUP_MISSING,
                        "the inventory of the backup is gone, or is not what was written with it");
        return inventory_parse(text, size, ret, err);
}
