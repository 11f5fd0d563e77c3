/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/listener.h"

#include "daemon/peer.h"
#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct fixture {
        char folder[40];
        char path[80];
};

static int set_up(void **state)
{
        struct fixture *fixture = memory_new(sizeof(*fixture));
        strcpy(fixture->folder, "/tmp/test-listener-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        snprintf(fixture->path, sizeof(fixture->path), "%s/socket", fixture->folder);
        *state = fixture;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *fixture = *state;
        (void)unlink(fixture->path);
        assert_int_equal(rmdir(fixture->folder), 0);
        free(fixture);
        return 0;
}

static int connect_to(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        strcpy(address.sun_path, path);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
                return fd;
        (void)close(fd);
        return -1;
}

static mode_t mode_of(const char *path)
{
        struct stat status;
        assert_int_equal(lstat(path, &status), 0);
        return status.st_mode & 07777u;
}

static void test_listens_for_the_owner_alone(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        _cleanup_close_ int fd = -1;
        assert_int_equal(listener_open(fixture->path, PEER_NO_GROUP, &fd, &err), 0);
        assert_int_equal(mode_of(fixture->path), 0600);
        _cleanup_close_ int client = connect_to(fixture->path);
        assert_true(client >= 0);
        _cleanup_close_ int served = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        struct peer peer = peer_of(served, PEER_NO_GROUP);
        assert_int_equal(peer.uid, geteuid());
        assert_true(peer.may_drive);
}

static void test_listens_for_a_group(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        _cleanup_close_ int fd = -1;
        struct stat status;
        assert_int_equal(listener_open(fixture->path, getegid(), &fd, &err), 0);
        assert_int_equal(mode_of(fixture->path), 0660);
        assert_int_equal(stat(fixture->path, &status), 0);
        assert_int_equal(status.st_gid, getegid());
}

static void test_a_stale_socket_is_replaced(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        int dead = -1;
        _cleanup_close_ int fd = -1;
        assert_int_equal(listener_open(fixture->path, PEER_NO_GROUP, &dead, &err), 0);
        assert_int_equal(close(dead), 0);
        assert_int_equal(connect_to(fixture->path), -1);
        assert_int_equal(listener_open(fixture->path, PEER_NO_GROUP, &fd, &err), 0);
        _cleanup_close_ int client = connect_to(fixture->path);
        assert_true(client >= 0);
}

static void test_a_living_socket_is_left_alone(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        _cleanup_close_ int fd = -1;
        int second = -1;
        assert_int_equal(listener_open(fixture->path, PEER_NO_GROUP, &fd, &err), 0);
        assert_int_equal(listener_open(fixture->path, PEER_NO_GROUP, &second, &err), -1);
        assert_int_equal(err.reason, REASON_LOCKED);
        assert_int_equal(second, -1);
        _cleanup_close_ int client = connect_to(fixture->path);
        assert_true(client >= 0);
}

static void test_what_is_no_socket_is_left_alone(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_(error_deinit) struct error err = {0};
        int fd = -1;
        _cleanup_close_ int file = open(fixture->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(file >= 0);
        assert_int_equal(listener_open(fixture->path, PEER_NO_GROUP, &fd, &err), -1);
        assert_int_equal(err.reason, REASON_ALREADY_EXISTS);
        assert_int_equal(mode_of(fixture->path) & 0600, 0600);
        assert_int_equal(unlink(fixture->path), 0);
        assert_int_equal(symlink("elsewhere", fixture->path), 0);
        assert_int_equal(listener_open(fixture->path, PEER_NO_GROUP, &fd, &err), -1);
        assert_int_equal(err.reason, REASON_ALREADY_EXISTS);
}

/* Where somebody puts something else there once the socket is bound. */
static void test_rights_follow_no_link(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *victim = string_format("%s.victim", fixture->path);
        _cleanup_close_ int file = open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(file >= 0);
        assert_int_equal(fchmod(file, 0644), 0);
        for (int hard = 0; hard < 2; hard++) {
                _cleanup_(error_deinit) struct error err = {0};
                assert_int_equal(hard ? link(victim, fixture->path) : symlink(victim, fixture->path), 0);
                assert_int_equal(listener_set_rights(fixture->path, getegid(), &err), -1);
                assert_int_equal(err.reason, REASON_UNSAFE_PATH);
                assert_int_equal(mode_of(victim) & 07777, 0644);
                assert_int_equal(unlink(fixture->path), 0);
        }
        assert_int_equal(unlink(victim), 0);
}

static void test_the_longest_path(void **state)
{
        _cleanup_(error_deinit) struct error err = {0};
        char path[110];
        memset(path, 'p', sizeof(path));
        path[107] = '\0';
        assert_int_equal(listener_check_path(path, &err), 0);
        path[107] = 'p';
        path[108] = '\0';
        assert_int_equal(listener_check_path(path, &err), -1);
        assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
        assert_non_null(strstr(error_message(&err), "108 bytes"));
}

static void test_addresses(void **state)
{
        static const struct {
                const char *text;
                int family; /* AF_UNSPEC: refused */
        } cases[] = {
                {"127.0.0.1:8470", AF_INET},
                {"127.255.0.3:1", AF_INET},
                {"127.0.0.1:65535", AF_INET},
                {"[::1]:8470", AF_INET6},
                {"127.0.0.1", AF_UNSPEC},
                {"127.0.0.1:", AF_UNSPEC},
                {"127.0.0.1:65536", AF_UNSPEC},
                {"127.0.0.1:-1", AF_UNSPEC},
                {"127.0.0.1:80x", AF_UNSPEC},
                {"127.0.0.1:000080", AF_UNSPEC},
                {"127.1:80", AF_UNSPEC},
                {"localhost:80", AF_UNSPEC},
                {"0.0.0.0:80", AF_UNSPEC},
                {"128.0.0.1:80", AF_UNSPEC},
                {"192.168.1.1:80", AF_UNSPEC},
                {"[::]:80", AF_UNSPEC},
                {"::1:80", AF_UNSPEC},
                {"[fe80::1]:80", AF_UNSPEC},
                {"[::ffff:127.0.0.1]:80", AF_UNSPEC},
                {":80", AF_UNSPEC},
                {"", AF_UNSPEC},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct sockaddr_storage address = {0};
                _cleanup_error_ struct error err = {0};
                int r = listener_parse_address(cases[i].text, &address, &err);
                if (r != (cases[i].family == AF_UNSPEC ? -1 : 0) || address.ss_family != cases[i].family)
                        fail_msg("%s", cases[i].text);
        }
}

static void test_an_address_that_is_taken(void **state)
{
        struct sockaddr_storage address;
        socklen_t size = sizeof(address);
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *name = NULL, *again = NULL;
        _cleanup_close_ int fd = -1, other = -1;
        assert_int_equal(listener_parse_address("127.0.0.1:0", &address, &err), 0);
        assert_int_equal(listener_open_address(&address, &fd, &name, &err), 0);
        assert_int_equal(strncmp(name, "127.0.0.1:", 10), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        assert_int_equal(listener_open_address(&address, &other, &again, &err), -1);
        assert_int_equal(err.reason, REASON_LOCKED);
        assert_non_null(strstr(error_message(&err), name));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_listens_for_the_owner_alone, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_listens_for_a_group, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_stale_socket_is_replaced, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_living_socket_is_left_alone, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_no_socket_is_left_alone, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_rights_follow_no_link, set_up, tear_down),
                cmocka_unit_test(test_the_longest_path),
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_an_address_that_is_taken),
        };
        return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
