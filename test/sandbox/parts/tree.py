# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a Mautic 2 site with users in it, and of a Mautic 3 package."""

import hashlib
import json
import os
import stat

from .database import HERE

PLUGINS = tuple(f"Mautic{name}Bundle" for name in (
    "Citrix", "Clearbit", "CloudStorage", "Crm", "EmailMarketing", "Focus", "FullContact", "Gmail", "Outlook", "Social", "Zapier"))
THEMES = ("Mauve", "aurora", "blank", "cards", "coffee", "fresh-center", "goldstar", "sunday")
LOCALES = ("de", "fr", "ja")
CORE_BUNDLES = ("ApiBundle", "CampaignBundle", "CoreBundle", "EmailBundle", "LeadBundle", "PageBundle", "UserBundle")


class Tree:
    """Paths (bytes, relative) with what shall stand there. Order is that of creation."""

    def __init__(self):
        self.entries = {}
        self.shipped = set()

    def user_files(self):
        """The files that came after `shipped` was noted; only those whose names a line of JSON can hold."""
        paths = []
        for path, (mode, _) in self.entries.items():
            name = os.fsdecode(path)
            if path not in self.shipped and stat.S_ISREG(mode) and name.isprintable():
                paths.append(name)
        return paths

    def file(self, path, content=b"", mode=0o644):
        self.entries[os.fsencode(path)] = (stat.S_IFREG | mode, content.encode() if isinstance(content, str) else content)

    def folder(self, path, mode=0o755):
        self.entries[os.fsencode(path)] = (stat.S_IFDIR | mode, b"")

    def link(self, path, target):
        self.entries[os.fsencode(path)] = (stat.S_IFLNK | 0o777, os.fsencode(target))

    def hard_link(self, path, first):
        self.entries[os.fsencode(path)] = (0, os.fsencode(first))

    def write(self, root):
        root = os.fsencode(root)
        folders = []
        for path, (mode, content) in self.entries.items():
            where = os.path.join(root, path)
            make_folders(root, os.path.dirname(where))
            if mode == 0:
                os.link(os.path.join(root, content), where)
            elif stat.S_ISLNK(mode):
                os.symlink(content, where)
            elif stat.S_ISDIR(mode):
                make_folders(root, where)
                folders.append((where, stat.S_IMODE(mode)))
            else:
                with open(where, "wb") as file:
                    file.write(content)
                os.chmod(where, stat.S_IMODE(mode))
        # Last: a folder may be closed to those who write.
        for where, mode in reversed(folders):
            os.chmod(where, mode)


def make_folders(root, path):
    if not os.path.isdir(path):
        make_folders(root, os.path.dirname(path))
        os.mkdir(path)
        os.chmod(path, 0o755)


def read(path):
    with open(os.path.join(HERE, path), "rb") as file:
        return file.read()


def copy_folder(tree, source, target=""):
    """The files below HERE/source, as they are."""
    top = os.path.join(HERE, source)
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            mode = 0o755 if name == "console" else 0o644
            with open(path, "rb") as file:
                tree.file(os.path.join(target, os.path.relpath(path, top)), file.read(), mode)


def filler(label, number):
    """Some text of a size between a few bytes and 20 KiB, the same each time."""
    digest = hashlib.sha256(f"{label} {number}".encode()).hexdigest()
    return f"<?php\n// {label} {number}\n" + f"// {digest}\n" * (int(digest[:4], 16) % 300 if number % 16 == 0 else int(digest[:2], 16) % 16)


