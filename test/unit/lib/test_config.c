/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test/unit/scratch.h"

/* Loads the text as a file; what is left of the message is behind the file's name. */
static int load(struct config *config, const void *text, size_t size, struct error *err)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_free_ char *path = string_format("%s/site.conf", scratch.path);
        scratch_write(&scratch, "site.conf", text, size);
        int result = config_load(config, path, err);
        if (result < 0 && strncmp(error_message(err), path, strlen(path)) == 0)
                string_replace(&err->message, string_copy(err->message + strlen(path)));
        return result;
}

static void test_defaults(void **state)
{
        _cleanup_config_ struct config config;
        config_init(&config);
        assert_null(config.root);
        assert_null(config.state_folder);
        assert_string_equal(config.resume, "auto");
        assert_string_equal(config.php, "php");
        assert_int_equal(config.database_timeout, 10);
        assert_int_equal(config.package_limit, 1LLU << 30);
        assert_int_equal(config.extract_limit, 4LLU << 30);
        assert_false(config.package_insecure);
        assert_true(config.smoke_request);
}

/* The table and its texts: what help and README are made from. */
static void test_describe(void **state)
{
        const char *name, *value, *text;
        size_t count = 0;
        while (config_describe(count, &name, &value, &text)) {
                assert_non_null(strchr(name, '.'));
                assert_true(strlen(name) < 50); /* inih cuts longer ones */
                assert_true(strlen(text) > 10);
                for (size_t other = 0; other < count; other++) {
                        const char *other_name;
                        assert_true(config_describe(other, &other_name, &value, &text));
                        assert_string_not_equal(name, other_name);
                }
                count++;
        }
        assert_true(count > 20);
        assert_false(config_describe(SIZE_MAX, &name, &value, &text));
}

static void test_load(void **state)
{
        static const char text[] = "\xef\xbb\xbf# a comment\r\n"
                                   "; another\r\n"
                                   "[site]\r\n"
                                   "root = /srv/www/gr\xfc\xdf"
                                   "e = x\r\n"
                                   "\r\n"
                                   "[backup]\n"
                                   "  level=9\n"
                                   "\ttimeout : 60 ; a minute\n"
                                   "[package]\n"
                                   "url = https://example.org/a?b=c;d#e\n"
                                   "insecure = On\n"
                                   "limit = 2g\n"
                                   "[daemon]\n"
                                   "group =\n"
                                   "[backup]\n"
                                   "tool = mysqldump";
        _cleanup_error_ struct error err = {0};
        _cleanup_config_ struct config config;
        config_init(&config);
        assert_ok(load(&config, text, sizeof(text) - 1, &err));
        assert_string_equal(config.root, "/srv/www/gr\xfc\xdf"
                                         "e = x");
        assert_int_equal(config.backup_level, 9);
        assert_int_equal(config.backup_timeout, 60);
        assert_string_equal(config.package_url, "https://example.org/a?b=c;d#e");
        assert_true(config.package_insecure);
        assert_int_equal(config.package_limit, 2LLU << 30);
        assert_null(config.group);
        assert_string_equal(config.backup_tool, "mysqldump");
        assert_string_equal(config.php, "php");
}

static void test_empty_file(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_config_ struct config config;
        config_init(&config);
        assert_ok(load(&config, "", 0, &err));
        assert_ok(load(&config, "\n", 1, &err));
}

#define TEXT(text) text, sizeof(text) - 1

