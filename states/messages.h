/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The turns of an upgrade as the journal knows them: a MESSAGE_ID (systemd.journal-fields(7)), and what
 * journalctl -x explains with it (packaging/systemd/catalog.c). A failure's id is that of its ERR_ code
 * (lib/error_codes.h). Made by systemd-id128 new, never changed.
 */

#include "states/upgrade.h"

#define MESSAGES(X)                                                                                          \
        X(STARTED, "948f468ec7c84db1bf6915ebd71d6945", "The upgrade to Mautic 3 has begun",                  \
                "mautic-upgradectl watch shows how far it is. It may be killed at any time: the next start " \
                "goes on where it stood.")                                                                   \
        X(RESUMED, "8c546c4555b24d739d974a88f9eec78b", "The upgrade to Mautic 3 goes on",                    \
                "It had failed or was interrupted, and goes on at the stage, and inside the stage, where "   \
                "it stood. No finished stage runs twice.")                                                   \
        X(INTERRUPTED, "545561234ab347d78f8d8dfd77908715", "The upgrade to Mautic 3 was interrupted",        \
                "Somebody cancelled it, or the daemon ended while it was at work. Where daemon.resume is "   \
                "auto, one that nobody cancelled goes on at the daemon's next start; mautic-upgradectl "     \
                "resume goes on now, and mautic-upgradectl status tells how far the site is.")               \
        X(FINISHED, "bd8e5eb9cde34a8abf11abbbfc9457bb", "The upgrade to Mautic 3 is finished",               \
                "Every stage is done and Mautic 3 is in service. Cron jobs that call app/console must call " \
                "bin/console now. Until mautic-upgradectl clean has deleted the backups, "                   \
                "mautic-upgradectl rollback brings Mautic 2 back.")                                          \
        X(ROLLBACK_STARTED, "6ba15b9442734d9dbc3e7435e49187ea", "Mautic 2 is being brought back",            \
                "What the stages did is taken back, the last one first. Visitors get a 503 page until the "  \
                "site is whole.")                                                                            \
        X(ROLLED_BACK, "072ac716f3164faa9343962b6dd52d94", "Mautic 2 is back",                               \
                "The site is as it was before the upgrade began. mautic-upgradectl start begins anew.")      \
        X(CLEAN_STARTED, "7c8ff4b0b7104297adacab6246098901", "The upgrade's backups are being deleted",      \
                "From now on there is no way back to Mautic 2.")                                             \
        X(CLEANED, "e98914787f43406c9abd90a3c2f59423", "The upgrade's backups are deleted",                  \
                "Mautic 3 is in service, and there is no way back to Mautic 2 any more.")

enum message {
        MESSAGE_NONE,
#define X(name, id, subject, text) MESSAGE_##name,
        MESSAGES(X)
#undef X
};

/* The MESSAGE_ID that tells of a change, 32 hexadecimal digits; NULL: a change that has none, as that of a
 * stage. */
const char *message_id_of(const struct upgrade *changed, const struct upgrade_change *change);
