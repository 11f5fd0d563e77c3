# SPDX-License-Identifier: GPL-3.0-or-later
"""Random migrations. Expressions are made by type, so that most migrations run to their end; what PHP 7 and PHP 8 answer
differently is left out, because the reader refuses it. A migration is a list of statements, which may be taken out one by
one to find the least that still differs."""

TEXTS = ["", "a", "0", "12", " x ", "it's", 'say "hi"', "back\\slash", "ä😀", "a,b,,c", "red|green|blue", "UPPER lower",
         "100%", "<b>&amp;</b>", "line\nfeed", "tab\there", "$notVariable {$x}", "a.b.c", "2020-02-29", "1.50", "-7", "x" * 20]
# column: is part of an index or a key, so that dropping it alone is refused
TABLES = {
    "segments": {"columns": {"name": True, "alias": True, "is_published": True, "description": False, "filters": False,
                             "created_at": False},
                 "indexes": ["UNIQ_5EA3_alias", "segment_published"], "keys": []},
    "contacts": {"columns": {"owner_id": True, "email": True, "first_name": True, "points": True, "rate": False,
                             "ratio": False, "preferred": False, "is_active": False,
                             "identified_at": True, "seen_at": False},
                 "indexes": ["IDX_A1B2C3D4", "contact_points_date", "contact_text"], "keys": ["FK_A1B2C3D4"]},
    "mails": {"columns": {"parent_id": True, "name": False, "subject": False, "lang": False, "read_count": False,
                          "sent_count": False, "content": False},
              "indexes": ["IDX_77665544"], "keys": ["FK_77665544"]},
    "mail_stats": {"columns": {"mail_id": True, "contact_id": True, "address": True, "sent_at": False, "is_read": False,
                               "opens": False},
                   "indexes": ["stat_mail_search", "stat_address", "IDX_33221100"], "keys": ["FK_33221100", "FK_0011AABB"]},
    "fields": {"columns": {"alias": True, "label": False, "type": False, "field_group": False, "order": True,
                           "properties": False},
               "indexes": ["field_alias", "field_order"], "keys": []},
    "legacy_log": {"columns": {"when_logged": False, "what": False}, "indexes": [], "keys": []},
    "kinds": {"columns": {"k_smallint": False, "k_decimal": False, "k_varchar": True, "k_text": False, "k_date": False,
                          "k_simple": False, "k_float": False, "k_binary": False},
              "indexes": ["kinds_varchar", "kinds_both"], "keys": []},
}
READABLE = {  # table: an ordering column and some that hold texts or numbers
    "segments": ("id", ["name", "alias", "is_published", "description", "created_at"]),
    "contacts": ("id", ["email", "points", "rate", "is_active", "first_name", "internal"]),
    "mails": ("id", ["name", "lang", "read_count", "sent_count", "subject"]),
    "fields": ("id", ["alias", "label", "type", "field_group", "`order`"]),
    "mail_stats": ("id", ["mail_id", "contact_id", "address", "opens"]),
}
SERIALIZED = {"segments": "filters", "fields": "properties", "mails": "content"}
# Neither JSON columns nor renamed indexes: the dbal of Mautic 5 (3.7) knows them of newer servers, Debian's 3.6 does not.
TYPES = ["string", "text", "integer", "smallint", "bigint", "boolean", "decimal", "float", "date", "datetime", "time",
         "array", "simple_array", "guid", "binary", "blob", "datetime_immutable"]


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def double_quoted(text):
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


