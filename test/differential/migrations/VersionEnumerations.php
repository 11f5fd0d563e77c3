<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

enum Kind: string
{
    case Index = 'idx';
    case ForeignKey = 'fk';

    public function label(): string
    {
        return ucfirst(strtolower($this->name));
    }
}

enum Plain
{
    case One;
    case Two;
}

/**
 * Enumerations: @expect needs_php
 */
final class VersionEnumerations extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('cases', [Kind::Index->value, Kind::from('fk')->name, Kind::tryFrom('none')?->name, Kind::Index->label(), count(Kind::cases()), Kind::Index === Kind::from('idx'), Plain::One instanceof Plain, Plain::One->name, array_map(fn (Kind $kind) => $kind->value, Kind::cases()), match (Kind::Index) {
            Kind::ForeignKey => 'no', Kind::Index => 'yes'
        }]);
    }
}
