/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/native_migrations.h"

#include "migrations-reader/migrations.h"

int native_migrations_run(const struct native_migrations *run, struct error *err)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        if (migrations_read(run->context->site->root_fd, MIGRATIONS_FOLDER, run->database,
                    run->settings->prefix, &migrations, err) < 0)
                return -1;
        if (migrations.new > 0)
                return error_set(err, REASON_MIGRATION_FAILED,
                        "%zu migrations are new (the next is %s), and each of them needs PHP: set "
                        "migrations.engine = console",
                        migrations.new, migrations.next);
        stage_log(run->context, LOG_LEVEL_INFO, "No available database migrations found.");
        return STAGE_SKIP;
}
