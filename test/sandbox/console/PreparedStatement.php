<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Doctrine\DBAL\FetchMode;
use Doctrine\DBAL\Result;

/** A statement that, as in DBAL 2, is executed and then fetched from. */
class PreparedStatement extends \Doctrine\DBAL\Statement
{
    private ?Result $last = null;

    public function execute($params = null): Result
    {
        return $this->last = parent::execute($params);
    }

    public function fetch(int $mode = FetchMode::ASSOCIATIVE)
    {
        return $this->last->fetch($mode);
    }

    public function fetchAll(int $mode = FetchMode::ASSOCIATIVE): array
    {
        return $this->last->fetchAll($mode);
    }
}
