<?php

/* SPDX-License-Identifier: GPL-3.0-or-later */

declare(strict_types=1);

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

final class Version20191219155630 extends AbstractMauticMigration
{
    /**
     * @var string
     */
    private $table = 'sync_object_mapping';

    public function getDescription(): string
    {
        return 'Adds the table of objects that integrations have synced';
    }

    /**
     * @throws SkipMigration
     */
    public function preUp(Schema $schema): void
    {
        if ($schema->hasTable($this->prefix.$this->table)) {
            throw new SkipMigration('Schema includes this migration');
        }
    }

    public function up(Schema $schema): void
    {
        $index = $this->generatePropertyName($this->table, 'idx', ['integration', 'internal_object_id']);

        $this->addSql("
            CREATE TABLE `{$this->prefix}{$this->table}` (
              `id` INT AUTO_INCREMENT NOT NULL,
              `date_created` DATETIME NOT NULL,
              `integration` VARCHAR(191) NOT NULL,
              `internal_object_id` INT NOT NULL,
              `is_deleted` TINYINT(1) NOT NULL,
              PRIMARY KEY (`id`),
              INDEX {$index} (`integration`, `internal_object_id`)
            ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci ENGINE = InnoDB;
        ");
    }
}
