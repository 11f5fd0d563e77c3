<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\LeadBundle\Entity;

/**
 * Stands in for the entity of which migrations name the constants.
 */
class LeadEventLog
{
    public const INDEX_SEARCH = 'IDX_SEARCH';
}