def core(tree, version, files):
    """What both releases ship, each with its own text in it."""
    copy_folder(tree, "console", "vendor/sandbox/console")
    tree.file("vendor/autoload.php", "<?php\nrequire __DIR__.'/sandbox/console/bootstrap.php';\n")
    tree.file(".htaccess", f"# Mautic {version}\nRewriteEngine On\nRewriteRule ^(.*)$ index.php [QSA,L]\n")
    tree.file("robots.txt", "User-agent: *\nDisallow: /addons/\nDisallow: /app/\n")
    tree.file("favicon.ico", bytes(range(64)))
    tree.file("LICENSE.txt", f"License of release {version}\n")
    tree.file("index_dev.php", f"<?php\nhttp_response_code(403);\nexit('No development here ({version}).');\n")
    tree.file("offline.php", "<?php\n// Shown while the site is down.\n")
    tree.file("app/.htaccess", "deny from all\n")
    tree.file("app/AppKernel.php", f"<?php\n\nclass AppKernel\n{{\n    const VERSION = '{version}';\n}}\n")
    tree.file("app/config/config.php", f"<?php\n// {version}\n")
    for bundle in CORE_BUNDLES:
        for number in range(4):
            tree.file(f"app/bundles/{bundle}/File{number}.php", filler(f"{version} {bundle}", number))
    for plugin in PLUGINS:
        tree.file(f"plugins/{plugin}/{plugin}.php", f"<?php\n// {plugin} of {version}\n")
        tree.file(f"plugins/{plugin}/Config/config.php", f"<?php\nreturn ['version' => '{version}'];\n")
    tree.file("plugins/index.html", "")
    for theme in THEMES:
        tree.file(f"themes/{theme}/config.json", json.dumps({"name": theme, "release": version}))
        tree.file(f"themes/{theme}/html/base.html.twig", f"<html><!-- {theme} {version} --></html>\n")
    tree.file("themes/blank.png", b"\x89PNG\r\n\x1a\n" + version.encode())
    tree.file("media/css/app.css", f"/* {version} */\n" * 40)
    tree.file("media/css/libraries.css", f"/* libraries {version} */\n")
    tree.file("media/js/app.js", f"// {version}\n" * 40)
    tree.file("media/dashboards/default.json", json.dumps({"release": version}))
    tree.file("media/images/.htaccess", "php_flag engine off\n")
    tree.file("media/images/avatar.png", b"\x89PNG avatar " + version.encode())
    tree.file("media/images/flags/Albania.png", b"\x89PNG flag")
    tree.file("translations/.gitkeep", "")
    for number in range(files):
        label = f"vendor{number % 37}/library{number % 11}"
        tree.file(f"vendor/{label}/src/Part{number // 407}/File{number}.php", filler(f"{version} {label}", number))


def php_text(text):
    return text.replace("\\", "\\\\").replace("'", "\\'")


def site(root, outside, settings, files):
    """Mautic 2.16.5 with everything that users and their hosts leave in a root. Links lead to the folder `outside`."""
    version = "2.16.5"
    tree = Tree()
    core(tree, version, files)
    copy_folder(tree, "mautic2")
    tree.file("app/version.txt", version)
    local = read("mautic2/app/config/local.php").decode()
    for name, value in {**settings, "ROOT": root}.items():
        local = local.replace(f"@{name}@", php_text(value))
    tree.file("app/config/local.php", local, 0o640)
    tree.file("upgrade.php", "<?php\n// Not in Mautic 3.\n")
    tree.file("upgrade_v3.php", "<?php\n// The upgrade in a browser; not in Mautic 3.\n")
    tree.file("README.md", "Mautic 2\n")

    # What runs there leaves this.
    tree.folder("app/cache", 0o775)
    tree.folder("app/logs", 0o775)
    tree.file("app/logs/mautic_prod-2019-10-01.php", "[2019-10-01 00:00:00] mautic.ERROR: something {}\n" * 20, 0o664)
    tree.folder("app/spool/default", 0o775)

    # What users changed or brought.
    tree.shipped = tree.entries.keys() - {b".htaccess", b"robots.txt", b"app/config/parameters_local.php"}
    tree.file(".htaccess", f"# Mautic {version}\nRewriteEngine On\n# Ours:\nRewriteCond %{{HTTPS}} off\nRewriteRule ^(.*)$ index.php [QSA,L]\n")
    tree.file("robots.txt", "User-agent: *\nDisallow: /app/\nDisallow: /secret/\nSitemap: https://example.org/sitemap.xml\n")
    tree.file(".user.ini", "memory_limit = 768M\n", 0o600)
    tree.file(".well-known/acme-challenge/token-1", "token-1.thumbprint\n")
    tree.file("google123.html", "google-site-verification: google123.html\n")
    tree.file("sitemap.xml", "<urlset/>\n")
    tree.file("newsletter/2019/index.html", "<h1>October</h1>\n")
    tree.file("plugins/AcmeHelloBundle/AcmeHelloBundle.php", "<?php\nnamespace MauticPlugin\\AcmeHelloBundle;\n")
    tree.file("plugins/AcmeHelloBundle/Config/config.php", "<?php\nreturn ['name' => 'Hello', 'version' => '1.0'];\n")
    tree.file("plugins/AcmeHelloBundle/Assets/run.sh", "#!/bin/sh\nexit 0\n", 0o755)
    tree.folder("plugins/AcmeHelloBundle/Empty")
    tree.file("plugins/MauticCrmBundle/Integration/AcmeIntegration.php", "<?php\n// Added inside a standard plugin.\n")
    tree.file("themes/acme/config.json", '{"name": "Acme"}')
    tree.file("themes/acme/html/email.html.twig", "<p>{{ content|raw }}</p>\n", 0o640)
    tree.file("themes/blank/html/acme_footer.html.twig", "<footer>Added inside a standard theme.</footer>\n")
    tree.file("translations/fr/config.php", "<?php\nreturn array('name' => 'French', 'locale' => 'fr', 'author' => 'Acme');\n")
    tree.file("translations/fr/CoreBundle/messages.ini", 'mautic.core.save="Enregistrer"\n')

    tree.folder("media/css", 0o775)
    tree.folder("media/dashboards", 0o2775)
    tree.file("media/css/acme.css", "body { color: #4e5d9d }\n")
    tree.file("media/dashboards/acme.json", '{"name": "Ours"}', 0o600)
    tree.file("media/js/acme.js", "// ours\n")
    tree.file("media/images/logo.png", b"\x89PNG\r\n" + bytes(range(256)) * 8)
    tree.hard_link("media/images/logo-copy.png", "media/images/logo.png")
    tree.file("media/images/2019/photo.jpg", bytes(range(255, -1, -1)) * 300)
    tree.file("media/images/empty.gif", "")
    tree.folder("media/images/uploads", 0o775)
    tree.file("media/other/brochure.pdf", b"%PDF-1.4\n" + bytes(range(256)))
    tree.file("media/other/private/list.csv", "name;email\n", 0o600)
    tree.folder("media/other/private", 0o700)
    tree.link("media/files", os.path.join(outside, "files"))
    tree.link("media/images/current", "2019")
    tree.link("media/images/gone", "nowhere/at/all.png")
    tree.link("downloads", "media/other")
    tree.link("old-docs", os.path.join(outside, "no-longer-there"))
    tree.link("themes/linked", os.path.join(outside, "theme"))

    odd_names(tree)
    return tree


