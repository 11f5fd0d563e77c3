/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Who is at work on the site, as far as /proc shows it: PHP and web server processes whose working folder or
 * one of whose open files lies below the root (PHP's web interfaces go to the script's folder for the time of
 * a request), and consoles (`php …/app/console`).
 */

#include "lib/error.h"
#include "lib/files.h"

/* Adds "php-fpm7.3 (process 1234)" for each; not this process or its children. root: absolute, resolved. */
int web_requests_find(const char *root, struct string_list *ret, struct error *err) _must_check;
