<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\PreUpAssertionMigration;

/**
 * Pre-up assertions of which one is false: runs.
 */
final class VersionAssertionsOneFalse extends PreUpAssertionMigration
{
    private int $asked = 0;

    public function up(Schema $schema): void
    {
        $this->addSql('ran '.$this->asked);
    }

    protected function preUpAssertions(): void
    {
        $this->skipAssertion(function (Schema $schema) {
            ++$this->asked;

            return true;
        }, 'first');
        $this->skipAssertion(fn (Schema $schema) => $schema->getTable($this->prefix.'contacts')->hasColumn('nothing'), 'second');
        $this->skipAssertion(fn () => throw new \LogicException('not asked'), 'third');
    }
}
