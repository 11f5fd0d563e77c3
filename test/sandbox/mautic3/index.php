<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

// A page as a visitor sees it. "?hold=NAME" stays under way until the file NAME stands beside the root.
require __DIR__.'/vendor/autoload.php';

exit(Sandbox\Console\Page::show(__DIR__, Sandbox\Console\Site::MAUTIC_3));
