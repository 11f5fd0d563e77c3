/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/clean.h"

static int clean(struct stage_context *context, struct error *err)
{
        return cancel_check(context->cancel, err);
}

const struct stage clean_stage = {
        .name = "clean",
        .title = "Delete the backups",
        .error_code = ERR_CLEANUP_FILES,
        .run = clean,
};
