<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Connection;
use Doctrine\DBAL\FetchMode;
use Doctrine\DBAL\ParameterType;
use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Types\Types;
use Mautic\CampaignBundle\Entity\Campaign;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;
use Mautic\LeadBundle\Entity\DoNotContact;
use Mautic\LeadBundle\Entity\LeadEventLog;

/**
 * Constants: PHP's, define, magic ones, of classes that migrations name.
 */
final class VersionConstants extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        define('OWN_CONSTANT', 'defined');
        $this->addSql('constants', [OWN_CONSTANT, \PHP_EOL, PHP_INT_MAX, M_PI, __LINE__, basename(__FILE__), basename(__DIR__) !== '', __NAMESPACE__, __CLASS__, self::class, defined('OWN_CONSTANT'), constant('PHP_INT_SIZE'), PATHINFO_BASENAME, E_ALL, DIRECTORY_SEPARATOR, SORT_STRING, COUNT_RECURSIVE, JSON_PRETTY_PRINT, ENT_QUOTES, LOCK_EX]);
        $this->addSql('of others', [Types::STRING, Types::DATETIME_MUTABLE, Types::TEXT, Types::JSON, Types::INTEGER, FetchMode::ASSOCIATIVE, ParameterType::INTEGER, ParameterType::STRING, Connection::PARAM_INT_ARRAY, Connection::PARAM_STR_ARRAY, \PDO::PARAM_INT, \PDO::PARAM_STR, \PDO::FETCH_ASSOC, DoNotContact::UNSUBSCRIBED, DoNotContact::BOUNCED, DoNotContact::MANUAL, Campaign::TABLE_NAME, Campaign::class, LeadEventLog::INDEX_SEARCH]);
        $this->addSql(MAUTIC_TABLE_PREFIX.'contacts');
    }
}
