/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Names that update_local_config has in the state folder. */

#include "lib/site.h" /* NAME_LOCAL_CONFIG_ORIGINAL */

/* With a number behind it: what somebody had made of a local.php outside the root since it was edited, set
 * aside on the way back. */
#define NAME_LOCAL_CONFIG_SET_ASIDE "local.php.set-aside-"
