<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\CampaignBundle\Entity;

/**
 * Stands in for the entity of which migrations name the constants.
 */
class Campaign
{
    public const TABLE_NAME = 'campaigns';
}
