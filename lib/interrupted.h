/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The stages' threads take no signals, yet a file system of its own (FUSE, NFS) may end any call on its files
 * with EINTR. Such a call has done nothing and is made again: uninterrupted(fsync(fd)). Not for close(2),
 * which has closed.
 */

#include <errno.h>

#define uninterrupted(call)                                                                                  \
        __extension__({                                                                                      \
                __typeof__(call) uninterrupted_result;                                                       \
                do                                                                                           \
                        uninterrupted_result = (call);                                                       \
                while (uninterrupted_result < 0 && errno == EINTR);                                          \
                uninterrupted_result;                                                                        \
        })
