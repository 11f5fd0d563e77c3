/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Names that update_local_config has in the state folder. */

#define NAME_LOCAL_CONFIG_ORIGINAL "local.php.mautic-2"
/* With a number behind it: what somebody had made of a local.php outside the root since it was edited, set
 * aside on the way back. */
#define NAME_LOCAL_CONFIG_SET_ASIDE "local.php.set-aside-"
