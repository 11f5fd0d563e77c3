/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/checks.h"

#include "states/site_database.h"
#include "test/unit/states/package_fixture.h"

#include <jansson.h>
#include <sched.h>
#include <sys/mount.h>

static struct test_server server;
static struct database *admin;
static struct fixture fixture;

static void put(const char *name, const char *content)
{
        _cleanup_free_ char *path = string_format("%s/%s", fixture.root, name);
        write_file(path, content, 0644);
}

static void put_folder(const char *name)
{
        _cleanup_free_ char *path = string_format("%s/%s", fixture.root, name);
        assert_int_equal(mkdir(path, 0755), 0);
}

static void take(const char *name)
{
        _cleanup_free_ char *path = string_format("%s/%s", fixture.root, name);
        test_remove_tree(path);
}

static void put_local_config(const char *more)
{
        _cleanup_free_ char *text = string_format("<?php\n$parameters = array(\n"
                                                  "    'db_driver' => 'pdo_mysql',\n"
                                                  "    'db_host' => 'localhost',\n"
                                                  "    'db_port' => 3306,\n"
                                                  "    'db_name' => 'mautic_test',\n"
                                                  "    'db_user' => 'mautic',\n"
                                                  "    'db_password' => 'secret',\n"
                                                  "    'db_table_prefix' => 'm_',\n"
                                                  "    'mailer_spool_path' => '%%kernel.root_dir%%/spool',\n"
                                                  "%s);\n",
                more);
        put("app/config/local.php", text);
}

/* A program that answers the probe like PHP. */
static void put_php(const char *version, const char *extensions)
{
        _cleanup_free_ char *script =
                string_format("printf 'Warning: something at the start\\n@version %s\\n@memory_limit 128M\\n"
                              "@disable_functions \\n'\nfor name in %s; do echo \"@extension $name\"; done",
                        version, extensions);
        fixture_script(&fixture, "php", script);
}

#define ALL_EXTENSIONS                                                                                       \
        "ctype json pcre tokenizer pdo_mysql curl dom fileinfo iconv imap intl mbstring openssl session "    \
        "SimpleXML "                                                                                         \
        "xml zip zlib"

/* A site with which every check is content, but for the package's address, which nobody answers at. */
static int set_up(void **state)
{
        fixture_init(&fixture, &stage_preflight);
        put_folder("app");
        put_folder("app/config");
        put_folder("app/migrations");
        put_folder("plugins");
        put_folder("plugins/MauticFocusBundle");
        put_folder("themes");
        put_folder("media");
        put("index.php", "<?php\n");
        put("app/version.txt", "2.16.5\n");
        put_local_config("");
        put("app/migrations/Version20190101000000.php",
                "<?php\nnamespace Mautic\\Migrations;\nclass Version20190101000000 extends "
                "AbstractMauticMigration\n{\n}\n");
        put_php("7.3.33-1+deb", ALL_EXTENSIONS);
        _cleanup_free_ char *php = fixture_path(&fixture, "php");
        fixture_set(&fixture, "site.root", fixture.root);
        fixture_set(&fixture, "php.path", php);
        fixture_set(&fixture, "database.socket", server.socket);
        fixture_set(&fixture, "package.url", "http://127.0.0.1:9/3.0.2.zip");
        fixture_set(&fixture, "package.insecure", "yes");
        return 0;
}

static int tear_down(void **state)
{
        fixture_deinit(&fixture);
        return 0;
}

static struct findings run_checks(void)
{
        _cleanup_error_ struct error err = {0};
        const struct checks_options options = {
                .config = &fixture.config,
                .state_path = fixture.state,
                .cancel = &fixture.cancel,
        };
        struct findings findings;
        if (checks_run(&options, &findings, &err) < 0)
                fail_msg("%s", error_message(&err));
        return findings;
}

static const struct finding *find(const struct findings *findings, const char *id)
{
        for (size_t i = 0; i < findings->count; i++)
                if (strcmp(findings->items[i].id, id) == 0)
                        return &findings->items[i];
        fail_msg("there is no check %s", id);
        return NULL;
}

static void expect(const char *name, const char *id, enum finding_severity severity, const char *seen)
{
        _cleanup_findings_ struct findings findings = run_checks();
        const struct finding *finding = find(&findings, id);
        if (finding->severity != severity || !strstr(finding->seen, seen))
                fail_msg("%s: %s is %s: %s", name, id, finding_severity_name(finding->severity),
                        finding->seen);
        assert_int_equal(finding->advice == NULL, severity == FINDING_OK);
}

/* One thing is wrong at a time */

static void nothing(void)
{
}

static void no_mautic(void)
{
        take("app");
}

static void no_root(void)
{
        test_remove_tree(fixture.root);
}

static void mautic_3(void)
{
        take("app/version.txt");
        put("app/release_metadata.json", "{\"version\":\"3.0.1\",\"minimum_php_version\":\"7.2.21\","
                                         "\"maximum_php_version\":\"7.3.99\"}");
}

static void old_mautic(void)
{
        put("app/version.txt", "2.16.2\n");
}

static void oldest_mautic(void)
{
        put("app/version.txt", "2.16.3\n");
}

static void broken_paths(void)
{
        put("app/config/paths.php", "<?php\n$paths = array(\n  'themes' => => 1,\n);\n");
}

static void begun_by_the_script(void)
{
        put_folder("mautic-2-backup-files");
}

static void extracted_by_the_script(void)
{
        put_folder("mautic-3-temp-files");
}

static void phase_two_of_the_script(void)
{
        put("m3_upgrade_pending_phase_2.txt", "");
}

static void old_dump(void)
{
        put("m3_upgrade_db_backup.sql", "");
}

static void checkout(void)
{
        put("composer.json", "{}");
}

