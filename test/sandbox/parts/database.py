# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the sandbox's database: tables, rows with everything that is hard to keep, routines, rights."""

import os
import re
import zlib

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# The four that a Mautic 2 in the sandbox has not executed; one of them is older than the newest that it has.
NEW_MIGRATIONS = ("20170830104500", "20190513112200", "20190704154940", "20190724110039")


def property_name(kind, table, columns):
    """Mautic's name for a key."""
    name = kind + "_" + "".join(f"{zlib.crc32(part.encode()):x}" for part in (table, *columns))
    return name.upper()[:63]


def fill_in(text, prefix):
    def name(match):
        kind, table, columns = match.group(1).split(" ")
        return property_name(kind, prefix + table, columns.split(","))

    return re.sub(r"@NAME ([^@]+)@", name, text).replace("@P@", prefix)


def read_script(name, prefix):
    with open(os.path.join(HERE, "database", name), encoding="utf-8") as file:
        return fill_in(file.read(), prefix)


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f"x'{value.hex()}'" if value else "''"
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def serialize(value):
    """PHP's serialize()."""
    if value is None:
        return "N;"
    if isinstance(value, bool):
        return f"b:{int(value)};"
    if isinstance(value, int):
        return f"i:{value};"
    if isinstance(value, str):
        return f's:{len(value.encode())}:"{value}";'
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return f"a:{len(value)}:{{" + "".join(serialize(key) + serialize(item) for key, item in items) + "}"


def insert(table, *rows):
    return f"INSERT INTO {table} VALUES\n" + ",\n".join("(" + ", ".join(map(literal, row)) + ")" for row in rows) + ";\n"


def executed_migrations():
    folder = os.path.join(HERE, "mautic2", "app", "migrations")
    versions = sorted(name[len("Version"):-len(".php")] for name in os.listdir(folder) if name.startswith("Version"))
    return [version for version in versions if version not in NEW_MIGRATIONS]


def rows_script(prefix, count):
    every_byte = bytes(range(256))
    odd_text = "it's \"quoted\" \\ back\\slash\nnew line\ttab; -- # /* */ ü € 漢字 🙂 \u202e"
    leads = [
        (number, 1 if number % 3 else None, "2019-01-01 10:00:00", number * 5 % 100,
         serialize({"note": odd_text, "number": number}) if number % 4 else None, every_byte * number if number < 4 else (b"" if number == 4 else None),
         "Zoë" if number % 2 else odd_text, "O'Neill", f"lead{number}@example.org", "blue" if number % 5 else None, "1984-02-29")
        for number in range(1, 26)
    ]
    script = [
        insert(prefix + "users", (1, "admin", "admin@example.org", serialize({"locale": "de", "odd": odd_text})), (2, "sales", "sales@example.org", None)),
        insert(prefix + "categories", (1, "News 🙂", "news", "email", "4e5d9d"), (2, "Pages", "pages", "page", None)),
        insert(prefix + "companies", (1, "Acme 'Hello' GmbH & Co. KG", 5), (2, None, 0)),
        insert(prefix + "leads", *leads),
        insert(prefix + "lead_fields",
               (1, "First name", "firstname", "text", "lead", 1, serialize([])),
               (2, "Last name", "lastname", "text", "lead", 1, None),
               (3, "Email", "email", "email", "lead", 1, serialize([])),
               (4, "Favourite colour", "favourite_colour", "select", "lead", 1, serialize({"list": "red|blue| dark green |naïve 'x'"})),
               (5, "Birthday", "birthday", "date", "lead", 0, serialize([])),
               (6, "Company name", "companyname", "text", "company", 1, serialize([])),
               (7, "Sizes", "sizes", "multiselect", "company", 1, serialize({"list": "S|M|L", "other": True}))),
        insert(prefix + "lead_devices", *[(number, number, "2019-02-02 00:00:00", "desktop", f"{number:032x}", f"track{number}" if number % 2 else None) for number in range(1, 11)]),
        insert(prefix + "companies_leads", *[(1 + number % 2, number, "2019-03-03 00:00:00", 1 if number % 2 else None, 0, 1) for number in range(1, 11)]),
        insert(prefix + "emails",
               (1, 1, "Welcome", "Hello {contactfield=firstname} 🙂", "<p>Hi</p>" * 2000, "Mauve",
                serialize([{"tokenName": "Dynamic Content 1", "content": odd_text}])),
               (2, None, "Old", None, None, "blank", None),
               (3, 1, "Has filters", "x", "", None, serialize([{"tokenName": "a", "content": "b", "filters": []}]))),
        insert(prefix + "pages", (1, 2, "Start", "start", "<h1>{old_token}</h1> 100% \\ _", 17, 1), (2, None, "Second", "second", None, 0, None)),
        insert(prefix + "forms", (1, None, "Contact us", "<form>\u00a0</form>")),
        insert(prefix + "form_fields",
               (1, 1, "Country", "country", "select", serialize({"empty_value": "Choose…", "multiple": 0})),
               (2, 1, "Name", "name", "text", serialize({"placeholder": "you"})), (3, 1, "Send", "send", "button", None)),
        insert(prefix + "campaign_events", (1, "Points", "lead.change_points", 1, serialize({"points": 5})), (2, "Mail", "email.send", 2, serialize({"email": 1}))),
        insert(prefix + "webhooks", (1, "CRM", "https://crm.example.org/hook?a=b&c=%20")),
        insert(prefix + "plugins", (1, "CRM", "MauticCrmBundle", "1.0"), (2, "Hello", "AcmeHelloBundle", None)),
        insert(prefix + "plugin_integration_settings", (1, 1, "Salesforce", 1, serialize({"client_id": "QUJD=="}), None), (2, 2, "Hello", 0, serialize([]), serialize({"mode": odd_text}))),
        insert(prefix + "focus", (1, "Bar", "notice", serialize({"colors": {"primary": "#27184e"}}))),
        insert(prefix + "migrations", *[(version,) for version in executed_migrations()]),
        f"INSERT INTO {prefix}acme_hello_visits VALUES"
        f" (1, 'first', b'10100101', ST_GeomFromText('POINT(8.5 50.1)'), x'00ff5c27220a1a', 12345678.9012, '2019-05-05 05:05:05.123456'),"
        f" (2, 'again', NULL, NULL, '', NULL, NULL), (18446744073709551615, 'it''s \"odd\"', b'0', NULL, NULL, -0.0001, NULL);\n",
    ]
    if count:
        script.append(
            f"INSERT INTO {prefix}page_hits (id, page_id, lead_id, date_hit, url, url_title, tracking_id)"
            " SELECT seq, 1 + seq % 2, IF(seq % 7, 1 + seq % 25, NULL), '2019-01-01' + INTERVAL seq SECOND,"
            " CONCAT('https://example.org/', REPEAT('path/', 20), seq), CONCAT('Title ', seq), MD5(seq)"
            f" FROM seq_1_to_{count};\n")
    return "".join(script)


def account(user):
    return f"{literal(user)}@'localhost'"


def create(server, name, user, password, prefix, rows):
    """Everything, in a server that runs. The site's user may do in the site's schema what it likes, and nothing beside it."""
    server.run_script("".join((
        f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n",
        f"CREATE USER IF NOT EXISTS {account(user)} IDENTIFIED BY {literal(password)};\n",
        f"GRANT ALL PRIVILEGES ON `{name}`.* TO {account(user)};\n",
    )))
    server.run_script(read_script("schema.sql", prefix) + rows_script(prefix, rows), name)
    server.run_script(read_script("routines.sql", prefix), name, user=user, password=password)
