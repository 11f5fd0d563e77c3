<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

trait Speaks
{
    protected $kept = ['a' => 1];

    public function hello()
    {
        return 'hello '.$this->name();
    }

    abstract protected function name(): string;

    public function traitName()
    {
        return [__TRAIT__, __CLASS__, self::class, static::class];
    }
}

trait Shouts
{
    public function shout()
    {
        return strtoupper($this->name());
    }
}

trait Counts
{
    private static $count = 10;

    public static function counted()
    {
        return ++static::$count;
    }
}

/**
 * Traits: properties, static members, abstract methods, magic constants.
 */
final class VersionTraits extends AbstractMauticMigration
{
    use Speaks, Shouts;
    use Counts;

    public function up(Schema $schema): void
    {
        $this->addSql('used', [$this->hello(), $this->shout(), self::counted(), self::counted(), $this->name(), $this->kept, $this->traitName(), __CLASS__, __METHOD__, __FUNCTION__]);
    }

    protected function name(): string
    {
        return 'own '.__FUNCTION__;
    }
}
