/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/site.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
        char *top; /* temporary folder */
        char *root; /* top/site, the site */
};

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
        return remove(path);
}

static int setup(void **state)
{
        static struct fixture fixture;
        char template[] = "/tmp/test-site-XXXXXX";
        assert_non_null(mkdtemp(template));
        fixture.top = realpath(template, NULL);
        fixture.root = string_format("%s/site", fixture.top);
        assert_int_equal(mkdir(fixture.root, 0755), 0);
        *state = &fixture;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;
        nftw(fixture->top, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        free(fixture->top);
        free(fixture->root);
        return 0;
}

/* Writes top/path with its folders. */
static void put(const struct fixture *fixture, const char *path, const char *content)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->top, path);
        for (char *slash = full + strlen(fixture->top) + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                (void)mkdir(full, 0755);
                *slash = '/';
        }
        FILE *file = fopen(full, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
        assert_int_equal(fclose(file), 0);
}

/* What both releases ship, in other words. */
static const char paths_php[] =
        "<?php\n$paths = [\n    'themes'       => 'themes',\n    'assets'       => 'media',\n"
        "    'asset_prefix' => '',\n    'plugins'      => 'plugins',\n"
        "    'local_config' => '%kernel.root_dir%/config/local.php',\n];\n"
        "if (file_exists(__DIR__.'/paths_local.php')) {\n    include __DIR__.'/paths_local.php';\n}\n"
        "$paths = array_merge($paths, ['root' => substr($root, 0, -4), 'app' => 'app']);\n";
static const char metadata_json[] = "{\"version\": \"3.0.2\", \"minimum_php_version\": \"7.2.21\", "
                                    "\"maximum_php_version\": \"7.3.99\"}";

static struct site *must_open(const struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        struct site *site = NULL;
        if (site_open(fixture->root, &site, &err) < 0)
                fail_msg("%s", error_message(&err));
        return site;
}

static void test_kinds(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(site_freep) struct site *empty = must_open(fixture);
        assert_int_equal(empty->kind, SITE_EMPTY);
        assert_null(empty->version);
        assert_string_equal(empty->root, fixture->root);
        assert_string_equal(empty->paths.themes, "themes");
        assert_string_equal(empty->paths.media, "media");
        assert_string_equal(empty->paths.plugins, "plugins");
        assert_string_equal(empty->paths.local_config, "app/config/local.php");
        assert_int_equal(fsync(empty->root_fd), 0);

        put(fixture, "site/app/version.txt", "2.16.5\nmore\n");
        put(fixture, "site/app/config/paths.php", paths_php);
        _cleanup_(site_freep) struct site *two = must_open(fixture);
        assert_int_equal(two->kind, SITE_MAUTIC_2);
        assert_string_equal(two->version, "2.16.5");
        assert_string_equal(two->paths.local_config, "app/config/local.php");

        put(fixture, "site/app/release_metadata.json", metadata_json);
        _cleanup_(site_freep) struct site *three = must_open(fixture);
        assert_int_equal(three->kind, SITE_MAUTIC_3);
        assert_string_equal(three->version, "3.0.2");
}

static void test_empty_version(void **state)
{
        put(*state, "site/app/version.txt", "\n");
        _cleanup_(site_freep) struct site *site = must_open(*state);
        assert_int_equal(site->kind, SITE_MAUTIC_2);
        assert_null(site->version);
}

static void test_root_behind_a_link(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_free_ char *link = string_format("%s/link", fixture->top);
        assert_int_equal(symlink("site", link), 0);
        _cleanup_error_ struct error err = {0};
        _cleanup_(site_freep) struct site *site = NULL;
        assert_int_equal(site_open(link, &site, &err), 0);
        assert_string_equal(site->root, fixture->root);
}

static void test_not_mautic(void **state)
{
        const struct fixture *fixture = *state;
        put(fixture, "file", "x");
        static const char *const names[] = {"missing", "file", "file/below"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_error_ struct error err = {0};
                struct site *site = NULL;
                _cleanup_free_ char *path = string_format("%s/%s", fixture->top, names[i]);
                assert_int_equal(site_open(path, &site, &err), -1);
                assert_int_equal(err.reason, REASON_NOT_MAUTIC);
                assert_non_null(strstr(err.message, names[i]));
        }
}

