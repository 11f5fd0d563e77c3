/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The API on a Unix socket, and on a TCP one when told so: libmicrohttpd on its epoll descriptor, watched by
 * the loop. All functions belong to the loop thread, which never waits here: work goes to libuv's pool while
 * its connection is suspended.
 */

#include "daemon/api.h"

#include <sys/types.h>
#include <uv.h>

#define SERVER_POOL_THREADS                                                                                  \
        "6" /* libuv's, for UV_THREADPOOL_SIZE: more than slow jobs and commands may take */
#define SERVER_CONNECTIONS 64 /* beyond them, connections wait in the kernel's queue */
#define SERVER_STRANGERS 48 /* of them for peers that may not drive, so that they lock nobody out */
#define SERVER_WAITERS 48 /* streams and waiting requests, which keep their connections */
#define SERVER_PEER_WAITERS 32 /* of them for one user */

struct server_options {
        uv_loop_t *loop;
        struct api *api; /* borrowed until on_closed */
        int listen_fd; /* a Unix socket that listens; owned by the server from now on */
        int tcp_fd; /* the same, a TCP socket; 0: none */
        gid_t group; /* may drive, beside root and the own user; PEER_NO_GROUP: none */
        uint64_t idle_s; /* how long a connection may be silent; 0: 30 */
        uint64_t request_s; /* how long a request may take to arrive, or its reply to be read; 0: 60 */
};

struct server;
int server_new(const struct server_options *options, struct server **ret, struct error *err) _must_check;
/* There is a new snapshot: streams and waiting requests are served. */
void server_changed(struct server *server);
/* How many connections there were since the start. */
uint64_t server_connections(const struct server *server);
/* No connection is open, and nothing is at work for one. */
bool server_rests(const struct server *server);
/* Takes no connection any more: they wait for the next daemon. */
void server_refuse(struct server *server);
/* Stops listening, lets work end, closes the connections; on_closed is called from the loop, the server is
 * gone then. */
void server_close(struct server *server, void (*on_closed)(void *userdata), void *userdata);
