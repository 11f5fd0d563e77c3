/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What others see of update_local_config: names that it has in the state folder, and its first half. */

#include "lib/site.h" /* NAME_LOCAL_CONFIG_ORIGINAL */
#include "states/stage.h"

/* With a number behind it: what somebody had made of a local.php outside the root since it was edited, set
 * aside on the way back. */
#define NAME_LOCAL_CONFIG_SET_ASIDE "local.php.set-aside-"

#define NAME_LOCAL_CONFIG_EDITED "local.php.mautic-3" /* while php -l looks at it */

/* While Mautic 2 is still in service: lets php -l look at what local.php will be, so that the stage need not
 * when it comes to the same while visitors wait. What is wrong is the stage's to tell. */
int update_local_config_beforehand(struct stage_context *context, struct error *err) _must_check;
