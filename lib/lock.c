/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/lock.h"
#include "lib/clock.h"
#include "lib/interrupted.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#define PAUSE_MS 50

/* flock(2) can wait, but not for a limited time without a signal of the whole process. */
static void pause_for(uint64_t milliseconds)
{
        struct timespec time = {
                .tv_sec = (time_t)(milliseconds / 1000), .tv_nsec = (long)(milliseconds % 1000) * 1000000};
        (void)nanosleep(&time, NULL);
}

/* Takes the lock on *fd and hands it over to *ret_fd. */
static int take_lock(int *fd, const char *name, uint64_t patience_ms, int *ret_fd, struct error *err)
{
        uint64_t start = clock_steady_ms();
        while (flock(*fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno == EINTR)
                        continue;
                if (errno != EWOULDBLOCK)
                        return error_set_errno(err, errno, "can't lock %s", name);
                uint64_t waited = clock_steady_ms() - start;
                if (waited >= patience_ms)
                        return error_set(err, REASON_LOCKED, "another process holds the lock on %s", name);
                pause_for(patience_ms - waited < PAUSE_MS ? patience_ms - waited : PAUSE_MS);
        }
        *ret_fd = steal_fd(fd);
        return 0;
}

int lock_folder(int dir_fd, const char *name, uint64_t patience_ms, int *ret_fd, struct error *err)
{
        /* flock(2) locks belong to the open file: dir_fd's own would be shared with whoever has it. */
        _cleanup_close_ int fd = uninterrupted(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd < 0)
                return error_set_errno(err, errno, "can't open %s to lock it", name);
        return take_lock(&fd, name, patience_ms, ret_fd, err);
}

int lock_file(int dir_fd, const char *name, uint64_t patience_ms, int *ret_fd, struct error *err)
{
        _cleanup_close_ int fd =
                uninterrupted(openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (fd < 0)
                return error_set_errno(err, errno, "can't open %s to lock it", name);
        return take_lock(&fd, name, patience_ms, ret_fd, err);
}
