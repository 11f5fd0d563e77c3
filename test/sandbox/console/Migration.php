<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Doctrine\DBAL\Schema\Schema;

/** What a migration file may use of Doctrine: collects the statements that the executor runs. */
abstract class Migration
{
    protected Connection $connection;

    /** @var array<array{string, array, array}> */
    private array $statements = [];

    public function __construct(Connection $connection)
    {
        $this->connection = $connection;
    }

    abstract public function up(Schema $schema);

    public function down(Schema $schema)
    {
    }

    public function preUp(Schema $schema)
    {
    }

    public function postUp(Schema $schema)
    {
    }

    public function preDown(Schema $schema)
    {
    }

    public function postDown(Schema $schema)
    {
    }

    public function getDescription()
    {
        return '';
    }

    public function isTransactional(): bool
    {
        return true;
    }

    protected function addSql(string $sql, array $params = [], array $types = []): void
    {
        $this->statements[] = [$sql, $params, $types];
    }

    protected function skipIf(bool $condition, string $message = ''): void
    {
        if ($condition) {
            throw new SkipMigration($message ?: 'Unknown Reason');
        }
    }

    protected function abortIf(bool $condition, string $message = ''): void
    {
        if ($condition) {
            throw new \RuntimeException($message ?: 'Unknown Reason');
        }
    }

    /** Takes what was collected. */
    public function takeStatements(): array
    {
        $statements       = $this->statements;
        $this->statements = [];

        return $statements;
    }
}
