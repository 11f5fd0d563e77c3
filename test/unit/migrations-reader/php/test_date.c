/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected results are those of PHP 8.2; what stops is told in words. */

#include "migrations-reader/php/date.h"

#include "function_snippet.h"

static void test_format(void **state)
{
        static const struct snippet snippets[] = {
                {"return date('Y-m-d H:i:s', 1700000000);", "'2023-11-14 22:13:20'"},
                {"return date('D l N w z W o F M m n t L y', 1609459200);",
                        "'Fri Friday 5 5 0 53 2020 January Jan 01 1 31 0 21'"},
                {"return date('d j S jS', 951782400);", "'29 29 th 29th'"},
                {"return date('a A g G h H i s u v B', 1700000000);",
                        "'pm PM 10 22 10 22 13 20 000000 000 967'"},
                {"return date('e T I O P Z U', 0);", "'UTC UTC 0 +0000 +00:00 0 0'"},
                {"return [date('c', 1), date('r', 1), date(DATE_ATOM, 1), date('\\Y\\\\\\\\Y', 1)];",
                        "[0 => '1970-01-01T00:00:01+00:00', 1 => 'Thu, 01 Jan 1970 00:00:01 +0000', 2 => "
                        "'1970-01-01T00:00:01+00:00', 3 => 'Y\\x5c1970']"},
                {"return [date('W o', 1230768000), date('W o', 1451606399), date('Y-m-d', -2208988801), "
                 "date('Y', 253402300800)];",
                        "[0 => '01 2009', 1 => '53 2015', 2 => '1899-12-31', 3 => '10000']"},
                {"return [mktime(1, 2, 3, 4, 5, 2020), mktime(0, 0, 0, 14, 32, 2019), gmmktime(0, 0, 0, 1, "
                 "1, 70), checkdate(2, 29, 2020), checkdate(2, 29, 2021)];",
                        "[0 => 1586048523, 1 => 1583193600, 2 => 0, 3 => true, 4 => false]"},
                {"return [date_default_timezone_get(), date_default_timezone_set('UTC')];",
                        "[0 => 'UTC', 1 => true]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_parse(void **state)
{
        static const struct snippet snippets[] = {
                {"return [strtotime('2020-01-31 10:20:30'), strtotime('2020-01-31'), "
                 "strtotime('2020-01-31T10:20:30Z'), strtotime('2020-01-31T10:20:30+02:00'), "
                 "strtotime('@5')];",
                        "[0 => 1580466030, 1 => 1580428800, 2 => 1580466030, 3 => 1580458830, 4 => 5]"},
                {"return [strtotime('+1 month', 1580428800), strtotime('-1 day', 0), strtotime('next month', "
                 "0), strtotime('2 weeks ago', 1000000), strtotime('tomorrow', 100000), strtotime('noon', "
                 "0)];",
                        "[0 => 1583107200, 1 => -86400, 2 => 2678400, 3 => -209600, 4 => 172800, 5 => "
                        "43200]"},
                {"return [strtotime('first day of next month midnight', 1580465000), strtotime('last day of "
                 "this month', 1580465000), strtotime('2020-02-31'), strtotime('2021-02-31 first day of this "
                 "month')];",
                        "[0 => 1580515200, 1 => 1580465000, 2 => 1583107200, 3 => 1612137600]"},
                {"return (new DateTime('0000-00-00 00:00:00'))->format('Y-m-d');", "'-0001-11-30'"},
                {"return (new DateTime('2023-06-15 12:34:56.789'))->format('Y-m-d H:i:s.u e');",
                        "'2023-06-15 12:34:56.789000 UTC'"},
                {"return DateTime::createFromFormat('Y-m-d H:i:s', '2020-05-06 07:08:09')->format('c');",
                        "'2020-05-06T07:08:09+00:00'"},
                {"return DateTimeImmutable::createFromFormat('!d/m/Y', '31/12/1999')->format('c');",
                        "'1999-12-31T00:00:00+00:00'"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_objects(void **state)
{
        static const struct snippet snippets[] = {
                {"$d = new DateTime('2020-01-31'); $r = $d->modify('+1 month'); return [$r === $d, "
                 "$d->format('Y-m-d')];",
                        "[0 => true, 1 => '2020-03-02']"},
                {"$d = new DateTimeImmutable('2020-01-31'); $r = $d->modify('+1 month'); return [$r === $d, "
                 "$d->format('Y-m-d'), $r->format('Y-m-d')];",
                        "[0 => false, 1 => '2020-01-31', 2 => '2020-03-02']"},
                {"$d = new DateTime('2020-01-01 00:00:00', new DateTimeZone('+05:30')); return "
                 "[$d->getTimestamp(), $d->getOffset(), $d->getTimezone()->getName(), $d->setTimezone(new "
                 "DateTimeZone('UTC'))->format('c')];",
                        "[0 => 1577817000, 1 => 19800, 2 => '+05:30', 3 => '2019-12-31T18:30:00+00:00']"},
                {"$d = new DateTime('2020-01-01'); return [$d->setTime(25, 61, 5)->format('c'), "
                 "$d->setDate(2021, 14, 35)->format('c'), $d->setTimestamp(5)->format('c')];",
                        "[0 => '2020-01-02T02:01:05+00:00', 1 => '2022-03-07T02:01:05+00:00', 2 => "
                        "'1970-01-01T00:00:05+00:00']"},
                {"$d = new DateTimeImmutable('2020-01-31'); return [$d->add(new "
                 "DateInterval('P1M2DT3H'))->format('c'), $d->sub(new DateInterval('P1W'))->format('c')];",
                        "[0 => '2020-03-04T03:00:00+00:00', 1 => '2020-01-24T00:00:00+00:00']"},
                {"$i = new DateInterval('P1Y2M3DT4H5M6S'); return [$i->y, $i->m, $i->d, $i->h, $i->i, $i->s, "
                 "$i->invert, $i->days];",
                        "[0 => 1, 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 0, 7 => false]"},
                {"$i = (new DateTime('2020-01-01'))->diff(new DateTime('2021-03-04 05:06:07')); return "
                 "[$i->y, $i->m, $i->d, $i->h, $i->i, $i->s, $i->invert, $i->days];",
                        "[0 => 1, 1 => 2, 2 => 3, 3 => 5, 4 => 6, 5 => 7, 6 => 0, 7 => 428]"},
                {"$i = (new DateTime('2020-03-01'))->diff(new DateTime('2020-02-01')); return [$i->invert, "
                 "$i->days];",
                        "[0 => 1, 1 => 29]"},
                {"$d = new DateTime('2020-01-01'); $e = clone $d; $e->modify('+1 day'); return "
                 "[$d->format('c'), $e->format('c'), $d instanceof DateTimeInterface, "
                 "DateTimeInterface::ATOM];",
                        "[0 => '2020-01-01T00:00:00+00:00', 1 => '2020-01-02T00:00:00+00:00', 2 => true, 3 "
                        "=> 'Y-m-d\\x5cTH:i:sP']"},
                {"return abs((new DateTime())->getTimestamp() - time()) < 2;", "true"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_stops(void **state)
{
        static const struct snippet snippets[] = {
                {"return strtotime('first monday of january');",
                        "stops: the date \"first monday of january\""},
                {"return strtotime('2020-13-01');", "stops: the date \"2020-13-01\""},
                {"return strtotime('01/02/2020');", "stops: the date \"01/02/2020\""},
                {"return new DateTimeZone('Europe/Berlin');", "stops: the time zone Europe/Berlin"},
                {"return date_default_timezone_set('Europe/Berlin');", "stops: another time zone than UTC"},
                {"return new DateInterval('P1DX');", "stops: the interval P1DX"},
                {"return (new DateTime('2020-01-01T00:00:00+02:00'))->format('T');",
                        "stops: the letter T for a date without a named time zone"},
                {"return (new DateTime('2020-01-31'))->diff(new DateTime('2020-03-01'))->m;",
                        "stops: property DateInterval::$m"},
                {"return DateTime::createFromFormat('Y-m-d', 'x');", "stops: the date \"x\""},
                {"return mktime();",
                        "stops: mktime() without arguments, which PHP 7 and PHP 8 answer differently"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_format),
                cmocka_unit_test(test_parse),
                cmocka_unit_test(test_objects),
                cmocka_unit_test(test_stops),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
