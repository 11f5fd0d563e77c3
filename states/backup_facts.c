/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/backup_facts.h"

#include "lib/memory.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

void backup_facts_deinit(struct backup_facts *facts)
{
        free(facts->path);
        free(facts->sha256);
        free(facts->verification);
        free(facts->problem);
        *facts = (struct backup_facts){0};
}

/* NULL: it is there, and as long as it was. */
static char *look_at(const struct artifact_record *artifact)
{
        struct stat there;
        if (lstat(artifact->path, &there) < 0)
                return string_format("%s is not there: %s", artifact->path, strerror(errno));
        if (!S_ISREG(there.st_mode))
                return string_format("%s is no file", artifact->path);
        if ((uint64_t)there.st_size != artifact->size)
                return string_format("%s has %jd bytes, and %" PRIu64 " were written", artifact->path,
                        (intmax_t)there.st_size, artifact->size);
        return NULL;
}

int backup_facts_load(struct checkpoint *checkpoint, struct backup_facts *ret, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record artifact = {0}, inventory = {0};
        _cleanup_stage_record_ struct stage_record stage = {0};
        _cleanup_backup_facts_ struct backup_facts facts = {0};
        if (checkpoint_get_fact(checkpoint, FACT_BACKUP_VERIFICATION, &facts.verification, err) < 0 ||
                checkpoint_load_stage(checkpoint, stage_backup_database.name, &stage, err) < 0)
                return -1;
        int r = checkpoint_load_artifact(checkpoint, ARTIFACT_BACKUP, &artifact, err);
        int known = r < 0 ? -1 : checkpoint_load_artifact(checkpoint, ARTIFACT_INVENTORY, &inventory, err);
        if (known < 0)
                return -1;
        if (r == 0) {
                facts.problem = look_at(&artifact);
                if (!facts.problem && known == 0)
                        facts.problem = look_at(&inventory);
                facts.path = steal(&artifact.path);
                facts.sha256 = steal(&artifact.sha256);
                facts.size = artifact.size;
                facts.time_ms = stage.finished_ms;
        }
        *ret = facts;
        facts = (struct backup_facts){0};
        return 0;
}
