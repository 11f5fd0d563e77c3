<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * sprintf in all its formats, vsprintf, number_format.
 */
final class VersionStringsSprintf extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('plain', [sprintf('%s and %d, %%', 'text', 42), sprintf('%s %s %s', true, null, 1.0), sprintf('%d %d %d', '12abc', 1.9, true)]);
        $this->addSql('padding', [sprintf('[%5d] [%-5d] [%05d] [%+d] [%+d]', 42, 42, 42, 42, -42), sprintf("[%'*10s] [%-10s] [%10.3s]", 'abc', 'abc', 'abcdef'), sprintf('[%05s] [%5.1f] [%-8.2f]', 'ab', 3.14159, 2.5)]);
        $this->addSql('positions', [sprintf('%2$s %1$s %2$05d', 'a', '7'), sprintf('%1$s %1$s', 'twice')]);
        $this->addSql('floats', [sprintf('%f %.2f %.0f %F %e %.3E %g %G', 1.5, 1.005, 2.5, 1.25, 12345.678, 0.00012, 0.00001234, 1e20), sprintf('%.1f %.15f', 0.25, 0.1), sprintf('%5.2e', 1234.5)]);
        $this->addSql('bases', [sprintf('%b %o %x %X %c %u', 5, 8, 255, 255, 65, 3), sprintf('%08b|%-8x|', 5, 255), sprintf('%u', -1)]);
        $this->addSql('lists', [vsprintf('%s-%s', ['a', 'b']), vsprintf('%04d-%02d-%02d', explode('-', '123-1-1'))]);
        $this->addSql('numbers', [number_format(1234567.891), number_format(1234567.891, 2), number_format(1234567.891, 2, ',', '.'), number_format(0.5), number_format(-1234.567, 1), number_format(0.125, 2), number_format(1000, 0, '', ' ')]);
    }
}
