<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

function compact_of($a)
{
    $b = 2;

    return compact('a', 'b');
}

function func_of()
{
    return [func_num_args(), func_get_arg(1), func_get_args()];
}

/**
 * Other functions that migrations use or might.
 */
final class VersionMisc extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('arrays', [compact_of('x'), extract(['extracted' => 5]), $extracted, func_of(1, 2), array_flip(array_flip(['a'])), is_a($this, self::class), is_subclass_of($this, \Mautic\CoreBundle\Doctrine\AbstractMauticMigration::class), method_exists($this, 'up'), property_exists($this, 'prefix'), get_parent_class($this), iterator_to_array(new \ArrayIterator([1, 2]))]);
        $this->addSql('paths', [basename('/a/b.php'), basename('/a/b.php', '.php'), dirname('/a/b/c.php'), dirname('/a/b/c', 2), pathinfo('/a/b.tar.gz'), pathinfo('x.php', PATHINFO_EXTENSION)]);
    }
}
