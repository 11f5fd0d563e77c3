<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Dates of fixed times.
 */
final class VersionDates extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $date = new \DateTime('2020-02-29 13:05:09', new \DateTimeZone('UTC'));
        $this->addSql('formats', [$date->format('Y-m-d H:i:s'), $date->format('D, d M y; l jS F; N w z t L o W'), $date->format('a A g G h H i s u v e T P O c U'), $date->format('\Y\\\\Y'), date('Y-m-d', 86400), gmdate('H:i', 3600), mktime(12, 0, 0, 1, 1, 2000), strtotime('2000-01-01 00:00:00 UTC'), checkdate(2, 29, 2021)]);
        $later = clone $date;
        $later->modify('+1 day');
        $this->addSql('changed', [$later->format('Y-m-d'), $date->format('Y-m-d'), (new \DateTimeImmutable('2021-01-31'))->add(new \DateInterval('P1M'))->format('Y-m-d'), $date->getTimestamp(), $date->diff($later)->days, \DateTime::createFromFormat('Y-m-d H:i:s', '2019-12-31 23:59:59')->format('c'), (new \DateTime('@0'))->format('Y'), $date->setDate(2021, 1, 1)->format('Y-m-d'), $date->setTime(1, 2)->format('H:i:s')]);
    }
}