class Migration:
    """The statements of one random migration's up()."""

    def __init__(self, random):
        self.random = random
        self.names = {kind: [] for kind in ("int", "text", "float", "bool", "ints", "texts", "map")}
        self.next_name = 0
        self.uses_schema = random.random() < 0.5
        self.uses_rows = random.random() < 0.35
        self.statements = [self.start(kind) for kind in self.names]
        self.statements += [self.statement(2) for _ in range(random.randint(3, 9))]
        self.statements.append(self.shown())

    def one(self, *choices):
        return self.random.choice(choices)

    def fresh(self, kind):
        self.next_name += 1
        name = f"${kind}{self.next_name}"
        self.names[kind].append(name)
        return name

    def start(self, kind):
        value = self.expression(kind, 1)
        return f"{self.fresh(kind)} = {value};"

    def variable(self, kind):
        return self.random.choice(self.names[kind]) if self.names[kind] else None

    # Expressions

    def expression(self, kind, depth):
        name = self.variable(kind)
        if name and (depth <= 0 or self.random.random() < 0.3):
            return name
        if depth <= 0:
            return self.literal(kind)
        if self.random.random() < 0.1:
            return self.chosen(kind, depth)
        return getattr(self, f"make_{kind}")(depth - 1)

    def chosen(self, kind, depth):
        """An expression that takes one of two ways."""
        left, right = self.expression(kind, depth - 1), self.expression(kind, depth - 1)
        condition = self.expression("bool", depth - 1)
        return self.one(f"({condition} ? {left} : {right})", f"($undefined ?? {left})",
                        f"(match (true) {{ {condition} => {left}, default => {right} }})",
                        f"(fn () => {left})()", f"(function () use (&$total) {{ return {self.literal(kind)}; }})()")

    def literal(self, kind):
        random = self.random
        if kind == "int":
            return str(random.choice([0, 1, 2, 3, 7, 10, -1, -5, 42, 255, 1000, 2147483648, random.randint(-99, 99)]))
        if kind == "float":
            return random.choice(["0.5", "1.0", "-2.25", "0.1", "1e3", "3.14159", "1e20", "100000.0", "1.5e-7"])
        if kind == "bool":
            return random.choice(["true", "false"])
        if kind == "text":
            return random.choice([quoted, double_quoted])(random.choice(TEXTS))
        if kind == "ints":
            return "[" + ", ".join(self.literal("int") for _ in range(random.randint(0, 4))) + "]"
        if kind == "texts":
            return "[" + ", ".join(self.literal("text") for _ in range(random.randint(0, 4))) + "]"
        keys = random.sample(["id", "name", "list", "0", "7", "01", ""], random.randint(0, 4))
        return "[" + ", ".join(f"{quoted(key)} => {self.literal(random.choice(['int', 'text', 'bool', 'float']))}"
                               for key in keys) + "]"

    def make_int(self, depth):
        def number():
            return self.expression("int", depth)
        text = self.expression("text", depth)
        return self.one(
            self.literal("int"), f"({number()} + {number()})", f"({number()} - {number()})",
            f"intdiv({number()}, {self.one(2, 3, -7)})", f"({number()} % {self.one(2, 3, 10, -4)})",
            f"({number()} & {number()})", f"({number()} | {self.one(1, 6, 8)})", f"({number()} ^ 5)",
            f"({number()} << {self.one(0, 1, 3)})", f"({number()} >> {self.one(1, 2)})", f"-{number()}".replace("--", "- -"),
            f"strlen({text})", f"mb_strlen({text})", f"count({self.expression('ints', depth)})",
            f"count({self.expression('map', depth)})", f"(int) {text}", f"(int) {self.expression('bool', depth)}",
            f"intval({self.literal('text')})", f"crc32({text})", f"abs({number()} % 1000)",
            f"max({number()}, {number()})", f"min({number()}, {number()}, 5)",
            f"({self.expression('ints', depth)}[{self.one(0, 1, 2)}] ?? {number()})",
            f"substr_count({text}, {self.one(quoted('a'), quoted(','), quoted('.'))})", f"ord({text})",
            f"({number()} <=> {number()})", f"preg_match('/[a-z]+/', {text})", f"(int) strpos({text}, 'e')",
            f"(array_key_last({self.expression('ints', depth)}) ?? 9)")

    def make_float(self, depth):
        value = self.expression("float", depth)
        number = self.expression("int", depth)
        return self.one(self.literal("float"), f"({value} + {self.literal('float')})", f"({value} * {number})",
                        f"(float) {number}", f"round({value}, {self.one(0, 1, 2)})", f"floor({value})", f"ceil({value})",
                        f"(float) ({number} / {self.one(2, 3, 4)})", f"(float) {self.literal('text')}", f"({value} - {value})",
                        f"(float) sqrt(abs({number}))")

    def make_bool(self, depth):
        text, other = self.expression("text", depth), self.expression("text", depth)
        number, second = self.expression("int", depth), self.expression("int", depth)
        mapped = self.expression("map", depth)
        choices = [
            self.literal("bool"), f"!{self.expression('bool', depth)}", f"({number} {self.one('<', '>', '<=', '>=', '==', '!=', '===', '!==')} {second})",
            f"({text} {self.one('===', '!==')} {other})", f"({self.expression('bool', depth)} {self.one('&&', '||', 'xor')} {self.expression('bool', depth)})",
            f"str_contains({text}, {self.literal('text')})", f"str_starts_with({text}, {other})", f"in_array({number}, {self.expression('ints', depth)}, true)",
            f"in_array({text}, {self.expression('texts', depth)}, true)", f"empty({self.variable('text') or quoted('')})",
            f"isset({self.variable('map') or '$none'}['id'])", f"array_key_exists('name', {mapped})", f"is_numeric({self.one(quoted('5'), quoted('1e3'), quoted('a'), quoted(''))})",
            f"(bool) {text}", f"(bool) {number}", f"({mapped} === {self.expression('map', depth)})", f"({self.expression('ints', depth)} == {self.expression('ints', depth)})",
            f"is_string({mapped}['name'] ?? null)", f"(strcmp({text}, {other}) > 0)", f"ctype_digit({text})", f"({self.expression('float', depth)} > {self.literal('float')})",
        ]
        if self.uses_schema:
            table = self.random.choice(list(TABLES))
            known = TABLES[table]
            asked = f"$schema->getTable($this->prefix.'{table}')"
            choices += [f"$schema->hasTable($this->prefix.'{self.one(table, 'nowhere')}')",
                        f"{asked}->hasColumn('{self.random.choice([*known['columns'], 'none'])}')",
                        f"{asked}->hasIndex('{self.random.choice([*known['indexes'], 'none'])}')",
                        f"{asked}->hasForeignKey('{self.random.choice([*known['keys'], 'none'])}')"]
        return self.random.choice(choices)

    def make_text(self, depth):
        def text():
            return self.expression("text", depth)
        number = self.expression("int", depth)
        name = self.variable("text")
        choices = [
            self.literal("text"), f"({text()}.{text()})", f"({text()} . {self.random.choice([number, self.expression('float', depth)])})",
            f"sprintf({self.one(quoted('%s-%s'), quoted('[%5s|%-6s]'), quoted('%2$s %1$s %%'))}, {text()}, {text()})",
            f"sprintf({self.one(quoted('%d'), quoted('%05d'), quoted('%x'), quoted('%b'), quoted('%+d'), quoted('%s'))}, {number})",
            f"sprintf('%.2f', {self.expression('float', depth)})", f"substr({text()}, {self.one(0, 1, -3, 2)})",
            f"substr({text()}, {self.one(0, 1, -4)}, {self.one(0, 2, 5, -1)})", f"strtoupper({text()})", f"strtolower({text()})",
            f"ucfirst({text()})", f"lcfirst({text()})", f"ucwords({text()})", f"strrev({text()})", f"trim({text()})",
            f"rtrim({text()}, {quoted('/.0')})", f"ltrim({text()}, 'a..f')", f"str_replace({self.literal('text')}, {text()}, {text()})",
            f"str_replace(['a', 'b'], ['b', 'c'], {text()})", f"str_repeat({text()}, {self.one(0, 1, 2)})", f"str_pad({text()}, {self.one(3, 10, 25)}, {self.one(quoted(' '), quoted('-='))}, {self.one('STR_PAD_LEFT', 'STR_PAD_RIGHT', 'STR_PAD_BOTH')})",
            f"implode({self.one(quoted(','), quoted(' AND '))}, {self.expression(self.one('texts', 'ints'), depth)})",
            f"json_encode({self.expression(self.one('int', 'ints', 'bool'), depth)})", f"serialize({self.expression(self.one('map', 'texts', 'float', 'bool', 'text'), depth)})",
            f"(string) {self.expression(self.one('int', 'float', 'bool'), depth)}", f"md5({text()})", f"sha1({text()})", f"dechex(abs({number} % 4096))", f"gettype({self.expression(self.one('int', 'text', 'map', 'float'), depth)})",
            "$this->prefix", f"$this->generatePropertyName({self.one(quoted('mails'), quoted('x'))}, {self.one(quoted('idx'), quoted('fk'))}, {self.expression('texts', depth)})",
            f"strtr({text()}, ['a' => 'x', 'it' => 'that', '1' => ''])", f"addslashes({text()})", f"htmlspecialchars({text()}, ENT_QUOTES)", f"var_export({self.expression(self.one('int', 'bool', 'float', 'text'), depth)}, true)",
            f"(string) preg_replace('/[aeiou]+/', '<$0>', {text()})", f"preg_quote({text()}, '/')", f"number_format({self.expression('float', depth)}, {self.one(0, 1, 3)})", f"nl2br({text()})", f"base64_encode({text()})", f"rawurlencode({text()})",
            f"({self.expression('texts', depth)}[{self.one(0, 1)}] ?? {text()})", f"(string) ({self.expression('map', depth)}['name'] ?? 'none')", f"$this->helper({text()}, {number})", f"self::NAMES[{self.one(quoted('one'), quoted('two'))}]", f"explode(',', {text()})[0]", f"ucfirst(strtolower({text()}))", f"chunk_split({text()}, 3, '|')", f"(strstr({text()}, 'a') ?: 'none')",
        ]
        if name:
            row = self.variable("map")
            choices += [f'"<{name}>"', f'"{{{name}}} AND {{$this->prefix}}x"', f'"{name} \\x41 \\u{{1F600}} {{{name}}}[0]"', f"<<<SQL\n    A {name}\n      B {{{name}}}\n    SQL", f'"{{$this->helper({name}, 2)}}"']
            if row:
                choices.append(f"(isset({row}['id']) ? \"row {row}[id] {{{row}['id']}}\" : 'no id')")
        return self.random.choice(choices)

    def make_ints(self, depth):
        numbers = self.expression("ints", depth)
        other = self.expression("ints", depth)
        return self.one(
            self.literal("ints"), f"array_map(fn ($x) => $x {self.one('+', '-', '*')} {self.one(2, 3)}, {numbers})", f"array_values(array_filter({numbers}))",
            f"array_filter({numbers}, fn ($x) => $x > {self.one(0, 5)})", f"array_merge({numbers}, {other})", f"range({self.one(1, 5)}, {self.one(1, 3, 8)})",
            f"array_slice({numbers}, {self.one(0, 1, -2)}, {self.one(1, 2, -1)})", f"array_unique({numbers})", f"array_reverse({numbers})", f"array_keys({self.expression('ints', depth)})",
            f"[...{numbers}, {self.expression('int', depth)}]", f"array_diff({numbers}, {other})", f"array_intersect({numbers}, {other})", f"array_pad({numbers}, 5, 0)", f"$this->sorted({numbers})",
            f"array_map('abs', [1, -2])", f"array_map('strlen', {self.expression('texts', depth)})", f"array_fill({self.one(0, 3)}, 2, {self.expression('int', depth)})", f"({numbers} + {other})", f"array_map(fn ($a, $b) => (int) $a + (int) $b, {numbers}, {other})")

    def make_texts(self, depth):
        texts = self.expression("texts", depth)
        text = self.expression("text", depth)
        return self.one(
            self.literal("texts"), f"explode({self.one(quoted(','), quoted('|'), quoted(' '))}, {text})", f"array_map({self.one(quoted('strtoupper'), quoted('trim'), quoted('ucfirst'))}, {texts})",
            f"array_map(fn (string $x): string => $x.{self.literal('text')}, {texts})", f"array_values(array_unique({texts}))", f"array_merge({texts}, [{text}])", f"$this->sorted({texts})", f"array_reverse({texts})",
            f"array_slice({texts}, 1)", f"str_split('x'.{text}, {self.one(2, 5)})", f"preg_split('/[,|\\s]/', {text})", f"array_map('strval', {self.expression('ints', depth)})", f"array_filter({texts}, fn ($x) => $x !== '')", f"[{text}, ...{texts}]")

    def make_map(self, depth):
        mapped = self.expression("map", depth)
        return self.one(
            self.literal("map"), f"({mapped} + {self.expression('map', depth)})", f"array_merge({mapped}, {self.literal('map')})", f"array_flip({self.expression('texts', depth)})", f"array_fill_keys({self.expression('texts', depth)}, {self.expression(self.one('int', 'text'), depth)})",
            f"['id' => {self.expression('int', depth)}, 'name' => {self.expression('text', depth)}]", f"array_diff_key({mapped}, ['name' => 1])", f"array_intersect_key({mapped}, {self.literal('map')})", f"array_filter({mapped})", f"unserialize(serialize({mapped}))", f"array_change_key_case({mapped}, CASE_UPPER)", f"array_replace({mapped}, {self.literal('map')})", f"(array) json_decode('{{\"id\":1,\"name\":\"x\\u00e4\",\"list\":[1,2.5,null]}}', true)", f"array_count_values({self.expression('texts', depth)})", f"array_combine(['a', 'b'], [{self.expression('int', depth)}, {self.expression('text', depth)}])", f"array_reverse({mapped}, true)")

    # Statements

    def block(self, depth):
        # Names of a block may stay without a value: what is made inside is forgotten behind it.
        known = {kind: list(names) for kind, names in self.names.items()}
        lines = [self.statement(depth - 1) for _ in range(self.random.randint(1, 2))]
        self.names = known
        return "{\n" + "\n".join(lines) + "\n}"

    def statement(self, depth):
        makers = [self.assignment, self.assignment, self.change, self.add_sql, self.add_sql]
        if depth > 0:
            makers += [self.condition, self.loop, self.attempt, self.switch]
        if self.uses_schema:
            makers += [self.schema_change] * 3
        if self.uses_rows:
            makers += [self.read] * 3
        return self.random.choice(makers)(depth)

    def assignment(self, _depth):
        kind = self.random.choice(list(self.names))
        return self.start(kind) if self.random.random() < 0.6 else f"{self.variable(kind) or self.fresh(kind)} = {self.expression(kind, 3)};"

    def change(self, _depth):
        kind = self.random.choice(list(self.names))
        name = self.variable(kind)
        if not name:
            return self.start(kind)
        value = self.expression(kind, 2)
        return {
            "int": self.one(f"++{name};", f"{name}--;", f"{name} += {value};", f"{name} %= 7;"),
            "float": f"{name} *= 2;", "bool": f"{name} = !{name};",
            "text": self.one(f"{name} .= {value};", f"{name} = \"{{{name}}}!\";"),
            "ints": self.one(f"{name}[] = {self.expression('int', 2)};", f"array_push({name}, 1, 2);", f"array_pop({name});", f"sort({name});", f"rsort({name});", f"array_unshift({name}, 9);", f"unset({name}[0]);"),
            "texts": self.one(f"{name}[] = {self.expression('text', 2)};", f"sort({name}, SORT_STRING);", f"array_shift({name});"),
            "map": self.one(f"{name}['name'] = {self.expression('text', 2)};", f"unset({name}['id']);", f"{name}['deep']['er'][] = {self.expression('int', 1)};", f"ksort({name}, SORT_STRING);", f"{name}[] = {self.expression('bool', 1)};", f"{name}['n'] ??= 5;"),
        }[kind]

    def shown(self):
        names = [name for names in self.names.values() for name in names]
        return f"$this->addSql('shown', [{', '.join(names)}]);"

    def add_sql(self, _depth):
        sql = self.expression("text", 3)
        kinds = [self.random.choice(list(self.names)) for _ in range(self.random.randint(0, 3))]
        if not kinds:
            return f"$this->addSql({sql});"
        keys = self.random.random() < 0.3
        values = ", ".join((f"'p{at}' => " if keys else "") + self.expression(kind, 2) for at, kind in enumerate(kinds))
        return f"$this->addSql({sql}, [{values}]);"

    def condition(self, depth):
        text = f"if ({self.expression('bool', 2)}) {self.block(depth)}"
        if self.random.random() < 0.4:
            text += f" elseif ({self.expression('bool', 2)}) {self.block(depth)}"
        if self.random.random() < 0.5:
            text += f" else {self.block(depth)}"
        return text

    def loop(self, depth):
        self.next_name += 1
        at = self.next_name
        leave = self.one("", f"if ({self.expression('bool', 1)}) {{\n{self.one('break', 'continue')};\n}}\n")
        body = "{\n" + leave + self.block(depth)[2:]
        texts = self.one("texts", "ints")
        return self.one(
            f"foreach (array_slice({self.expression(texts, 2)}, 0, 4) as $key{at} => $item{at}) {body}\n$this->addSql('left', [$key{at} ?? null, $item{at} ?? null]);",
            f"for ($i{at} = 0; $i{at} < {self.one(1, 2, 3)}; ++$i{at}) {body}", f"$w{at} = 3;\nwhile ($w{at}-- > 0) {body}", f"foreach (array_slice({self.expression('map', 2)}, 0, 3) as $key{at} => $item{at}) {body}",
            f"$copy{at} = {self.expression('ints', 1)};\nforeach ($copy{at} as &$item{at}) {{\n$item{at} = $item{at} % 9 + 1;\n}}\nunset($item{at});\n$this->addSql('changed', $copy{at});")

    def attempt(self, depth):
        self.next_name += 1
        thrown = self.one("RuntimeException", "LogicException", "InvalidArgumentException", "DomainException")
        caught = self.one("RuntimeException", "LogicException", "Exception", "Throwable", "LogicException | \\RuntimeException")
        text = f"try {{\nif ({self.expression('bool', 2)}) {{\nthrow new \\{thrown}({self.expression('text', 1)}, {self.one(0, 5)});\n}}\n{self.block(depth)[2:]}"
        text += f" catch (\\{caught} $error) {{\n$this->addSql('caught', [$error->getMessage(), $error->getCode(), get_class($error)]);\n}}"
        return text + self.one("", f" finally {self.block(depth)}")

    def switch(self, depth):
        kind = self.one("int", "text")
        known = {name: list(names) for name, names in self.names.items()}
        cases = "".join(f"case {self.literal(kind)}:\n{self.statement(0)}\n{self.one('break;', '// no break')}\n" for _ in range(self.random.randint(1, 3)))
        text = f"{{\n{cases}default:\n{self.statement(0)}\n}}"
        self.names = known
        return f"switch ({self.expression(kind, 2)}) {text}"

    # Schema and rows

    def table(self, name):
        return f"$schema->getTable($this->prefix.'{name}')"

    def options(self, kind):
        random = self.random
        given = []
        if kind in ("string", "binary") and random.random() < 0.6:
            given.append(f"'length' => {random.choice([1, 32, 191, 255])}")
        if kind in ("string", "binary", "guid") and random.random() < 0.2:
            given.append("'fixed' => true")
        if kind == "text" and random.random() < 0.4:
            given.append(f"'length' => {random.choice([100, 255, 256, 65535, 65536, 16777215])}")
        if kind in ("integer", "smallint", "bigint", "decimal", "float") and random.random() < 0.4:
            given.append("'unsigned' => true")
        if kind == "decimal" and random.random() < 0.6:
            given.append(f"'precision' => {random.choice([5, 10, 19])}, 'scale' => {random.choice([0, 2, 4])}")
        if random.random() < 0.5:
            given.append(f"'notnull' => {random.choice(['true', 'false'])}")
        if random.random() < 0.4 and kind not in ("text", "blob", "json", "array", "simple_array"):
            given.append("'default' => " + {"integer": "5", "smallint": "'7'", "bigint": "0", "boolean": random.choice(["true", "false", "0"]), "decimal": "'1.50'", "float": "0.5", "date": "'2020-01-01'", "datetime": random.choice(["'CURRENT_TIMESTAMP'", "'2020-01-01 00:00:00'"]), "time": "'10:00:00'"}.get(kind, quoted(random.choice(["", "x", "it's", "NULL"]))))
        if random.random() < 0.25:
            given.append(f"'comment' => {quoted(random.choice(TEXTS[1:8]))}")
        random.shuffle(given)
        return f"[{', '.join(given)}]"

    def schema_change(self, _depth):
        random = self.random
        name = random.choice(list(TABLES))
        known = TABLES[name]
        column = random.choice(list(known["columns"]))
        kind = random.choice(TYPES)
        self.next_name += 1
        new = f"added{self.next_name}"
        table = self.table(name)
        changes = [
            f"{table}->addColumn('{new}', '{kind}', {self.options(kind)});", f"{table}->addColumn('{new}', '{kind}')->setNotnull(false)->setComment({self.expression('text', 1)});",
            f"{table}->changeColumn('{column}', {self.one(chr(91) + quoted('notnull') + ' => false]', chr(91) + quoted('notnull') + ' => true]', '[' + quoted('comment') + ' => ' + quoted('changed') + ']', '[' + quoted('default') + ' => null]')});",
            f"{table}->getColumn('{column}')->setType(\\Doctrine\\DBAL\\Types\\Type::getType('{kind}'));", f"{table}->getColumn('{column}')->setLength({self.one(10, 100, 300)});", f"{table}->addIndex(['{column}'], '{new}'{self.one('', ', [], [' + quoted('lengths') + ' => [10]]')});", f"{table}->addIndex(['{column}']);", f"{table}->addUniqueIndex(['{column}']);",
            f"$made{self.next_name} = $schema->createTable($this->prefix.'{new}');\n$made{self.next_name}->addColumn('id', 'integer', ['autoincrement' => true, 'unsigned' => {self.one('true', 'false')}]);\n$made{self.next_name}->addColumn('{column}', '{kind}', {self.options(kind)});\n$made{self.next_name}->setPrimaryKey(['id']);"
            + self.one("", f"\n$made{self.next_name}->addIndex(['{column}']);", f"\n$made{self.next_name}->addOption('engine', 'MyISAM');", f"\n$made{self.next_name}->addColumn('mail_id', 'integer', ['notnull' => false]);\n$made{self.next_name}->addForeignKeyConstraint($this->prefix.'mails', ['mail_id'], ['id'], ['onDelete' => 'CASCADE']);"),
            f"$schema->dropTable($this->prefix.'{name}');" if random.random() < 0.3 else f"{table}->setComment({self.expression('text', 1)});",
        ]
        if not known["columns"][column]:
            changes.append(f"{table}->dropColumn('{column}');")
        if known["indexes"]:
            index = random.choice(known["indexes"])
            changes.append(f"{table}->dropIndex('{index}');")
        if known["keys"]:
            key = random.choice(known["keys"])
            changes.append(f"{table}->removeForeignKey('{key}');")
        if name in ("mails", "mail_stats"):
            changes.append(f"{table}->addColumn('{new}', 'integer', ['notnull' => false]);\n{table}->addForeignKeyConstraint($schema->getTable($this->prefix.'mails'), ['{new}'], ['id'], [{self.one('', quoted('onDelete') + ' => ' + quoted('SET NULL'))}]{self.one('', ', ' + quoted('FK_' + new))});")
        change = random.choice(changes)
        # A second change of the same thing may be refused: then the rest of the migration goes on.
        return f"try {{\n{change}\n}} catch (\\Doctrine\\DBAL\\Schema\\SchemaException $refused) {{\n$this->addSql('refused', [$refused->getCode()]);\n}}"

    def read(self, _depth):
        random = self.random
        name = random.choice(list(READABLE))
        order, columns = READABLE[name]
        some = random.sample(columns, random.randint(1, len(columns)))
        self.next_name += 1
        rows = f"$rows{self.next_name}"
        sql = f"SELECT id, {', '.join(some)} FROM {{$this->prefix}}{name}"
        where = self.one("", f" WHERE {some[0]} IS NOT NULL", " WHERE id > 1", f" WHERE {some[0]} LIKE '%e%'")
        tail = f" ORDER BY {order}" + self.one("", " LIMIT 2", " DESC")
        first = some[0].strip("`")
        use = (f"foreach ({rows} as $row) {{\n$this->addSql(\"UPDATE {{$this->prefix}}{name} SET x = ? WHERE id = {{$row['id']}}\", [$row['{first}'], (int) $row['id'] + 1, isset($row['{first}'])]);\n}}")
        choices = [
            f'{rows} = $this->connection->fetchAllAssociative("{sql}{where}{tail}");\n{use}', f'{rows} = $this->connection->executeQuery("{sql} WHERE id > :id{tail}", [\'id\' => {self.expression("int", 1)}])->fetchAllAssociative();\n{use}',
            f'$this->addSql(\'read\', [$this->connection->fetchOne("SELECT {self.one("COUNT(*)", "MAX(id)", some[0])} FROM {{$this->prefix}}{name}{where} ORDER BY id")]);', f'$this->addSql(\'read\', $this->connection->fetchFirstColumn("SELECT {some[0]} FROM {{$this->prefix}}{name}{where}{tail}"));',
            f'$this->addSql(\'read\', [$this->connection->fetchOne(\'SELECT ?\', [{self.expression("text", 2)}])]);', f'$this->addSql($this->connection->quote({self.expression("text", 2)}));',
            f"$builder = $this->connection->createQueryBuilder();\n$builder->select('t.id', 't.{first if first != 'order' else '`order`'}')->from($this->prefix.'{name}', 't')->where($builder->expr()->{self.one('gt', 'neq', 'lte')}('t.id', ':id'))->setParameter('id', {self.one(1, 2, 5)})->orderBy('t.id')->setMaxResults(3);\n{rows} = $builder->executeQuery()->fetchAllAssociative();\n$this->addSql($builder->getSQL(), $builder->getParameters());\n{use}",
        ]
        if name in SERIALIZED:
            column = SERIALIZED[name]
            choices.append(f'foreach ($this->connection->fetchAllKeyValue("SELECT id, {column} FROM {{$this->prefix}}{name} ORDER BY id") as $id => $stored) {{\n$value = unserialize((string) $stored);\nif (is_array($value)) {{\n$value[\'more\'] = {self.expression("text", 1)};\n$this->addSql(\'UPDATE x SET y = :y WHERE id = :id\', [\'y\' => serialize($value), \'id\' => $id]);\n}}\n}}')
        return random.choice(choices)


MIGRATION = """<?php

namespace Mautic\\Migrations;

use Doctrine\\DBAL\\Schema\\Schema;
use Mautic\\CoreBundle\\Doctrine\\AbstractMauticMigration;

final class Version{version} extends AbstractMauticMigration
{{
    private const NAMES = ['one' => 'first', 'two' => "sec'ond"];

    public function up(Schema $schema): void
    {{
        $total = 0;
{body}
    }}

    private function helper(string $text, int $times = 1): string
    {{
        return $times > 0 && strlen($text) < 50 ? $text.'/'.$times : $text;
    }}

    private function sorted(array $values): array
    {{
        sort($values, SORT_STRING);

        return $values;
    }}
}}
"""


def source(version, statements):
    """The file of a migration with these statements."""
    return MIGRATION.format(version=version, body="\n".join(statements))
