<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Stand-ins for the classes of Doctrine Migrations that a migration file names. They take their signatures without
// return types, so that files written for Mautic 2 (none) and for Mautic 5 (void) both extend them.

namespace Doctrine\Migrations\Exception {
    interface MigrationException extends \Throwable
    {
    }

    class AbortMigration extends \RuntimeException implements MigrationException
    {
    }

    class SkipMigration extends \RuntimeException implements MigrationException
    {
    }

    class IrreversibleMigration extends \RuntimeException implements MigrationException
    {
    }
}

namespace Doctrine\Migrations {
    use Doctrine\DBAL\Connection;
    use Doctrine\DBAL\Schema\Schema;

    abstract class AbstractMigration
    {
        protected $connection;
        protected $sm;
        protected $platform;

        /** @var array<int, array{string, array, int}> statements of addSql: text, parameters, line */
        private array $planned = [];

        public function __construct(Connection $connection)
        {
            $this->connection = $connection;
            $this->sm = $connection->createSchemaManager();
            $this->platform = $connection->getDatabasePlatform();
        }

        public function isTransactional()
        {
            return true;
        }

        public function getDescription()
        {
            return '';
        }

        public function preUp(Schema $schema)
        {
        }

        abstract public function up(Schema $schema);

        public function postUp(Schema $schema)
        {
        }

        public function preDown(Schema $schema)
        {
        }

        public function down(Schema $schema)
        {
            $this->abortIf(true, sprintf('No down() migration implemented for "%s"', static::class));
        }

        public function postDown(Schema $schema)
        {
        }

        public function warnIf(bool $condition, string $message = 'Unknown Reason')
        {
        }

        public function abortIf(bool $condition, string $message = 'Unknown Reason')
        {
            if ($condition) {
                throw new Exception\AbortMigration($message);
            }
        }

        public function skipIf(bool $condition, string $message = 'Unknown Reason')
        {
            if ($condition) {
                throw new Exception\SkipMigration($message);
            }
        }

        protected function addSql(string $sql, array $params = [], array $types = [])
        {
            $this->planned[] = [$sql, $params, \calling_line()];
        }

        protected function write(string $message)
        {
        }

        protected function throwIrreversibleMigrationException(?string $message = null)
        {
            throw new Exception\IrreversibleMigration($message ?? 'This migration is irreversible and cannot be reverted.');
        }

        /** What the harness asks for: the base class of a migration must not lend it a public name of ours. */
        public static function plannedBy(self $migration): array
        {
            return $migration->planned;
        }
    }
}

namespace {
    class_alias(\Doctrine\Migrations\AbstractMigration::class, 'Doctrine\DBAL\Migrations\AbstractMigration');
    class_alias(\Doctrine\Migrations\Exception\AbortMigration::class, 'Doctrine\DBAL\Migrations\AbortMigrationException');
    class_alias(\Doctrine\Migrations\Exception\SkipMigration::class, 'Doctrine\DBAL\Migrations\SkipMigrationException');
    class_alias(
        \Doctrine\Migrations\Exception\IrreversibleMigration::class,
        'Doctrine\DBAL\Migrations\IrreversibleMigrationException'
    );

    /** The line of the nearest frame that stands in a migration file. */
    function calling_line(): int
    {
        foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS) as $frame) {
            if (isset($frame['file']) && !str_starts_with($frame['file'], __DIR__) && str_contains($frame['file'], '/Version')) {
                return $frame['line'];
            }
        }

        return 0;
    }
}
