/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/checks_private.h"

#include "states/dump_way.h"
#include "states/grants.h"
#include "states/site_database.h"

#include <string.h>
#include <strings.h>

void check_database_driver(struct checks *checks, struct finding *finding)
{
        const char *driver = checks->settings.driver;
        if (string_equal(driver, "pdo_mysql") || string_equal(driver, "mysqli"))
                finding_ok(finding, "db_driver is %s", driver);
        else
                finding_error(finding,
                        "Mautic 3 has two drivers: set db_driver to pdo_mysql or mysqli in local.php.",
                        "db_driver is %s", driver ? driver : "not set");
}

void check_database_connection(struct checks *checks, struct finding *finding)
{
        const struct database_parameters *parameters = &checks->settings.database;
        _cleanup_error_ struct error err = {0};
        if (database_connect(parameters, &checks->database, &err) < 0) {
                checks->database = NULL;
                finding_error(finding, reason_advice(err.reason), "%s", error_message(&err));
                return;
        }
        database_watch(checks->database, &(struct database_watch){.cancel = checks->options->cancel});
        if (database_server_version(checks->database, &checks->server, &err) < 0) {
                database_close(checks->database);
                checks->database = NULL;
                finding_error(finding, reason_advice(err.reason), "%s", error_message(&err));
                return;
        }
        finding_ok(finding, "connected to %s as %s", parameters->name, parameters->user);
}

static bool is_older(const struct database_server *server, unsigned major, unsigned minor, unsigned patch)
{
        if (server->major != major)
                return server->major < major;
        return server->minor != minor ? server->minor < minor : server->patch < patch;
}

/* Source: upgrade_v3.php of 2.16.5, whose own number for MariaDB is 10.2 where its pages say 10.1. */
void check_database_version(struct checks *checks, struct finding *finding)
{
        const struct database_server *server = &checks->server;
        const char *advice =
                "Bring the database server up to a newer version first: MySQL 5.7.14, MariaDB 10.2 or later.";
        bool too_old = server->mariadb ? is_older(server, 10, 1, 0) : is_older(server, 5, 7, 14);
        if (too_old)
                finding_error(finding, advice, "the server is %s", server->text);
        else if (server->mariadb && is_older(server, 10, 2, 0))
                finding_warning(finding, advice, "the server is %s", server->text);
        else
                finding_ok(finding, "the server is %s", server->text);
}

static void add_missing(const struct grants *grants, const char *database, const char *const *privileges,
        struct name_sample *missing)
{
        for (; *privileges; privileges++)
                if (!grants_have(grants, database, *privileges))
                        name_sample_add(missing, *privileges);
}

/* From what is granted alone: proving it would write. */
static void judge_grants(struct checks *checks, const struct grants *grants, struct finding *finding)
{
        /* For the migrations, and EVENT for the dump, which ends with an error without it. */
        static const char *const vital[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER",
                "INDEX", "REFERENCES", "EVENT", NULL};
        /* Without these the dump lacks triggers, or fails where there are views. */
        static const char *const useful[] = {"TRIGGER", "SHOW VIEW", NULL};
        const char *name = checks->settings.database.name;
        _cleanup_name_sample_ struct name_sample errors = {0}, warnings = {0};
        add_missing(grants, name, vital, &errors);
        add_missing(grants, name, useful, &warnings);
        const char *advice =
                "Grant them to the database user (GRANT … ON its database), then run the checks again.";
        if (errors.count > 0 && grants_have_role(grants))
                finding_warning(finding, advice, "%s has not by itself, but perhaps by a role: %s",
                        checks->settings.database.user, name_sample_text(&errors));
        else if (errors.count > 0)
                finding_error(finding, advice, "%s lacks on %s: %s", checks->settings.database.user, name,
                        name_sample_text(&errors));
        else if (warnings.count > 0)
                finding_warning(finding, advice, "%s lacks on %s, for a whole dump: %s",
                        checks->settings.database.user, name, name_sample_text(&warnings));
        else
                finding_ok(finding, "%s has all that the migrations and the dump take",
                        checks->settings.database.user);
}

void check_database_privileges(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_database_grants_ struct database_grants grants = {0};
        if (site_database_grants(checks->database, &grants, &err) < 0) {
                finding_warning(finding,
                        "See that the database user may read and change tables, and dump them.",
                        "the privileges can't be read: %s", error_message(&err));
                return;
        }
        judge_grants(checks, &grants.grants, finding);
}

