<?php

/* SPDX-License-Identifier: GPL-3.0-or-later */

declare(strict_types=1);

namespace Mautic\Migrations;

use Doctrine\DBAL\Connection;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

final class Version20200422144300 extends AbstractMauticMigration
{
    public function getDescription(): string
    {
        return "Migrate {$this->prefix}lead_fields.properties to simple array";
    }

    public function up(Schema $schema): void
    {
        $query = $this->connection->createQueryBuilder();
        $query->select('f.id, f.properties')
            ->from($this->prefix.'lead_fields', 'f')
            ->where($query->expr()->in('f.type', ':types'))
            ->orderBy('f.id')
            ->setParameter('types', ['select', 'multiselect'], Connection::PARAM_STR_ARRAY);

        foreach ($query->execute()->fetchAll() as $field) {
            $properties = unserialize($field['properties']);
            if (!isset($properties['list']) || !is_string($properties['list'])) {
                continue;
            }
            $list = [];
            foreach (explode('|', $properties['list']) as $value) {
                $list[] = ['label' => trim($value), 'value' => trim($value)];
            }
            $properties['list'] = $list;
            $this->addSql(
                "UPDATE {$this->prefix}lead_fields SET properties = ? WHERE id = ?",
                [serialize($properties), (int) $field['id']]
            );
        }

        $this->suppressNoSQLStatementError();
    }
}
