<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/** cache:clear: the old cache goes, and a new one is built from the parameters as they are now. */
final class CacheClearCommand extends Command
{
    protected static $defaultName        = 'cache:clear';
    protected static $defaultDescription = 'Clears the cache';
    private Site $site;

    public function __construct(Site $site)
    {
        parent::__construct();
        $this->site = $site;
    }

    protected function configure(): void
    {
        $this->addOption('no-warmup', null, InputOption::VALUE_NONE, 'Do not warm up the cache');
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $parameters = $this->site->readParameters();
        $cache      = new Cache($parameters['cache_path'].'/'.$this->site->environment);
        if (Site::MAUTIC_2 === $this->site->generation) {
            $output->writeln(sprintf('Clearing the cache for the <info>%s</info> environment with debug <info>false</info>', $this->site->environment));
        } else {
            $output->writeln(["\n // Clearing the cache for the <info>{$this->site->environment}</info> environment with debug", " // <info>false</info>\n"]);
        }
        $cache->clear();
        if (!$input->getOption('no-warmup')) {
            $cache->warm($this->site, $parameters);
        }
        if (Site::MAUTIC_3 === $this->site->generation) {
            $output->writeln("\n <info>[OK]</info> Cache for the \"{$this->site->environment}\" environment (debug=false) was successfully cleared.\n");
        }

        return 0;
    }
}
