/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the backup can be proven, and restored. */
#include "states/checks_private.h"

#include "states/definers.h"
#include "states/restorable.h"
#include "states/scratch_schema.h"
#include "states/site_database.h"

#include <inttypes.h>

/* Statements of a dump have up to a mebibyte (mariadb-dump and mysqldump, net_buffer_length), longer ones
 * hold a single row: an email or a page with its images in it. */
#define PACKET_LEAST (UINT64_C(1) << 20)
#define PACKET_AMPLE (UINT64_C(4) << 20)

static const char grant_advice[] =
        "Grant the database user what the schema for the copy takes (GRANT ALL ON `DATABASE%`.*), or set "
        "backup.verify = auto.";

static bool may_fill(const struct grants *grants, const char *schema)
{
        static const char *const needed[] = {"CREATE", "DROP", "SELECT", "INSERT", "ALTER", "REFERENCES"};
        for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
                if (!grants_have(grants, schema, needed[i]))
                        return false;
        return true;
}

/* 1 with *ret_why; *ret_unsure: a role may give what is missing. */
static int find_obstacle(struct checks *checks, const struct grants *grants, bool *ret_unsure, char **ret_why,
        struct error *err)
{
        _cleanup_free_ char *name = scratch_schema_name(checks->settings.database.name, "00000000");
        if (!may_fill(grants, name)) {
                *ret_unsure = grants_have_role(grants);
                *ret_why = string_format(
                        "%s may not make and fill a schema like %s", checks->settings.database.user, name);
                return 1;
        }
        bool room = !string_equal(checks->config->backup_verify, "yes");
        return scratch_schema_obstacle(checks->database, room, ret_why, err);
}

/* Things that the database user could not make again, as another user owns them. */
static int find_foreign(
        struct checks *checks, const struct grants *grants, struct name_sample *ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (definers_may_be_set(grants))
                return 0;
        if (database_query(checks->database, &rows, err,
                    "SELECT CONCAT('view ', TABLE_NAME, ' of ', DEFINER) FROM information_schema.VIEWS"
                    " WHERE TABLE_SCHEMA = DATABASE() AND DEFINER <> CURRENT_USER()"
                    " UNION ALL SELECT CONCAT('trigger ', TRIGGER_NAME, ' of ', DEFINER)"
                    " FROM information_schema.TRIGGERS"
                    " WHERE TRIGGER_SCHEMA = DATABASE() AND DEFINER <> CURRENT_USER()"
                    " UNION ALL SELECT CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_NAME, ' of ', DEFINER)"
                    " FROM information_schema.ROUTINES"
                    " WHERE ROUTINE_SCHEMA = DATABASE() AND DEFINER <> CURRENT_USER()"
                    " UNION ALL SELECT CONCAT('event ', EVENT_NAME, ' of ', DEFINER)"
                    " FROM information_schema.EVENTS"
                    " WHERE EVENT_SCHEMA = DATABASE() AND DEFINER <> CURRENT_USER()") < 0)
                return -1;
        for (size_t i = 0; i < rows.rows; i++)
                name_sample_add(ret, database_cell(&rows, i, 0) ?: "");
        return 0;
}

/* Rights that only views, triggers and the like take; those of tables have a finding of their own. */
static int find_lacking(struct checks *checks, const struct grants *grants, char **ret, char **ret_untrusted,
        struct error *err)
{
        _cleanup_inventory_ struct inventory inventory = {0};
        const struct inventory_progress progress = {.cancel = checks->options->cancel};
        if (inventory_read(checks->database, INVENTORY_PRESENT, NULL, &progress, &inventory, err) < 0)
                return -1;
        *ret = restorable_missing_rights(grants, checks->settings.database.name, &inventory, NULL, false);
        return restorable_binary_log(checks->database, grants, &inventory, NULL, ret_untrusted, err) < 0 ? -1
                                                                                                         : 0;
}

