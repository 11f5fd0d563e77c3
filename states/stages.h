/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "lib/log_place.h"
#include "states/stage.h"

/* The stages from Mautic 2 to Mautic 3, in their order; ends with NULL. */
extern const struct stage *const stages[];
size_t stage_count(void);

extern const struct stage stage_preflight;
extern const struct stage stage_backup_database;
extern const struct stage stage_migrate_mautic_2;
extern const struct stage stage_download_package;
extern const struct stage stage_extract_package;
extern const struct stage stage_move_files;
extern const struct stage stage_update_local_config;
extern const struct stage stage_migrate_mautic_3;
extern const struct stage stage_restore_user_data;
extern const struct stage stage_build_cache;
extern const struct stage stage_cleanup_files;

/* Names in the site's root, as the script of Mautic 2.16.5 (upgrade_v3.php) has them. */
#define NAME_MAUTIC_2_FILES SITE_MAUTIC_2_FILES
#define NAME_MAUTIC_3_FILES "mautic-3-temp-files"
#define NAME_PACKAGE "mautic-3-update-package.zip"
#define NAME_BACKUP "m3_upgrade_db_backup.sql"
/* Ours: what appeared in the root while files moved, and stood in the way. */
#define NAME_SET_ASIDE "mautic-2-set-aside-files"
/* In the state folder. */
#define NAME_STATE_PACKAGE "package.zip"
#define NAME_STATE_PACKAGE_NOTE NAME_STATE_PACKAGE ".json" /* states/package_note.h */
#define NAME_STATE_BACKUP NAME_BACKUP ".zst"
#define NAME_STATE_INVENTORY "m3_upgrade_db_backup.json" /* states/backup_inventory.h */
#define NAME_STATE_UNPROVEN "m3_upgrade_db_backup-unproven.sql.zst" /* the last that failed its proof */
#define NAME_STATE_UNPROVEN_INVENTORY "m3_upgrade_db_backup-unproven.json"

/* Artifacts (lib/checkpoint.h). */
#define ARTIFACT_BACKUP "database_backup"
#define ARTIFACT_INVENTORY "database_backup_inventory"
#define ARTIFACT_PACKAGE "package"

/* Facts (lib/checkpoint.h) that the runner looks at. */
#define FACT_ACCEPTED_WARNINGS "accepted_warnings" /* ids, sorted, one a line; written by the runner */
#define FACT_WAITING_FOR_USER                                                                                \
        "waiting_for_user" /* "yes": cancelled, does not go on by itself; the runner's */
#define FACT_TO_VERSION "to_version" /* of the package; a stage sets it as soon as it is known */
#define FACT_PREFLIGHT_FINDINGS "preflight_findings" /* JSON, states/checks.h */
#define FACT_BACKUP_VERIFICATION "backup_verification" /* JSON, states/backup_verify.h */
/* "yes": set before the first act that may change the database; "restored" once the backup is back. */
#define FACT_DATABASE_TOUCHED "database_touched"
#define FACT_ROLLBACK_FILES_ONLY "rollback_files_only" /* "yes": a rollback leaves the database as it is */
#define FACT_FOOTPRINT "footprint" /* the root before the start, states/footprint.h; the runner's */
#define FACT_PROBLEM "problem" /* why the upgrade stands failed, JSON; the runner's */
