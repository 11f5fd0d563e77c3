<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

/** The compiled container and what else a warm-up leaves: many small files with absolute paths in them. */
final class Cache
{
    public const CONTAINER = 'appProdProjectContainer.php';
    private const TEMPLATES = 120;

    private string $folder;

    public function __construct(string $folder)
    {
        $this->folder = $folder;
    }

    public function clear(): void
    {
        // What a killed clear has left goes first.
        $old = $this->folder.'_old';
        self::remove($old);
        if (is_dir($this->folder)) {
            rename($this->folder, $old);
            self::remove($old);
        }
    }

    public function warm(Site $site, array $parameters): void
    {
        foreach (range(0, self::TEMPLATES - 1) as $number) {
            $name = hash('sha256', $site->version.$number);
            $this->write('twig/'.substr($name, 0, 2)."/$name.php", "<?php\n\n/* template $number of $site->root */\n");
        }
        foreach (['en_US', 'fr', 'de'] as $locale) {
            $this->write("translations/catalogue.$locale.".substr(sha1($locale), 0, 8).'.php', "<?php\n\nreturn ['locale' => '$locale'];\n");
        }
        $this->write('annotations.map', $site->root."/app/bundles\n");
        // Last: its presence says that the cache is whole.
        $this->write(self::CONTAINER, "<?php\n\nreturn ".var_export(array_filter($parameters, 'is_scalar'), true).";\n");
    }

    private function write(string $path, string $text): void
    {
        $file = $this->folder.'/'.$path;
        if (!is_dir(dirname($file)) && !@mkdir(dirname($file), 0777, true) && !is_dir(dirname($file))) {
            throw new \RuntimeException(sprintf('Unable to create the directory (%s)', dirname($file)));
        }
        $temporary = $file.'.'.getmypid();
        if (strlen($text) !== @file_put_contents($temporary, $text) || !rename($temporary, $file)) {
            throw new \RuntimeException(sprintf('Failed to write file "%s".', $file));
        }
    }

    private static function remove(string $path): void
    {
        if (is_dir($path) && !is_link($path)) {
            foreach (array_diff(scandir($path), ['.', '..']) as $name) {
                self::remove("$path/$name");
            }
            rmdir($path);
        } elseif (file_exists($path) || is_link($path)) {
            unlink($path);
        }
    }
}
