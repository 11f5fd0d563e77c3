<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Formatter\OutputFormatter;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;
use Symfony\Component\Console\Question\ConfirmationQuestion;

/**
 * doctrine:migrations:migrate. As with the real one, a version older than the current one means the way down, and
 * "next" counts from the current version: it sees no file that is older and was never run.
 */
final class MigrateCommand extends Command
{
    protected static $defaultName        = 'doctrine:migrations:migrate';
    protected static $defaultDescription = 'Execute a migration to a specified version or the latest available version.';
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
        $this->addArgument('version', InputArgument::OPTIONAL, 'The version number or alias (first, prev, next, latest) to migrate to.', 'latest')
            ->addOption('dry-run', null, InputOption::VALUE_NONE, 'Execute the migration as a dry run.')
            ->addOption('allow-no-migration', null, InputOption::VALUE_NONE, 'Don\'t throw an exception if no migration is available.');
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $table = new MigrationsTable($this->site);
        $output->writeln(["<info>\n".str_repeat(' ', 68), str_pad('Mautic Migrations', 68, ' ', STR_PAD_BOTH), str_repeat(' ', 68)."\n</info>"]);

        $target = $this->target($table, $input->getArgument('version'), $output);
        if (null === $target) {
            return 1;
        }
        if (!$this->confirm($table, $input, $output)) {
            $output->writeln('<error>Migration cancelled!</error>');

            return 1;
        }
        $current   = $table->current();
        $direction = strcmp($current, $target) > 0 ? 'Down' : 'Up';
        $versions  = $this->versions($table, $direction, $target);
        if (!$versions) {
            if ($current === $target || $input->getOption('allow-no-migration')) {
                $output->writeln('<comment>No migrations to execute.</comment>');

                return 0;
            }
            throw new \RuntimeException('Could not find any migrations to execute.', 4);
        }

        $dryRun = $input->getOption('dry-run');
        $output->writeln(sprintf('%s <info>%s</info> to <comment>%s</comment> from <comment>%s</comment>', $dryRun ? 'Executing dry run of migration' : 'Migrating', lcfirst($direction), $target, $current));
        $executor = new Executor($table, $this->site, $output, $this->faults);
        $started  = microtime(true);
        foreach ($versions as $version) {
            $executor->run($version, $direction, $dryRun);
        }
        $output->writeln([
            "\n  <comment>------------------------</comment>\n",
            sprintf('  <info>++</info> finished in %ss', round(microtime(true) - $started, 2)),
            sprintf('  <info>++</info> %d migrations executed', count($versions)),
            sprintf('  <info>++</info> %d sql queries', $executor->statements),
        ]);

        return 0;
    }

    private function target(MigrationsTable $table, string $alias, OutputInterface $output): ?string
    {
        $target = $table->resolve($alias);
        if (null === $target) {
            $reasons = ['prev' => 'Already at first version.', 'next' => 'Already at latest version.'];
            $output->writeln('<error>'.($reasons[$alias] ?? 'Unknown version: '.OutputFormatter::escape($alias)).'</error>');
        }

        return $target;
    }

    private function confirm(MigrationsTable $table, InputInterface $input, OutputInterface $output): bool
    {
        $helper      = $this->getHelper('question');
        $unavailable = array_diff($table->executed(), $table->available());
        if ($unavailable) {
            $output->writeln(sprintf('<error>WARNING! You have %d previously executed migrations in the database that are not registered migrations.</error>', count($unavailable)));
            foreach ($unavailable as $version) {
                $output->writeln('    <comment>>></comment> '.$table->describe($version));
            }
            if ($input->isInteractive() && !$helper->ask($input, $output, new ConfirmationQuestion('<question>Are you sure you wish to continue? (y/n)</question>', false))) {
                return false;
            }
        }

        return !$input->isInteractive() || $input->getOption('dry-run')
            || $helper->ask($input, $output, new ConfirmationQuestion('<question>WARNING! You are about to execute a database migration that could result in schema changes and data loss. Are you sure you wish to continue? (y/n)</question>', false));
    }

    /** @return string[] */
    private function versions(MigrationsTable $table, string $direction, string $target): array
    {
        $executed = $table->executed();
        $versions = 'Up' === $direction ? $table->available() : array_reverse($table->available());

        return array_values(array_filter($versions, static function (string $version) use ($executed, $direction, $target): bool {
            $done = in_array($version, $executed, true);

            return 'Up' === $direction ? !$done && strcmp($version, $target) <= 0 : $done && strcmp($version, $target) > 0;
        }));
    }
}