static void test_damaged_metadata(void **state)
{
        put(*state, "site/app/release_metadata.json", "{\"version\": ");
        _cleanup_error_ struct error err = {0};
        struct site *site = NULL;
        assert_int_equal(site_open(((struct fixture *)*state)->root, &site, &err), -1);
        assert_non_null(strstr(err.message, "release_metadata.json"));
}

static void test_paths_local(void **state)
{
        const struct fixture *fixture = *state;
        static const struct {
                const char *source;
                const char *themes, *media, *plugins,
                        *local_config; /* "^" stands for the folder above root */
        } cases[] = {
                {"$paths['themes'] = 'skins';", "skins", "media", "plugins", "app/config/local.php"},
                {"$paths = array_merge($paths, ['assets' => 'files/media']);", "themes", "files/media",
                        "plugins", "app/config/local.php"},
                {"$paths['local_config'] = '%kernel.root_dir%/../../local.php';", "themes", "media",
                        "plugins", "^/local.php"},
                {"$paths['local_config'] = $root.'/config/other.php';", "themes", "media", "plugins",
                        "app/config/other.php"},
                {"$paths['local_config'] = __DIR__ . '/../../conf//./local.php';", "themes", "media",
                        "plugins", "conf/local.php"},
                {"$paths['local_config'] = 'conf/local.php';", "themes", "media", "plugins",
                        "conf/local.php"},
                {"$paths['local_config'] = '/etc/mautic/local.php';", "themes", "media", "plugins",
                        "/etc/mautic/local.php"},
                {"$paths['assets'] = '/media2';", "themes", "media2", "plugins", "app/config/local.php"},
                {"$paths['assets_root'] = $root.'/../../shared';", "themes", "^/shared/media", "plugins",
                        "app/config/local.php"},
                {"$paths['themes'] = '%kernel.root_dir%/../t';", "t", "media", "plugins",
                        "app/config/local.php"},
                {"$paths['plugins'] = '../plugins';", "themes", "media", "^/plugins", "app/config/local.php"},
                {"$paths = ['themes' => 'x', 'local_config' => 'l.php'];", "x", "media", "plugins", "l.php"},
                {"$paths['themes'] = null;", "themes", "media", "plugins", "app/config/local.php"},
        };
        put(fixture, "site/app/config/paths.php", paths_php);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *source = string_format("<?php\n%s\n", cases[i].source);
                put(fixture, "site/app/config/paths_local.php", source);
                _cleanup_(site_freep) struct site *site = must_open(fixture);
                const char *const expected[] = {
                        cases[i].themes, cases[i].media, cases[i].plugins, cases[i].local_config};
                const char *const seen[] = {
                        site->paths.themes, site->paths.media, site->paths.plugins, site->paths.local_config};
                for (size_t j = 0; j < ARRAY_SIZE(seen); j++) {
                        _cleanup_free_ char *full =
                                expected[j][0] == '^' ? string_format("%s%s", fixture->top, expected[j] + 1)
                                                      : string_copy(expected[j]);
                        if (!string_equal(full, seen[j]))
                                fail_msg("%s gives %s, not %s", cases[i].source, seen[j], full);
                }
        }
}

