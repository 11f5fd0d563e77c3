/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What `doctrine:migrations:status` prints, for whoever reads that today.
 * Sources: doctrine/migrations 1.2.2 and 2.2.1, Tools/Console/Command/StatusCommand.php.
 */

#include "migrations-reader/migrations.h"
#include "migrations-reader/planner.h"

#include <stdio.h>

struct doctrine_status {
        const struct migrations *migrations;
        enum doctrine_version version;
        const char *driver, *host, *database; /* NULL: "" */
        const char *folder; /* of the migrations, absolute */
        bool show_versions;
};
void doctrine_status_print(const struct doctrine_status *status, FILE *file);
