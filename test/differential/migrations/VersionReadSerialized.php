<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Values that are serialized or JSON, changed and put back as parameters of addSql.
 */
final class VersionReadSerialized extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach ($this->connection->fetchAllAssociative("SELECT id, properties FROM {$this->prefix}fields WHERE type = 'lookup' AND properties LIKE '%|%'") as $row) {
            $properties = unserialize($row['properties']);
            $properties['list'] = array_map(fn ($value) => ['label' => ucfirst($value), 'value' => $value], explode('|', $properties['list']));
            $this->addSql("UPDATE {$this->prefix}fields SET properties = :properties WHERE id = :id", ['id' => $row['id'], 'properties' => serialize($properties)]);
        }
        foreach ($this->connection->fetchAllAssociative("SELECT id, filters FROM {$this->prefix}segments ORDER BY id") as $row) {
            $filters = unserialize($row['filters']);
            $changed = false;
            foreach ($filters as &$filter) {
                if ('gt' === $filter['operator']) {
                    $filter['operator'] = 'gte';
                    $filter['properties'] = ['filter' => (string) $filter['filter']];
                    $changed = true;
                }
            }
            unset($filter);
            if ($changed) {
                $this->addSql("UPDATE {$this->prefix}segments SET filters = '".serialize($filters)."' WHERE id = {$row['id']}");
            }
        }
        foreach ($this->connection->fetchAllKeyValue("SELECT id, internal FROM {$this->prefix}contacts WHERE internal IS NOT NULL ORDER BY id") as $id => $json) {
            $this->addSql(json_encode(json_decode($json, true)), ['id' => $id]);
        }
        $this->addSql('broken', [unserialize($this->connection->fetchOne("SELECT properties FROM {$this->prefix}fields WHERE alias = 'broken'")), unserialize($this->connection->fetchOne("SELECT properties FROM {$this->prefix}fields WHERE alias = 'rate'"))]);
    }
}
