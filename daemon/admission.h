/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Whether a request may read, and whether it may drive the upgrade: who sends it, and that no foreign web
 * page makes a browser send it. */

#include "daemon/api.h"

/* False with a problem in *reply when the request came by TCP under a name that is not this machine's: a page
 * whose name was made to lead here (DNS rebinding) sends its own. */
bool admission_knows_host(const struct api_request *request, struct api_reply *reply);
/* False with a problem in *reply when the request came by TCP without the token; with it, it may drive. */
bool admission_has_token(const struct token *token, struct api_request *request, struct api_reply *reply);
/* False with a problem in *reply when this request, which would change something, is refused. */
bool admission_may_drive(const struct api_request *request, struct api_reply *reply);
/* False with a problem in *reply when the request does not say that it is JSON: what a form can't say. */
bool admission_says_json(const struct api_request *request, struct api_reply *reply);
