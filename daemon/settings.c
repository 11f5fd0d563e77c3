/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/settings.h"

#include "daemon/listener.h"
#include "daemon/peer.h"
#include "lib/checkpoint.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/site_name.h"

#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static char *last_part(const char *path)
{
        _cleanup_free_ char *copy = string_copy(path);
        return string_copy(basename(copy));
}

static char *site_from_config_path(const char *path)
{
        char *name = last_part(path);
        char *end = strstr(name, ".conf");
        if (end && end > name && end[strlen(".conf")] == '\0')
                *end = '\0';
        return name;
}

static int assign(struct config *config, const char *assignment, struct error *err)
{
        const char *equals = strchr(assignment, '=');
        if (!equals)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "--set %s: section.key=value is wanted, as --set php.path=/usr/bin/php7.3",
                        assignment);
        _cleanup_free_ char *name = memory_copy(assignment, (size_t)(equals - assignment));
        if (config_set(config, name, equals + 1, err) == 0)
                return 0;
        error_wrap(err, "--set %s", name);
        err->reason = REASON_INVALID_ARGUMENT;
        return -1;
}

/* Also for a path whose end does not exist yet: links in what exists are resolved, the rest is kept. */
static int resolve(const char *path, char **ret, struct error *err)
{
        _cleanup_free_ char *base = string_copy(path);
        struct buffer rest = {0};
        char real[PATH_MAX];
        while (!realpath(base, real)) {
                char *slash = strrchr(base, '/');
                const char *part = slash ? slash + 1 : base;
                if (errno != ENOENT || string_equal(part, "..") || string_equal(base, ".")) {
                        int number = errno;
                        buffer_deinit(&rest);
                        return error_set_errno(err, number, "finding %s", path);
                }
                _cleanup_free_ char *longer = *part ? string_format("/%s%s", part, rest.data ? rest.data : "")
                                                    : string_copy(rest.data ? rest.data : "");
                buffer_deinit(&rest);
                buffer_append_string(&rest, longer);
                if (!slash)
                        string_replace(&base, string_copy("."));
                else if (slash == base)
                        slash[1] = '\0';
                else
                        *slash = '\0';
        }
        const char *start = string_equal(real, "/") && rest.data ? "" : real;
        *ret = string_format("%s%s", start, rest.data ? rest.data : "");
        buffer_deinit(&rest);
        return 0;
}

static int load_config(struct settings *settings, const struct settings_request *request, struct error *err)
{
        _cleanup_free_ char *own = request->site && !request->config
                                           ? string_format("%s/%s.conf", SITES_CONFIGURATION, request->site)
                                           : NULL;
        const char *path = request->config ? request->config : own;
        if (path && config_load(&settings->config, path, err) < 0) {
                /* A site that is given by its root on the command line needs no file. */
                if (!(own && request->root && err->reason == REASON_NOT_FOUND))
                        return -1;
                error_deinit(err);
        }
        for (size_t i = 0; i < request->assignment_count; i++)
                if (assign(&settings->config, request->assignments[i], err) < 0)
                        return -1;
        return 0;
}

static int find_root(struct settings *settings, const struct settings_request *request, struct error *err)
{
        char real[PATH_MAX];
        struct stat status;
        const char *root = request->root ? request->root : settings->config.root;
        if (!root)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "the site's folder is not known: give --root DIR, or set root in [site]");
        if (!realpath(root, real))
                return error_set_errno(err, errno, "finding the site's folder %s", root);
        if (stat(real, &status) < 0)
                return error_set_errno(err, errno, "looking at %s", real);
        if (!S_ISDIR(status.st_mode))
                return error_set(err, REASON_NOT_MAUTIC, "%s is no folder", real);
        string_replace(&settings->config.root, string_copy(real));
        return 0;
}

static int find_state(
        struct settings *settings, const struct settings_request *request, bool named, struct error *err)
{
        _cleanup_free_ char *own = string_format("%s/%s", SITES_STATE, settings->site);
        const char *path = request->state_folder           ? request->state_folder
                           : settings->config.state_folder ? settings->config.state_folder
                           : named                         ? own
                                                           : NULL;
        if (!path)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "with --root alone, --state-dir DIR must say where checkpoint and backup go");
        if (resolve(path, &settings->state_path, err) < 0)
                return -1;
        if (path_below(settings->state_path, settings->config.root))
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "the state folder %s is inside the site's root %s, where it would be moved and could "
                        "be downloaded: choose another",
                        settings->state_path, settings->config.root);
        return 0;
}

