/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The files of daemon/page, inside the program. */

#include <stddef.h>

struct page_asset {
        const char *name; /* "page.css" */
        const char *content_type;
        const char *data;
        size_t size;
        const char *etag; /* "\"…\"", changes with the content */
};

/* NULL: there is none of that name. All of it is static; any thread may call it. */
const struct page_asset *page_asset_find(const char *name);
