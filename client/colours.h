/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What colours text on a terminal that has colours (terminal_has_colour). Source: ECMA-48, SGR. */

#define COLOUR_PLAIN "\x1b[0m"
#define COLOUR_BOLD "\x1b[1m"
#define COLOUR_DIM "\x1b[2m"
#define COLOUR_RED "\x1b[31m"
#define COLOUR_GREEN "\x1b[32m"
#define COLOUR_YELLOW "\x1b[33m"
