<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;
use Symfony\Component\Console\Question\ConfirmationQuestion;

/** doctrine:migrations:execute: one version, whatever was executed before. */
final class ExecuteCommand extends Command
{
    protected static $defaultName        = 'doctrine:migrations:execute';
    protected static $defaultDescription = 'Execute a single migration version up or down manually.';
    private Site $site;
    private Faults $faults;

    public function __construct(Site $site, Faults $faults)
    {
        parent::__construct();
        $this->site   = $site;
        $this->faults = $faults;
    }

    protected function configure(): void
    {
        $this->addArgument('version', InputArgument::REQUIRED, 'The version to execute.')
            ->addOption('dry-run', null, InputOption::VALUE_NONE, 'Execute the migration as a dry run.')
            ->addOption('up', null, InputOption::VALUE_NONE, 'Execute the migration up.')
            ->addOption('down', null, InputOption::VALUE_NONE, 'Execute the migration down.');
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $table   = new MigrationsTable($this->site);
        $version = $input->getArgument('version');
        if (!in_array($version, $table->available(), true)) {
            throw new \RuntimeException(sprintf('Could not find migration version %s', $version), 5);
        }
        $question = new ConfirmationQuestion('<question>WARNING! You are about to execute a database migration that could result in schema changes and data lost. Are you sure you wish to continue? (y/n)</question>', false);
        if ($input->isInteractive() && !$input->getOption('dry-run') && !$this->getHelper('question')->ask($input, $output, $question)) {
            $output->writeln('<error>Migration cancelled!</error>');

            return 0;
        }
        $executor = new Executor($table, $this->site, $output, $this->faults);
        $executor->run($version, $input->getOption('down') ? 'Down' : 'Up', $input->getOption('dry-run'));

        return 0;
    }
}
