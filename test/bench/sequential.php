<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The stages of the upgrade one after the other, as a PHP script without a journal does them: what test/bench/upgrade
// compares with. Nothing is synced, nothing is proven, visitors get no page of its own.
//
// usage: php sequential.php ROOT PACKAGE SOCKET
// Prints {"seconds": …, "window": …, "cache": …}: all, from the first rename to the built cache, and the cache of that.

[, $root, $package, $socket] = $argv;
chdir($root);
const OLD = 'mautic-2-backup-files';
const NEW_FILES = 'mautic-3-temp-files';
const OWN = [OLD, NEW_FILES, 'mautic-3-update-package.zip', 'm3_upgrade_db_backup.sql', '.', '..'];

function fail(string $what): void
{
    fwrite(STDERR, "sequential.php: $what\n");
    exit(1);
}

function call(array $command, ?string $output = null, array $environment = []): void
{
    $streams = [['file', '/dev/null', 'r'], ['file', $output ?? '/dev/null', 'w'], STDERR];
    $process = proc_open($command, $streams, $pipes, null, $environment + getenv());
    if (!$process || 0 !== proc_close($process)) {
        fail($command[0].' failed');
    }
}

function console(string $path, string ...$arguments): void
{
    global $socket;
    call([PHP_BINARY, '-d', "pdo_mysql.default_socket=$socket", $path, ...$arguments, '--no-interaction', '--env=prod', '--no-debug']);
}

function move(string $from, string $to): void
{
    if (!rename($from, $to)) {
        fail("$from can't be moved to $to");
    }
}

// What the new release does not have, one file after the other; links as they are.
function merge(string $from, string $to): void
{
    foreach (array_diff(scandir($from), ['.', '..']) as $name) {
        if (is_dir("$from/$name") && !is_link("$from/$name")) {
            is_dir("$to/$name") || mkdir("$to/$name", 0755, true);
            merge("$from/$name", "$to/$name");
        } elseif (!file_exists("$to/$name") && !is_link("$to/$name")) {
            move("$from/$name", "$to/$name");
        }
    }
}

function settings(string $file): array
{
    $parameters = [];
    include $file;

    return $parameters;
}

$begin = microtime(true);
$parameters = settings('app/config/local.php');
call(['mariadb-dump', "--socket=$socket", '--user='.$parameters['db_user'], '--single-transaction', '--routines', '--events',
    $parameters['db_name']], 'm3_upgrade_db_backup.sql', ['MYSQL_PWD' => $parameters['db_password']]);
console('app/console', 'doctrine:migrations:migrate', '--allow-no-migration');
copy($package, 'mautic-3-update-package.zip');
$zip = new ZipArchive();
if (true !== $zip->open('mautic-3-update-package.zip') || !$zip->extractTo(NEW_FILES)) {
    fail('the package can not be unpacked');
}
$zip->close();

mkdir(OLD, 0700);
$entries = array_diff(scandir('.'), OWN, ['.htaccess', '.user.ini', '.well-known']);
$window = microtime(true);
foreach ($entries as $name) {
    move($name, OLD."/$name");
}
foreach (array_diff(scandir(NEW_FILES), ['.', '..']) as $name) {
    move(NEW_FILES."/$name", '.htaccess' === $name ? '.htaccess.m3' : $name);
}
foreach (glob(OLD.'/app/config/*local*.php') as $file) {
    $name = 'app/config/'.basename($file);
    is_file($name) || copy($file, $name);
}

$parameters = settings('app/config/local.php');
$parameters['mailer_transport'] = 'mail' === ($parameters['mailer_transport'] ?? null) ? 'sendmail' : ($parameters['mailer_transport'] ?? null);
$parameters['system_update_url'] = 'https://api.github.com/repos/mautic/mautic/releases';
$parameters['theme'] = 'Mauve' === ($parameters['theme'] ?? null) ? 'blank' : ($parameters['theme'] ?? null);
$parameters['dev_hosts'] = $parameters['dev_hosts'] ?? [];
foreach (['cache' => 'cache', 'log' => 'logs'] as $key => $folder) {
    $parameters["{$key}_path"] = "$root/app/../var/$folder";
}
file_put_contents('app/config/local.php', '<?php'."\n".'$parameters = '.var_export($parameters, true).";\n");

console('bin/console', 'doctrine:migrations:migrate', '--allow-no-migration');
foreach (['plugins', 'themes', 'media/css', 'media/dashboards', 'media/files', 'media/images', 'media/js'] as $area) {
    if (is_dir(OLD."/$area") && !is_link(OLD."/$area")) {
        is_dir($area) || mkdir($area, 0755, true);
        merge(OLD."/$area", $area);
    }
}
$cache = microtime(true);
console('bin/console', 'cache:clear');
$end = microtime(true);

move(OLD, 'var/mautic-2-backup-files-'.bin2hex(random_bytes(16)));
rmdir(NEW_FILES);
echo json_encode(['seconds' => microtime(true) - $begin, 'window' => $end - $window, 'cache' => $end - $cache]), "\n";
