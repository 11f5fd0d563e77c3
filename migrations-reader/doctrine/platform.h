/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How a platform comes to be. */

#include "migrations-reader/doctrine/objects.h"

/* That of the connection: what Mautic's configuration or the server's version makes it. */
enum platform_kind platform_kind_of(const struct doctrine *doctrine);
struct platform *platform_new(enum doctrine_version version, enum platform_kind kind, bool configured);

/* AbstractPlatform's words for expressions, and answers that are the same for all of MySQL's. */
extern const struct doctrine_method expression_methods[];
