/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What Mautic 3 has otherwise in local.php: what upgrade_v3.php (mautic/mautic 2.16.5, update_local_config)
 * does with these keys. A value that is no constant is left alone with a warning where the script would have
 * evaluated it.
 */

#include "lib/local_config.h"
#include "states/stage.h"

/* *ret_keys: the changed ones, for people, owned by the caller; NULL or "" when nothing is to be done.
 * context: whose log is told; NULL: nobody's. */
int local_config_rules_apply(struct stage_context *context, struct local_config *config, char **ret_keys,
        struct error *err) _must_check;
