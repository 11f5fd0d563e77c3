<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

/**
 * The site's pages, each with a count from the database and the request written to the log:
 *   /            the version and the count, on one line
 *   ?visit       the same as a long page with an end, and something written to the cache; ?visit&slow=MS takes as long
 *   ?upload=NAME the request's body is kept in media/files
 */
final class Page
{
    private const SLOWEST_MS = 3000;

    public static function show(string $root, int $generation): int
    {
        $site = new Site($root, $generation, 'prod');
        header('X-Sandbox-Root: '.basename($root));
        try {
            if (isset($_GET['hold'])) {
                self::hold(dirname($root), $_GET['hold']);
            }
            $contacts = $site->connection()->fetchOne('SELECT COUNT(*) FROM '.$site->prefix().'leads');
            usleep(1000 * min(self::SLOWEST_MS, (int) ($_GET['slow'] ?? 0)));
            self::log($site);
            $text = "Mautic $site->version has $contacts contacts\n";
            if (isset($_GET['visit'])) {
                self::cache($site);
                $text .= str_repeat("A line of a page of Mautic $site->version.\n", 500)."The end of Mautic $site->version's page.\n";
            } elseif (isset($_GET['upload'])) {
                self::keep($root, basename($_GET['upload']));
                $text = "Mautic $site->version keeps {$_GET['upload']}\n";
            }
            header('Content-Type: text/plain; charset=utf-8');
            echo $text;
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
    public static function log(Site $site): void
    {
        self::append($site->parameter('log_path').'/requests.php', ($_SERVER['REQUEST_URI'] ?? 'console')."\n");
    }

    // As Twig and Doctrine do.
    public static function cache(Site $site): void
    {
        self::append($site->cacheFolder().'/visits/'.getmypid() % 8 .'.txt', ".\n");
    }

    private static function keep(string $root, string $name): void
    {
        self::append("$root/media/files/$name", (string) file_get_contents('php://input'));
    }

    private static function append(string $file, string $text): void
    {
        $folder = dirname($file);
        if (!is_dir($folder) && !@mkdir($folder, 0777, true) && !is_dir($folder)) {
            throw new \RuntimeException(sprintf('Unable to create the directory (%s)', $folder));
        }
        if (strlen($text) !== @file_put_contents($file, $text, FILE_APPEND | LOCK_EX)) {
            throw new \RuntimeException(sprintf('Failed to write file "%s".', $file));
        }
    }
}
