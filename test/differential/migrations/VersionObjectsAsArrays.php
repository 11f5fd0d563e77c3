<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class Rows implements \ArrayAccess, \Countable, \IteratorAggregate
{
    private $rows;

    public function __construct(array $rows)
    {
        $this->rows = $rows;
    }

    public function offsetExists($offset): bool
    {
        return isset($this->rows[$offset]);
    }

    public function offsetGet($offset): mixed
    {
        return $this->rows[$offset] ?? null;
    }

    public function offsetSet($offset, $value): void
    {
        if (null === $offset) {
            $this->rows[] = $value;
        } else {
            $this->rows[$offset] = $value;
        }
    }

    public function offsetUnset($offset): void
    {
        unset($this->rows[$offset]);
    }

    public function count(): int
    {
        return count($this->rows);
    }

    public function getIterator(): \Iterator
    {
        return new \ArrayIterator($this->rows);
    }
}

class Countdown implements \Iterator
{
    private $at;

    public function __construct(private int $from)
    {
        $this->at = $from;
    }

    public function current(): mixed
    {
        return $this->at;
    }

    public function key(): mixed
    {
        return $this->from - $this->at;
    }

    public function next(): void
    {
        --$this->at;
    }

    public function rewind(): void
    {
        $this->at = $this->from;
    }

    public function valid(): bool
    {
        return $this->at > 0;
    }
}

/**
 * ArrayAccess, Countable, IteratorAggregate, Iterator: objects that act as arrays.
 */
final class VersionObjectsAsArrays extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $rows = new Rows(['a' => 1, 'b' => 2]);
        $rows['c'] = 3;
        $rows[] = 4;
        unset($rows['a']);
        $seen = [];
        foreach ($rows as $key => $value) {
            $seen[$key] = $value;
        }
        $this->addSql('rows', [$rows['b'], isset($rows['b']), isset($rows['none']), empty($rows['c']), $rows['none'] ?? 'default', count($rows), $seen, iterator_to_array($rows)]);
        foreach (new Countdown(3) as $key => $value) {
            $this->addSql("$key:$value");
        }
        $list = new \ArrayObject(['x' => 1]);
        $list['y'] = 2;
        $this->addSql('PHP\'s own', [count($list), $list['y'], $list->getArrayCopy()]);
    }
}
