<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Every slot of dynamic content gets a place for filters.
 */
class Version20170830104500 extends AbstractMauticMigration
{
    private $emails = [];

    public function preUp(Schema $schema)
    {
        $rows = $this->connection->fetchAll("SELECT id, dynamic_content FROM {$this->prefix}emails WHERE dynamic_content IS NOT NULL ORDER BY id");
        foreach ($rows as $row) {
            $content = unserialize($row['dynamic_content']);
            if (is_array($content) && isset($content[0]['tokenName']) && !array_key_exists('filters', $content[0])) {
                $this->emails[$row['id']] = $content;
            }
        }

        if (empty($this->emails)) {
            throw new SkipMigrationException('Schema includes this migration');
        }
    }

    public function up(Schema $schema)
    {
        foreach ($this->emails as $id => $content) {
            foreach ($content as $key => $slot) {
                $content[$key]['filters'] = [['content' => null, 'filters' => []]];
            }
            $this->addSql(
                "UPDATE {$this->prefix}emails SET dynamic_content = :content WHERE id = :id",
                ['content' => serialize($content), 'id' => $id]
            );
        }
    }
}