static void own_plugins(void)
{
        put_folder("plugins/AcmeHelloBundle");
        put_folder("plugins/Odd\nName");
        put("plugins/file.txt", "");
}

static void no_plugins(void)
{
        take("plugins");
}

static void broken_local(void)
{
        put("app/config/local.php", "<?php\n$parameters = array(\n    \"db_host\" => => 1,\n);\n");
}

static void no_local(void)
{
        take("app/config/local.php");
}

static void redis_cache(void)
{
        put_local_config("    'api_rate_limiter_cache' => ['type' => 'redis', 'host' => 'x'],\n");
}

static void file_system_cache(void)
{
        put_local_config("    'api_rate_limiter_cache' => [ \"type\"  =>  'file_system' ],\n");
}

static void mail_waits(void)
{
        put_folder("app/spool");
        put_folder("app/spool/default");
        put("app/spool/default/abc.message", "");
        put("app/spool/default/def.message", "");
}

static void no_php(void)
{
        fixture_set(&fixture, "php.path", "/nonexistent/php");
}

static void php_that_is_none(void)
{
        fixture_set(&fixture, "php.path", "/bin/true");
}

static void php_that_fails(void)
{
        fixture_script(&fixture, "php", "echo 'no libraries here' >&2; exit 127");
}

static void new_php(void)
{
        put_php("8.2.7", ALL_EXTENSIONS);
}

static void new_php_and_the_known_package(void)
{
        new_php();
        struct config defaults;
        config_init(&defaults);
        fixture_set(&fixture, "package.url", defaults.package_url);
        config_deinit(&defaults);
        fixture_set(&fixture, "package.insecure", "no");
}

static void no_php_used(void)
{
        no_php();
        fixture_set(&fixture, "migrations.engine", "native");
        fixture_set(&fixture, "cache.build", "defer");
}

/* One that would tell on being started. */
static void php_not_used(void)
{
        no_php_used();
        _cleanup_free_ char *php = fixture_path(&fixture, "php");
        fixture_script(&fixture, "php", "touch \"${0%/*}/php-was-started\"");
        fixture_set(&fixture, "php.path", php);
}

static void no_php_wanted(void)
{
        no_php();
        fixture_set(&fixture, "cache.build", "defer");
}

static void new_php_left_alone(void)
{
        new_php();
        fixture_set(&fixture, "cache.build", "defer");
}

static void bare_php_left_alone(void)
{
        put_php("7.3.33", "json pdo_mysql");
        fixture_set(&fixture, "cache.build", "defer");
}

static void native_with_cache(void)
{
        no_php();
        fixture_set(&fixture, "migrations.engine", "native");
}

static void console_without_cache(void)
{
        no_php_wanted();
        fixture_set(&fixture, "migrations.engine", "console");
}

static void empty_php_path(void)
{
        fixture_set(&fixture, "php.path", "");
}

static void rename_root(const char *name)
{
        _cleanup_free_ char *root = fixture_path(&fixture, name);
        assert_int_equal(rename(fixture.root, root), 0);
        free(fixture.root);
        fixture.root = steal(&root);
        fixture_set(&fixture, "site.root", fixture.root);
}

static void pattern_in_the_root(void)
{
        rename_root("root [old]");
}

static void question_in_the_root(void)
{
        rename_root("what?");
}

static void pattern_without_console(void)
{
        rename_root("root [old]");
        no_php_used();
}

static void bare_php(void)
{
        put_php("7.3.33", "ctype json pcre tokenizer pdo_mysql");
}

static void php_without_driver(void)
{
        put_php("7.3.33", "ctype json pcre tokenizer mysqli");
}

static void little_memory(void)
{
        fixture_set(&fixture, "php.memory_limit", "128M");
}

static void memory_without_limit(void)
{
        fixture_set(&fixture, "php.memory_limit", "-1");
}

static void little_time(void)
{
        fixture_set(&fixture, "php.timeout", "2");
}

static void other_driver(void)
{
        put_local_config("    'db_driver' => 'pdo_pgsql',\n");
}

static void wrong_password(void)
{
        put_local_config("    'db_password' => 'wrong',\n");
}

static void no_server(void)
{
        fixture_set(&fixture, "database.socket", "/nonexistent/socket");
}

static void fewer_privileges(void)
{
        test_sql(admin, "REVOKE ALTER, EVENT ON mautic_test.* FROM mautic@localhost");
}

static void no_triggers(void)
{
        test_sql(admin, "REVOKE TRIGGER ON mautic_test.* FROM mautic@localhost");
}

static void privileges_by_role(void)
{
        test_sql(admin, "REVOKE ALL PRIVILEGES ON mautic_test.* FROM mautic@localhost");
        test_sql(admin, "GRANT SELECT ON mautic_test.* TO mautic@localhost");
        test_sql(admin, "CREATE OR REPLACE ROLE owner_of_test");
        test_sql(admin, "GRANT owner_of_test TO mautic@localhost");
}

static void all_privileges(void)
{
        test_sql(admin, "GRANT ALL PRIVILEGES ON mautic_test.* TO mautic@localhost");
}

static void read_only_server(void)
{
        test_sql(admin, "SET GLOBAL read_only = 1");
}

static void read_only_for_others(void)
{
        read_only_server();
        test_sql(admin, "GRANT READ ONLY ADMIN ON *.* TO mautic@localhost");
}

static void read_only_transactions(void)
{
        test_sql(admin, "SET GLOBAL tx_read_only = 1");
        test_sql(admin, "GRANT READ ONLY ADMIN ON *.* TO mautic@localhost");
}

static void writable_again(void)
{
        test_sql(admin, "SET GLOBAL read_only = 0");
        test_sql(admin, "SET GLOBAL tx_read_only = 0");
        test_sql(admin, "GRANT READ ONLY ADMIN ON *.* TO mautic@localhost");
        test_sql(admin, "REVOKE READ ONLY ADMIN ON *.* FROM mautic@localhost");
}

