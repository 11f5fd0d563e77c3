/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/gate_pages.h"

#include "lib/memory.h"
#include "lib/text.h"
#include "states/gate.h"

#include <string.h>

const char gate_htaccess[] = "# " GATE_MARK "\n"
                             "<IfModule authz_core_module>\n"
                             "    Require all denied\n"
                             "    <FilesMatch \"\">\n"
                             "        Require all denied\n"
                             "    </FilesMatch>\n"
                             "</IfModule>\n"
                             "<IfModule !authz_core_module>\n"
                             "    Order allow,deny\n"
                             "    Deny from all\n"
                             "    <FilesMatch \"\">\n"
                             "        Order allow,deny\n"
                             "        Deny from all\n"
                             "    </FilesMatch>\n"
                             "</IfModule>\n";

const char gate_console[] = "#!/usr/bin/env php\n"
                            "<?php\n"
                            "/* " GATE_MARK ". Stands here while the site is upgraded to Mautic 3. */\n"
                            "fwrite(STDERR, \"This Mautic is being upgraded: try again later. Mautic 3's "
                            "console is bin/console.\\n\");\n"
                            "exit(75);\n";

const char gate_probe[] = "<?php\n"
                          "/* " GATE_MARK ". Tells whether the web server runs what lies here. */\n"
                          "header('" GATE_HEADER ": open');\n";

/* %1: SHA-256 of the token, %2, %3: name of Mautic 3's index.php. */
static const char pass[] =
        "if (isset($_SERVER['HTTP_X_MAUTIC_UPGRADED_TOKEN']) && "
        "is_string($_SERVER['HTTP_X_MAUTIC_UPGRADED_TOKEN'])\n"
        "    && hash_equals('%s', hash('sha256', $_SERVER['HTTP_X_MAUTIC_UPGRADED_TOKEN']))) {\n"
        "    if (isset($_SERVER['HTTP_X_MAUTIC_UPGRADED_OPCACHE'])) {\n"
        "        $status = function_exists('opcache_get_status') ? @opcache_get_status(true) : false;\n"
        "        foreach (isset($status['scripts']) ? array_keys($status['scripts']) : array() as $script) "
        "{\n"
        "            if (0 === strpos($script, __DIR__.'/')) {\n"
        "                @opcache_invalidate($script, true);\n"
        "            }\n"
        "        }\n"
        "    } elseif (is_file(__DIR__.'/%s')) {\n"
        "        ini_set('display_errors', '0');\n"
        "        header('" GATE_HEADER ": passed');\n"
        "        require __DIR__.'/%s';\n"
        "\n"
        "        return;\n"
        "    }\n"
        "}\n"
        "if (function_exists('opcache_invalidate')) {\n"
        "    @opcache_invalidate(__FILE__, true);\n"
        "}\n";

/* %1: Retry-After. */
static const char answer[] =
        "http_response_code(503);\n"
        "header('" GATE_HEADER ": closed');\n"
        "header('Retry-After: %llu');\n"
        "header('Cache-Control: no-store');\n"
        "header('X-Robots-Tag: noindex');\n"
        "header('Vary: Accept');\n"
        "$accept = isset($_SERVER['HTTP_ACCEPT']) ? (string) $_SERVER['HTTP_ACCEPT'] : '';\n"
        "if (strpos($accept, 'json') !== false && strpos($accept, 'text/html') === false) {\n"
        "    header('Content-Type: application/json; charset=utf-8');\n"
        "    echo '{\"errors\":[{\"code\":503,\"message\":\"This site is being upgraded. Please try again "
        "later.\",\"type\":\"maintenance\"}]}';\n"
        "\n"
        "    exit;\n"
        "}\n"
        "header('Content-Type: text/html; charset=utf-8');\n"
        "?>\n"
        "<!DOCTYPE html>\n"
        "<html lang=\"en\">\n"
        "<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>Back soon</title>\n"
        "<style>body{font:1.1em/1.5 sans-serif;color:#222;background:#fff;max-width:34em;margin:15vh auto;"
        "padding:0 1.5em}</style>\n"
        "</head>\n"
        "<body>\n"
        "<main>\n"
        "<h1>Back soon</h1>\n"
        "<p>This site is being upgraded. Please try again in a few minutes.</p>\n"
        "</main>\n"
        "</body>\n"
        "</html>\n"
        "<?php exit;\n";

static const char head[] =
        "<?php\n"
        "/* " GATE_MARK ". Stands here while the site is upgraded to Mautic 3, and goes away "
        "by itself. */\n";

/* opcache is told to forget the page, so that Mautic 3 is seen as soon as it takes the place. */
char *gate_page(const char *token_sha256, const char *held, uint64_t retry_after)
{
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_string(&text, head);
        buffer_append_format(&text, pass, token_sha256, held, held);
        buffer_append_format(&text, answer, (unsigned long long)retry_after);
        return buffer_steal(&text);
}

char *gate_guard(uint64_t retry_after)
{
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_string(&text, head);
        buffer_append_format(&text, answer, (unsigned long long)retry_after);
        return buffer_steal(&text);
}

/* PHP takes what stands between single quotes as it is. */
char *gate_user_ini(const char *guard_path)
{
        if (strpbrk(guard_path, "'\n\r"))
                return NULL;
        return string_format("; " GATE_MARK "\nauto_prepend_file = '%s'\n", guard_path);
}
