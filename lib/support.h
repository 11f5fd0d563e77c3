/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What somebody who helps needs to know of an upgrade, without secrets and without any of Mautic's data: the
 * daemon answers with it, and the client collects it by itself when no daemon runs. Whatever can't be read is
 * told, and the rest is there all the same; but where what must be hidden can't be read, what may hold it is
 * left out.
 */

#include "lib/cancel.h"
#include "lib/config.h"

#include <jansson.h>

struct support_source {
        const struct config *config; /* NULL: not known */
        const char *root; /* NULL: what the configuration or the checkpoint says */
        const char *state_path; /* NULL: not known */
        json_t *answers; /* what else there is, by name; redacted with the rest. NULL: nothing */
        json_t *not_answered; /* [{"what", "why"}]: what of it could not be had; NULL: nothing */
        struct cancel *cancel; /* of the programs; NULL: never */
};

/* {"configuration": {key: value}, "local_config": {key: value}, "checkpoint": as checkpoint_export, "log":
 * text, "versions": {name: text}, "places": [{path, …}], "not_read": [{"what", "why"}]} and the answers, all
 * of it redacted. Starts programs (PHP, the dump program) and asks the database for its version: takes
 * seconds. Owned by the caller. */
json_t *support_collect(const struct support_source *source);