static void small_packet(void)
{
        test_sql(admin, "SET GLOBAL max_allowed_packet = 2097152");
}

static void tiny_packet(void)
{
        test_sql(admin, "SET GLOBAL max_allowed_packet = 524288");
}

static void a_view(void)
{
        test_sql(admin, "CREATE TABLE mautic_test.seen (id INT, gone INT)");
        test_sql(admin, "CREATE DEFINER = mautic@localhost VIEW mautic_test.of_seen AS SELECT * FROM "
                        "mautic_test.seen");
}

static void broken_view(void)
{
        a_view();
        test_sql(admin, "ALTER TABLE mautic_test.seen DROP gone");
}

static void view_of_nobody(void)
{
        a_view();
        test_sql(admin,
                "CREATE OR REPLACE DEFINER = nobody@localhost VIEW mautic_test.of_seen AS SELECT 1 AS one");
}

static void view_that_can_not_come_back(void)
{
        a_view();
        test_sql(admin, "DROP ROLE IF EXISTS owner_of_test"); /* a role may give what is missing */
        test_sql(admin, "REVOKE CREATE VIEW ON mautic_test.* FROM mautic@localhost");
}

static void shapes(void)
{
        test_sql(admin, "CREATE TABLE mautic_test.seen (id INT, shape POLYGON, where_it_is POINT)");
}

static void migrations_of_mautic_3(void)
{
        test_sql(admin, "INSERT INTO mautic_test.m_migrations (version) VALUES ('20200422144300')");
}

static void migrations_of_long_ago(void)
{
        test_sql(admin, "INSERT INTO mautic_test.m_migrations (version) VALUES ('20150422144300')");
}

/* Of those above. */
static void as_it_was(void)
{
        test_sql(admin, "SET GLOBAL max_allowed_packet = 67108864");
        test_sql(admin, "DROP VIEW IF EXISTS mautic_test.of_seen");
        test_sql(admin, "DROP TABLE IF EXISTS mautic_test.seen");
        test_sql(admin, "DELETE FROM mautic_test.m_migrations WHERE version LIKE '%0422144300'");
}

static void overrides(void)
{
        put("app/config/parameters_local.php",
                "<?php\n$parameters = ['theme' => 'Mauve', 'mailer_from_name' => 'x'];\n");
}

static void other_overrides(void)
{
        put("app/config/parameters_local.php", "<?php\n$parameters = ['theme' => 'my own'];\n");
}

static void put_pipe(const char *path)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture.root, path);
        assert_int_equal(mkfifo(full, 0644), 0);
}

static void pipe_to_be_moved(void)
{
        put_folder("media/files");
        put_pipe("media/files/pipe");
}

static void pipe_to_be_copied(void)
{
        pipe_to_be_moved();
        fixture_set(&fixture, "user_data.mode", "copy");
}

static void pipe_in_a_folder_of_the_users(void)
{
        put_folder("mine");
        put_pipe("mine/pipe");
        fixture_set(&fixture, "user_data.mode", "copy");
}

static void pipe_that_is_not_copied(void)
{
        put_folder(".hidden");
        put_pipe(".hidden/pipe");
        put_pipe("app/pipe");
        fixture_set(&fixture, "user_data.mode", "copy");
}

static void native_dump_instead(void)
{
        fixture_set(&fixture, "backup.tool", "native");
}

static void no_dump_tool(void)
{
        string_replace(&fixture.config.backup_tool, string_copy("no-such-dump"));
}

static void other_prefix(void)
{
        put_local_config("    'db_table_prefix' => 'x_',\n");
}

static void broken_migration(void)
{
        put("app/migrations/Version20200101000000.php", "<?php class {");
}

#define MIGRATION(version, sql)                                                                              \
        "<?php\nnamespace Mautic\\Migrations;\nclass Version" version                                        \
        " extends AbstractMauticMigration\n{\npublic function up(Schema $schema)\n{\n$this->addSql(\"" sql   \
        "\");\n}\n}\n"

static void drops_what_is_there(void)
{
        put("app/migrations/Version20200101000000.php",
                MIGRATION("20200101000000", "ALTER TABLE {$this->prefix}migrations DROP PRIMARY KEY"));
}

static void drops_what_is_not(void)
{
        put("app/migrations/Version20200101000000.php",
                MIGRATION("20200101000000", "DROP INDEX gone ON {$this->prefix}migrations"));
}

static void dropped_long_ago(void)
{
        put("app/migrations/Version20190101000000.php",
                MIGRATION("20190101000000", "DROP INDEX gone ON {$this->prefix}migrations"));
}

/* One that is executed, one that the site has, and one of its own. */
static void package_drops_what_is_not(void)
{
        drops_what_is_there();
        PUT_PACKAGE(&fixture, "p.zip", PACKAGE_ITEMS("3.0.2", "3.0.0-alpha"),
                {"app/migrations/Version20190101000000.php", "broken"},
                {"app/migrations/Version20200101000000.php", "broken"},
                {"app/migrations/Version20200202000000.php",
                        MIGRATION("20200202000000", "DROP INDEX lost ON m_migrations")},
                {"app/migrations/Migration.template", "broken"});
        set_path(&fixture, "package.file", "p.zip");
}

static void package_drops_nothing(void)
{
        put_good_package(&fixture, "p.zip");
        set_path(&fixture, "package.file", "p.zip");
}

static void package_gone(void)
{
        fixture_set(&fixture, "package.file", "/nonexistent/package.zip");
}

static void package_is_no_zip(void)
{
        put("mautic-3-update-package.zip", "<html>404</html>");
}

