<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\PreUpAssertionMigration;

/**
 * Pre-up assertions that are all true: skipped.
 */
final class VersionAssertionsAllTrue extends PreUpAssertionMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('never');
    }

    protected function preUpAssertions(): void
    {
        $this->skipAssertion(fn (Schema $schema) => $schema->hasTable($this->prefix.'contacts'), 'There is a table');
        $this->skipAssertion(function (Schema $schema) {
            return !$schema->hasTable('nowhere');
        }, 'There is none');
    }
}
