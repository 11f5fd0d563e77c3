/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One request and its reply on a connection; private to the server.
 *
 * While work for it is under way, and while it waits for an event, its connection is suspended: libmicrohttpd
 * leaves it alone then, so that what the request points to stays where it is.
 */

#include "daemon/peer.h"
#include "daemon/server.h"

#include <microhttpd.h>

struct connection {
        struct server *server;
        struct connection *previous, *next;
        struct peer peer;
        int fd;
        bool remote; /* by TCP */
        uint64_t since_ms; /* when it connected or finished its last request */
        bool excused; /* at work, waiting or streaming: its request has arrived */
        bool waiter; /* has a stream or a waiting status */
};

struct server {
        uv_loop_t *loop;
        struct api *api;
        struct MHD_Daemon *http;
        uv_poll_t poll;
        struct listening {
                struct server *server;
                uv_poll_t poll;
                int fd;
                bool remote;
        } listening[2];
        size_t listening_count;
        uv_timer_t timer, sweep, soon;
        void (*on_timer)(uv_timer_t *timer);
        gid_t group;
        uint64_t request_ms;
        bool strangers_wait; /* one was sent away since the last sweep */
        struct connection *connections, *arriving;
        size_t connection_count, stranger_count;
        uint64_t connections_ever;
        struct exchange *waiting; /* those that wait for an event */
        uint64_t changes; /* how many snapshots there have been */
        bool refuses; /* connections */
        size_t jobs, jobs_of[API_WORK_KINDS];
        size_t refused; /* commands, since refused_ms */
        uint64_t refused_ms;
        bool closing;
        size_t open_handles;
        void (*on_closed)(void *userdata);
        void *userdata;
};

enum MHD_Result exchange_handle(void *userdata, struct MHD_Connection *http, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_size, void **context);
void exchange_completed(
        void *userdata, struct MHD_Connection *http, void **context, enum MHD_RequestTerminationCode code);
/* Serves those whose event has come or whose time is up. */
void exchanges_check(struct server *server);
void exchanges_wake_all(struct server *server);
/* Tells from time to time how many refusals were too many to be logged by themselves. */
void exchanges_tell_refusals(struct server *server);

/* Lets libmicrohttpd run at the loop's next turn. */
void server_turn_soon(struct server *server);
/* Calls exchanges_check in that time at the latest. */
void server_check_in(struct server *server, uint64_t delay_ms);
/* A job has ended: closes the server if that was waited for. */
void server_close_when_quiet(struct server *server);
