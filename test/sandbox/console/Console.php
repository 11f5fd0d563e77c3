<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Doctrine\DBAL\Exception as DatabaseException;
use Symfony\Component\Console\Application;
use Symfony\Component\Console\Input\ArgvInput;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\ConsoleOutput;
use Symfony\Component\Console\Output\OutputInterface;

/** `app/console` or `bin/console`: the commands of one site. */
final class Console extends Application
{
    private Faults $faults;

    public static function main(string $root, int $generation): int
    {
        $input = new ArgvInput();
        $environment = $input->getParameterOption(['--env', '-e'], 'dev', true);
        $site        = new Site($root, $generation, $environment);
        $console = new self($site, new Faults($root, (string) $input->getFirstArgument(), array_slice($_SERVER['argv'], 1)));

        return $console->run($input, new ConsoleOutput());
    }

    private function __construct(Site $site, Faults $faults)
    {
        parent::__construct('Mautic', $site->version.' - '.(Site::MAUTIC_2 === $site->generation ? 'app' : 'kernel: app').'/'.$site->environment);
        $this->faults = $faults;
        $this->getDefinition()->addOption(new InputOption('env', 'e', InputOption::VALUE_REQUIRED, 'The Environment name.', 'dev'));
        $this->getDefinition()->addOption(new InputOption('no-debug', null, InputOption::VALUE_NONE, 'Switches off debug mode.'));
        $this->addCommands([
            new StatusCommand($site),
            new MigrateCommand($site, $faults),
            new ExecuteCommand($site, $faults),
            new SchemaUpdateCommand($site),
            new CacheClearCommand($site),
            new SegmentsUpdateCommand($site),
        ]);
    }

    public function doRun(InputInterface $input, OutputInterface $output): int
    {
        $this->faults->start();
        try {
            $status = parent::doRun($input, $output);
        } catch (DatabaseException $error) {
            // The server's error number is no exit status: DBAL 2 left it out of the exception, and so it was 1.
            throw new \RuntimeException($error->getMessage(), 0, $error);
        }
        $this->faults->end();

        return $status;
    }
}