static void package_of_another_hash(void)
{
        package_is_no_zip();
        fixture_set(&fixture, "package.sha256",
                "0000000000000000000000000000000000000000000000000000000000000007");
}

static void place_package(const char *vendor)
{
        const struct zip_item items[] = {{"index.php", "<?php\n"}, {"bin/console", "#!"},
                {"app/release_metadata.json", "{\"version\":\"3.0.2\",\"minimum_php_version\":\"7.2.21\","
                                              "\"maximum_php_version\":\"7.3.99\"}"},
                {vendor, "<?php\n"}};
        _cleanup_buffer_ struct buffer zip = {0};
        zip_build(items, ARRAY_SIZE(items), &zip);
        _cleanup_free_ char *path = string_format("%s/mautic-3-update-package.zip", fixture.root);
        _cleanup_fclose_ FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(zip.data, 1, zip.size, file), zip.size);
}

static void package_of_sources(void)
{
        place_package("vendor/.htaccess");
}

static void package_of_a_release(void)
{
        place_package("vendor/autoload.php");
}

static void address_beyond(void)
{
        fixture_set(&fixture, "package.url", "http://127.0.0.1:9/3.3.5.zip");
}

static void state_in_root(void)
{
        put_folder("state");
        free(fixture.state);
        fixture.state = string_format("%s/state", fixture.root);
}

static void no_state(void)
{
        free(fixture.state);
        fixture.state = string_copy("/nonexistent/state");
}

