<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * What a platform gives: quoting, declarations, expressions.
 */
final class VersionPlatformSql extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $platform = $this->connection->getDatabasePlatform();
        $this->addSql('platform', [
            $platform->getName(), $platform->quoteIdentifier('a.b'), $platform->quoteSingleIdentifier('a`b'), $platform->quoteStringLiteral("it's \\"), $platform->getCurrentTimestampSQL(), $platform->getConcatExpression("'a'", 'b'), $platform->getTruncateTableSQL('x'), $platform->getDropTableSQL('x'), $platform->getDateTimeFormatString(), $platform->getDateFormatString(), $platform->getCurrentDateSQL(), $platform->getSubstringExpression('a', '1', '2'),
            $platform->getIntegerTypeDeclarationSQL(['unsigned' => true]), $platform->getVarcharTypeDeclarationSQL(['length' => 20]), $platform->getClobTypeDeclarationSQL([]), $platform->getBooleanTypeDeclarationSQL([]), $platform->supportsForeignKeyConstraints(), $platform->getDateAddDaysExpression('d', '3'), $platform->getLengthExpression('x'), $platform->modifyLimitQuery('SELECT 1', 10, 5), $platform instanceof \Doctrine\DBAL\Platforms\AbstractMySQLPlatform, $platform instanceof \Doctrine\DBAL\Platforms\MySQLPlatform, $platform instanceof \Doctrine\DBAL\Platforms\AbstractPlatform,
        ]);
    }
}
