<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Not skipped.
 */
final class VersionSkipIfNot extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->skipIf(false, 'never');
        $this->warnIf(true, 'only said');
        $this->abortIf(false, 'never');
        $this->write('only said');
        $this->addSql('went on');
    }
}
