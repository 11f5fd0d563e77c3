/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The configuration of one site: /etc/mautic-upgraded/SITE.conf (INI, read with inih), each key once in this
 * table. Help texts, the README's list and the defaults are made from it; an unknown key or a value that does
 * not fit is an error with its line.
 */

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a site that is given by its name has its things. */
#define SITES_CONFIGURATION "/etc/mautic-upgraded"
#define SITES_STATE "/var/lib/mautic-upgraded"
#define SITES_SOCKETS "/run/mautic-upgraded"

/* X(kind, field, "section.key", "default", "what it is for")
 * Kinds: TEXT (char *, empty is NULL), PATH (absolute), FLAG (yes|no), SECONDS, BYTES (suffixes K M G T),
 * NUMBER, CHOICE("a|b|c") given as kind CHOICE and its choices in front of the description: "a|b: …". */
#define CONFIG_KEYS(X)                                                                                       \
        X(PATH, root, "site.root", "", "The folder of the Mautic site (holds app/ and index.php)")           \
        X(TEXT, state_folder, "daemon.state", "",                                                            \
                "Where checkpoint, backup and package are kept; empty: /var/lib/mautic-upgraded/SITE")       \
        X(TEXT, socket, "daemon.socket", "", "The Unix socket; empty: /run/mautic-upgraded/SITE.sock")       \
        X(TEXT, group, "daemon.group", "", "A group that may read and drive, beside root and the own user")  \
        X(CHOICE, resume, "daemon.resume", "auto",                                                           \
                "auto|ask: whether an interrupted upgrade goes on by itself at the next start")              \
        X(SECONDS, lock_patience, "daemon.patience", "30",                                                   \
                "How long to wait at the start for what a killed daemon left running on the site")           \
        X(SECONDS, idle, "daemon.idle", "600",                                                               \
                "How long a daemon that systemd starts when somebody asks stays at least when nothing is "   \
                "to do "                                                                                     \
                "(without listen.address); 0: it stays")                                                     \
        X(TEXT, listen_address, "listen.address", "",                                                        \
                "A loopback address and port to serve the API on too, as 127.0.0.1:8470 or [::1]:8470; "     \
                "empty: the Unix socket alone")                                                              \
        X(PATH, listen_token, "listen.token_file", "",                                                       \
                "What clients of listen.address must send as bearer token, in a file of the daemon's user "  \
                "with "                                                                                      \
                "mode 0600")                                                                                 \
        X(TEXT, database_socket, "database.socket", "",                                                      \
                "The server's Unix socket, when db_host is localhost and it is not where PHP looks for it")  \
        X(SECONDS, database_timeout, "database.timeout", "10", "How long to wait for a connection")          \
        X(TEXT, php, "php.path", "php", "The PHP that runs the site's console")                              \
        X(TEXT, php_memory_limit, "php.memory_limit", "512M", "memory_limit for the console")                \
        X(SECONDS, console_timeout, "php.timeout", "3600", "How long one console command may take")          \
        X(CHOICE, backup_tool, "backup.tool", "auto",                                                        \
                "auto|mariadb-dump|mysqldump|native: what dumps the database: a program, or this daemon "    \
                "over "                                                                                      \
                "several connections (native); auto: the first of both programs that is there")              \
        X(NUMBER, backup_level, "backup.level", "3", "zstd level of the backup, 1 to 19")                    \
        X(CHOICE, backup_verify, "backup.verify", "auto",                                                    \
                "auto|yes|no: whether the backup is proven by restoring it into a schema of its own; auto: " \
                "where there are the right and the room for it, else its structure is checked")              \
        X(SECONDS, backup_timeout, "backup.timeout", "86400", "How long the dump may take")                  \
        X(TEXT, package_url, "package.url",                                                                  \
                "https://github.com/mautic/mautic/releases/download/3.0.2/3.0.2.zip",                        \
                "Where the Mautic 3 package comes from")                                                     \
        X(PATH, package_file, "package.file", "", "A package on this machine, instead of package.url")       \
        X(TEXT, package_sha256, "package.sha256", "", "The package's SHA-256; empty: recorded, not checked") \
        X(FLAG, package_prefetch, "package.prefetch", "yes",                                                 \
                "Whether what package.url names is fetched while the database is backed up and Mautic 2 "    \
                "migrated, not only behind that")                                                            \
        X(FLAG, package_insecure, "package.insecure", "no", "Whether http:// and file:// may be used")       \
        X(BYTES, package_limit, "package.limit", "1G", "The largest package that is accepted")               \
        X(SECONDS, download_stall, "download.stall", "30",                                                   \
                "How long a download may stand still, or bring less than 512 bytes a second")                \
        X(NUMBER, download_attempts, "download.attempts", "5", "How often a download is tried")              \
        X(BYTES, extract_limit, "extract.limit", "4G", "The most that a package may unpack to")              \
        X(NUMBER, extract_entries, "extract.entries", "500000", "The most entries a package may hold")       \
        X(NUMBER, extract_ratio, "extract.ratio", "200", "The most that one file may be compressed")         \
        X(CHOICE, user_data, "user_data.mode", "move",                                                       \
                "move|copy: how plugins, themes and media come back from the Mautic 2 files")                \
        X(SECONDS, gate_settle, "gate.settle", "5",                                                          \
                "How long to wait for requests under way before the files are moved; with opcache at least " \
                "4")                                                                                         \
        X(FLAG, gate_check, "gate.check", "yes",                                                             \
                "Whether site_url must answer with the 503 page before the files are moved")                 \
        X(SECONDS, gate_patience, "gate.patience", "75",                                                     \
                "How long to wait for that while PHP's opcache goes on with Mautic 2")                       \
        X(NUMBER, gate_retry_after, "gate.retry_after", "120", "Retry-After of the 503 page, in seconds")    \
        X(CHOICE, migrations_engine, "migrations.engine", "auto",                                            \
                "auto|console|native: what applies migrations: the site's console (Doctrine itself, needs "  \
                "PHP) or this daemon; auto: the console, and with cache.build = defer native where "         \
                "php.path is no PHP that this Mautic is made for")                                           \
        X(CHOICE, cache_build, "cache.build", "yes",                                                         \
                "yes|defer: whether Mautic 3's cache is built (needs PHP) or left to Mautic's first "        \
                "request")                                                                                   \
        X(FLAG, smoke_request, "smoke.request", "yes",                                                       \
                "Whether site_url is asked for a page before the upgrade counts as done")                    \
        X(TEXT, hooks_on_event, "hooks.on_event", "",                                                        \
                "A command that is told what happens: an absolute path, arguments behind it")                \
        X(SECONDS, hooks_timeout, "hooks.timeout", "60", "How long that command may take for one event")