static const struct {
        const char *name;
        void (*prepare)(void);
        const char *id;
        enum finding_severity severity;
        const char *seen;
} cases[] = {
        {"nothing wrong", nothing, "root_is_mautic", FINDING_OK, "root holds a Mautic"},
        {"no Mautic", no_mautic, "root_is_mautic", FINDING_ERROR, "is no Mautic"},
        {"no root", no_root, "root_is_mautic", FINDING_ERROR, "No such file"},
        {"no root, more", no_root, "spool", FINDING_WARNING, "not checked"},
        {"broken paths.php", broken_paths, "root_is_mautic", FINDING_ERROR, "line 3"},
        {"nothing wrong", nothing, "mautic_version", FINDING_OK, "2.16.5"},
        {"Mautic 3", mautic_3, "mautic_version", FINDING_ERROR, "Mautic 3.0.1 already"},
        {"old", old_mautic, "mautic_version", FINDING_ERROR, "2.16.2, older than 2.16.3"},
        {"oldest", oldest_mautic, "mautic_version", FINDING_OK, "2.16.3"},
        {"no version", no_mautic, "mautic_version", FINDING_ERROR, "not known"},
        {"nothing wrong", nothing, "half_upgraded", FINDING_OK, "no traces"},
        {"backup files", begun_by_the_script, "half_upgraded", FINDING_ERROR, "mautic-2-backup-files"},
        {"temp files", extracted_by_the_script, "half_upgraded", FINDING_ERROR, "mautic-3-temp-files"},
        {"phase 2", phase_two_of_the_script, "half_upgraded", FINDING_ERROR, "pending_phase_2"},
        {"old dump", old_dump, "half_upgraded", FINDING_WARNING, "m3_upgrade_db_backup.sql"},
        {"nothing wrong", nothing, "git_checkout", FINDING_OK, ""},
        {"checkout", checkout, "git_checkout", FINDING_WARNING, "composer.json"},
        {"nothing wrong", nothing, "plugins", FINDING_OK, ""},
        {"own plugins", own_plugins, "plugins", FINDING_WARNING, "AcmeHelloBundle"},
        {"odd names are printable", own_plugins, "plugins", FINDING_WARNING, "Odd Name"},
        {"no plugins folder", no_plugins, "plugins", FINDING_WARNING, "can't be read"},
        {"nothing wrong", nothing, "local_config", FINDING_OK, "app/config/local.php"},
        {"broken local.php", broken_local, "local_config", FINDING_ERROR, "line 3, column"},
        {"no local.php", no_local, "local_config", FINDING_ERROR, "local.php"},
        {"no settings", broken_local, "database_connection", FINDING_WARNING, "not checked"},
        {"nothing wrong", nothing, "local_overrides", FINDING_OK, "nothing overrides"},
        {"overrides", overrides, "local_overrides", FINDING_WARNING, "has otherwise: theme"},
        {"other overrides", other_overrides, "local_overrides", FINDING_OK, "nothing overrides"},
        {"nothing wrong", nothing, "rate_limiter_cache", FINDING_OK, "not set"},
        {"file_system", file_system_cache, "rate_limiter_cache", FINDING_OK, "file_system"},
        {"redis", redis_cache, "rate_limiter_cache", FINDING_WARNING, "type redis"},
        {"nothing wrong", nothing, "spool", FINDING_OK, ""},
        {"mail", mail_waits, "spool", FINDING_WARNING, "app/spool/default: 2"},
        {"nothing wrong", nothing, "php_found", FINDING_OK, "PHP 7.3.33 at"},
        {"no PHP", no_php, "php_found", FINDING_ERROR, "/nonexistent/php"},
        {"no PHP, more", no_php, "php_version", FINDING_WARNING, "not checked, for PHP did not run"},
        {"not PHP", php_that_is_none, "php_found", FINDING_ERROR, "is it PHP?"},
        {"failing PHP", php_that_fails, "php_found", FINDING_ERROR, "no libraries here"},
        {"nothing wrong", nothing, "php_version", FINDING_OK, "runs both"},
        {"PHP 8, unknown package", new_php, "php_version", FINDING_WARNING, "7.2.21 to 7.3.99"},
        {"PHP 8, known package", new_php_and_the_known_package, "php_version", FINDING_ERROR,
                "7.2.21 to 7.3.99"},
        {"nothing wrong", nothing, "php_extensions", FINDING_OK, ""},
        {"bare PHP", bare_php, "php_extensions", FINDING_WARNING, "curl, dom"},
        {"no driver", php_without_driver, "php_extensions", FINDING_ERROR, "pdo_mysql"},
        {"none used", no_php_used, "php_found", FINDING_WARNING,
                "the web server's PHP must be 7.2.21 to 7.3.99"},
        {"none used", no_php_used, "php_version", FINDING_WARNING, "web server's PHP"},
        {"none used", no_php_used, "php_extensions", FINDING_WARNING, "must have the extensions ctype, json"},
        {"none used", no_php_used, "php_limits", FINDING_WARNING, "memory_limit of 256M"},
        {"PHP not used", php_not_used, "php_found", FINDING_OK, "not started"},
        {"PHP not used", php_not_used, "php_version", FINDING_WARNING, "web server's PHP"},
        {"no PHP wanted", no_php_wanted, "php_found", FINDING_WARNING, "web server's PHP"},
        {"no PHP wanted", no_php_wanted, "php_version", FINDING_WARNING, "web server's PHP"},
        {"PHP 8 left alone", new_php_left_alone, "php_version", FINDING_WARNING,
                "migrations are applied without"},
        {"bare PHP left alone", bare_php_left_alone, "php_extensions", FINDING_WARNING, "ctype, pcre"},
        {"cache without PHP", native_with_cache, "php_found", FINDING_ERROR, "/nonexistent/php"},
        {"console without PHP", console_without_cache, "php_found", FINDING_ERROR, "/nonexistent/php"},
        {"empty php.path", empty_php_path, "php_found", FINDING_ERROR, "php.path"},
        {"nothing wrong", nothing, "root_name", FINDING_OK, "root"},
        {"pattern", pattern_in_the_root, "root_name", FINDING_ERROR, "finds no migrations"},
        {"question", question_in_the_root, "root_name", FINDING_ERROR, "finds no migrations"},
        {"pattern, native", pattern_without_console, "root_name", FINDING_OK, "root [old]"},
        {"nothing wrong", nothing, "php_limits", FINDING_OK, "512M"},
        {"little memory", little_memory, "php_limits", FINDING_ERROR, "128M"},
        {"no limit", memory_without_limit, "php_limits", FINDING_OK, "-1"},
        {"little time", little_time, "php_limits", FINDING_WARNING, "2 s"},
        {"nothing wrong", nothing, "database_driver", FINDING_OK, "pdo_mysql"},
        {"other driver", other_driver, "database_driver", FINDING_ERROR, "pdo_pgsql"},
        {"nothing wrong", nothing, "database_connection", FINDING_OK, "mautic_test as mautic"},
        {"wrong password", wrong_password, "database_connection", FINDING_ERROR, "denied"},
        {"no server", no_server, "database_connection", FINDING_ERROR, "connect"},
        {"no server, more", no_server, "database_privileges", FINDING_WARNING, "not checked"},
        {"nothing wrong", nothing, "database_version", FINDING_OK, "MariaDB"},
        {"nothing wrong", nothing, "database_privileges", FINDING_OK, "mautic has all"},
        {"fewer privileges", fewer_privileges, "database_privileges", FINDING_ERROR, "ALTER, EVENT"},
        {"no triggers", no_triggers, "database_privileges", FINDING_WARNING, "TRIGGER"},
        {"a role", privileges_by_role, "database_privileges", FINDING_WARNING, "perhaps by a role"},
        {"nothing wrong", nothing, "database_writable", FINDING_OK, "takes writes"},
        {"read-only", read_only_server, "database_writable", FINDING_ERROR,
                "takes no writes of mautic: read_only is set"},
        {"read-only for others", read_only_for_others, "database_writable", FINDING_WARNING,
                "mautic may write nevertheless"},
        {"read-only transactions", read_only_transactions, "database_writable", FINDING_ERROR,
                "tx_read_only is set"},
        {"nothing wrong", nothing, "database_lock", FINDING_OK, ""},
        {"nothing wrong", nothing, "database_packet", FINDING_OK, "64 MiB"},
        {"small packet", small_packet, "database_packet", FINDING_WARNING, "statements of 2097152 bytes"},
        {"tiny packet", tiny_packet, "database_packet", FINDING_ERROR, "statements of 524288 bytes"},
        {"nothing wrong", nothing, "database_views", FINDING_OK, "no views"},
        {"a view", a_view, "database_views", FINDING_OK, "1 views"},
        {"a view", a_view, "backup_restorable", FINDING_OK, "all that the database holds"},
        {"broken view", broken_view, "database_views", FINDING_ERROR, "of_seen (View"},
        {"view of nobody", view_of_nobody, "database_views", FINDING_ERROR, "of_seen (Access denied"},
        {"no right to a view", view_that_can_not_come_back, "backup_restorable", FINDING_ERROR,
                "what the database holds: CREATE VIEW"},
        {"nothing wrong", nothing, "column_types", FINDING_OK, ""},
        {"shapes", shapes, "column_types", FINDING_WARNING,
                "Doctrine does not know: shape of seen (polygon)"},
        {"nothing wrong", nothing, "dump_tool", FINDING_OK, "dump"},
        {"no dump tool needed", native_dump_instead, "dump_tool", FINDING_OK, "none is needed"},
        {"no dump tool", no_dump_tool, "dump_tool", FINDING_ERROR, "no-such-dump"},
        {"nothing wrong", nothing, "migrations_readable", FINDING_OK, "1 available, 1 executed, 0 new"},
        {"other prefix", other_prefix, "migrations_readable", FINDING_WARNING, "x_migrations"},
        {"broken migration", broken_migration, "migrations_readable", FINDING_WARNING,
                "Version20200101000000"},
        {"nothing wrong", nothing, "migrations_of_later", FINDING_OK, "no migration of a later"},
        {"rows of old", migrations_of_long_ago, "migrations_of_later", FINDING_OK, ""},
        {"Mautic 3's database", migrations_of_mautic_3, "migrations_of_later", FINDING_WARNING,
                "whose newest is 20190101000000: 20200422144300"},
        {"Mautic 3", mautic_3, "migrations_of_later", FINDING_OK, "does not hold Mautic 2"},
        {"nothing wrong", nothing, "migrations_dropped_keys", FINDING_OK, "no new migration of Mautic 2"},
        {"a key", drops_what_is_there, "migrations_dropped_keys", FINDING_OK, ""},
        {"no key", drops_what_is_not, "migrations_dropped_keys", FINDING_WARNING,
                "app/migrations/Version20200101000000.php, line 7: index gone of m_migrations"},
        {"executed", dropped_long_ago, "migrations_dropped_keys", FINDING_OK, ""},
        {"no key, package", package_drops_what_is_not, "migrations_dropped_keys", FINDING_WARNING,
                "there: the package's app/migrations/Version20200202000000.php, line 7: index lost"},
        {"package", package_drops_nothing, "migrations_dropped_keys", FINDING_OK, "the package's too"},
        {"broken migration", broken_migration, "migrations_dropped_keys", FINDING_WARNING, "not checked"},
        {"nobody answers", nothing, "package", FINDING_WARNING,
                "http://127.0.0.1:9/3.0.2.zip can't be reached"},
        {"package gone", package_gone, "package", FINDING_WARNING, "/nonexistent/package.zip"},
        {"no zip", package_is_no_zip, "package", FINDING_WARNING, "mautic-3-update-package.zip"},
        {"other hash", package_of_another_hash, "package", FINDING_WARNING, "SHA-256"},
        {"nothing wrong", nothing, "package_jump", FINDING_OK, ""},
        {"nothing wrong", nothing, "package_vendor", FINDING_OK, "not known"},
        {"a release", package_of_a_release, "package_vendor", FINDING_OK, "brings its libraries"},
        {"sources", package_of_sources, "package_vendor", FINDING_WARNING, "vendor/autoload.php"},
        {"sources", package_of_sources, "package", FINDING_OK, "Mautic 3.0.2"},
        {"address beyond", address_beyond, "package_jump", FINDING_WARNING, "3.3.5"},
        {"nothing wrong", nothing, "root_writable", FINDING_OK, ""},
        {"nothing wrong", nothing, "root_entries", FINDING_OK, "5 entries"},
        {"nothing wrong", nothing, "site_files", FINDING_OK, "files and folders"},
        {"pipe", pipe_to_be_moved, "site_files", FINDING_OK, "files and folders"},
        {"pipe to copy", pipe_to_be_copied, "site_files", FINDING_ERROR, "media/files/pipe"},
        {"pipe of the user's", pipe_in_a_folder_of_the_users, "site_files", FINDING_ERROR, "mine/pipe"},
        {"pipe elsewhere", pipe_that_is_not_copied, "site_files", FINDING_OK, "files and folders"},
        {"nothing wrong", nothing, "state_folder", FINDING_OK, "outside of the root"},
        {"state in the root", state_in_root, "state_folder", FINDING_ERROR, "lies in the site's root"},
        {"no state folder", no_state, "state_folder", FINDING_ERROR, "/nonexistent/state"},
        {"nothing wrong", nothing, "free_space", FINDING_OK, "room for"},
        {"no state folder", no_state, "free_space", FINDING_ERROR, "/nonexistent/state"},
};

