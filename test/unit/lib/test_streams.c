/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_same(int fd, const struct stat *before)
{
        struct stat now;
        return fstat(fd, &now) == 0 && now.st_dev == before->st_dev && now.st_ino == before->st_ino;
}

/* In a child, which has no streams to say more with. gaps: a bit for each stream that is closed. */
static int fill_in_child(unsigned gaps)
{
        struct stat before[3];
        char byte = 0;
        for (int fd = 0; fd < 3; fd++)
                if (fstat(fd, &before[fd]) < 0)
                        return 1;
        for (int fd = 0; fd < 3; fd++)
                if (gaps & 1U << fd && close(fd) < 0)
                        return 2;
        if (streams_fill_gaps() < 0)
                return 3;
        for (int fd = 0; fd < 3; fd++) {
                if (!(gaps & 1U << fd)) {
                        if (!is_same(fd, &before[fd]))
                                return 4;
                        continue;
                }
                if (read(fd, &byte, 1) != 0)
                        return 5;
                if (write(fd, &byte, 1) != -1 || errno != EBADF)
                        return 6;
        }
        return open("/dev/null", O_RDONLY) > STDERR_FILENO ? 0 : 7;
}

static void test_fill_gaps(void **state)
{
        for (unsigned gaps = 0; gaps < 8; gaps++) {
                int status = -1;
                pid_t child = fork();
                assert_true(child >= 0);
                if (child == 0)
                        _exit(fill_in_child(gaps));
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_int_equal(status, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fill_gaps),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
