<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Data only, in three statements; Mautic 3 ships this one, too.
 */
class Version20190724110039 extends AbstractMauticMigration
{
    public function up(Schema $schema)
    {
        $this->addSql("UPDATE {$this->prefix}campaign_events SET type = 'lead.changepoints' WHERE type = 'lead.change_points';");
        $this->addSql("UPDATE {$this->prefix}emails SET template = 'blank' WHERE template = 'Mauve';");
        $this->addSql("
            UPDATE {$this->prefix}pages SET custom_html = REPLACE(custom_html, '{old_token}', '{new_token=\"a:b?c\"}')
            WHERE custom_html LIKE '%{old_token}%'
        ");
    }
}
