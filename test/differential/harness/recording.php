<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// A DBAL connection that writes down what a migration writes outside addSql. Rows are really written (inside the
// transaction that the harness rolls back), so that later reads see them; everything else would commit by itself and is only
// written down. The names that DBAL 3 dropped but Mautic 2's files call are added with what DBAL 2 gave.

use Doctrine\DBAL\Cache\ArrayResult;
use Doctrine\DBAL\Cache\QueryCacheProfile;
use Doctrine\DBAL\Connection;
use Doctrine\DBAL\Driver\Statement as DriverStatement;
use Doctrine\DBAL\Exception\ServerException;
use Doctrine\DBAL\FetchMode;
use Doctrine\DBAL\Result;
use Doctrine\DBAL\Statement;

/** What a statement does to the database, by its first word. */
enum Effect
{
    case Read;
    case Rows;
    case CommitsByItself;

    public static function of(string $sql): self
    {
        $bare = preg_replace('/^(?:\s|\(|#[^\n]*\n|--[ \t\n][^\n]*\n?|\/\*.*?\*\/)+/s', '', $sql);
        preg_match('/^[a-z]+/i', $bare, $word);

        return match (strtoupper($word[0] ?? '')) {
            'SELECT', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'WITH', 'VALUES' => self::Read,
            'INSERT', 'UPDATE', 'DELETE', 'REPLACE' => self::Rows,
            default => self::CommitsByItself,
        };
    }
}

final class RecordingConnection extends Connection
{
    /** @var array<int, array{string, array, int}> statements outside addSql: text, parameters, line */
    private array $written = [];
    private bool $recording = false;
    private bool $tolerant = false;

    public function record(): void
    {
        $this->recording = true;
    }

    /** From postUp on: what addSql collected has not been run, so the server may lack what a write needs. */
    public function tolerateRefusals(): void
    {
        $this->tolerant = true;
    }

    public function written(): array
    {
        return $this->written;
    }

    /** Writes the statement down unless it only reads. True when it must not be sent. */
    public function note(string $sql, array $params): bool
    {
        $effect = Effect::of($sql);
        if (!$this->recording || Effect::Read === $effect) {
            return false;
        }
        $this->written[] = [$sql, $params, calling_line()];

        return Effect::CommitsByItself === $effect;
    }

    public function executeQuery(string $sql, array $params = [], $types = [], ?QueryCacheProfile $qcp = null): Result
    {
        return $this->note($sql, $params)
            ? new Result(new ArrayResult([]), $this)
            : parent::executeQuery($sql, $params, $types, $qcp);
    }

    public function executeStatement($sql, array $params = [], array $types = [])
    {
        if ($this->note($sql, $params)) {
            return 0;
        }
        try {
            return parent::executeStatement($sql, $params, $types);
        } catch (ServerException $refused) {
            return $this->tolerant ? 0 : throw $refused;
        }
    }

    public function prepare(string $sql): Statement
    {
        return new RecordingStatement($this, $this->getWrappedConnection()->prepare($sql), $sql);
    }

    public function fetchAll(string $sql, array $params = [], $types = []): array
    {
        return $this->fetchAllAssociative($sql, $params, $types);
    }

    public function fetchAssoc(string $sql, array $params = [], array $types = [])
    {
        return $this->fetchAssociative($sql, $params, $types);
    }

    public function fetchArray(string $sql, array $params = [], array $types = [])
    {
        return $this->fetchNumeric($sql, $params, $types);
    }

    public function fetchColumn(string $sql, array $params = [], $column = 0, array $types = [])
    {
        $row = $this->fetchNumeric($sql, $params, $types);

        return $row[$column] ?? false;
    }
}

final class RecordingStatement extends Statement
{
    private ?Result $result = null;

    public function __construct(private RecordingConnection $connection, DriverStatement $statement, string $sql)
    {
        parent::__construct($connection, $statement, $sql);
    }

    public function execute($params = null): Result
    {
        $this->result = $this->connection->note($this->sql, $params ?? $this->params)
            ? new Result(new ArrayResult([]), $this->connection)
            : parent::execute($params);

        return $this->result;
    }

    public function fetch(int $mode = FetchMode::ASSOCIATIVE)
    {
        return $this->result->fetch($mode);
    }

    public function fetchAll(int $mode = FetchMode::ASSOCIATIVE): array
    {
        return $this->result->fetchAll($mode);
    }

    public function fetchColumn()
    {
        return $this->result->fetchOne();
    }

    public function rowCount(): int
    {
        return $this->result->rowCount();
    }

    public function closeCursor(): bool
    {
        $this->result?->free();

        return true;
    }
}