def odd_names(tree):
    names = (
        "with space & \"quotes\" 'both'.html", "line\nbreak.txt", "-rf", "ünïcode 漢字 🙂.txt", b"latin-1 caf\xe9.txt",
        "back\\slash.txt", "semi;colon $(id) `id` %s %n.txt", "trailing. ", "tab\tand\x01control.txt", "n" * 251 + ".txt",
    )
    for name in names:
        for folder in (b"", b"media/images/odd", b"plugins/AcmeHelloBundle/Odd"):
            tree.file(os.path.join(folder, os.fsencode(name)), b"content of " + os.fsencode(name)[:20] + b"\n")
    tree.file("media/images/" + "/".join(f"level-{number:02d}-" + "d" * 20 for number in range(60)) + "/deep.txt", "deep\n")


def outside_files():
    """What the links out of the root lead to: it must survive whatever happens inside."""
    tree = Tree()
    tree.file("files/.htaccess", "deny from all\n")
    tree.file("files/contract.pdf", b"%PDF-1.4 outside\n" + bytes(range(256)))
    tree.file("files/temp/upload.csv", "a;b\n", 0o600)
    tree.file("theme/config.json", '{"name": "Linked"}')
    return tree


def package(version, files, minimum_php, maximum_php, minimum_mautic):
    """Mautic 3 as its package holds it."""
    tree = Tree()
    core(tree, version, files)
    copy_folder(tree, "mautic3")
    tree.file("app/bundles/CoreBundle/Config/mapping_mautic_2.php", read("mautic2/app/bundles/CoreBundle/Config/mapping.php"))
    tree.file("app/release_metadata.json", json.dumps({
        "version": version, "stability": "stable", "minimum_php_version": minimum_php, "maximum_php_version": maximum_php,
        "minimum_mautic_version": minimum_mautic, "announcement_url": "",
    }, indent=2))
    tree.file("UPGRADE-3.0.md", "# What changed\n")
    tree.file("bin/.htaccess", "deny from all\n")
    tree.file("var/.htaccess", "deny from all\n")
    for name in ("logs", "spool", "tmp"):
        tree.file(f"var/{name}/.gitkeep", "")
    tree.file("media/files/.htaccess", "deny from all\n")
    tree.file("themes/paprika/config.json", '{"name": "Paprika"}')
    return tree
