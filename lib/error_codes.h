/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/*
 * The error codes of the upgrade, once: code, MESSAGE_ID in the journal (packaging/systemd/catalog.c; made by
 * systemd-id128 new, never changed), what it means, what to do.
 * Source: Mautic's page "Mautic 3 upgrade errors" (mau.tc/m3-upgrade-error); the anchor there is the code in
 * lower case. ERR_PREFLIGHT_FAILED, ERR_ROLLBACK_FAILED and ERR_CLEAN_FAILED are ours: the script had no code
 * for its checks and for what it could not delete, and no way back.
 */
#define ERROR_CODES(X)                                                                                       \
        X(ERR_PREFLIGHT_FAILED, "e39e1652cb7840a982ab7d8260e22747",                                          \
                "The checks before the upgrade found something that would make it fail. Nothing was "        \
                "changed.",                                                                                  \
                "Look at the findings (mautic-upgradectl preflight): correct the errors, correct the "       \
                "warnings "                                                                                  \
                "or accept them by their ids, then start or resume.")                                        \
        X(ERR_DATABASE_BACKUP_FAILED, "6ed0b4f0a7574a52900863a77bb6fb6a",                                    \
                "The database could not be backed up: the dump program failed, or its dump was not whole. "  \
                "Nothing on the site was changed.",                                                          \
                "The message holds what the dump program said. Correct what it names, then resume; "         \
                "upgrade_log.txt in the site's root has the history.")                                       \
        X(ERR_MAUTIC_2_MIGRATIONS_FAILED, "2620f32fa0fb4144bbf9759638714fbb",                                \
                "Before the upgrade all database migrations of Mautic 2 must have been applied. Either "     \
                "their "                                                                                     \
                "number could not be found (reason migrations_undetected: files or table out of reach), or " \
                "one of them failed (reason migration_failed).",                                             \
                "For migrations_undetected, correct what the message names and resume. For "                 \
                "migration_failed, in this order: 1. resume, which tries again; 2. apply it with "           \
                "app/console doctrine:migrations:migrate, then resume; 3. as the last resort "               \
                "mautic-upgradectl schema dump-sql, which shows what Doctrine would change, and schema "     \
                "force, which changes it, with the backup that this upgrade has made and with your "         \
                "confirmation; then resume.")                                                                \
        X(ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED, "e4e4b32f16874a83bf2a7a8cd80a32eb",                           \
                "The Mautic 3 package could not be fetched, or what came was not the package.",              \
                "Check network, proxy and address, then resume: the download goes on where it stopped. Or "  \
                "put the package into the site's root as mautic-3-update-package.zip and resume.")           \
        X(ERR_EXTRACT_UPGRADE_PACKAGE_FAILED, "23252166a9ee4a4484c6667d2ad19c29",                            \
                "The files of Mautic 3 could not be extracted from the package.",                            \
                "Most often the disk is full or a file can't be written: correct what the message names "    \
                "and "                                                                                       \
                "resume. What was extracted and is proven right is kept.")                                   \
        X(ERR_MOVE_MAUTIC_2_AND_3_FILES, "78d806a6ece24267b749c530e4e5fabc",                                 \
                "Mautic 2's files could not be moved to mautic-2-backup-files, or Mautic 3's from "          \
                "mautic-3-temp-files to the root. Visitors get a 503 until it is done; every rename is "     \
                "journalled.",                                                                               \
                "Correct the rights or the mount that the message names, then resume: it goes on at the "    \
                "rename that failed.")                                                                       \
        X(ERR_UPDATE_LOCAL_CONFIG, "706c173e423e409483ebf2ce9e3792b4",                                       \
                "The values that Mautic 3 needs could not be written to local.php. The file is as it was.",  \
                "If the message names a line and column, correct the file there; else make it writable. "    \
                "Then resume.")                                                                              \
        X(ERR_MAUTIC_3_MIGRATIONS_FAILED, "13e40254bc2e40e1901fe62b653fe482",                                \
                "The database migrations of Mautic 3 could not be counted (reason migrations_undetected) "   \
                "or "                                                                                        \
                "one of them failed (reason migration_failed). Mautic 2's database is in the backup.",       \
                "In this order: 1. resume, which tries again; 2. apply it with bin/console "                 \
                "doctrine:migrations:migrate, then resume; 3. as the last resort mautic-upgradectl schema "  \
                "dump-sql, which shows what Doctrine would change, and schema force, which changes it, "     \
                "with the backup that this upgrade has made and with your confirmation; then resume.")       \
        X(ERR_RESTORE_USER_DATA_FAILED, "97e3553ec1c94b2791b406beca8202a2",                                  \
                "Plugins, themes, media or other files of yours could not be brought from the Mautic 2 "     \
                "backup to Mautic 3. Nothing of it is lost: what was not moved is in "                       \
                "mautic-2-backup-files.",                                                                    \
                "Correct what the message names, then resume: it goes on at the entry that failed.")         \
        X(ERR_BUILD_M3_CACHE, "7af23566ea5d40f2be5ef9abbd6c42ad",                                            \
                "All data has been migrated, but Mautic 3 could not build its cache, or did not answer "     \
                "afterwards. This must be put right before Mautic 3 can be used.",                           \
                "The message holds the end of the console's output. A plugin that Mautic 3 can't load is "   \
                "the "                                                                                       \
                "usual cause: move it out of plugins/, then resume.")                                        \
        X(ERR_CLEANUP_FILES, "ade393eb84f54a419a0e1b586b197b86",                                             \
                "Mautic 3 runs, but the files of the upgrade could not be put away.",                        \
                "Correct what the message names, then resume.")                                              \
        X(ERR_ROLLBACK_FAILED, "03c86acd7dfd4a42967afc351bb35c87",                                           \
                "A stage could not be taken back. What is taken back already stays so, and the rest waits; " \
                "nothing that the way back needs was deleted.",                                              \
                "Correct what the message names, then rollback again: it goes on where it stopped.")         \
        X(ERR_CLEAN_FAILED, "5ebcf792ad1c4091b8f4e95a068ad81d",                                              \
                "Not all backups of the upgrade could be deleted. The site is not concerned; what is "       \
                "deleted already stays so, and each thing that is left is named in the log.",                \
                "Correct what the message names, or delete it yourself, then clean again.")

enum error_code {
        ERR_NONE,
#define X(code, id, meaning, advice) code,
        ERROR_CODES(X)
#undef X
};

/* All return NULL for ERR_NONE. The texts are static. */
const char *error_code_name(enum error_code code);
const char *error_code_meaning(enum error_code code);
const char *error_code_advice(enum error_code code);
const char *error_code_message_id(enum error_code code); /* 32 hexadecimal digits */
/* Returns the code of that name (case does not matter), or ERR_NONE. */
enum error_code error_code_from_name(const char *name);
/* The i-th code from 0 on; ERR_NONE behind the last. */
enum error_code error_code_at(size_t index);
/* Returns "http://mau.tc/m3-upgrade-error#<code in lower case>", owned by the caller. */
char *error_code_link(enum error_code code);
