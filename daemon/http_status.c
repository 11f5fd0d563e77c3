/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http_status.h"

#include "daemon/routes.h"

const struct http_status http_statuses[HTTP_STATUS_COUNT] = {
#define X(status, title, kinds, text) {status, title, kinds, text},
        HTTP_STATUSES(X)
#undef X
};
