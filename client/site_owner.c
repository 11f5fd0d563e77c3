/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/site_owner.h"

#include "lib/files.h"
#include "lib/memory.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#define GROUPS_MOST 65536 /* NGROUPS_MAX */

void site_owner_deinit(struct site_owner *owner)
{
        free(owner->user);
        free(owner->group);
        *owner = (struct site_owner){0};
}

/* A name that systemd takes in User= without a word; others are given as numbers. */
static char *name_or_number(const char *name, unsigned number)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
        bool fits = name && *name && *name != '-' && strlen(name) < 32 &&
                    strspn(name, letters) == strlen(name) && strspn(name, "0123456789") != strlen(name);
        return fits ? string_copy(name) : string_format("%u", number);
}

static bool is_member(const char *user, gid_t own, gid_t group)
{
        int count = GROUPS_MOST;
        _cleanup_free_ gid_t *groups = memory_new_array((size_t)count, sizeof(*groups));
        if (getgrouplist(user, own, groups, &count) < 0)
                return false;
        for (int i = 0; i < count; i++)
                if (groups[i] == group)
                        return true;
        return false;
}

static void fill(struct site_owner *owner, uid_t uid, const struct passwd *account, gid_t files_gid)
{
        gid_t gid = account ? account->pw_gid : files_gid != 0 ? files_gid : (gid_t)uid; /* never root's */
        if (account && files_gid != 0 && is_member(account->pw_name, account->pw_gid, files_gid))
                gid = files_gid;
        const struct group *group = getgrgid(gid);
        *owner = (struct site_owner){
                .uid = uid,
                .gid = gid,
                .user = name_or_number(account ? account->pw_name : NULL, (unsigned)uid),
                .group = name_or_number(group ? group->gr_name : NULL, (unsigned)gid),
                .has_account = account != NULL,
        };
}

static int find_wanted(const char *wanted, gid_t files_gid, struct site_owner *ret, struct error *err)
{
        const struct passwd *account = getpwnam(wanted);
        char *end;
        errno = 0;
        unsigned long number = strtoul(wanted, &end, 10);
        bool is_number = *wanted >= '0' && *wanted <= '9' && !*end && !errno && number < (uid_t)-1;
        if (!account && is_number)
                account = getpwuid((uid_t)number);
        if (!account && !is_number)
                return error_set(err, REASON_NOT_FOUND, "--user %s: there is no such user here", wanted);
        fill(ret, account ? account->pw_uid : (uid_t)number, account, files_gid);
        return 0;
}

/* 1 when there is no local.php. */
static int stat_local_config(const struct site *site, struct stat *ret, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL;
        int r = site_find_local_config(site, &folder_fd, &name, err);
        return r != 0 ? r : file_stat(folder_fd, name, ret, err);
}

static int check_owners(uid_t root_uid, const struct stat *local, const struct site *site, struct error *err)
{
        if (local && local->st_uid != root_uid)
                return error_set(err, REASON_PERMISSION_DENIED,
                        "the folder %s belongs to the user %u and its local.php to %u: say with --user as "
                        "whom "
                        "the upgrade shall run, who must be able to write every file of the site",
                        site->root, (unsigned)root_uid, (unsigned)local->st_uid);
        if (root_uid == 0)
                return error_set(err, REASON_PERMISSION_DENIED,
                        "%s belongs to root, and PHP would run as root: give the site to a user of its own "
                        "(chown), or name one with --user",
                        site->root);
        return 0;
}

int site_owner_find(const struct site *site, const char *wanted, struct site_owner *ret, struct error *err)
{
        struct stat root, local;
        if (fstat(site->root_fd, &root) < 0)
                return error_set_errno(err, errno, "looking at %s", site->root);
        int r = stat_local_config(site, &local, err);
        if (r < 0)
                return -1;
        gid_t files_gid = r == 0 ? local.st_gid : root.st_gid;
        if (wanted)
                return find_wanted(wanted, files_gid, ret, err);
        if (check_owners(root.st_uid, r == 0 ? &local : NULL, site, err) < 0)
                return -1;
        fill(ret, root.st_uid, getpwuid(root.st_uid), files_gid);
        return 0;
}