static const struct {
        const char *text;
        size_t size;
        const char *message; /* begins like this, behind the file's name */
} bad_files[] = {
        {TEXT("[site]\nroot = relative\n"), ":2: site.root = relative: must be an absolute path"},
        {TEXT("[site]\n\n\nroot\n"), ":4: neither a [section] nor key = value"},
        {TEXT("[site\nroot = /\n"), ":1: neither a [section] nor key = value"},
        {TEXT("[site]\nrot = /\n"), ":2: there is no key site.rot"},
        {TEXT("[sites]\nroot = /\n"), ":2: there is no key sites.root"},
        {TEXT("root = /\n"), ":1: there is no key .root"},
        {TEXT("[site]\nROOT = /\n"), ":2: there is no key site.ROOT"},
        {TEXT("[site]\nroot = /a\n[daemon]\n[site]\nroot = /b\n"),
                ":5: site.root is set a second time, the first is in line 2"},
        {TEXT("[site]\nroot = /a\n = b\n"), ":3: there is no key site."},
        {TEXT("[daemon]\nresume = maybe\n"), ":2: daemon.resume = maybe: must be one of auto|ask"},
        {TEXT("[daemon]\nresume = aut\n"), ":2: daemon.resume = aut: must be one of auto|ask"},
        {TEXT("[daemon]\nresume =\n"), ":2: daemon.resume = : must be one of auto|ask"},
        {TEXT("[package]\ninsecure = perhaps\n"), ":2: package.insecure = perhaps: must be yes or no"},
        {TEXT("[backup]\nlevel = 20\n"), ":2: backup.level = 20: must lie between 1 and 19"},
        {TEXT("[backup]\nlevel = three\n"), ":2: backup.level = three: must be a plain number"},
        {TEXT("[backup]\ntimeout = 1h\n"), ":2: backup.timeout = 1h: must be a plain number of seconds"},
        {TEXT("[package]\nlimit = 1KB\n"), ":2: package.limit = 1KB: must be a number"},
        /* the first fault is told, whichever finds it */
        {TEXT("[site]\nnonsense\nroot = relative\n"), ":2: neither"},
        {TEXT("[site]\nroot = relative\nnonsense\n"), ":2: site.root"},
        {TEXT("[site]\nroot = /a\0b\n"), ":2: byte 0x00 in column 10"},
        {TEXT("[site]\n# bell \a\n"), ":2: byte 0x07 in column 8"},
        {TEXT("\x7f"
              "ELF"),
                ":1: byte 0x7f in column 1"},
};

static void test_bad_files(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(bad_files); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_config_ struct config config;
                config_init(&config);
                assert_fails(load(&config, bad_files[i].text, bad_files[i].size, &err),
                        REASON_CONFIGURATION_INVALID);
                if (!string_begins(err.message, bad_files[i].message))
                        fail_msg("case %zu: %s", i, err.message);
        }
}

static void test_long_line(void **state)
{
        _cleanup_config_ struct config config;
        config_init(&config);
        char text[1024] = "[package]\nurl = ";
        size_t start = strlen("[package]\n");
        memset(text + strlen(text), 'x', 600);
        /* All that inih takes is taken whole, one more is refused: never a silent cut. */
        size_t longest = 0;
        for (size_t length = 20; length < 600; length++) {
                _cleanup_error_ struct error refused = {0};
                int result = load(&config, text, start + length, &refused);
                if (result == 0) {
                        assert_int_equal(longest, length == 20 ? 0 : length - 1);
                        assert_int_equal(strlen(config.package_url), length - strlen("url = "));
                        longest = length;
                } else {
                        assert_int_equal(refused.reason, REASON_CONFIGURATION_INVALID);
                        assert_int_equal(strncmp(refused.message, ":2: the line is longer than", 27), 0);
                }
        }
        assert_true(longest >= 150 && longest < 600);
}

static void test_not_a_file(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_config_ struct config config;
        config_init(&config);
        assert_fails(config_load(&config, scratch.path, &err), REASON_CONFIGURATION_INVALID);
        _cleanup_free_ char *missing = string_format("%s/missing", scratch.path);
        assert_fails(config_load(&config, missing, &err), REASON_NOT_FOUND);
        assert_non_null(strstr(err.message, missing));
        assert_int_equal(mkfifo(missing, 0600), 0);
        assert_fails(config_load(&config, missing, &err), REASON_CONFIGURATION_INVALID);
        assert_fails(config_load(&config, "/dev/zero", &err), REASON_CONFIGURATION_INVALID);
}

static void test_huge_file(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_config_ struct config config;
        config_init(&config);
        _cleanup_free_ char *text = memory_new(2 * 1024 * 1024);
        memset(text, '\n', 2 * 1024 * 1024);
        assert_fails(load(&config, text, 2 * 1024 * 1024, &err), REASON_CONFIGURATION_INVALID);
}

