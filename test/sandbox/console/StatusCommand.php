<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/** doctrine:migrations:status, in the lines and columns of the real one. */
final class StatusCommand extends Command
{
    protected static $defaultName        = 'doctrine:migrations:status';
    protected static $defaultDescription = 'View the status of a set of migrations.';
    private Site $site;

    public function __construct(Site $site)
    {
        parent::__construct();
        $this->site = $site;
    }

    protected function configure(): void
    {
        $this->addOption('show-versions', null, InputOption::VALUE_NONE, 'This will display a list of all available migrations and their status');
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $connection  = $this->site->connection();
        $table       = new MigrationsTable($this->site);
        $executed    = $table->executed();
        $available   = $table->available();
        $unavailable = array_diff($executed, $available);
        $new         = count(array_diff($available, $executed));

        $rows = ['Name' => 'Mautic Migrations', 'Database Driver' => 'pdo_mysql'];
        if (Site::MAUTIC_3 === $this->site->generation) {
            $rows['Database Host'] = $this->site->parameter('db_host');
        }
        $rows += [
            'Database Name'                   => $connection->getDatabase(),
            'Configuration Source'            => 'manually configured',
            'Version Table Name'              => $table->name(),
            'Version Column Name'             => 'version',
            'Migrations Namespace'            => 'Mautic\Migrations',
            'Migrations Directory'            => $table->folder(),
            'Previous Version'                => $this->describe($table, 'prev', 'Already at first version'),
            'Current Version'                 => $this->describe($table, 'current', ''),
            'Next Version'                    => $this->describe($table, 'next', 'Already at latest version'),
            'Latest Version'                  => $this->describe($table, 'latest', ''),
            'Executed Migrations'             => count($executed),
            'Executed Unavailable Migrations' => $unavailable ? '<error>'.count($unavailable).'</error>' : 0,
            'Available Migrations'            => count($available),
            'New Migrations'                  => $new ? "<question>$new</question>" : 0,
        ];
        $output->writeln("\n <info>==</info> Configuration\n");
        foreach ($rows as $name => $value) {
            $output->writeln(sprintf('    <comment>>></comment> %-51s %s', "$name:", $value));
        }
        if ($input->getOption('show-versions')) {
            $this->list($output, $table, $executed, $unavailable);
        }

        return 0;
    }

    private function describe(MigrationsTable $table, string $alias, string $none): string
    {
        $version = $table->resolve($alias);

        return null === $version ? $none : $table->describe($version);
    }

    private function list(OutputInterface $output, MigrationsTable $table, array $executed, array $unavailable): void
    {
        $output->writeln("\n <info>==</info> Available Migration Versions\n");
        foreach ($table->available() as $version) {
            $description = $table->load($version)->getDescription();
            $output->writeln(rtrim(sprintf(
                '    <comment>>></comment> %s%s     %s',
                str_pad($table->dateOf($version)." ($version)", 52),
                in_array($version, $executed, true) ? 'migrated' : 'not migrated',
                $description
            )));
        }
        if ($unavailable) {
            $output->writeln("\n <info>==</info> Previously Executed Unavailable Migration Versions\n");
            foreach ($unavailable as $version) {
                $output->writeln('    <comment>>></comment> '.$table->describe($version));
            }
        }
    }
}
