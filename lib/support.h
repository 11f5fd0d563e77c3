/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What somebody who helps needs to know of an upgrade, without secrets and without any of Mautic's data: the
 * daemon answers with it, and the client collects it by itself when no daemon runs. Whatever can't be read is
 * told, and the rest is there all the same.
 */

#include "lib/config.h"
#include "lib/redact.h"

struct support_source {
        const struct config *config; /* NULL: not known */
        const char *root; /* NULL: what the configuration or the checkpoint says */
        const char *state_path; /* NULL: not known */
};

/* {"configuration": {key: value}, "local_config": {key: value or "***"}, "checkpoint": as checkpoint_export,
 *  "log": text, "versions": {name: text}, "places": [{path, …}], "not_read": [{"what", "why"}]}, all of it
 * redacted. Starts programs (PHP, the dump program) and asks the database for its version: takes seconds. */
json_t *support_collect(const struct support_source *source);
/* A redactor that hides what stands in the local.php of that site, as far as it can be read. NULL: none is
 * known, and it hides what any does. */
struct redactor *support_redactor(const char *root);
