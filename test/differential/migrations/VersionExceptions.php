<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class OwnException extends \Exception
{
    private $details;

    public function __construct($message, array $details)
    {
        parent::__construct($message);
        $this->details = $details;
    }

    public function details()
    {
        return $this->details;
    }
}

/**
 * throw, catch of several types, finally and what it overrides, previous exceptions, own exceptions.
 */
final class VersionExceptions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('order', [$this->attempt('fine'), $this->attempt('logic'), $this->attempt('own'), $this->attempt('other'), $this->overridden()]);
        try {
            try {
                throw new \RuntimeException('inner', 5);
            } catch (\Exception $error) {
                throw new \LogicException('outer', 6, $error);
            }
        } catch (\LogicException $error) {
            $this->addSql('chain', [$error->getMessage(), $error->getCode(), $error->getPrevious()->getMessage(), $error->getPrevious()->getCode(), get_class($error), $error instanceof \Throwable]);
        }
        try {
            $this->refuse();
        } catch (SkipMigration) {
            $this->addSql('a skip can be caught');
        }
        $value = null;
        try {
            $found = $value ?? throw new \InvalidArgumentException('thrown as an expression');
        } catch (\InvalidArgumentException $error) {
            $this->addSql($error->getMessage());
        }
        try {
            intdiv(1, 0);
        } catch (\DivisionByZeroError $error) {
            $this->addSql('division', [$error->getMessage()]);
        }
        try {
            1 % 0;
        } catch (\ArithmeticError $error) {
            $this->addSql('modulo', [$error->getMessage()]);
        }
    }

    private function attempt(string $what): string
    {
        $steps = '';
        try {
            $steps .= 'try ';
            match ($what) {
                'logic' => throw new \DomainException('d'),
                'own' => throw new OwnException('o', ['more']),
                'other' => throw new \UnexpectedValueException('u'),
                default => null,
            };
            $steps .= 'done ';
        } catch (\LogicException|OwnException $error) {
            $steps .= $error::class.' '.($error instanceof OwnException ? $error->details()[0] : '').' ';
        } catch (\Throwable $error) {
            $steps .= 'throwable ';
        } finally {
            $steps .= 'finally';
        }

        return $steps;
    }

    private function overridden(): string
    {
        foreach ([1, 2] as $n) {
            try {
                throw new \RuntimeException("try $n");
            } finally {
                return 'finally '.$n;
            }
        }
    }

    private function refuse(): void
    {
        throw new SkipMigration('not now');
    }
}
