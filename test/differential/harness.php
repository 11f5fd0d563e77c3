<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// php harness.php --dir DIR --prefix P --dsn DSN: what PHP and Doctrine would run for each migration of DIR, each alone
// on the database as it is, in the JSON of `migrations-reader plan --independent --json`. Nothing stays in the database.

use Doctrine\DBAL\Configuration;
use Doctrine\DBAL\DriverManager;
use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Tools\DsnParser;
use Doctrine\DBAL\Types\Type;
use Doctrine\DBAL\Types\Types;
use Doctrine\Migrations\AbstractMigration;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\Type as MauticTypes;

require_once 'Doctrine/DBAL/autoload.php';
require_once __DIR__.'/harness/doctrine_migrations.php';
require_once __DIR__.'/harness/mautic.php';
require_once __DIR__.'/harness/recording.php';

/** Mautic's other classes lie below the folder of migrations, where they lie below a site's root. */
function load_classes_below(string $folder): void
{
    spl_autoload_register(function (string $class) use ($folder): void {
        $file = $folder.'/app/bundles/'.strtr(substr($class, strlen('Mautic\\')), '\\', '/').'.php';
        if (str_starts_with($class, 'Mautic\\') && is_file($file)) {
            require $file;
        }
    });
}

/** DSN as the reader takes it; PDO's own names for its parts. */
function parameters_of(string $dsn): array
{
    $parameters = (new DsnParser(['mysql' => 'pdo_mysql']))->parse($dsn);

    return $parameters + [
        'charset' => 'utf8mb4',
        // As Mautic 5 is configured.
        'defaultTableOptions' => ['charset' => 'utf8mb4', 'collate' => 'utf8mb4_unicode_ci', 'row_format' => 'DYNAMIC'],
        'wrapperClass' => RecordingConnection::class,
        // Mautic 5 sets it; Mautic 2 to 4 had PHP 7, whose emulated statements give strings anyway.
        'driverOptions' => [PDO::ATTR_STRINGIFY_FETCHES => true],
    ];
}

function connect(string $dsn): RecordingConnection
{
    $connection = DriverManager::getConnection(parameters_of($dsn), new Configuration());
    $platform = $connection->getDatabasePlatform();
    foreach (['enum', 'point', 'bit'] as $unknown) {
        $platform->registerDoctrineTypeMapping($unknown, 'string');
    }

    return $connection;
}

/** The types that Mautic puts in the place of Doctrine's own, and the one that it adds. */
function register_types(): void
{
    Type::overrideType(Types::ARRAY, MauticTypes\ArrayType::class);
    Type::overrideType(Types::DATETIME_MUTABLE, MauticTypes\UTCDateTimeType::class);
    Type::overrideType(Types::DATETIME_IMMUTABLE, MauticTypes\UTCDateTimeImmutableType::class);
    Type::addType('generated', MauticTypes\GeneratedType::class);
}

/** What JSON has no word for, told as the reader tells it: wrong bytes, numbers that are none, objects. */
function for_json(mixed $value): mixed
{
    return match (true) {
        is_array($value) => array_combine(array_map(for_json(...), array_keys($value)), array_map(for_json(...), $value)),
        is_string($value) => as_utf8($value),
        is_float($value) && !is_finite($value) => (string) $value,
        is_object($value) => $value::class,
        default => $value,
    };
}

/** Each byte that is no part of a character becomes U+FFFD. */
function as_utf8(string $bytes): string
{
    $characters = '[\x00-\x7F]|[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}'
        .'|\xED[\x80-\x9F][\x80-\xBF]|\xF0[\x90-\xBF][\x80-\xBF]{2}|[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2}';

    return preg_replace("/(?:$characters)(*SKIP)(*FAIL)|./s", "\u{FFFD}", $bytes);
}

function statements_of(array $noted, bool $direct): array
{
    return array_map(
        fn (array $one): array => ['sql' => for_json($one[0]), 'params' => for_json($one[1]), 'line' => $one[2], 'direct' => $direct],
        $noted
    );
}

