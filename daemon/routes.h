/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The table of routes (api.c): what is answered, described by /openapi.json, and told by the help. */

#include "daemon/answers.h"

enum api_route_kind {
        ROUTE_OPEN, /* answered from memory, also to who has no token: a page's parts, which hold no secret */
        ROUTE_READ, /* answered from memory, on the loop thread */
        ROUTE_DISK, /* reads the disk */
        ROUTE_SLOW, /* asks the database or starts programs */
        ROUTE_DRIVE, /* a command, only for those who may drive: taken now, done later (202) */
        ROUTE_DRIVE_SLOW, /* the same, and answered when it is done */
};

struct api_route {
        const char *path; /* a '*' at the end stands for one part that is not empty */
        const char *method;
        enum api_route_kind kind;
        const char *body; /* the schema of the object that a command takes; NULL: no members */
        api_answer answer;
        const char *gives; /* the schema of what it answers, or, with a '/', a media type */
        const char *query; /* the parameters it knows, each with a blank around it */
        const char *text;
};
extern const struct api_route api_routes[];
extern const size_t api_route_count;

bool api_route_drives(const struct api_route *route);

struct api_parameter {
        const char *name;
        int64_t least, most; /* of a whole number; most 0: a text */
        const char *text;
};
/* In the order of their names. */
extern const struct api_parameter api_parameters[];
extern const size_t api_parameter_count;
