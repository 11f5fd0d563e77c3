/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Attributes that say who owns what, and let it go at the end of a scope.
 *
 *   _cleanup_free_ char *text = NULL;       freed when the scope ends
 *   _cleanup_close_ int fd = -1;            closed when the scope ends
 *   _cleanup_(site_freep) struct site *s = NULL;
 *   *ret_text = steal(&text);               ownership handed over in sight
 *
 * DEFINE_CLEANUP(struct site *, site_free) makes site_freep from a destructor that takes NULL.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _must_check __attribute__((warn_unused_result))
#define _printf(string_index, first) __attribute__((format(printf, string_index, first)))
#define _unused __attribute__((unused))
#define _noreturn __attribute__((noreturn))
#define _returns_nonnull __attribute__((returns_nonnull))
#define _cleanup_(function) __attribute__((cleanup(function)))

#define DEFINE_CLEANUP(type, function)                                                                       \
        static inline void function##p(type *object)                                                         \
        {                                                                                                    \
                function(*object);                                                                           \
        }                                                                                                    \
        struct cleanup_needs_semicolon_##function

/* Takes the pointer (or, with steal_fd, the descriptor) out of *object and leaves nothing to clean up. */
#define steal(object)                                                                                        \
        __extension__({                                                                                      \
                __auto_type steal_object = (object);                                                         \
                __auto_type steal_value = *steal_object;                                                     \
                *steal_object = NULL;                                                                        \
                steal_value;                                                                                 \
        })

static inline int steal_fd(int *fd)
{
        int value = *fd;
        *fd = -1;
        return value;
}

/* Closes *fd if it is open and sets it to -1; errno stays as it was. */
static inline void closep(int *fd)
{
        int saved = errno;
        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
        errno = saved;
}

static inline void freep(void *object)
{
        free(*(void **)object);
        *(void **)object = NULL;
}

static inline void fclosep(FILE **file)
{
        if (*file)
                (void)fclose(*file);
        *file = NULL;
}

static inline void closedirp(DIR **folder)
{
        if (*folder)
                (void)closedir(*folder);
        *folder = NULL;
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
