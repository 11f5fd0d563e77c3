/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/peer.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define SOMEBODY 12345
#define SOME_GROUP 23456
#define OTHER_GROUP 34567

/* A child with this user and these groups connects; who is it to the server? */
static struct peer peer_with(uid_t uid, gid_t gid, const gid_t *groups, size_t count, gid_t wanted)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t size = sizeof(address);
        _cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        /* Bound by the kernel to a free name without a file. */
        assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        assert_int_equal(listen(listener, 1), 0);
        pid_t child = fork();
        if (child == 0) {
                int fd = socket(AF_UNIX, SOCK_STREAM, 0);
                char byte;
                if (setgroups(count, groups) < 0 || setgid(gid) < 0 || setuid(uid) < 0 ||
                        connect(fd, (struct sockaddr *)&address, size) < 0)
                        _exit(1);
                (void)!read(fd, &byte, 1);
                _exit(0);
        }
        _cleanup_close_ int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        struct peer peer = peer_of(fd, wanted);
        closep(&fd);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        return peer;
}

static void test_who_may_drive(void **state)
{
        static const gid_t both[] = {OTHER_GROUP, SOME_GROUP}, other[] = {OTHER_GROUP};
        static const struct {
                uid_t uid;
                gid_t gid;
                const gid_t *groups;
                size_t count;
                gid_t wanted;
                bool may_drive;
        } cases[] = {
                {0, 0, NULL, 0, PEER_NO_GROUP, true},
                {SOMEBODY, OTHER_GROUP, NULL, 0, PEER_NO_GROUP, false},
                {SOMEBODY, OTHER_GROUP, NULL, 0, SOME_GROUP, false},
                {SOMEBODY, SOME_GROUP, NULL, 0, SOME_GROUP, true},
                {SOMEBODY, 1, both, 2, SOME_GROUP, true},
                {SOMEBODY, 1, other, 1, SOME_GROUP, false},
                {SOMEBODY, 1, both, 2, PEER_NO_GROUP, false},
        };
        if (geteuid() != 0)
                skip();
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct peer peer = peer_with(
                        cases[i].uid, cases[i].gid, cases[i].groups, cases[i].count, cases[i].wanted);
                assert_int_equal(peer.uid, cases[i].uid);
                assert_int_equal(peer.may_drive, cases[i].may_drive);
        }
}

static void test_the_own_user_may_drive(void **state)
{
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        assert_true(peer_of(fds[0], PEER_NO_GROUP).may_drive);
        (void)close(fds[0]);
        (void)close(fds[1]);
}

static void test_what_is_no_socket_may_not(void **state)
{
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        assert_false(peer_of(fds[0], getegid()).may_drive);
        (void)close(fds[0]);
        (void)close(fds[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_may_drive),
                cmocka_unit_test(test_the_own_user_may_drive),
                cmocka_unit_test(test_what_is_no_socket_may_not),
        };
        return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
