<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * assert, error suppression, exit conditions that real files have.
 */
final class VersionQuietCalls extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        assert(is_array([]));
        $value = @json_decode('x');
        $list = array_filter(array_map('intval', explode(',', '1,,2')));
        $this->addSql('assertions', [$value, $list, defined('MAUTIC_TABLE_PREFIX'), class_exists('stdClass'), class_exists(self::class), function_exists('strlen'), is_callable('strlen')]);
        set_time_limit(0);
    }
}
