<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * match: several conditions, default, no match.
 */
final class VersionMatchExpression extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach ([1, '1', 2, 'x'] as $value) {
            $this->addSql('match', [match ($value) {
                1, 2 => 'number',
                '1' => 'text',
                default => 'other',
            }]);
        }
        $this->addSql('true', [match (true) {
            3 > 4 => 'no',
            strlen('abc') === 3 => 'three',
        }]);
        try {
            $result = match (5) {
                1 => 'one',
            };
        } catch (\UnhandledMatchError $error) {
            $this->addSql('unhandled', [$error->getMessage()]);
        }
    }
}
