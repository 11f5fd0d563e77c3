/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/mautic_2_files.h"

#include "lib/files.h"
#include "lib/memory.h"

#include <string.h>

static const char *const shipped[] = {
        ".env.dist",
        ".github",
        ".gitignore",
        ".htaccess",
        ".php_cs",
        ".travis.yml",
        "Gruntfile.js",
        "LICENSE.txt",
        "README.md",
        "SECURITY.md",
        "app",
        "build",
        "codeception.yml",
        "composer.json",
        "composer.lock",
        "critical_migrations.txt", /* of an update package */
        "deleted_files.txt", /* of an update package */
        "favicon.ico",
        "index.php",
        "index_dev.php",
        "media",
        "node_modules", /* of a build */
        "offline.php",
        "package-lock.json",
        "package.json",
        "plugins",
        "robots.txt",
        "tests",
        "themes",
        "translations",
        "upgrade.php",
        "upgrade_v3.php",
        "vendor",
};

static const char *const dropped[] = {
        "plugins/MauticCloudStorageBundle/Form/Type/OpenStackType.php",
        "plugins/MauticCloudStorageBundle/Integration/OpenStackIntegration.php",
        "plugins/MauticCloudStorageBundle/Integration/RackspaceIntegration.php",
        "plugins/MauticFullContactBundle/Exception/API.php",
        "plugins/MauticFullContactBundle/Exception/Base.php",
        "plugins/MauticFullContactBundle/Exception/NoCredit.php",
        "plugins/MauticFullContactBundle/Exception/NotImplemented.php",
        "plugins/MauticSocialBundle/Form/Type/GooglePlusType.php",
        "plugins/MauticSocialBundle/Integration/GooglePlusIntegration.php",
        "plugins/MauticSocialBundle/Views/Integration/GooglePlus",
};

static const char *const packages[] = {
        "plugins/MauticCitrixBundle",
        "plugins/MauticClearbitBundle",
        "plugins/MauticCloudStorageBundle",
        "plugins/MauticCrmBundle",
        "plugins/MauticEmailMarketingBundle",
        "plugins/MauticFocusBundle",
        "plugins/MauticFullContactBundle",
        "plugins/MauticGmailBundle",
        "plugins/MauticOutlookBundle",
        "plugins/MauticSocialBundle",
        "plugins/MauticZapierBundle",
        "themes/Mauve",
        "themes/aurora",
        "themes/blank",
        "themes/cards",
        "themes/coffee",
        "themes/fresh-center",
        "themes/fresh-fixed",
        "themes/fresh-left",
        "themes/fresh-wide",
        "themes/goldstar",
        "themes/nature",
        "themes/neopolitan",
        "themes/oxygen",
        "themes/skyline",
        "themes/sparse",
        "themes/sunday",
        "themes/vibrant",
};

const char *const mautic_2_edited_files[] = {"favicon.ico", "robots.txt", NULL};

/* SHA-256 of .htaccess (2.16.0 to 2.16.2, 2.16.3 to 2.16.5), favicon.ico and robots.txt. */
static const char *const stock[] = {
        "75a47cd984d4e842dfb5f2d3e573d6f6f9516b1950423ea7532287b04c3f4fbd",
        "8b705795e70a061af5552e451d4f9db247e62ba0f4e75da4e698c519e25d5a34",
        "67a5904d731636c114513a7df90d4d6bff7a3f690f305ef3487ac84844a5874e",
        "8805d08c9a0a99c68cb208ca74cf2560a4240e8936e7c1a9c83dd587b7595430",
};

static bool has(const char *const *list, size_t count, const char *text)
{
        for (size_t i = 0; i < count; i++)
                if (string_equal(list[i], text))
                        return true;
        return false;
}

bool mautic_2_ships(const char *name)
{
        return has(shipped, ARRAY_SIZE(shipped), name);
}

bool mautic_2_dropped(const char *path)
{
        return has(dropped, ARRAY_SIZE(dropped), path);
}

bool mautic_2_ships_package(const char *path)
{
        return has(packages, ARRAY_SIZE(packages), path);
}

int mautic_2_file_is_stock(int dir_fd, const char *path, bool *ret, struct error *err)
{
        struct stat there;
        char hash[65];
        uint64_t size;
        int r = file_stat(dir_fd, path, &there, err);
        if (r < 0)
                return -1;
        if (r == 1 || !S_ISREG(there.st_mode)) {
                *ret = false;
                return 0;
        }
        r = file_sha256(dir_fd, path, NULL, hash, &size, err);
        if (r < 0)
                return -1;
        *ret = r == 0 && has(stock, ARRAY_SIZE(stock), hash);
        return 0;
}
