/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/streams.h"

#include <fcntl.h>
#include <unistd.h>

int streams_fill_gaps(void)
{
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                if (fcntl(fd, F_GETFD) >= 0)
                        continue;
                if (open("/dev/null", O_RDONLY) < 0) /* takes the lowest free number: this one */
                        return -1;
        }
        return 0;
}
