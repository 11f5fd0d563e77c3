<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/** mautic:segments:update, as cron calls it: reads the database, writes to the log and to the cache. */
final class SegmentsUpdateCommand extends Command
{
    protected static $defaultName        = 'mautic:segments:update';
    protected static $defaultDescription = 'Updates the segments';
    private Site $site;

    public function __construct(Site $site)
    {
        parent::__construct();
        $this->site = $site;
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $contacts = $this->site->connection()->fetchOne('SELECT COUNT(*) FROM '.$this->site->prefix().'leads');
        Page::log($this->site);
        Page::cache($this->site);
        $output->writeln("Mautic {$this->site->version} has looked at $contacts contacts");

        return 0;
    }
}
