<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */
// Overrides local.php; written by the host's own tools.
$parameters['webhook_limit'] = 25;
