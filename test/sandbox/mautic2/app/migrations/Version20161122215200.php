<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A category for whatever has none yet; skips only when it has looked.
 */
class Version20161122215200 extends AbstractMauticMigration
{
    protected $tables = ['emails', 'pages', 'forms'];

    public function up(Schema $schema)
    {
        $missing = [];
        foreach ($this->tables as $table) {
            if (!$schema->getTable($this->prefix.$table)->hasColumn('category_id')) {
                $missing[] = $table;
            }
        }

        if (!count($missing)) {
            throw new SkipMigrationException('Schema includes this migration');
        }

        foreach ($missing as $table) {
            $idx = $this->generatePropertyName($table, 'idx', ['category_id']);
            $fk  = $this->generatePropertyName($table, 'fk', ['category_id']);
            $this->addSql(sprintf('ALTER TABLE %s ADD category_id INT DEFAULT NULL', $this->prefix.$table));
            $this->addSql(sprintf('CREATE INDEX %s ON %s (category_id)', $idx, $this->prefix.$table));
            $this->addSql(sprintf('ALTER TABLE %1$s%2$s ADD CONSTRAINT %3$s FOREIGN KEY (category_id) REFERENCES %1$scategories (id) ON DELETE SET NULL', $this->prefix, $table, $fk));
        }
    }
}