static int find_socket(
        struct settings *settings, const struct settings_request *request, bool named, struct error *err)
{
        const char *path = request->socket ? request->socket : settings->config.socket;
        if (path && resolve(path, &settings->socket_path, err) < 0)
                return -1;
        if (!path && named && !request->state_folder)
                settings->socket_path = string_format("%s/%s.sock", SITES_SOCKETS, settings->site);
        else if (!path)
                settings->socket_path = string_format("%s/daemon.sock", settings->state_path);
        return listener_check_path(settings->socket_path, err);
}

static int find_group(struct settings *settings, struct error *err)
{
        settings->group = PEER_NO_GROUP;
        if (!settings->config.group)
                return 0;
        errno = 0;
        const struct group *group = getgrnam(settings->config.group);
        if (!group)
                return error_set(err, REASON_CONFIGURATION_INVALID, "daemon.group: there is no group %s",
                        settings->config.group);
        settings->group = group->gr_gid;
        return 0;
}

static int find_listener(struct settings *settings, struct error *err)
{
        const char *address = settings->config.listen_address, *token = settings->config.listen_token;
        if (!address)
                return 0;
        if (!token)
                return error_set(err, REASON_CONFIGURATION_INVALID,
                        "listen.address needs listen.token_file: who may use it must prove it");
        if (listener_parse_address(address, &settings->listen_address, err) < 0)
                return -1;
        return token_load(token, &settings->token, err);
}

int settings_init(struct settings *settings, const struct settings_request *request, struct error *err)
{
        bool named = request->site || request->config;
        *settings = (struct settings){.group = PEER_NO_GROUP};
        config_init(&settings->config);
        if (request->site && site_name_check(request->site, err) < 0)
                return -1;
        if (load_config(settings, request, err) < 0 || find_root(settings, request, err) < 0)
                return -1;
        settings->site = request->site     ? string_copy(request->site)
                         : request->config ? site_from_config_path(request->config)
                                           : last_part(settings->config.root);
        if (find_state(settings, request, named, err) < 0 || find_socket(settings, request, named, err) < 0)
                return -1;
        if (find_group(settings, err) < 0)
                return -1;
        return find_listener(settings, err);
}

void settings_deinit(struct settings *settings)
{
        config_deinit(&settings->config);
        free(settings->site);
        free(settings->state_path);
        free(settings->socket_path);
        *settings = (struct settings){.group = PEER_NO_GROUP};
}

static int sync_parent(const char *path, struct error *err)
{
        _cleanup_free_ char *copy = string_copy(path);
        const char *parent = dirname(copy);
        _cleanup_close_ int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) < 0)
                return error_set_errno(err, errno, "syncing %s", parent);
        return 0;
}

/* 1 when it was there. */
static int make_folder(const char *path, mode_t mode, struct error *err)
{
        if (mkdir(path, mode) == 0)
                return sync_parent(path, err);
        return errno == EEXIST ? 1 : error_set_errno(err, errno, "making the folder %s", path);
}

static int make_folders(const char *path, mode_t mode, struct error *err)
{
        _cleanup_free_ char *copy = string_copy(path);
        for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                struct stat status;
                if (stat(copy, &status) < 0 && make_folder(copy, 0755, err) < 0)
                        return -1;
                *slash = '/';
        }
        return make_folder(path, mode, err);
}

static int check_state_folder(const char *path, struct error *err)
{
        struct stat status;
        bool is_empty = false;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "opening the state folder %s", path);
        if (status.st_uid != geteuid())
                return error_set(err, REASON_PERMISSION_DENIED,
                        "the state folder %s belongs to the user %u, and the daemon runs as %u", path,
                        (unsigned)status.st_uid, (unsigned)geteuid());
        if ((status.st_mode & 077) == 0)
                return 0;
        if (folder_is_empty(fd, &is_empty, err) < 0)
                return error_wrap(err, "looking into the state folder %s", path);
        if (!is_empty && faccessat(fd, CHECKPOINT_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return error_set(err, REASON_PERMISSION_DENIED,
                        "the state folder %s is open to others (mode %04o) and holds other things: choose an "
                        "empty one, or chmod 0700 it",
                        path, status.st_mode & 07777u);
        if (fchmod(fd, 0700) < 0)
                return error_set_errno(err, errno, "setting the mode of %s", path);
        return 0;
}

int settings_make_state_folder(const struct settings *settings, struct error *err)
{
        if (make_folders(settings->state_path, 0700, err) < 0)
                return -1;
        return check_state_folder(settings->state_path, err);
}

int settings_make_socket_folder(const struct settings *settings, struct error *err)
{
        _cleanup_free_ char *copy = string_copy(settings->socket_path);
        return make_folders(dirname(copy), 0755, err) < 0 ? -1 : 0;
}