struct config {
#define CONFIG_FIELD_TEXT(field) char *field;
#define CONFIG_FIELD_PATH(field) char *field;
#define CONFIG_FIELD_CHOICE(field) char *field;
#define CONFIG_FIELD_FLAG(field) bool field;
#define CONFIG_FIELD_SECONDS(field) uint64_t field;
#define CONFIG_FIELD_BYTES(field) uint64_t field;
#define CONFIG_FIELD_NUMBER(field) uint64_t field;
#define X(kind, field, name, value, text) CONFIG_FIELD_##kind(field)
        CONFIG_KEYS(X)
#undef X
};

/* Fills every field with its default. */
void config_init(struct config *config);
void config_deinit(struct config *config);
#define _cleanup_config_ _cleanup_(config_deinit)

/* Reads a file over what is set. REASON_CONFIGURATION_INVALID with file and line (unknown section or key, a
 * value that does not fit, a key set twice, a line longer than inih takes, control characters);
 * REASON_NOT_FOUND. An empty value of TEXT and PATH is NULL. */
int config_load(struct config *config, const char *path, struct error *err) _must_check;
/* Sets one key by its name, as the command line's --set section.key=value does. */
int config_set(struct config *config, const char *name, const char *value, struct error *err) _must_check;
/* The table, for help texts: the i-th key; false behind the last. */
bool config_describe(size_t index, const char **ret_name, const char **ret_default, const char **ret_text);
/* What the i-th key is set to, as it could stand in the file; owned by the caller. "" where it is empty. */
char *config_value(const struct config *config, size_t index);
