<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

/** Thrown by a migration that has nothing to do: it counts as executed. */
class SkipMigration extends \RuntimeException
{
}