static void test_paths_not_understood(void **state)
{
        const struct fixture *fixture = *state;
        static const struct {
                const char *file, *source, *where;
        } cases[] = {
                {"paths.php", "<?php\n$paths = [\n  'themes' = 1];", "app/config/paths.php: line"},
                {"paths.php", "<?php\n$paths = [];\ninclude 'x.php';",
                        "app/config/paths.php: line 3, column 1"},
                {"paths_local.php", "<?php\n$paths['themes'] = $_SERVER['HOST'];",
                        "app/config/paths_local.php: line 2, column 20: $paths['themes']"},
                {"paths_local.php", "<?php\nif ($x) {\n $paths['themes'] = 'x'; }",
                        "app/config/paths_local.php: line 3, column 2"},
                {"paths_local.php", "<?php\n$paths['themes'] = 5;", "app/config/paths_local.php: line 2"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                struct site *site = NULL;
                put(fixture, "site/app/config/paths.php", paths_php);
                _cleanup_free_ char *path = string_format("site/app/config/%s", cases[i].file);
                put(fixture, path, cases[i].source);
                if (site_open(fixture->root, &site, &err) != -1)
                        fail_msg("understood: %s", cases[i].source);
                assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
                if (!string_begins(err.message, cases[i].where))
                        fail_msg("%s", err.message);
        }
}

static void test_dots_behind_a_link_are_refused(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_free_ char *link = string_format("%s/link", fixture->root);
        assert_int_equal(symlink("/usr", link), 0);
        put(fixture, "site/app/config/paths.php", "<?php $paths = ['themes' => 'link/../themes'];");
        _cleanup_error_ struct error err = {0};
        struct site *site = NULL;
        assert_int_equal(site_open(fixture->root, &site, &err), -1);
        assert_int_equal(err.reason, REASON_UNSAFE_PATH);
}

/* Halfway through the move: what has left the root is read from where it went. */
static void test_in_the_middle_of_the_move(void **state)
{
        const struct fixture *fixture = *state;
        put(fixture, "site/mautic-2-backup-files/app/config/paths.php", paths_php);
        put(fixture, "site/mautic-2-backup-files/app/config/paths_local.php",
                "<?php $paths['themes'] = 'skins';");
        put(fixture, "site/mautic-2-backup-files/app/config/local.php",
                "<?php $parameters = ['db_name' => 'moved'];");
        _cleanup_(site_freep) struct site *site = must_open(fixture);
        assert_int_equal(site->kind, SITE_EMPTY);
        assert_string_equal(site->paths.themes, "skins");
        _cleanup_error_ struct error err = {0};
        _cleanup_site_settings_ struct site_settings settings = {0};
        assert_int_equal(site_load_settings(site, &settings, &err), 0);
        assert_string_equal(settings.database.name, "moved");
        _cleanup_close_ int folder_fd = -1;
        char *name = NULL;
        assert_int_equal(site_find_local_config(site, &folder_fd, &name, &err), 1);
}

static void test_local_config_behind_a_link(void **state)
{
        const struct fixture *fixture = *state;
        put(fixture, "shared/real.php", "<?php $parameters = ['db_name' => 'shared'];");
        put(fixture, "site/app/config/paths.php", paths_php);
        _cleanup_free_ char *link = string_format("%s/app/config/local.php", fixture->root);
        assert_int_equal(symlink("../../../shared/real.php", link), 0);
        _cleanup_(site_freep) struct site *site = must_open(fixture);
        _cleanup_error_ struct error err = {0};
        _cleanup_site_settings_ struct site_settings settings = {0};
        assert_int_equal(site_load_settings(site, &settings, &err), 0);
        assert_string_equal(settings.database.name, "shared");
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL;
        assert_int_equal(site_find_local_config(site, &folder_fd, &name, &err), 0);
        assert_string_equal(name, "real.php");
        assert_int_equal(faccessat(folder_fd, "real.php", R_OK, 0), 0);
}

static int load(const struct fixture *fixture, const char *local, const char *parameters,
        struct site_settings *ret, struct error *err)
{
        _cleanup_free_ char *local_source = string_format("<?php $parameters = array(%s);", local);
        put(fixture, "site/app/config/local.php", local_source);
        _cleanup_free_ char *parameters_source = string_format("<?php %s", parameters);
        put(fixture, "site/app/config/parameters_local.php", parameters_source);
        _cleanup_(site_freep) struct site *site = must_open(fixture);
        return site_load_settings(site, ret, err);
}

static void test_settings(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_error_ struct error err = {0};
        _cleanup_site_settings_ struct site_settings settings = {0};
        setenv("TEST_SITE_PASSWORD", "p'a\"ss\xff", 1);
        assert_int_equal(
                load(fixture,
                        "'db_driver' => 'mysqli', 'db_host' => 'db.example', 'db_port' => '3307', "
                        "'db_name' => 'm', 'db_user' => 'u', 'db_password' => 'getenv(TEST_SITE_PASSWORD)', "
                        "'db_table_prefix' => 'mtc_', 'site_url' => 'https://a.example/', "
                        "'cache_path' => '%kernel.root_dir%/../var/c', 'mailer_spool_path' => null, "
                        "'api_rate_limiter_cache' => array('type' => 'redis')",
                        "$parameters['db_user'] = 'forced';", &settings, &err),
                0);
        assert_string_equal(settings.database.host, "db.example");
        assert_int_equal(settings.database.port, 3307);
        assert_null(settings.database.unix_socket);
        assert_string_equal(settings.database.name, "m");
        assert_string_equal(settings.database.user, "forced");
        assert_string_equal(settings.database.password, "p'a\"ss\xff");
        assert_string_equal(settings.driver, "mysqli");
        assert_string_equal(settings.prefix, "mtc_");
        assert_string_equal(settings.site_url, "https://a.example/");
        assert_string_equal(settings.rate_limiter_cache, "array('type' => 'redis')");
        _cleanup_free_ char *cache = string_format("%s/var/c", fixture->root);
        assert_string_equal(settings.cache_path, cache);
        _cleanup_free_ char *logs = string_format("%s/app/logs", fixture->root);
        assert_string_equal(settings.log_path, logs);
        _cleanup_free_ char *spool = string_format("%s/app/spool", fixture->root);
        assert_string_equal(settings.mailer_spool_path, spool);
}

static void test_defaults(void **state)
{
        const struct fixture *fixture = *state;
        put(fixture, "site/app/release_metadata.json", metadata_json);
        _cleanup_error_ struct error err = {0};
        _cleanup_site_settings_ struct site_settings settings = {0};
        assert_int_equal(load(fixture, "'db_name' => 'm', 'db_table_prefix' => null, 'db_port' => null",
                                 "$parameters['api_rate_limiter_cache'] = null;", &settings, &err),
                0);
        assert_string_equal(settings.database.host, "127.0.0.1");
        assert_int_equal(settings.database.port, 3306);
        assert_string_equal(settings.database.user, "");
        assert_string_equal(settings.database.password, "");
        assert_string_equal(settings.driver, "pdo_mysql");
        assert_string_equal(settings.prefix, "");
        assert_null(settings.site_url);
        assert_null(settings.rate_limiter_cache);
        _cleanup_free_ char *cache = string_format("%s/var/cache", fixture->root);
        assert_string_equal(settings.cache_path, cache);
}

static void test_hosts(void **state)
{
        static const struct {
                const char *settings;
                const char *host;
                unsigned port;
        } cases[] = {
                {"'db_host' => 'localhost'", "localhost", 3306},
                {"'db_host' => null", "localhost", 3306},
                {"'db_host' => ''", "localhost", 3306},
                {"'db_host' => 'h:3307', 'db_port' => 3308", "h", 3307},
                {"'db_host' => 'localhost:3307'", "127.0.0.1", 3307},
                {"'db_host' => '[::1]:3307'", "::1", 3307},
                {"'db_host' => '[::1]', 'db_port' => 3308", "::1", 3308},
                {"'db_host' => '::1'", "::1", 3306},
                {"'db_host' => 'h:x'", "h:x", 3306},
                {"'db_port' => 0", "127.0.0.1", 3306},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_site_settings_ struct site_settings settings = {0};
                _cleanup_free_ char *local = string_format("'db_name' => 'm', %s", cases[i].settings);
                if (load(*state, local, "$parameters['x'] = 1;", &settings, &err) < 0)
                        fail_msg("%s: %s", cases[i].settings, error_message(&err));
                assert_string_equal(settings.database.host, cases[i].host);
                assert_int_equal(settings.database.port, cases[i].port);
        }
}

static void test_settings_not_understood(void **state)
{
        static const struct {
                const char *local, *parameters, *where;
        } cases[] = {
                {"", "$parameters['x'] = 1;", "app/config/local.php: db_name"},
                {"'db_name' => f()", "$parameters['x'] = 1;", "app/config/local.php: line 1, column 40"},
                {"'db_name' => 'm', 'db_port' => 'x'", "$parameters['x'] = 1;",
                        "app/config/local.php: db_port"},
                {"'db_name' => 'm', 'db_port' => 70000", "$parameters['x'] = 1;",
                        "app/config/local.php: db_port"},
                {"'db_name' => 'm'", "$parameters['db_user'] = $x;",
                        "app/config/parameters_local.php: line 1, column 32"},
                {"'db_name' => 'm', 'db_password' => 'getenv(TEST_SITE_MISSING)'", "$parameters['x'] = 1;",
                        "app/config/local.php: db_password is taken from the environment variable "
                        "TEST_SITE_MISSING"},
                {"'db_name' => ", "$parameters['x'] = 1;", "app/config/local.php: line 1"},
        };
        unsetenv("TEST_SITE_MISSING");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                struct site_settings settings = {0};
                if (load(*state, cases[i].local, cases[i].parameters, &settings, &err) != -1)
                        fail_msg("understood: %s", cases[i].local);
                assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
                if (!string_begins(err.message, cases[i].where))
                        fail_msg("%s", err.message);
                assert_null(settings.database.host);
        }
}

