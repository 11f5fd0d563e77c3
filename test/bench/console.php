<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The least that a console on Debian's Symfony and Doctrine packages must do to tell which migrations are new: what
// test/bench/migrations compares with. Mautic's own starts a whole kernel for it.
//
// usage: php console.php status DIR SOCKET DATABASE

use Doctrine\DBAL\DriverManager;
use Symfony\Component\Console\Application;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

require_once 'Symfony/Component/Console/autoload.php';
require_once 'Doctrine/DBAL/autoload.php';

class StatusCommand extends Command
{
    protected static $defaultName = 'status';

    protected function configure(): void
    {
        foreach (['dir', 'socket', 'database'] as $name) {
            $this->addArgument($name, InputArgument::REQUIRED);
        }
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $connection = DriverManager::getConnection(['driver' => 'pdo_mysql', 'user' => 'root', 'charset' => 'utf8mb4',
            'unix_socket' => $input->getArgument('socket'), 'dbname' => $input->getArgument('database')]);
        $known = $connection->createSchemaManager()->tablesExist(['migrations'])
            ? $connection->fetchFirstColumn('SELECT version FROM migrations') : [];
        $available = array_map(fn ($file) => substr(basename($file, '.php'), strlen('Version')),
            glob($input->getArgument('dir').'/Version*.php'));
        $new = array_diff($available, $known);
        $output->writeln([' >> Executed Migrations: '.count($known), ' >> Available Migrations: '.count($available),
            ' >> New Migrations: '.count($new)]);

        return 0;
    }
}

$application = new Application();
$application->add(new StatusCommand());
$application->run();