static void test_cases(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                set_up(NULL);
                cases[i].prepare();
                expect(cases[i].name, cases[i].id, cases[i].severity, cases[i].seen);
                all_privileges();
                writable_again();
                as_it_was();
                tear_down(NULL);
        }
}

/* What takes more than a line */

static void test_ids_that_can_be_accepted(void **state)
{
        static const struct {
                const char *id;
                bool known;
        } ids[] = {
                {"php_version", true},
                {"package_jump", true},
                {"rerun_migration_20170101000000", true},
                {"done_migration_20170101000000", true},
                {"rerun_migration_", false},
                {"php_versio", false},
                {"php_version_", false},
                {"", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
                _cleanup_error_ struct error err = {0};
                const char *const given[] = {"plugins", ids[i].id};
                assert_int_equal(checks_know_ids(given, 2, &err), ids[i].known ? 0 : -1);
                if (ids[i].known)
                        continue;
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
                for (size_t other = 0; checks_id(other); other++)
                        assert_non_null(strstr(error_message(&err), checks_id(other)));
        }
}

static void test_an_unused_php_is_never_started(void **state)
{
        php_not_used();
        _cleanup_findings_ struct findings findings = run_checks();
        assert_false(fixture_has(&fixture, "php-was-started"));
        for (size_t i = 0; i < findings.count; i++)
                if (string_begins(findings.items[i].id, "php_"))
                        assert_int_not_equal(findings.items[i].severity, FINDING_ERROR);
        fixture_set(&fixture, "cache.build", "yes");
        _cleanup_findings_ struct findings others = run_checks();
        assert_true(fixture_has(&fixture, "php-was-started"));
        assert_non_null(strstr(find(&others, "php_found")->advice, "cache.build = defer"));
}

static void test_every_check_has_a_finding(void **state)
{
        _cleanup_findings_ struct findings findings = run_checks();
        for (size_t i = 0; checks_id(i); i++) {
                assert_string_equal(findings.items[i].id, checks_id(i));
                assert_non_null(findings.items[i].seen);
                for (size_t other = 0; other < i; other++)
                        assert_string_not_equal(checks_id(other), checks_id(i));
                assert_null(strstr(findings.items[i].seen, "secret"));
        }
        assert_null(checks_id(findings.count));
}

static char *listing(void)
{
        _cleanup_free_ char *command = string_format(
                "cd '%s' && find . -printf '%%p %%y %%m %%s %%T@ %%C@\\n' | sort", fixture.folder);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        struct buffer text = {0};
        char piece[4096];
        for (size_t size; (size = fread(piece, 1, sizeof piece, pipe)) > 0;)
                buffer_append(&text, piece, size);
        assert_int_equal(pclose(pipe), 0);
        return buffer_steal(&text);
}

static void test_nothing_is_changed(void **state)
{
        _cleanup_free_ char *before = listing();
        _cleanup_findings_ _unused struct findings findings = run_checks();
        _cleanup_free_ char *after = listing();
        assert_string_equal(before, after);
}

static void test_another_holds_the_database(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(database_closep) struct database *other = test_server_connect(&server, "mautic_test");
        struct site_settings settings = {.prefix = (char *)"m_", .database.name = (char *)"mautic_test"};
        _cleanup_free_ char *name = site_database_lock_name(&settings);
        assert_int_equal(database_lock(other, name, 0, &err), 0);
        expect("held", "database_lock", FINDING_ERROR, "");
}

static void test_php_at_work_on_the_site(void **state)
{
        /* A program of that name whose working folder is the root; its arguments must not be told. */
        _cleanup_free_ char *php = fixture_path(&fixture, "php7.3");
        assert_int_equal(symlink("/bin/sleep", php), 0);
        pid_t parent = getpid();
        int started[2];
        assert_int_equal(pipe2(started, O_CLOEXEC), 0);
        pid_t child = fork();
        if (child == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent || chdir(fixture.root) < 0)
                        _exit(1);
                (void)execl(php, php, "1000", (char *)NULL);
                _exit(1);
        }
        (void)close(started[1]);
        char end;
        assert_int_equal(read(started[0], &end, 1), 0); /* closed by the exec */
        (void)close(started[0]);
        _cleanup_free_ char *seen = string_format("php7.3 (process %d)", (int)child);
        expect("at work", "processes", FINDING_WARNING, seen);
        (void)kill(child, SIGKILL);
        (void)test_wait(child);
        expect("gone", "processes", FINDING_OK, "");
}

