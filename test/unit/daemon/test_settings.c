/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/settings.h"

#include "daemon/peer.h"
#include "lib/files.h"
#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <limits.h>
#include <string.h>

struct fixture {
        char folder[40];
        char root[60], config[60], link[60], file[60];
};

static int set_up(void **state)
{
        struct fixture *fixture = memory_new(sizeof(*fixture));
        struct error err = {0};
        strcpy(fixture->folder, "/tmp/test-settings-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        snprintf(fixture->root, sizeof(fixture->root), "%s/site", fixture->folder);
        snprintf(fixture->config, sizeof(fixture->config), "%s/shop.conf", fixture->folder);
        snprintf(fixture->link, sizeof(fixture->link), "%s/link", fixture->folder);
        snprintf(fixture->file, sizeof(fixture->file), "%s/file", fixture->folder);
        assert_int_equal(mkdir(fixture->root, 0755), 0);
        assert_int_equal(symlink("site", fixture->link), 0);
        _cleanup_close_ int fd = open(fixture->folder, O_RDONLY | O_DIRECTORY);
        _cleanup_free_ char *text = string_format("[site]\nroot = %s\n[php]\npath = php7.3\n", fixture->root);
        assert_int_equal(file_write_atomic(fd, "shop.conf", text, strlen(text), 0600, &err), 0);
        assert_int_equal(file_write_atomic(fd, "file", "", 0, 0600, &err), 0);
        assert_int_equal(chdir(fixture->folder), 0);
        *state = fixture;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *fixture = *state;
        struct error err = {0};
        assert_int_equal(chdir("/"), 0);
        _cleanup_close_ int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
        assert_int_equal(tree_remove(fd, fixture->folder + strlen("/tmp/"), &err), 0);
        free(fixture);
        return 0;
}

static char *below(const struct fixture *fixture, const char *name)
{
        return string_format("%s/%s", fixture->folder, name);
}

static void test_root_and_state_folder(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        _cleanup_settings_ struct settings settings = {0};
        struct settings_request request = {.root = "link", .state_folder = "new/state/"};
        _cleanup_free_ char *state_path = below(fixture, "new/state");
        _cleanup_free_ char *socket_path = below(fixture, "new/state/daemon.sock");
        assert_int_equal(settings_init(&settings, &request, &err), 0);
        assert_string_equal(settings.config.root, fixture->root);
        assert_string_equal(settings.state_path, state_path);
        assert_string_equal(settings.socket_path, socket_path);
        assert_string_equal(settings.site, "site");
        assert_true(settings.group == PEER_NO_GROUP);
}

static void test_configuration_file(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        static const char *const assignments[] = {"php.path=/usr/bin/php", "php.memory_limit=1G"};
        _cleanup_settings_ struct settings settings = {0};
        struct settings_request request = {
                .config = fixture->config, .assignments = assignments, .assignment_count = 2};
        assert_int_equal(settings_init(&settings, &request, &err), 0);
        assert_string_equal(settings.site, "shop");
        assert_string_equal(settings.state_path, SITES_STATE "/shop");
        assert_string_equal(settings.socket_path, SITES_SOCKETS "/shop.sock");
        assert_string_equal(settings.config.php, "/usr/bin/php");
        assert_string_equal(settings.config.php_memory_limit, "1G");
}

static void test_what_is_refused(void **state)
{
        const struct fixture *fixture = *state;
        static const char *const unknown[] = {"no.such=1"}, *const bare[] = {"php.path"},
                                 *const nobody[] = {"daemon.group=no-such-group-here"},
                                 *const listen[] = {"listen.address=127.0.0.1:1", "listen.address=10.0.0.1:1",
                                         "listen.token_file=/no/such/token", "listen.address=127.0.0.1:1",
                                         "listen.token_file=/no/such/token"};
        char lengthy[150] = "/tmp/";
        memset(lengthy + 5, 's', 120);
        const struct {
                struct settings_request request;
                enum reason reason;
                const char *says;
        } cases[] = {
                {{.root = fixture->root}, REASON_INVALID_ARGUMENT, "--state-dir"},
                {{.state_folder = "state"}, REASON_INVALID_ARGUMENT, "--root"},
                {{.root = "missing", .state_folder = "state"}, REASON_NOT_FOUND, "missing"},
                {{.root = fixture->file, .state_folder = "state"}, REASON_NOT_MAUTIC, "no folder"},
                {{.root = fixture->root, .state_folder = "site/state"}, REASON_INVALID_ARGUMENT, "inside"},
                {{.root = fixture->root, .state_folder = "site"}, REASON_INVALID_ARGUMENT, "inside"},
                {{.root = fixture->root, .state_folder = "link/a/b"}, REASON_INVALID_ARGUMENT, "inside"},
                {{.root = fixture->link, .state_folder = "new/../site/b"}, REASON_NOT_FOUND, "new/../site"},
                {{.site = "../etc", .root = fixture->root}, REASON_INVALID_ARGUMENT, "../etc"},
                {{.site = "", .root = fixture->root}, REASON_INVALID_ARGUMENT, "no name"},
                {{.site = ".hidden", .root = fixture->root}, REASON_INVALID_ARGUMENT, ".hidden"},
                {{.site = "no-such-site-here"}, REASON_NOT_FOUND, "no-such-site-here.conf"},
                {{.config = "missing.conf"}, REASON_NOT_FOUND, "missing.conf"},
                {{.root = fixture->root, .state_folder = "s", .socket = lengthy}, REASON_INVALID_ARGUMENT,
                        "bytes"},
                {{.root = fixture->root, .state_folder = "s", .assignments = unknown, .assignment_count = 1},
                        REASON_INVALID_ARGUMENT, "no.such"},
                {{.root = fixture->root, .state_folder = "s", .assignments = bare, .assignment_count = 1},
                        REASON_INVALID_ARGUMENT, "section.key=value"},
                {{.root = fixture->root, .state_folder = "s", .assignments = listen, .assignment_count = 1},
                        REASON_CONFIGURATION_INVALID, "listen.token_file"},
                {{.root = fixture->root,
                         .state_folder = "s",
                         .assignments = listen + 1,
                         .assignment_count = 2},
                        REASON_CONFIGURATION_INVALID, "loopback"},
                {{.root = fixture->root,
                         .state_folder = "s",
                         .assignments = listen + 3,
                         .assignment_count = 2},
                        REASON_NOT_FOUND, "/no/such/token"},
                {{.root = fixture->root, .state_folder = "s", .assignments = nobody, .assignment_count = 1},
                        REASON_CONFIGURATION_INVALID, "no-such-group-here"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(error_deinit) struct error err = {0};
                _cleanup_settings_ struct settings settings = {0};
                assert_int_equal(settings_init(&settings, &cases[i].request, &err), -1);
                if (err.reason != cases[i].reason || !strstr(error_message(&err), cases[i].says))
                        fail_msg("case %zu: %s: %s", i, reason_name(err.reason), error_message(&err));
        }
}

/* A folder whose name begins like the root's is not inside it. */
static void test_a_neighbour_is_not_inside(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        _cleanup_settings_ struct settings settings = {0};
        struct settings_request request = {.root = fixture->root, .state_folder = "site-state"};
        assert_int_equal(settings_init(&settings, &request, &err), 0);
}

static mode_t mode_of(const char *path)
{
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        return status.st_mode & 07777u;
}

static void test_state_folder_is_made_private(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        _cleanup_settings_ struct settings settings = {0};
        struct settings_request request = {.root = fixture->root, .state_folder = "new/state"};
        assert_int_equal(settings_init(&settings, &request, &err), 0);
        assert_int_equal(settings_make_state_folder(&settings, &err), 0);
        assert_int_equal(mode_of(settings.state_path), 0700);
        assert_int_equal(settings_make_state_folder(&settings, &err), 0);
        assert_int_equal(chmod(settings.state_path, 0755), 0);
        assert_int_equal(settings_make_state_folder(&settings, &err), 0);
        assert_int_equal(mode_of(settings.state_path), 0700);
}

/* Somebody else's folder (as --state-dir /etc) is not taken over by setting its mode. */
static void test_a_folder_in_use_is_not_taken(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        _cleanup_settings_ struct settings settings = {0};
        struct settings_request request = {.root = fixture->root, .state_folder = "used"};
        assert_int_equal(mkdir("used", 0700), 0);
        assert_int_equal(chmod("used", 0755), 0);
        _cleanup_close_ int fd = open("used/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(settings_init(&settings, &request, &err), 0);
        assert_int_equal(settings_make_state_folder(&settings, &err), -1);
        assert_int_equal(err.reason, REASON_PERMISSION_DENIED);
        assert_int_equal(mode_of("used"), 0755);
        /* Our own from an earlier run is. */
        _cleanup_close_ int own = open("used/checkpoint.sqlite3", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(own >= 0);
        assert_int_equal(settings_make_state_folder(&settings, &err), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_root_and_state_folder, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_configuration_file, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_neighbour_is_not_inside, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_state_folder_is_made_private, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_folder_in_use_is_not_taken, set_up, tear_down),
        };
        return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
