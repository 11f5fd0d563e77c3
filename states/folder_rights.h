/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Who may write into the folders that Mautic 2 and Mautic 3 both have. A package's folders come with the
 * daemon's umask; where the web server writes through a group (2775, www-data) it could upload no more.
 */

#include "states/stage.h"

/* Gives the folder `to` owner, group and mode of the folder `from`, both below the root. What isn't allowed
 * to this user is said in the log and is no failure; links and what is no folder are left alone. May be
 * called again. */
int folder_rights_take_over(
        struct stage_context *context, const char *from, const char *to, struct error *err) _must_check;
/* The same for all folders below which have one of the same name. */
int folder_rights_take_over_below(
        struct stage_context *context, const char *from, const char *to, struct error *err) _must_check;
