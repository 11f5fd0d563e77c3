<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use const PHP_INT_SIZE as SIZE;
use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Types as DbalTypes;
use function strtoupper as upper;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

const LOCAL_CONSTANT = 'local';

function strlen($text)
{
    return 'own '.\strlen($text);
}

/**
 * Namespaces: functions and constants of the file's before PHP's own, imports with aliases.
 */
final class VersionShadowing extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('resolved', [strlen('abc'), \strlen('abc'), upper('x'), SIZE, namespace\strlen('abc'), DbalTypes\Types::TEXT, \Mautic\Migrations\LOCAL_CONSTANT, LOCAL_CONSTANT, __NAMESPACE__]);
    }
}
