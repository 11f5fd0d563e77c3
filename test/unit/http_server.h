/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Starts test/tools/http-server for a unit test. It dies with the test. */

#include "lib/memory.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

struct http_server {
        pid_t pid;
        char url[64]; /* "http://127.0.0.1:PORT/" */
};

/* Returns 0, or -1 when it could not be started. options ends with NULL. */
static inline int http_server_start(struct http_server *ret, const char *const *options)
{
        const char *arguments[16] = {HTTP_SERVER, "--die-with-parent"};
        for (size_t i = 2; *options && i < ARRAY_SIZE(arguments) - 1; i++)
                arguments[i] = *options++;
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -1;
        ret->pid = fork();
        if (ret->pid == 0) {
                (void)dup2(ends[1], STDOUT_FILENO);
                execv(HTTP_SERVER, (char *const *)arguments);
                _exit(127);
        }
        close(ends[1]);
        size_t size = 0;
        while (size < sizeof(ret->url) - 1) {
                ssize_t count = read(ends[0], ret->url + size, 1);
                if (count <= 0 || ret->url[size] == '\n')
                        break;
                size++;
        }
        ret->url[size] = '\0';
        close(ends[0]);
        return ret->pid > 0 && size > 0 ? 0 : -1;
}

static inline void http_server_stop(struct http_server *server)
{
        if (server->pid <= 0)
                return;
        (void)kill(server->pid, SIGKILL);
        while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        server->pid = 0;
}
