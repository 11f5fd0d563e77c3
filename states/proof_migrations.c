/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proofs of both migration stages: the files against the table, read without PHP and changing nothing. */
#include "states/proof.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "migrations-reader/migrations.h"
#include "states/site_database.h"
#include "states/stages.h"

static const char *first_new(const struct migrations *migrations)
{
        for (size_t i = 0; i < migrations->count; i++)
                if (migrations->items[i].available && !migrations->items[i].executed)
                        return migrations->items[i].version;
        return "?";
}

static int count_new(struct stage_context *context, const char *folder, int mautic, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_error_ struct error unreached = {0};
        if (stage_database_connect(context, &settings, &database, &unreached) < 0) {
                if (cancel_check(context->cancel, err) < 0)
                        return -1;
                stage_log(context, LOG_LEVEL_WARNING,
                        "Whether all migrations of Mautic %d are still recorded can't be seen now: %s.",
                        mautic, error_message(&unreached));
                return 0;
        }
        _cleanup_(migrations_deinit) struct migrations migrations = {0};
        if (migrations_read(context->site->root_fd, folder, database, settings.prefix, &migrations, err) < 0)
                return -1;
        if (migrations.new == 0)
                return 0;
        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                "%zu migrations of Mautic %d are new (the first is %s): %s has no row of them, or %s has got "
                "new files; expected: none, as all had been applied",
                migrations.new, mautic, first_new(&migrations), migrations.table, folder);
}

static int is_folder(struct stage_context *context, const char *path, bool *ret, struct error *err)
{
        struct stat there;
        int r = file_stat(context->site->root_fd, path, &there, err);
        *ret = r == 0 && S_ISDIR(there.st_mode);
        return r < 0 ? -1 : 0;
}

/* Until Mautic 3's migrations begin. Its files are on their way meanwhile: in the root, or in its folder,
 * where a stub without migrations stands before they come. */
int prove_migrate_mautic_2(struct stage_context *context, struct error *err)
{
        static const char moved[] = NAME_MAUTIC_2_FILES "/" MIGRATIONS_FOLDER;
        bool over, is_moved, is_in_root;
        if (proof_stage_was_begun(context, &stage_migrate_mautic_3, &over, err) < 0 ||
                is_folder(context, moved, &is_moved, err) < 0 ||
                is_folder(context, MIGRATIONS_FOLDER, &is_in_root, err) < 0)
                return -1;
        if (over || (!is_moved && !is_in_root))
                return 0;
        return count_new(context, is_moved ? moved : MIGRATIONS_FOLDER, 2, err);
}

int prove_migrate_mautic_3(struct stage_context *context, struct error *err)
{
        bool live;
        if (proof_mautic_3_is_live(context, &live, err) < 0)
                return -1;
        return live ? 0 : count_new(context, MIGRATIONS_FOLDER, 3, err);
}