static void test_missing_local_config(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(site_freep) struct site *site = must_open(*state);
        struct site_settings settings = {0};
        assert_int_equal(site_load_settings(site, &settings, &err), -1);
        assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
        assert_non_null(strstr(err.message, "app/config/local.php is not there"));
}

static void test_version_compare(void **state)
{
        static const struct {
                const char *left, *right;
                int sign;
        } cases[] = {
                {"2.16.3", "2.16.3", 0},
                {"2.16.3", "2.16.10", -1},
                {"2.9", "2.16", -1},
                {"3", "3.0.0", 0},
                {"3.0.0-beta", "3.0.0", -1},
                {"3.0.0-alpha", "3.0.0-beta", -1},
                {"3.0.0-beta2", "3.0.0-beta10", -1},
                {"3.0.0-RC1", "3.0.0-beta", 1},
                {"3.0.1-beta", "3.0.0", 1},
                {"10.0", "9.9.9", 1},
                {"7.3.99", "7.3.31-1~deb10u1", 1},
                {"99999999999999999999999", "1", 1},
                {"", "0.0.1", -1},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int forward = site_version_compare(cases[i].left, cases[i].right);
                int backward = site_version_compare(cases[i].right, cases[i].left);
                if ((forward > 0) - (forward < 0) != cases[i].sign ||
                        (backward > 0) - (backward < 0) != -cases[i].sign)
                        fail_msg("%s and %s: %d, %d", cases[i].left, cases[i].right, forward, backward);
        }
}

