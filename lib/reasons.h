/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Every reason a thing can fail for, once: its name as the API gives it, and what to do about it.
 * An ERR_* code (lib/error_codes.h) says which stage failed; the reason beside it says why.
 */
#define REASONS(X)                                                                                           \
        X(UNKNOWN, "unknown", "Read the message and the log, then resume.")                                  \
        X(INTERNAL, "internal", "This is a fault of this program: please report it with a support bundle.")  \
        X(INVALID_ARGUMENT, "invalid_argument", "Correct the value that is named and try again.")            \
        X(CANCELLED, "cancelled", "The work was cancelled; resume goes on where it stopped.")                \
        X(STOPPING, "stopping", "The daemon is stopping; the next start goes on where it stopped.")          \
        X(TIMED_OUT, "timed_out",                                                                            \
                "Raise the limit that is named in the configuration, or find out what "                      \
                "it waited for, then resume.")                                                               \
        X(REFUSED_IN_STATE, "refused_in_state", "Use one of the commands that are allowed now.")             \
        X(FORBIDDEN, "forbidden", "Use root, the site's own user or a member of the configured group.")      \
        X(TOKEN_MISSING, "token_missing",                                                                    \
                "Send the line of listen.token_file in the header Authorization: Bearer; a web server in "   \
                "front adds it.")                                                                            \
        X(HOST_FOREIGN, "host_foreign",                                                                      \
                "Ask for localhost or the loopback address; a proxy sets Host to what it connects to.")      \
        X(ORIGIN_FOREIGN, "origin_foreign",                                                                  \
                "Use the daemon's own page. If that was it, have the proxy in between hand on Host, or "     \
                "X-Forwarded-Host, as the browser named it.")                                                \
        X(NOT_FOUND, "not_found", "Check the name.")                                                         \
        X(DISK_FULL, "disk_full", "Free space (or inodes) on the file system that is named, then resume.")   \
        X(PERMISSION_DENIED, "permission_denied",                                                            \
                "Give the site's user the right to the path that is "                                        \
                "named, then resume.")                                                                       \
        X(READ_ONLY, "read_only", "Mount the file system writable, then resume.")                            \
        X(INPUT_OUTPUT, "input_output",                                                                      \
                "The disk answered with an error: check its health before you "                              \
                "resume.")                                                                                   \
        X(UNSAFE_PATH, "unsafe_path",                                                                        \
                "A path leads out of the site's root or into another file system: correct "                  \
                "the link, the name or the mount that is named, then resume.")                               \
        X(ALREADY_EXISTS, "already_exists",                                                                  \
                "Something stands where a file was to go: see what it is and "                               \
                "move it away, then resume.")                                                                \
        X(EVIDENCE_CONTRADICTS, "evidence_contradicts",                                                      \
                "What is on disk does not fit what was recorded: "                                           \
                "nothing was touched; see what changed it.")                                                 \
        X(CONFIGURATION_INVALID, "configuration_invalid",                                                    \
                "Correct the configuration file at the line "                                                \
                "that is named.")                                                                            \
        X(BUSY, "busy", "Others ask at the same time: try again in a moment.")                               \
        X(LOCKED, "locked", "Another process holds this upgrade: stop it first, or talk to it.")             \
        X(CHECKPOINT_DAMAGED, "checkpoint_damaged",                                                          \
                "The damaged checkpoint was moved aside. Put back a "                                        \
                "good copy, or remove the damaged one if you know "                                          \
                "that no upgrade is under way.")                                                             \
        X(CHECKPOINT_NEWER, "checkpoint_newer",                                                              \
                "A newer version of this program wrote the checkpoint: "                                     \
                "install that version again.")                                                               \
        X(CHECKPOINT_UNWRITABLE, "checkpoint_unwritable",                                                    \
                "Make the state directory writable (space, "                                                 \
                "rights), then resume. Nothing was begun that is "                                           \
                "not recorded.")                                                                             \
        X(NOT_MAUTIC, "not_mautic", "Name the folder that holds Mautic's app/ and index.php.")               \
        X(ALREADY_MAUTIC_3, "already_mautic_3", "Nothing to do: this site is past this upgrade.")            \
        X(MAUTIC_TOO_OLD, "mautic_too_old", "Update Mautic to 2.16.3 or later first.")                       \
        X(LOCAL_CONFIG_UNREADABLE, "local_config_unreadable",                                                \
                "Correct local.php at the line and column "                                                  \
                "that are named; it was not touched.")                                                       \
        X(PREFLIGHT_ERRORS, "preflight_errors", "Correct each finding that is an error, then resume.")       \
        X(PREFLIGHT_WARNINGS, "preflight_warnings",                                                          \
                "Correct each warning, or accept it by its id, then "                                        \
                "resume.")                                                                                   \
        X(DATABASE_UNREACHABLE, "database_unreachable",                                                      \
                "Start the database server or correct local.php, "                                           \
                "then resume.")                                                                              \
        X(DATABASE_ACCESS_DENIED, "database_access_denied",                                                  \
                "Correct the user, the password or the "                                                     \
                "privileges of the database user, then resume.")                                             \
        X(DATABASE_LOST, "database_lost",                                                                    \
                "The server went away in the middle: see its own log, then "                                 \
                "resume.")                                                                                   \
        X(DATABASE_QUERY_FAILED, "database_query_failed", "Read the server's message, then resume.")         \
        X(DATABASE_DAMAGED, "database_damaged",                                                              \
                "A table is damaged, as a power cut or a broken disk can leave it: see the server's log. "   \
                "Repair it, then resume; once migrations have begun, rollback makes all tables anew from "   \
                "the backup.")                                                                               \
        X(DATABASE_LOCKED, "database_locked",                                                                \
                "Another node upgrades this database: wait for it or stop it.")                              \
        X(TABLE_LOCKED, "table_locked",                                                                      \
                "Wait until the connection that is named has ended its work (a dump, a report, a client "    \
                "with LOCK TABLES), or end it with KILL and its number, then resume.")                       \
        X(PROGRAM_MISSING, "program_missing",                                                                \
                "Install the program that is named or say where it is, then "                                \
                "resume.")                                                                                   \
        X(PHP_UNFIT, "php_unfit",                                                                            \
                "Install a PHP that the package runs on, beside the present one if need be, set php.path, "  \
                "then resume.")                                                                              \
        X(PROGRAM_FAILED, "program_failed", "Read the end of its output in the message, then resume.")       \
        X(BACKUP_INCOMPLETE, "backup_incomplete",                                                            \
                "The dump has no end: see the message of the dump "                                          \
                "program, then resume.")                                                                     \
        X(MIGRATIONS_UNDETECTED, "migrations_undetected",                                                    \
                "The number of migrations could not be found: "                                              \
                "correct what the message names, then resume.")                                              \
        X(MIGRATION_FAILED, "migration_failed",                                                              \
                "1. Correct the cause and resume (the migration is tried "                                   \
                "again). 2. Apply it yourself with "                                                         \
                "doctrine:migrations:migrate, then resume. 3. As the last resort look at mautic-upgradectl " \
                "schema dump-sql (doctrine:schema:update), have it done with schema force, then resume.")    \
        X(MIGRATION_INTERRUPTED, "migration_interrupted",                                                    \
                "1. Complete the migration by hand (its file in app/migrations says what it does, and "      \
                "mautic-upgradectl schema dump-sql what the tables lack), insert "                           \
                "its version into the migrations table, then resume. 2. Or put the tables that are named "   \
                "back from the backup, then resume: it is run again. 3. Or accept the id in the message "    \
                "(resume --accept ID), if it can be run again on the tables as they are.")                   \
        X(MIGRATION_NEEDS_PHP, "migration_needs_php",                                                        \
                "Nothing of this migration was begun. Set migrations.engine = console and php.path to a "    \
                "PHP "                                                                                       \
                "that this Mautic runs on, start the daemon again and resume: the console applies it. Or "   \
                "do "                                                                                        \
                "by hand what its file in app/migrations says, and accept the id in the message (resume "    \
                "--accept ID): it is recorded as executed.")                                                 \
        X(BACKUP_UNPROVEN, "backup_unproven",                                                                \
                "Correct what the message names and resume: the backup is made or verified again. Or set "   \
                "backup.verify = auto, or no, if you have a backup of your own.")                            \
        X(BACKUP_MISSING, "backup_missing",                                                                  \
                "Start the upgrade (its second stage makes the backup), or put the backup's file back: "     \
                "without a whole one this is not done.")                                                     \
        X(CONFIRMATION_WRONG, "confirmation_wrong",                                                          \
                "Type the name that is asked for, or give it with --confirm.")                               \
        X(PLAN_CHANGED, "plan_changed",                                                                      \
                "Look at mautic-upgradectl schema dump-sql again, then confirm that.")                       \
        X(DOWNLOAD_FAILED, "download_failed",                                                                \
                "Check the network and the address, or put the package into "                                \
                "the site's root as mautic-3-update-package.zip, then resume.")                              \
        X(PACKAGE_NOT_FOUND, "package_not_found", "Correct package.url or package.file, then resume.")       \
        X(PACKAGE_CHANGED, "package_changed",                                                                \
                "The server's file changed during the download: resume to "                                  \
                "begin it again.")                                                                           \
        X(PACKAGE_DAMAGED, "package_damaged",                                                                \
                "The package is not a whole zip archive: remove it if you "                                  \
                "placed it there, then resume.")                                                             \
        X(PACKAGE_CHECKSUM, "package_checksum",                                                              \
                "The package is not the one that package.sha256 names: get "                                 \
                "the right one, then resume.")                                                               \
        X(PACKAGE_WRONG_VERSION, "package_wrong_version", "Give a package of Mautic 3, then resume.")        \
        X(PACKAGE_HOSTILE, "package_hostile",                                                                \
                "The archive holds names or sizes that no release has: do "                                  \
                "not use it; get it from the project's own releases.")                                       \
        X(GATE_UNSEEN, "gate_unseen",                                                                        \
                "Reload PHP-FPM (or the web server that runs PHP), so that opcache forgets Mautic 2, then "  \
                "resume. If another machine answers at site_url, set gate.check = no first.")                \
        X(SMOKE_TEST_FAILED, "smoke_test_failed",                                                            \
                "Mautic 3 does not answer as it should: read the message "                                   \
                "and var/logs, then resume.")

enum reason {
        REASON_NONE,
#define X(name, text, advice) REASON_##name,
        REASONS(X)
#undef X
};

/* Returns the name the API gives ("disk_full"), or NULL for REASON_NONE. */
const char *reason_name(enum reason reason);
/* Returns what to do, in a sentence or two, or NULL for REASON_NONE. */
const char *reason_advice(enum reason reason);
/* Returns the reason of that name, or REASON_NONE. */
enum reason reason_from_name(const char *name);