static void judge_restorable(
        struct checks *checks, struct finding *finding, const char *advice, const char *seen)
{
        if (string_equal(checks->config->backup_verify, "no"))
                finding_warning(finding, advice, "%s", seen);
        else
                finding_error(finding, advice, "%s", seen);
}

void check_backup_restorable(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_database_grants_ struct database_grants grants = {0};
        _cleanup_name_sample_ struct name_sample foreign = {0};
        _cleanup_free_ char *lacking = NULL, *untrusted = NULL, *seen = NULL;
        const char *user = checks->settings.database.user;
        if (site_database_grants(checks->database, &grants, &err) < 0 ||
                find_foreign(checks, &grants.grants, &foreign, &err) < 0 ||
                find_lacking(checks, &grants.grants, &lacking, &untrusted, &err) < 0) {
                finding_warning(finding, reason_advice(err.reason), "%s", error_message(&err));
        } else if (foreign.count > 0) {
                seen = string_format("%s may not make again: %s", user, name_sample_text(&foreign));
                judge_restorable(checks, finding,
                        "Give them to the database user, or grant it SET USER (MariaDB), SET_USER_ID "
                        "(MySQL 8) or SUPER, so that a rollback can make them again.",
                        seen);
        } else if (lacking) {
                seen = string_format("%s lacks, to make again what the database holds: %s", user, lacking);
                judge_restorable(checks, finding,
                        "Grant them to the database user (GRANT … ON its database), so that a rollback can "
                        "make its views, triggers, routines and events again.",
                        seen);
        } else if (untrusted) {
                judge_restorable(checks, finding,
                        "Set that on the server, or grant the database user SUPER (MariaDB: BINLOG ADMIN), "
                        "so "
                        "that a rollback can make its triggers and functions again.",
                        untrusted);
        } else {
                finding_ok(finding, "%s may make again all that the database holds", user);
        }
}

void check_database_packet(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        uint64_t packet;
        const char *advice = "Raise max_allowed_packet on the server (16M or more), for the way back: the "
                             "rows of a backup come in long statements.";
        if (restorable_packet(checks->database, &packet, &err) < 0)
                finding_warning(finding, reason_advice(err.reason), "%s", error_message(&err));
        else if (packet < PACKET_LEAST)
                finding_error(finding, advice,
                        "the server takes statements of %" PRIu64
                        " bytes, and those of a backup have a mebibyte (max_allowed_packet)",
                        packet);
        else if (packet < PACKET_AMPLE)
                finding_warning(finding, advice,
                        "the server takes statements of %" PRIu64
                        " bytes: a long row might not be restored (max_allowed_packet)",
                        packet);
        else
                finding_ok(finding, "the server takes statements of %" PRIu64 " MiB", packet >> 20);
}

/* With auto, a proof that can't be had is no warning: most sites' users have no right outside of their own
 * schema. */
void check_backup_verify(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_database_grants_ struct database_grants grants = {0};
        _cleanup_free_ char *why = NULL;
        bool unsure = false;
        if (string_equal(checks->config->backup_verify, "no")) {
                finding_ok(finding, "backup.verify = no: the backup is read, but not restored for a proof");
                return;
        }
        int result = site_database_grants(checks->database, &grants, &err);
        if (result == 0)
                result = find_obstacle(checks, &grants.grants, &unsure, &why, &err);
        if (result < 0)
                finding_warning(finding, reason_advice(err.reason), "%s", error_message(&err));
        else if (result == 0)
                finding_ok(finding, "the backup will be proven: restored into a schema of its own");
        else if (!string_equal(checks->config->backup_verify, "yes"))
                finding_ok(finding, "the backup's structure will be checked, as %s", why);
        else if (unsure)
                finding_warning(finding, grant_advice, "backup.verify = yes, but %s by itself", why);
        else
                finding_error(finding, grant_advice, "backup.verify = yes, but %s", why);
}
