<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;
use Mautic\CoreBundle\Helper\Serializer;

/**
 * Mautic's Serializer helper.
 */
final class VersionSerializer extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('decoded', [Serializer::decode('a:1:{s:1:"a";i:1;}'), Serializer::decode('b:0;'), Serializer::decode('broken')]);
    }
}
