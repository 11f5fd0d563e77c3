/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/clock.h"
#include "lib/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>

#include "test/unit/scratch.h"

static void test_one_at_a_time(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        int first = -1, second = -1;
        assert_ok(lock_folder(scratch.fd, "the site", 0, &first, &err));
        assert_true(fcntl(first, F_GETFD) & FD_CLOEXEC);
        assert_fails(lock_folder(scratch.fd, "the site", 0, &second, &err), REASON_LOCKED);
        assert_non_null(strstr(err.message, "the site"));
        assert_int_equal(second, -1);
        closep(&first);
        assert_ok(lock_folder(scratch.fd, "the site", 0, &second, &err));
        closep(&second);
}

static void test_waits_as_long_as_told(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_close_ int first = -1;
        int second = -1;
        assert_ok(lock_folder(scratch.fd, "x", 0, &first, &err));
        uint64_t start = clock_steady_ms();
        assert_fails(lock_folder(scratch.fd, "x", 120, &second, &err), REASON_LOCKED);
        assert_true(clock_steady_ms() - start >= 119);
}

static void hold_in_child(int folder_fd, int ready_fd)
{
        _cleanup_error_ struct error err = {0};
        int fd = -1;
        char result = lock_folder(folder_fd, "x", 0, &fd, &err) == 0 ? 'l' : 'e';
        if (write(ready_fd, &result, 1) != 1)
                _exit(1);
        for (;;)
                pause();
}

static pid_t start_holder(int folder_fd)
{
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
                hold_in_child(folder_fd, ends[1]);
        char result = 0;
        assert_int_equal(read(ends[0], &result, 1), 1);
        assert_int_equal(result, 'l');
        close(ends[0]);
        close(ends[1]);
        return child;
}

static void test_dies_with_its_holder(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        int fd = -1;
        pid_t child = start_holder(scratch.fd);
        assert_fails(lock_folder(scratch.fd, "x", 0, &fd, &err), REASON_LOCKED);
        kill(child, SIGKILL);
        assert_ok(lock_folder(scratch.fd, "x", 60000, &fd, &err)); /* waits until the kernel has let go */
        scratch_wait(child);
        closep(&fd);
}

/* What a console of a killed daemon does: the lock holds as long as anybody has the descriptor. */
static void test_a_child_that_has_the_descriptor_holds_it(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        int fd = -1, other = -1;
        assert_ok(lock_folder(scratch.fd, "x", 0, &fd, &err));
        pid_t child = fork();
        if (child == 0)
                for (;;)
                        pause();
        closep(&fd);
        assert_fails(lock_folder(scratch.fd, "x", 0, &other, &err), REASON_LOCKED);
        kill(child, SIGKILL);
        scratch_wait(child);
        assert_ok(lock_folder(scratch.fd, "x", 60000, &other, &err));
        closep(&other);
}

/* How a starting daemon tells a living one from the console that a killed one left behind. */
static void test_a_file_tells_its_holder_from_the_children(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        int file = -1, folder = -1, other = -1;
        assert_ok(lock_file(scratch.fd, "daemon.lock", 0, &file, &err));
        assert_true(fcntl(file, F_GETFD) & FD_CLOEXEC);
        assert_ok(lock_folder(scratch.fd, "x", 0, &folder, &err));
        assert_fails(lock_file(scratch.fd, "daemon.lock", 0, &other, &err), REASON_LOCKED);
        pid_t child = fork();
        if (child == 0) {
                closep(&file);
                for (;;)
                        pause();
        }
        closep(&file);
        closep(&folder);
        assert_ok(lock_file(scratch.fd, "daemon.lock", 60000, &file, &err)); /* the child closes its own */
        assert_fails(lock_folder(scratch.fd, "x", 0, &other, &err), REASON_LOCKED);
        kill(child, SIGKILL);
        scratch_wait(child);
        assert_ok(lock_folder(scratch.fd, "x", 60000, &folder, &err));
        closep(&file);
        closep(&folder);
        /* No link is followed out of the folder. */
        assert_int_equal(symlinkat("/etc/passwd", scratch.fd, "link"), 0);
        assert_int_equal(lock_file(scratch.fd, "link", 0, &file, &err), -1);
}

static void test_bad_descriptor(void **state)
{
        _cleanup_error_ struct error err = {0};
        int fd = -1;
        assert_int_equal(lock_folder(-1, "the state folder", 0, &fd, &err), -1);
        assert_non_null(strstr(err.message, "the state folder"));
        assert_int_equal(err.number, EBADF);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_at_a_time),
                cmocka_unit_test(test_waits_as_long_as_told),
                cmocka_unit_test(test_dies_with_its_holder),
                cmocka_unit_test(test_a_child_that_has_the_descriptor_holds_it),
                cmocka_unit_test(test_a_file_tells_its_holder_from_the_children),
                cmocka_unit_test(test_bad_descriptor),
        };
        return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
