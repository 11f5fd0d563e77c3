<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class Version20170607150200 extends AbstractMauticMigration
{
    public function preUp(Schema $schema)
    {
        $table = $schema->getTable($this->prefix.'form_fields');
        foreach ($table->getForeignKeys() as $key) {
            if ('CASCADE' === $key->onDelete()) {
                throw new SkipMigrationException('Schema includes this migration');
            }
        }
    }

    public function up(Schema $schema)
    {
        $fk = $this->findPropertyName('form_fields', 'fk', '9B7D');
        if ($fk) {
            $this->addSql("ALTER TABLE {$this->prefix}form_fields DROP FOREIGN KEY $fk");
        }
        $fk = $this->generatePropertyName('form_fields', 'fk', ['form_id']);
        $this->addSql("ALTER TABLE {$this->prefix}form_fields ADD CONSTRAINT $fk FOREIGN KEY (form_id) REFERENCES {$this->prefix}forms (id) ON DELETE CASCADE");
    }
}
