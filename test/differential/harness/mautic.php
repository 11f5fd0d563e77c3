<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Stand-ins for the classes of Mautic that a migration file names: written from what they do, not from their text.

namespace Symfony\Component\DependencyInjection {
    interface ContainerInterface
    {
        public function get(string $id);

        public function getParameter(string $name);
    }
}

namespace Mautic\CoreBundle\Doctrine {
    use Doctrine\DBAL\Schema\Schema;
    use Doctrine\Migrations\AbstractMigration;
    use Doctrine\Migrations\Exception\SkipMigration;
    use Symfony\Component\DependencyInjection\ContainerInterface;

    abstract class AbstractMauticMigration extends AbstractMigration
    {
        protected $container;
        protected $supported = ['mysql'];
        protected $prefix;
        protected $platform;

        public function setContainer(?ContainerInterface $container = null)
        {
            $this->container = $container;
            $this->prefix = $container->getParameter('mautic.db_table_prefix');
            $this->platform = 'mysql';
        }

        public function up(Schema $schema)
        {
            $this->abortIf(
                !in_array($this->platform, $this->supported, true),
                'The database platform is unsupported for migrations'
            );
            if (method_exists($this, 'mysqlUp')) {
                $this->mysqlUp($schema);
            }
        }

        public function down(Schema $schema)
        {
        }

        protected function generatePropertyName($table, $type, array $columnNames)
        {
            $name = strtoupper($type).'_';
            foreach ([$this->prefix.$table, ...$columnNames] as $part) {
                $name .= strtoupper(dechex(crc32($part)));
            }

            return substr($name, 0, 63);
        }

        protected function generateKeys($table, array $columnNames)
        {
            return [
                $this->generatePropertyName($table, 'idx', $columnNames),
                $this->generatePropertyName($table, 'fk', $columnNames),
            ];
        }

        protected function findPropertyName($table, $type, $suffix)
        {
            $kind = strtolower($type);
            $table = $this->prefix.$table;
            $manager = $this->connection->createSchemaManager();
            $found = '';
            foreach ('fk' === $kind ? $manager->listTableForeignKeys($table) : $manager->listTableIndexes($table) as $asset) {
                $name = strtoupper($asset->getName());
                if ('fk' !== $kind && $kind !== self::kindOfIndex($name)) {
                    continue;
                }
                if (substr($name, -4) === strtoupper(substr($suffix, -4))) {
                    $found = $name;
                }
            }

            return $found;
        }

        private static function kindOfIndex(string $name): string
        {
            return match (true) {
                str_contains($name, 'IDX') => 'idx',
                str_contains($name, 'UNIQ') => 'uniq',
                default => '',
            };
        }

        protected function suppressNoSQLStatementError()
        {
            $this->addSql('SELECT "This migration did not generate select statements." AS purpose');
        }
    }

    abstract class PreUpAssertionMigration extends AbstractMauticMigration
    {
        private array $assertions = [];

        abstract protected function preUpAssertions(): void;

        final public function preUp(Schema $schema): void
        {
            $this->preUpAssertions();
            foreach ($this->assertions as $assertion) {
                if (!$assertion($schema)) {
                    return;
                }
            }
            if ($this->assertions) {
                throw new SkipMigration('Schema includes this migration');
            }
        }

        final protected function skipAssertion(callable $assertion, string $message): void
        {
            $this->assertions[] = $assertion;
        }
    }
}

namespace Mautic\CoreBundle\Helper {
    class Serializer
    {
        public static function decode($serializedString, array $options = ['allowed_classes' => false])
        {
            if (preg_match('/(^|;|{|})O:\+?[0-9]+:"/', $serializedString)) {
                throw new \InvalidArgumentException(sprintf('The string %s contains an object.', $serializedString));
            }

            return unserialize($serializedString, $options);
        }
    }
}

namespace Mautic\CoreBundle\Doctrine\Type {
    use Doctrine\DBAL\Platforms\AbstractPlatform;
    use Doctrine\DBAL\Types\ArrayType as DoctrineArrayType;
    use Doctrine\DBAL\Types\DateTimeImmutableType;
    use Doctrine\DBAL\Types\DateTimeType;
    use Doctrine\DBAL\Types\Type;

    class ArrayType extends DoctrineArrayType
    {
    }

    class UTCDateTimeType extends DateTimeType
    {
    }

    class UTCDateTimeImmutableType extends DateTimeImmutableType
    {
    }

    class GeneratedType extends Type
    {
        public function getSQLDeclaration(array $column, AbstractPlatform $platform)
        {
            return '';
        }

        public function getName()
        {
            return 'generated';
        }
    }
}

namespace {
    /** The container of a migration: the one parameter that every site has. Whatever else is asked for needs Mautic itself. */
    final class PrefixContainer implements Symfony\Component\DependencyInjection\ContainerInterface
    {
        public function __construct(private string $prefix)
        {
        }

        public function get(string $id)
        {
            throw new LogicException("the container has no $id here");
        }

        public function getParameter(string $name)
        {
            return 'mautic.db_table_prefix' === $name
                ? $this->prefix
                : throw new LogicException("the container has no parameter $name here");
        }
    }
}
