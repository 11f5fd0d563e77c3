/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/options.h"

#include "lib/config.h"

static const struct daemon_option options[] = {
        {{"check-config", no_argument, NULL, 'k'}, NULL,
                "reads the configuration, says what is wrong, and ends"},
        {{"config", required_argument, NULL, 'c'}, "FILE",
                "the configuration; default: " SITES_CONFIGURATION "/NAME.conf"},
        {{"help", no_argument, NULL, 'h'}, NULL, "this text"},
        {{"root", required_argument, NULL, 'r'}, "DIR", "the site's folder; overrides site.root"},
        {{"set", required_argument, NULL, 's'}, "SECTION.KEY=VALUE",
                "overrides one key of the configuration; may be given again"},
        {{"site", required_argument, NULL, 'n'}, "NAME", "names the site and the paths that follow from it"},
        {{"socket", required_argument, NULL, 'u'}, "PATH",
                "the Unix socket; default: " SITES_SOCKETS "/NAME.sock, and without --site, or with "
                "--state-dir, daemon.sock in the state folder"},
        {{"state-dir", required_argument, NULL, 'd'}, "DIR",
                "checkpoint, backup, package; default: " SITES_STATE "/NAME"},
        {{"version", no_argument, NULL, 'v'}, NULL, "the version"},
};

const struct daemon_option *daemon_option_at(size_t index)
{
        return index < ARRAY_SIZE(options) ? &options[index] : NULL;
}