static const struct {
        const char *name, *value;
        bool fits;
} settings[] = {
        {"gate.settle", "0", true},
        {"gate.settle", "3600", true},
        {"gate.settle", "3601", false},
        {"database.timeout", "0", false},
        {"database.timeout", "-1", false},
        {"database.timeout", "+1", false},
        {"database.timeout", " 1", false},
        {"database.timeout", "1 ", false},
        {"database.timeout", "", false},
        {"database.timeout", "18446744073709551616", false},
        {"database.timeout", "0x10", false},
        {"package.limit", "1", true},
        {"package.limit", "1k", true},
        {"package.limit", "1024T", true},
        {"package.limit", "1025T", false},
        {"package.limit", "18446744073709551615T", false},
        {"package.limit", "0", false},
        {"package.limit", "K", false},
        {"package.limit", "1.5G", false},
        {"download.attempts", "0", false},
        {"smoke.request", "yes", true},
        {"smoke.request", "TRUE", true},
        {"smoke.request", "1", true},
        {"smoke.request", "off", true},
        {"smoke.request", "", false},
        {"smoke.request", "2", false},
        {"package.file", "", true},
        {"package.file", "a.zip", false},
        {"package.file", "/a.zip", true},
        {"hooks.on_event", "", true},
        {"hooks.on_event", "/usr/bin/notify --to 'web team'", true},
        {"hooks.on_event", "/usr/bin/notify --to 'web team", false},
        {"hooks.on_event", "notify", false},
        {"hooks.on_event", "./notify", false},
        {"hooks.timeout", "3600", true},
        {"hooks.timeout", "3601", false},
        {"hooks.timeout", "0", false},
        {"package.sha256", "", true},
        {"package.sha256", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", true},
        {"package.sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85", false},
        {"package.sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g", false},
        {"php.path", "/usr/bin/php\n", false},
        {"backup.tool", "auto|mysqldump", false},
        {"backup.tool", "mariadb-dump", true},
        {"site", "/", false},
        {"", "", false},
        {"Site.root", "/", false},
};

static void test_settings(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_config_ struct config config;
                config_init(&config);
                int result = config_set(&config, settings[i].name, settings[i].value, &err);
                if ((result == 0) != settings[i].fits)
                        fail_msg("%s = \"%s\" gave %d: %s", settings[i].name, settings[i].value, result,
                                error_message(&err));
                assert_int_equal(err.reason, settings[i].fits ? REASON_NONE : REASON_CONFIGURATION_INVALID);
        }
}

static void test_values(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_config_ struct config config;
        config_init(&config);
        assert_ok(config_set(&config, "package.limit", "3M", &err));
        assert_int_equal(config.package_limit, 3 * 1024 * 1024);
        assert_fails(config_set(&config, "package.limit", "x", &err), REASON_CONFIGURATION_INVALID);
        assert_int_equal(config.package_limit, 3 * 1024 * 1024);
        assert_ok(config_set(&config, "package.sha256",
                "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", &err));
        assert_string_equal(
                config.package_sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_ok(config_set(&config, "site.root", "/a", &err));
        assert_ok(config_set(&config, "site.root", "/b", &err)); /* the command line comes after the file */
        assert_string_equal(config.root, "/b");
        assert_ok(config_set(&config, "site.root", "", &err));
        assert_null(config.root);
        char longer[8192];
        memset(longer, 'x', sizeof(longer) - 1);
        longer[0] = '/';
        longer[sizeof(longer) - 1] = '\0';
        assert_fails(config_set(&config, "site.root", longer, &err), REASON_CONFIGURATION_INVALID);
        assert_true(strlen(err.message) < 500);
        assert_ok(config_set(&config, "package.url", longer, &err));
        assert_string_equal(config.package_url, longer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults),
                cmocka_unit_test(test_describe),
                cmocka_unit_test(test_load),
                cmocka_unit_test(test_empty_file),
                cmocka_unit_test(test_bad_files),
                cmocka_unit_test(test_long_line),
                cmocka_unit_test(test_not_a_file),
                cmocka_unit_test(test_huge_file),
                cmocka_unit_test(test_settings),
                cmocka_unit_test(test_values),
        };
        return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
