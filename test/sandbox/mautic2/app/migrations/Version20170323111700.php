<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Several statements in one text, a comment in front.
 */
class Version20170323111700 extends AbstractMauticMigration
{
    public function up(Schema $schema)
    {
        $sql = <<<SQL
# Themes that are gone.
UPDATE {$this->prefix}emails SET template = 'blank' WHERE template = 'Mauve';
UPDATE {$this->prefix}pages SET alias = TRIM(alias);
DELETE FROM {$this->prefix}categories WHERE alias = '';
SQL;
        $this->addSql($sql);
    }
}
