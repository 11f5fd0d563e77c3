/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The statuses that the API answers with: how a problem is titled (RFC 9110), what /metrics counts, and what
 * /openapi.json says of them. */

#include <stddef.h>

/* What kinds of routes (enum api_route_kind of daemon/routes.h) may answer. */
#define HTTP_OF(kind) (1u << ROUTE_##kind)
#define HTTP_OF_COMMANDS (HTTP_OF(DRIVE) | HTTP_OF(DRIVE_SLOW))
#define HTTP_OF_ALL (HTTP_OF(OPEN) | HTTP_OF(READ) | HTTP_OF(DISK) | HTTP_OF(SLOW) | HTTP_OF_COMMANDS)
#define HTTP_OF_ALL_BUT_OPEN (HTTP_OF_ALL & ~HTTP_OF(OPEN))

/* X(status, title, kinds of routes that answer it as a problem, what it means then) */
#define HTTP_STATUSES(X)                                                                                     \
        X(200, "OK", 0, NULL)                                                                                \
        X(202, "Accepted", 0, NULL)                                                                          \
        X(304, "Not Modified", 0, NULL)                                                                      \
        X(400, "Bad Request", HTTP_OF_ALL, "A parameter, the body or a member of it does not fit")           \
        X(401, "Unauthorized", HTTP_OF_ALL_BUT_OPEN,                                                         \
                "On TCP: there is no bearer token, or it is another one")                                    \
        X(403, "Forbidden", HTTP_OF_ALL,                                                                     \
                "This user may not, another origin's page asks, or (on TCP) Host is no name of this "        \
                "machine")                                                                                   \
        X(404, "Not Found", HTTP_OF(OPEN) | HTTP_OF(DISK) | HTTP_OF(SLOW), "There is no such thing (yet)")   \
        X(405, "Method Not Allowed", 0, NULL)                                                                \
        X(409, "Conflict", HTTP_OF(SLOW) | HTTP_OF_COMMANDS,                                                 \
                "The state forbids it, or what was given no longer holds")                                   \
        X(413, "Content Too Large", HTTP_OF_ALL, "The body is too large")                                    \
        X(415, "Unsupported Media Type", HTTP_OF_COMMANDS,                                                   \
                "The header Content-Type: application/json is missing")                                      \
        X(500, "Internal Server Error", HTTP_OF(DISK) | HTTP_OF(SLOW) | HTTP_OF_COMMANDS,                    \
                "It failed: detail and reason say why")                                                      \
        X(503, "Service Unavailable", HTTP_OF_ALL_BUT_OPEN,                                                  \
                "Not now: busy, stopping, or the database is out of reach")

#define X(...) +1
enum { HTTP_STATUS_COUNT = HTTP_STATUSES(X) };
#undef X

extern const struct http_status {
        unsigned status;
        const char *title;
        unsigned kinds; /* bits, by kind; 0: it is no problem, or any path's that is no route */
        const char *text;
} http_statuses[HTTP_STATUS_COUNT];