static int give_away(const char *path, const struct stat *status, int type, struct FTW *walk)
{
        return lchown(path, 65534, 65534);
}

/* As another user, when the test is root's: root may do everything. */
static int look_without_rights(void)
{
        static const struct {
                const char *place, *id, *seen;
        } cases_of_rights[] = {
                {"held", "root_entries", "held"},
                {"plugins/MauticFocusBundle/Held", "site_files", "plugins/MauticFocusBundle/Held"},
                {".", "root_writable", "may not write"},
        };
        put_folder("held");
        put_folder("plugins/MauticFocusBundle/Held");
        if (geteuid() == 0 && (nftw(fixture.folder, give_away, 16, FTW_PHYS) != 0 || setgid(65534) < 0 ||
                                      setuid(65534) < 0))
                return 2;
        for (size_t i = 0; i < ARRAY_SIZE(cases_of_rights); i++) {
                _cleanup_free_ char *path = string_format("%s/%s", fixture.root, cases_of_rights[i].place);
                if (chmod(path, 0555) < 0)
                        return 3;
                _cleanup_findings_ struct findings findings = run_checks();
                const struct finding *finding = find(&findings, cases_of_rights[i].id);
                (void)chmod(path, 0755);
                if (finding->severity != FINDING_ERROR || !strstr(finding->seen, cases_of_rights[i].seen)) {
                        fprintf(stderr, "%s: %s\n", finding->id, finding->seen);
                        return 1;
                }
        }
        return 0;
}

static void test_entries_without_rights(void **state)
{
        pid_t child = fork();
        if (child == 0)
                _exit(look_without_rights());
        assert_int_equal(test_wait(child), 0);
}

/* In a mount namespace of its own; the child's exit status says what failed. */
static int look_at_mounts(void)
{
        static const struct {
                const char *place, *id, *severity, *seen, *mode;
        } mounts[] = {
                {"with blank", "root_entries", "error", "with blank"},
                {"media/files", "site_files", "error", "media/files"},
                {"app/cache", "site_files", "warning", "app/cache"},
                {"media/files", "site_files", "error", "media/files", "copy"},
                {"mine/disk", "site_files", "error", "mine/disk", "copy"},
        };
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return TEST_SKIPPED;
        put_folder("mine");
        for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
                if (mounts[i].mode)
                        fixture_set(&fixture, "user_data.mode", mounts[i].mode);
                _cleanup_free_ char *path = string_format("%s/%s", fixture.root, mounts[i].place);
                if (access(path, F_OK) != 0)
                        put_folder(mounts[i].place);
                /* A bind mount: the same file system, which st_dev does not tell. */
                if (mount(path, path, NULL, MS_BIND, NULL) < 0)
                        return TEST_SKIPPED;
                _cleanup_findings_ struct findings findings = run_checks();
                const struct finding *finding = find(&findings, mounts[i].id);
                bool right = strcmp(finding_severity_name(finding->severity), mounts[i].severity) == 0 &&
                             strstr(finding->seen, mounts[i].seen);
                if (!right)
                        fprintf(stderr, "%s: %s\n", finding->id, finding->seen);
                (void)umount(path);
                if (!right)
                        return 1;
        }
        return 0;
}

static void test_mount_points(void **state)
{
        pid_t child = fork();
        if (child == 0)
                _exit(look_at_mounts());
        int status = test_wait(child);
        if (status == TEST_SKIPPED)
                print_message("# no right to mount here\n");
        else
                assert_int_equal(status, 0);
}

