<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/** doctrine:schema:update. With --complete what the mapping does not know is dropped, the migrations table too. */
final class SchemaUpdateCommand extends Command
{
    protected static $defaultName        = 'doctrine:schema:update';
    protected static $defaultDescription = 'Executes (or dumps) the SQL needed to update the database schema to match the current mapping metadata';
    private Site $site;

    public function __construct(Site $site)
    {
        parent::__construct();
        $this->site = $site;
    }

    protected function configure(): void
    {
        $this->addOption('complete', null, InputOption::VALUE_NONE, 'If defined, all assets of the database which are not relevant to the current metadata will be dropped.')
            ->addOption('dump-sql', null, InputOption::VALUE_NONE, 'Dumps the generated SQL statements to the screen (does not execute them).')
            ->addOption('force', 'f', InputOption::VALUE_NONE, 'Causes the generated SQL statements to be physically executed against your database.');
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $statements = $this->statements($input->getOption('complete'));
        if (!$statements) {
            $output->writeln('Nothing to update - your database is already in sync with the current entity metadata.');

            return 0;
        }
        if ($input->getOption('dump-sql')) {
            $output->writeln(implode(";\n", $statements).';', OutputInterface::OUTPUT_RAW);
        }
        if ($input->getOption('force')) {
            $output->writeln('Updating database schema...');
            foreach ($statements as $sql) {
                $this->site->connection()->executeStatement($sql);
            }
            $output->writeln(sprintf('Database schema updated successfully! "<info>%d</info>" %s executed', count($statements), 1 === count($statements) ? 'query was' : 'queries were'));
        }
        if ($input->getOption('dump-sql') || $input->getOption('force')) {
            return 0;
        }
        $output->writeln([
            '<comment>ATTENTION</comment>: This operation should not be executed in a production environment.',
            '           Use the incremental update to detect changes during development and use',
            '           the SQL DDL provided to manually update your database in production.',
            '',
            sprintf('The Schema-Tool would execute <info>"%d"</info> queries to update the database.', count($statements)),
            'Please run the operation by passing one - or both - of the following options:',
            '    <info>'.$this->getName().' --force</info> to execute the command',
            '    <info>'.$this->getName().' --dump-sql</info> to dump the SQL statements to the screen',
        ]);

        return 1;
    }

    /** @return string[] */
    private function statements(bool $complete): array
    {
        $connection = $this->site->connection();
        $manager    = $connection->createSchemaManager();
        $difference = $manager->createComparator()->compareSchemas($manager->introspectSchema(), $this->site->mapping()->schema());

        return $complete
            ? $connection->getDatabasePlatform()->getAlterSchemaSQL($difference)
            : $difference->toSaveSql($connection->getDatabasePlatform());
    }
}
