<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

/** DBAL 3's connection with the calls of DBAL 2 that migrations use, and transactions as PHP 7 had them. */
class Connection extends \Doctrine\DBAL\Connection
{
    public function prepare(string $sql): \Doctrine\DBAL\Statement
    {
        return new PreparedStatement($this, $this->getWrappedConnection()->prepare($sql), $sql);
    }

    public function fetchAll(string $sql, array $params = [], array $types = []): array
    {
        return $this->fetchAllAssociative($sql, $params, $types);
    }

    public function fetchAssoc(string $sql, array $params = [], array $types = [])
    {
        return $this->fetchAssociative($sql, $params, $types);
    }

    public function fetchColumn(string $sql, array $params = [], int $column = 0, array $types = [])
    {
        $row = $this->fetchNumeric($sql, $params, $types);

        return false === $row ? false : $row[$column];
    }

    public function begin(): void
    {
        $this->getNativeConnection()->beginTransaction();
    }

    // A statement that changes the schema has committed by itself; PHP 8 would call the second commit an error.
    public function commitWhatIsOpen(): void
    {
        if ($this->getNativeConnection()->inTransaction()) {
            $this->getNativeConnection()->commit();
        }
    }

    public function rollBackWhatIsOpen(): void
    {
        if ($this->getNativeConnection()->inTransaction()) {
            $this->getNativeConnection()->rollBack();
        }
    }
}
