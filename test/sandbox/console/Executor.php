<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Doctrine\DBAL\Exception\DriverException;
use Symfony\Component\Console\Formatter\OutputFormatter;
use Symfony\Component\Console\Output\OutputInterface;

/** Runs one migration as Doctrine does: begin, pre, up, statements, post, row, commit. */
final class Executor
{
    private MigrationsTable $table;
    private Connection $connection;
    private OutputInterface $output;
    private Faults $faults;
    private int $generation;
    public int $statements = 0;

    public function __construct(MigrationsTable $table, Site $site, OutputInterface $output, Faults $faults)
    {
        $this->table      = $table;
        $this->connection = $site->connection();
        $this->output     = $output;
        $this->faults     = $faults;
        $this->generation = $site->generation;
    }

    /** What was used since $started, in the words of the site's doctrine/migrations. */
    public function cost(float $started): string
    {
        $seconds = microtime(true) - $started;

        return Site::MAUTIC_2 === $this->generation
            ? round($seconds, 2).'s'
            : sprintf('took %sms, used %dM memory', round($seconds * 1000, 1), memory_get_peak_usage(true) >> 20);
    }

    /** $direction is Up or Down. */
    public function run(string $version, string $direction, bool $dryRun): void
    {
        $migration = $this->table->load($version);
        $started   = microtime(true);
        $state     = 'Pre-Checks';
        $sign      = 'Up' === $direction ? '++' : '--';
        if ($migration->isTransactional()) {
            $this->connection->begin();
        }
        try {
            $manager = $this->connection->createSchemaManager();
            $from    = $manager->introspectSchema();
            $migration->{'pre'.$direction}($from);
            $this->output->writeln(sprintf("\n  <info>%s</info> %s <comment>%s</comment>\n", $sign, 'Up' === $direction ? 'migrating' : 'reverting', $version));

            $state = 'Execution';
            $to    = clone $from;
            $migration->{lcfirst($direction)}($to);
            $statements = $migration->takeStatements();
            $difference = $manager->createComparator()->compareSchemas($from, $to);
            foreach ($this->connection->getDatabasePlatform()->getAlterSchemaSQL($difference) as $sql) {
                $statements[] = [$sql, [], []];
            }
            $this->execute($version, $statements, $dryRun);

            $state = 'Post-Checks';
            $migration->{'post'.$direction}($to);
            if (!$dryRun) {
                $this->mark($version, $direction);
            }
            $this->output->writeln(sprintf("\n  <info>%s</info> %s (%s)", $sign, 'Up' === $direction ? 'migrated' : 'reverted', $this->cost($started)));
            $this->connection->commitWhatIsOpen();
        } catch (SkipMigration $reason) {
            $this->connection->rollBackWhatIsOpen();
            if (!$dryRun) {
                $this->mark($version, $direction);
            }
            $this->output->writeln(sprintf("\n  <info>SS</info> skipped (Reason: %s)", OutputFormatter::escape($reason->getMessage())));
        } catch (\Throwable $error) {
            $this->output->writeln(sprintf('<error>Migration %s failed during %s. Error %s</error>', $version, $state, OutputFormatter::escape($error->getMessage())));
            $this->connection->rollBackWhatIsOpen();
            throw $error;
        }
    }

    private function execute(string $version, array $statements, bool $dryRun): void
    {
        if (!$statements) {
            $this->output->writeln(sprintf('<error>Migration %s was executed but did not result in any SQL statements.</error>', $version));
        }
        foreach ($statements as [$sql, $params, $types]) {
            ++$this->statements;
            $with = $params ? ' with parameters ('.implode(', ', array_map('json_encode', $params)).')' : '';
            $this->output->writeln('     <comment>-></comment> '.OutputFormatter::escape($sql.$with));
            if (!$dryRun) {
                $this->send($sql, $params, $types);
                $this->faults->statement();
            }
        }
    }

    // The message as DBAL 2 put it, the statement in it.
    private function send(string $sql, array $params, array $types): void
    {
        try {
            $this->connection->executeQuery($sql, $params, $types)->free();
        } catch (DriverException $error) {
            $with = $params ? ' with params '.json_encode(array_values($params)) : '';
            throw new \RuntimeException(sprintf("An exception occurred while executing '%s'%s:\n\n%s", $sql, $with, $error->getPrevious()->getMessage()), 0, $error);
        }
    }

    private function mark(string $version, string $direction): void
    {
        'Up' === $direction ? $this->table->record($version) : $this->table->forget($version);
    }
}
