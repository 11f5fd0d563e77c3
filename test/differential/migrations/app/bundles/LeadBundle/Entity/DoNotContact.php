<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\LeadBundle\Entity;

/**
 * Stands in for the entity of which migrations name the constants.
 */
class DoNotContact
{
    public const IS_CONTACTABLE = 0;
    public const UNSUBSCRIBED = 1;
    public const BOUNCED = 2;
    public const MANUAL = 3;
}
