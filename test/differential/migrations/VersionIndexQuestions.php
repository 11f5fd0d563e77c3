<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * What introspection tells of indexes.
 */
final class VersionIndexQuestions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach ([$this->prefix.'contacts', $this->prefix.'kinds', $this->prefix.'segments', $this->prefix.'segment_contacts'] as $name) {
            $indexes = $schema->getTable($name)->getIndexes();
            ksort($indexes);
            foreach ($indexes as $key => $index) {
                $this->addSql($key, [$index->getName(), $index->getColumns(), $index->isUnique(), $index->isPrimary(), $index->isSimpleIndex(), $index->getFlags(), $index->getOptions(), $index->hasFlag('fulltext'), $index->hasOption('lengths'), $index->spansColumns(['email']), $index->hasColumnAtPosition('points'), $index->getUnquotedColumns()]);
            }
        }
    }
}