static void test_release_metadata(void **state)
{
        static const char *const damaged[] = {
                "", "[]", "{}", "{\"version\": 3}", "{\"version\": \"3\"}", "\xff"};
        for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
                _cleanup_error_ struct error err = {0};
                struct release_metadata metadata = {0};
                assert_int_equal(release_metadata_parse(damaged[i], strlen(damaged[i]), &metadata, &err), -1);
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
        }
        _cleanup_error_ struct error err = {0};
        _cleanup_release_metadata_ struct release_metadata metadata = {0};
        assert_int_equal(release_metadata_parse(metadata_json, strlen(metadata_json), &metadata, &err), 0);
        assert_string_equal(metadata.version, "3.0.2");
        assert_string_equal(metadata.maximum_php_version, "7.3.99");
        assert_null(metadata.minimum_mautic_version);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_kinds),
                TEST(test_empty_version),
                TEST(test_root_behind_a_link),
                TEST(test_not_mautic),
                TEST(test_damaged_metadata),
                TEST(test_paths_local),
                TEST(test_paths_not_understood),
                TEST(test_dots_behind_a_link_are_refused),
                TEST(test_in_the_middle_of_the_move),
                TEST(test_local_config_behind_a_link),
                TEST(test_settings),
                TEST(test_defaults),
                TEST(test_hosts),
                TEST(test_settings_not_understood),
                TEST(test_missing_local_config),
                TEST(test_version_compare),
                TEST(test_release_metadata),
        };
#undef TEST
        return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