static void test_cancelled(void **state)
{
        _cleanup_error_ struct error err = {0};
        const struct checks_options options = {
                .config = &fixture.config, .state_path = fixture.state, .cancel = &fixture.cancel};
        struct findings findings;
        cancel_request(&fixture.cancel, CANCEL_BY_USER);
        assert_int_equal(checks_run(&options, &findings, &err), -1);
        assert_int_equal(err.reason, REASON_CANCELLED);
}

static void test_json(void **state)
{
        struct finding items[] = {
                {"good", FINDING_OK, (char *)"fine", NULL},
                {"bad", FINDING_ERROR, (char *)"not \"fine\" \xff\n", (char *)"mend it"},
                {"odd", FINDING_WARNING, (char *)"odd", (char *)"see"},
        };
        const struct findings findings = {items, ARRAY_SIZE(items)};
        _cleanup_free_ char *text = findings_to_json(&findings);
        json_t *all = json_loads(text, 0, NULL);
        assert_non_null(all);
        assert_int_equal(json_integer_value(json_object_get(all, "errors")), 1);
        assert_int_equal(json_integer_value(json_object_get(all, "warnings")), 1);
        assert_int_equal(strlen(json_string_value(json_object_get(all, "time"))), 24);
        json_t *bad = json_array_get(json_object_get(all, "findings"), 1);
        assert_string_equal(json_string_value(json_object_get(bad, "severity")), "error");
        assert_string_equal(json_string_value(json_object_get(bad, "seen")), "not \"fine\" \xef\xbf\xbd\n");
        assert_true(
                json_is_null(json_object_get(json_array_get(json_object_get(all, "findings"), 0), "advice")));
        json_decref(all);
}

/* The stage */

static int run_stage(struct error *err)
{
        return stage_preflight.run(&fixture.context, err);
}

static void accept(const char *ids)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(
                checkpoint_set_fact(fixture.context.checkpoint, FACT_ACCEPTED_WARNINGS, ids, &err), 0);
}

static void test_stage_asks_for_acceptance(void **state)
{
        _cleanup_error_ struct error err = {0};
        own_plugins();
        assert_int_equal(run_stage(&err), -1);
        assert_int_equal(err.reason, REASON_PREFLIGHT_WARNINGS);
        assert_non_null(strstr(error_message(&err), "mautic-upgradectl resume --accept plugins,package"));
        assert_true(has_said("warning: Check plugins: warning: beyond"));
        _cleanup_free_ char *json = NULL;
        assert_int_equal(
                checkpoint_get_fact(fixture.context.checkpoint, FACT_PREFLIGHT_FINDINGS, &json, &err), 0);
        assert_non_null(strstr(json, "\"id\":\"plugins\",\"severity\":\"warning\""));
        assert_int_equal(progress_done, progress_total);

        /* One of two, and an id that only begins like the other. */
        accept("package_jump\nplugins");
        assert_int_equal(run_stage(&err), -1);
        assert_int_equal(err.reason, REASON_PREFLIGHT_WARNINGS);
        assert_null(strstr(error_message(&err), "plugins"));
        accept("package\nplugins");
        assert_int_equal(run_stage(&err), STAGE_DONE);
        assert_true(has_said("Check plugins: warning (accepted)"));
        _cleanup_free_ char *after = listing();
        assert_null(strstr(after, "probe"));
}

static void test_stage_tries_renames(void **state)
{
        _cleanup_error_ struct error err = {0};
        accept("package");
        put_folder(".mautic-upgraded-probe-2"); /* what the try makes is in the way, so it fails */
        assert_int_equal(run_stage(&err), -1);
        assert_int_equal(err.reason, REASON_PREFLIGHT_ERRORS);
        assert_non_null(strstr(error_message(&err), ".mautic-upgraded-probe-2"));
        take(".mautic-upgraded-probe-2");
        assert_int_equal(run_stage(&err), STAGE_DONE);
}

static void test_stage_stops_at_errors(void **state)
{
        _cleanup_error_ struct error err = {0};
        accept("mautic_version\npackage");
        old_mautic();
        begun_by_the_script();
        assert_int_equal(run_stage(&err), -1);
        assert_int_equal(err.reason, REASON_PREFLIGHT_ERRORS);
        assert_non_null(strstr(
                error_message(&err), "mautic_version: Mautic 2.16.2, older than 2.16.3; half_upgraded: "));
}

static void test_stage_is_cancelled(void **state)
{
        _cleanup_error_ struct error err = {0};
        cancel_request(&fixture.cancel, CANCEL_BY_STOP);
        assert_int_equal(run_stage(&err), -1);
        assert_int_equal(err.reason, REASON_STOPPING);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        admin = test_server_connect(&server, NULL);
        test_sql(admin, "CREATE DATABASE mautic_test");
        test_sql(admin, "CREATE USER mautic@localhost IDENTIFIED BY 'secret'");
        all_privileges();
        test_sql(admin, "CREATE TABLE mautic_test.m_migrations (version varchar(255) PRIMARY KEY)");
        test_sql(admin, "INSERT INTO mautic_test.m_migrations VALUES ('20190101000000')");
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases),
                TEST(test_ids_that_can_be_accepted),
                TEST(test_an_unused_php_is_never_started),
                TEST(test_every_check_has_a_finding),
                TEST(test_nothing_is_changed),
                TEST(test_another_holds_the_database),
                TEST(test_php_at_work_on_the_site),
                TEST(test_entries_without_rights),
                TEST(test_mount_points),
                TEST(test_cancelled),
                TEST(test_json),
                TEST(test_stage_asks_for_acceptance),
                TEST(test_stage_tries_renames),
                TEST(test_stage_stops_at_errors),
                TEST(test_stage_is_cancelled),
        };
        status = cmocka_run_group_tests_name("checks", tests, NULL, NULL);
        database_close(admin);
        test_server_stop(&server);
        return status;
}
