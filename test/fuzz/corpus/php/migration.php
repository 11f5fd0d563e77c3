<?php
declare(strict_types=1);

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;

final class Version20990101000000 extends \Exception
{
    private const COLUMNS = ["a", "b"];
    protected static $tableName = "pages";

    public function preUp($schema): void
    {
        if ($schema->getTable("{$this->prefix}pages")->hasColumn(self::COLUMNS[0])) {
            throw new \LogicException("Schema includes this migration");
        }
    }

    public function up(): void
    {
        foreach (self::COLUMNS as $i => $column) {
            show("ALTER TABLE `{$this->getTable()}` ADD {$column} INT", sprintf("%s_%d", $column, $i));
        }
    }

    private function getTable(): string { return static::$tableName . 'x'; }
}
$m = new Version20990101000000;
$m->up();
$m->preUp(null);
