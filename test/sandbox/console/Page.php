<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

/** The site's front page: the version, a count from the database, and the request written to the log. */
final class Page
{
    public static function show(string $root, int $generation): int
    {
        $site = new Site($root, $generation, 'prod');
        try {
            if (isset($_GET['hold'])) {
                self::hold(dirname($root), $_GET['hold']);
            }
            $contacts = $site->connection()->fetchOne('SELECT COUNT(*) FROM '.$site->prefix().'leads');
            self::log($site);
            header('Content-Type: text/plain; charset=utf-8');
            echo "Mautic $site->version has $contacts contacts\n";
        } catch (\Throwable $error) {
            http_response_code(500);
            header('Content-Type: text/plain; charset=utf-8');
            echo "The site is currently offline due to encountering an error.\n";
            error_log($error->getMessage());
        }

        return 0;
    }

    private static function hold(string $folder, string $name): void
    {
        file_put_contents("$folder/request-holds", getmypid()."\n");
        while (!file_exists($folder.'/'.basename($name))) {
            usleep(20000);
            clearstatcache();
        }
    }

    // Makes the folder again when it is gone, as Mautic's logger does: a request under way does so in mid-move.
    private static function log(Site $site): void
    {
        $folder = $site->parameter('log_path');
        if (!is_dir($folder)) {
            mkdir($folder, 0777, true);
        }
        file_put_contents($folder.'/requests.php', $_SERVER['REQUEST_URI']."\n", FILE_APPEND | LOCK_EX);
    }
}
