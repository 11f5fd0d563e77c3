<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

/**
 * Failures on demand, read from faults.json beside the site's root: a list of rules
 *   {"command": NAME, "argument": TEXT, "at": "start"|"end"|"statement", "statement": N, "times": N,
 *    "noise": MEBIBYTES, "fail": STATUS, "message": TEXT, "hang": true, "wait": true, "kill": SIGNAL}
 * of which all but "command", the name's beginning, may be missing. A rule with "times" is used up after as many
 * hits. In short, an object {"fail"|"hang"|"noise": NAME, …}.
 */
final class Faults
{
    private string $folder;
    private string $command;
    private array $arguments;
    private int $statements = 0;

    public function __construct(string $root, string $command, array $arguments)
    {
        $this->folder    = dirname($root);
        $this->command   = $command;
        $this->arguments = $arguments;
    }

    public function start(): void
    {
        $this->meet('start');
    }

    public function end(): void
    {
        $this->meet('end');
    }

    /** After each statement of a migration. */
    public function statement(): void
    {
        ++$this->statements;
        $this->meet('statement');
    }

    private function meet(string $place): void
    {
        $file = $this->folder.'/faults.json';
        if (!is_file($file)) {
            return;
        }
        $rules = json_decode((string) file_get_contents($file), true, 16, JSON_THROW_ON_ERROR);
        if (!isset($rules[0])) {
            $rules = self::spellOut($rules);
        }
        foreach ($rules as $index => $rule) {
            if (!$this->matches($rule, $place)) {
                continue;
            }
            if (isset($rule['times'])) {
                $rules[$index]['times'] = $rule['times'] - 1;
                file_put_contents($file.'.new', json_encode($rules));
                rename($file.'.new', $file);
            }
            $this->apply($rule);
        }
    }

    private static function spellOut(array $short): array
    {
        $meaning = ['noise' => 4, 'hang' => true, 'fail' => 1];
        $rules   = [];
        foreach (array_intersect_key($meaning, $short) as $what => $value) {
            $rules[] = ['command' => $short[$what], $what => $value];
        }

        return $rules;
    }

    private function matches(array $rule, string $place): bool
    {
        return 0 === strpos($this->command, $rule['command'])
            && ($rule['at'] ?? 'start') === $place
            && ('statement' !== $place || ($rule['statement'] ?? 1) === $this->statements)
            && (!isset($rule['argument']) || in_array($rule['argument'], $this->arguments, true))
            && ($rule['times'] ?? 1) > 0;
    }

    private function apply(array $rule): void
    {
        for ($block = 0; $block < ($rule['noise'] ?? 0) * 16; ++$block) {
            fwrite(STDOUT, str_repeat(sprintf("%07d noise \x1b[31m\xff\x00\r\n", $block), 3200));
        }
        if ($rule['hang'] ?? false) {
            // The file tells a test that the console is here, and as which process.
            file_put_contents($this->folder.'/console-hangs', getmypid()."\n");
            while (true) {
                sleep(3600);
            }
        }
        if ($rule['wait'] ?? false) {
            file_put_contents($this->folder.'/console-waits', getmypid()."\n");
            while (!file_exists($this->folder.'/console-goes-on')) {
                clearstatcache();
                usleep(20000);
            }
        }
        if (isset($rule['kill'])) {
            posix_kill(getmypid(), $rule['kill']);
        }
        if (isset($rule['fail'])) {
            fwrite(STDERR, "\n  [RuntimeException]\n  ".($rule['message'] ?? 'The sandbox was told to fail.')."\n\n");
            exit($rule['fail']);
        }
    }
}