/** The dry run of one migration, as Doctrine does it; statements in the order in which a real run would send them. */
function run(AbstractMigration $migration, RecordingConnection $connection, Schema $from): array
{
    $connection->beginTransaction();
    $connection->record();
    $migration->preUp($from);
    $to = clone $from;
    $migration->up($to);
    $planned = AbstractMigration::plannedBy($migration);
    $difference = $connection->createSchemaManager()->createComparator()->compareSchemas($from, $to);
    foreach ($connection->getDatabasePlatform()->getAlterSchemaSQL($difference) as $sql) {
        $planned[] = [$sql, [], 0];
    }
    $before = $connection->written();
    $connection->tolerateRefusals();
    $migration->postUp($to);
    if ($connection->isTransactionActive() && $connection->isRollbackOnly()) {
        throw Doctrine\DBAL\ConnectionException::commitFailedRollbackOnly();
    }

    return [
        ...statements_of($before, true),
        ...statements_of($planned, false),
        ...statements_of(array_slice($connection->written(), count($before)), true),
    ];
}

function plan(string $file, string $prefix, string $dsn, Schema $from): array
{
    $plan = ['version' => version_of($file), 'verdict' => 'sql', 'message' => '',
        'transactional' => true, 'statements' => []];
    try {
        require $file;
        $connection = connect($dsn);
        $class = 'Mautic\\Migrations\\'.basename($file, '.php');
        $migration = new $class($connection);
        $migration->setContainer(new PrefixContainer($prefix));
        $plan['transactional'] = $migration->isTransactional();
        $plan['statements'] = run($migration, $connection, $from);
        $added = array_filter($plan['statements'], fn (array $one): bool => !$one['direct']);
        $plan['verdict'] = $added ? 'sql' : 'empty';
    } catch (SkipMigration $skip) {
        $plan = ['verdict' => 'skipped', 'message' => for_json($skip->getMessage())] + $plan;
    } catch (Throwable $error) {
        $plan = ['verdict' => 'error', 'message' => for_json($error->getMessage()), 'class' => $error::class] + $plan;
    }

    return $plan;
}

/** Runs plan() in a process of its own: classes, static variables and fatal errors of one migration don't reach the next. */
function plan_apart(string $file, string $prefix, string $dsn, Schema $from): string
{
    [$mine, $its] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $child = pcntl_fork();
    if (0 === $child) {
        fclose($mine);
        ob_start(fn (): string => '');
        // A fatal error ends the process through its shutdown functions: then, too, there is an answer.
        register_shutdown_function(fn () => answer($its, ['version' => version_of($file), 'verdict' => 'error',
            'message' => error_get_last()['message'] ?? 'it ended the process', 'class' => 'fatal',
            'transactional' => true, 'statements' => []]));
        answer($its, plan($file, $prefix, $dsn, $from));
    }
    fclose($its);
    $answer = stream_get_contents($mine);
    pcntl_waitpid($child, $status);

    return $answer;
}

/** Hands over the plan and ends the process without destructors: the server rolls back what its connection left. */
function answer($stream, array $plan): never
{
    fwrite($stream, json_encode(
        $plan,
        JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION | JSON_PARTIAL_OUTPUT_ON_ERROR
    ));
    posix_kill(posix_getpid(), SIGKILL);
    exit(1);
}

function version_of(string $file): string
{
    return substr(basename($file, '.php'), strlen('Version'));
}

/** The schema is read once: no migration leaves anything in the database. */
function read_schema(string $dsn): Schema
{
    $connection = connect($dsn);
    $schema = $connection->createSchemaManager()->introspectSchema();
    $connection->close();

    return $schema;
}

function main(array $options): void
{
    foreach (['dir', 'prefix', 'dsn'] as $needed) {
        if (!isset($options[$needed])) {
            fwrite(STDERR, "usage: php harness.php --dir DIR --prefix P --dsn DSN\n");
            exit(2);
        }
    }
    // Mautic's console goes on after a warning; what a migration prints is no part of the plan.
    error_reporting(0);
    date_default_timezone_set('UTC');
    define('MAUTIC_TABLE_PREFIX', $options['prefix']);
    register_types();
    load_classes_below($options['dir']);
    $from = read_schema($options['dsn']);
    $plans = [];
    foreach (glob($options['dir'].'/Version*.php') as $file) {
        $plans[] = plan_apart($file, $options['prefix'], $options['dsn'], $from);
    }
    echo "[\n", implode(",\n", $plans), "\n]\n";
}

main(getopt('', ['dir:', 'prefix:', 'dsn:']));
