/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A program may be started without some of stdin, stdout and stderr ("2>&-" in a cron line). The next file it
 * opens would take the free number, and lines meant for people would be written into it: a socket, a file of
 * the site. This puts something in their place that reads as empty and refuses to be written to (EBADF), as a
 * closed one does; open ones stay as they are. First thing in main(). 0, or -1 with errno. */
int streams_fill_gaps(void);
