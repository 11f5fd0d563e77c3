<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Symfony\Component\Console\Formatter\OutputFormatter;
use Symfony\Component\Console\Output\OutputInterface;

/** Runs one migration as Doctrine does: begin, pre, up, statements, post, row, commit. */
final class Executor
{
    private MigrationsTable $table;
    private Connection $connection;
    private OutputInterface $output;
    private Faults $faults;
    public int $statements = 0;

    public function __construct(MigrationsTable $table, Connection $connection, OutputInterface $output, Faults $faults)
    {
        $this->table      = $table;
        $this->connection = $connection;
        $this->output     = $output;
        $this->faults     = $faults;
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
            $this->output->writeln(sprintf("\n  <info>%s</info> %s (%ss)", $sign, 'Up' === $direction ? 'migrated' : 'reverted', round(microtime(true) - $started, 2)));
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
                $this->connection->executeQuery($sql, $params, $types)->free();
                $this->faults->statement();
            }
        }
    }

    private function mark(string $version, string $direction): void
    {
        'Up' === $direction ? $this->table->record($version) : $this->table->forget($version);
    }
}
