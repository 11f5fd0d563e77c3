/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/page_assets.h"

#include "lib/memory.h"
#include "lib/sha256.h"

#include <pthread.h>

/* PAGE_FOLDER is the build's. A NUL behind each file, so that a text is a C string too. */
#define EMBED(symbol, file)                                                                                  \
        __asm__(".pushsection .rodata, \"a\"\n"                                                              \
                ".hidden page_" #symbol "_begin, page_" #symbol "_end\n"                                     \
                ".global page_" #symbol "_begin, page_" #symbol "_end\n"                                     \
                "page_" #symbol "_begin:\n"                                                                  \
                ".incbin \"" PAGE_FOLDER "/" file "\"\n"                                                     \
                "page_" #symbol "_end:\n"                                                                    \
                ".byte 0\n"                                                                                  \
                ".popsection\n");                                                                            \
        extern const char page_##symbol##_begin[], page_##symbol##_end[];

#define STYLE "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"

#define ASSETS(X)                                                                                            \
        X(actions_js, "actions.js", SCRIPT)                                                                  \
        X(backup_js, "backup.js", SCRIPT)                                                                    \
        X(checks_js, "checks.js", SCRIPT)                                                                    \
        X(daemon_js, "daemon.js", SCRIPT)                                                                    \
        X(dialogs_js, "dialogs.js", SCRIPT)                                                                  \
        X(elements_js, "elements.js", SCRIPT)                                                                \
        X(follow_js, "follow.js", SCRIPT)                                                                    \
        X(icon_svg, "icon.svg", "image/svg+xml")                                                             \
        X(index_html, "index.html", "text/html; charset=utf-8")                                              \
        X(log_js, "log.js", SCRIPT)                                                                          \
        X(migrations_js, "migrations.js", SCRIPT)                                                            \
        X(page_css, "page.css", STYLE)                                                                       \
        X(page_js, "page.js", SCRIPT)                                                                        \
        X(status_js, "status.js", SCRIPT)                                                                    \
        X(words_js, "words.js", SCRIPT)

#define X(symbol, file, type) EMBED(symbol, file)
ASSETS(X)
#undef X

#define ETAG_DIGITS 32

struct embedded {
        struct page_asset asset;
        const char *end;
        char etag[ETAG_DIGITS + 3];
};

static struct embedded assets[] = {
#define X(symbol, file, type) {{file, type, page_##symbol##_begin, 0, NULL}, page_##symbol##_end, ""},
        ASSETS(X)
#undef X
};

static void measure(void)
{
        for (size_t i = 0; i < ARRAY_SIZE(assets); i++) {
                char hash[SHA256_HEX_SIZE];
                struct page_asset *asset = &assets[i].asset;
                asset->size = (size_t)(assets[i].end - asset->data);
                sha256_of(asset->data, asset->size, hash);
                snprintf(assets[i].etag, sizeof(assets[i].etag), "\"%.*s\"", ETAG_DIGITS, hash);
                asset->etag = assets[i].etag;
        }
}

const struct page_asset *page_asset_find(const char *name)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, measure);
        for (size_t i = 0; i < ARRAY_SIZE(assets); i++)
                if (string_equal(assets[i].asset.name, name))
                        return &assets[i].asset;
        return NULL;
}