/* Who may write though read_only is set. MariaDB's SUPER does not give it since 10.11. */
static bool may_write_nevertheless(const struct checks *checks, const struct grants *grants)
{
        const struct database_server *server = &checks->server;
        static const char *const rights[] = {"READ ONLY ADMIN", "READ_ONLY ADMIN", "CONNECTION_ADMIN"};
        for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
                if (grants_have_globally(grants, rights[i]))
                        return true;
        bool by_super = !server->mariadb || is_older(server, 10, 11, 0);
        return by_super && grants_have_globally(grants, "SUPER");
}

/* The variables that keep writes away, as this connection has them: *ret_all are those that nobody's rights
 * help against. */
static int find_read_only(struct checks *checks, struct name_sample *ret, bool *ret_all, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(checks->database, &rows, err,
                    "SHOW VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only',"
                    " 'innodb_read_only', 'tx_read_only', 'transaction_read_only')") < 0)
                return -1;
        for (size_t i = 0; i < rows.rows; i++) {
                const char *name = database_cell(&rows, i, 0), *value = database_cell(&rows, i, 1);
                if (!value || strcasecmp(value, "OFF") == 0 || string_equal(value, "0"))
                        continue;
                name_sample_add(ret, name);
                *ret_all = *ret_all || strcasecmp(name, "read_only") != 0;
        }
        return 0;
}

void check_database_writable(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_database_grants_ struct database_grants grants = {0};
        _cleanup_name_sample_ struct name_sample set = {0};
        bool for_all = false;
        const char *user = checks->settings.database.user;
        const char *advice =
                "Name the server that takes writes in local.php (is this a replica?), or have it "
                "made writable.";
        if (find_read_only(checks, &set, &for_all, &err) < 0 ||
                site_database_grants(checks->database, &grants, &err) < 0)
                finding_warning(finding, advice, "%s", error_message(&err));
        else if (set.count == 0)
                finding_ok(finding, "the server takes writes");
        else if (for_all || !may_write_nevertheless(checks, &grants.grants))
                finding_error(finding, advice, "the server takes no writes of %s: %s is set", user,
                        name_sample_text(&set));
        else
                finding_warning(finding, advice, "%s is set, though %s may write nevertheless",
                        name_sample_text(&set), user);
}

/* Taken and given back with the connection. An upgrade of this very daemon may hold it, too. */
void check_database_lock(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *name = site_database_lock_name(&checks->settings);
        _cleanup_(database_closep) struct database *database = NULL;
        if (database_connect(&checks->settings.database, &database, &err) < 0 ||
                database_lock(database, name, 0, &err) < 0)
                finding_error(finding, reason_advice(err.reason), "%s", error_message(&err));
        else
                finding_ok(finding, "nobody else upgrades this database");
}

/* Needs no program, and no more rights than one: without LOCK TABLES it is but slower. */
static void judge_native_dump(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_database_grants_ struct database_grants grants = {0};
        if (!checks->database || site_database_grants(checks->database, &grants, &err) < 0)
                finding_ok(finding, "none is needed (backup.tool = native)");
        else if (grants_have(&grants.grants, checks->settings.database.name, "LOCK TABLES"))
                finding_ok(finding, "none is needed (backup.tool = native): several connections");
        else
                finding_ok(finding,
                        "none is needed (backup.tool = native): one connection, as %s lacks LOCK TABLES for "
                        "more",
                        checks->settings.database.user);
}

void check_dump_tool(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_dump_tool_ struct dump_tool tool = {0};
        const struct database_server *server = &checks->server;
        const char *advice = "Install the server's own client programs, or name one with backup.tool.";
        if (dump_way_is_native(checks->config)) {
                judge_native_dump(checks, finding);
                return;
        }
        if (dump_tool_find(checks->config, checks->options->cancel, &tool, &err) < 0) {
                finding_error(finding, advice, "%s", error_message(&err));
                return;
        }
        bool older =
                tool.major < server->major || (tool.major == server->major && tool.minor < server->minor);
        if (checks->database && tool.mariadb != server->mariadb)
                finding_warning(finding, advice, "%s %u.%u is %s's, the server is %s", tool.path, tool.major,
                        tool.minor, tool.mariadb ? "MariaDB" : "MySQL", server->text);
        else if (checks->database && older)
                finding_warning(finding, advice, "%s %u.%u is older than the server, %s", tool.path,
                        tool.major, tool.minor, server->text);
        else
                finding_ok(finding, "%s %u.%u", tool.path, tool.major, tool.minor);
}
