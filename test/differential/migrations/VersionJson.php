<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * json_encode and json_decode.
 */
final class VersionJson extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('encode', [json_encode(['a' => 1, 'b' => [true, null, 1.0, 0.1, 'x/y "q"']]), json_encode([]), json_encode([1 => 'a', 2 => 'b']), json_encode(['ä', "\u{1F600}", "\n\t\x01", '<a>&\'']), json_encode('ä/', JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), json_encode([], JSON_FORCE_OBJECT), json_encode('<&\'">', JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT), json_encode(['1', '1.5'], JSON_NUMERIC_CHECK), json_encode(1.0, JSON_PRESERVE_ZERO_FRACTION), json_encode("\xff"), json_last_error(), json_last_error_msg()]);
        $this->addSql('pretty', [json_encode(['a' => [1, 2], 'b' => [], 'c' => ['d' => null]], JSON_PRETTY_PRINT)]);
        $this->addSql('decode', [json_decode('{"a":{"b":[1,2.5,"x"]},"c":null}', true), json_decode('[]'), json_decode('{"a":{"b":1}}')->a->b, json_decode('nonsense'), json_last_error() !== 0, json_decode('"text"'), json_decode('12345678901234567890'), json_decode('12345678901234567890', true, 512, JSON_BIGINT_AS_STRING), json_decode('{"0":"a","b":"\u00e4\ud83d\ude00"}', true), json_decode(' true '), json_decode(''), json_decode('1e2'), json_decode('{"a":1,"a":2}', true)]);
        try {
            json_decode('{', false, 512, JSON_THROW_ON_ERROR);
        } catch (\JsonException $error) {
            $this->addSql('thrown', [$error->getMessage(), $error->getCode()]);
        }
    }
}
