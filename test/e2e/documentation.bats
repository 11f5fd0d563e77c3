# SPDX-License-Identifier: GPL-3.0-or-later
# What the README says is what the programs say.

load common

setup() {
    common_setup
    readme=$top/README.md
}

@test "every configuration key is in the README with its default" {
    keys=$("$BUILD/daemon/mautic-upgraded" --help | sed -nE 's/^  ([a-z_]+\.[a-z0-9_]+) .*/\1/p')
    [ "$(wc -l <<<"$keys")" -gt 20 ]
    for key in $keys; do
        default=$("$BUILD/daemon/mautic-upgraded" --help | sed -nE "s/^  ${key//./\\.} .*\(default: (.*)\)\$/\1/p")
        grep -qF "| \`$key\` | ${default:+\`$default\`} |" "$readme" || {
            echo "$key"
            return 1
        }
    done
    # And no other.
    [ "$(grep -cE '^\| `[a-z_]+\.[a-z0-9_]+` \|' "$readme")" = "$(wc -l <<<"$keys")" ]
}

@test "every error code is in the README and explained by the client" {
    codes=$("$BUILD/client/mautic-upgradectl" explain | grep -oE '^ERR_[A-Z0-9_]+')
    [ "$(wc -l <<<"$codes")" = 13 ]
    for code in $codes; do
        grep -qF "\`$code\`" "$readme"
        run -0 "$BUILD/client/mautic-upgradectl" explain "$code"
        [[ $output == *mau.tc/m3-upgrade-error#* ]]
    done
}

@test "the README's diagrams are made of the daemon's tables" {
    "$BUILD/packaging/diagram/state-diagram" >"$BATS_TEST_TMPDIR/diagrams"
    [ "$(grep -c -- '-->' "$BATS_TEST_TMPDIR/diagrams")" -gt 30 ]
    python3 - "$readme" "$BATS_TEST_TMPDIR/diagrams" <<'EOF'
import sys
readme, diagrams = (open(name).read() for name in sys.argv[1:])
sys.exit(diagrams not in readme)
EOF
}

@test "each reason that the README's answers name is one of the daemon's" {
    mapfile -t reasons < <(sed -n '/^## Questions/,/^## /p' "$readme" | grep -oE '`[a-z]+_[a-z_]+`' | tr -d '`' | grep -vxE 'build_cache' | sort -u)
    [ "${#reasons[@]}" -ge 4 ]
    for reason in "${reasons[@]}"; do
        grep -q "\"$reason\"" "$top/lib/reasons.h" || {
            echo "$reason"
            return 1
        }
    done
}

@test "every boundary is in the README with what it means" {
    python3 - "$top/states/stage.h" >"$BATS_TEST_TMPDIR/boundaries" <<'EOF'
import re, sys
text = open(sys.argv[1]).read().replace("\\\n", " ")
for name, meaning in re.findall(r'X\(\w+, "(\w+)",((?:\s*"[^"]*")+)\)', text):
    print("| `%s` | %s |" % (name, "".join(re.findall('"([^"]*)"', meaning))))
EOF
    [ "$(wc -l <"$BATS_TEST_TMPDIR/boundaries")" -eq 5 ]
    while IFS= read -r line; do
        grep -qxF -- "$line" "$readme" || {
            echo "$line"
            return 1
        }
    done <"$BATS_TEST_TMPDIR/boundaries"
}

@test "the README's table of verdicts is the one of --help" {
    mapfile -t verdicts < <("$BUILD/migrations-reader/migrations-reader" --help | sed -n '/^Verdicts/,/^$/s/^  \([a-z_]*\) .*/\1/p')
    [ "${#verdicts[@]}" -ge 5 ]
    mapfile -t told < <(sed -n '/^| verdict |/,/^$/s/^| `\([a-z_]*\)` .*/\1/p' "$readme")
    [ "${verdicts[*]}" = "${told[*]}" ]
    for verdict in "${verdicts[@]}"; do
        meaning=$("$BUILD/migrations-reader/migrations-reader" --help | sed -n "/^Verdicts/,/^\$/s/^  $verdict  *//p")
        [ -n "$meaning" ]
        # Behind the same words the README may say more.
        grep -qF "| \`$verdict\` | $meaning" "$readme" || {
            echo "$verdict: $meaning"
            return 1
        }
    done
}

documented() {
    "$top/test/tools/documented" lines "$1"
}

@test "the command lines of migrations-reader that the README and its man page show work" {
    site_create
    documented 'README.md: Migrations without PHP' >"$BATS_TEST_TMPDIR/lines"
    documented 'migrations-reader.1: EXAMPLES' >>"$BATS_TEST_TMPDIR/lines"
    mapfile -t lines <"$BATS_TEST_TMPDIR/lines"
    [ "${#lines[@]}" -ge 10 ]
    mapfile -d '' environment < <(sandbox_environment)
    # Where the server's socket is when it is not where the client library looks for it.
    environment+=("MYSQL_UNIX_PORT=$(jq -r .database.socket "$box/sandbox.json")")
    PATH=$BUILD/migrations-reader:$PATH
    cd "$site"
    "$sandbox" dump "$box" | gzip >dump.sql.gz
    for line in "${lines[@]}"; do
        line=${line//\/var\/www\/mautic/$site}
        echo "$line"
        run env "${environment[@]}" bash -c "$line"
        echo "$output"
        [ "$status" -eq 0 ]
        [ -n "$output" ]
    done
}

@test "the README tells of the daemon's and the client's exit statuses what the man pages tell" {
    # The client's are a table of the program, which its man page is made from.
    mapfile -t statuses < <("$BUILD/client/mautic-upgradectl" --help | sed -n '/^Exit status/,/^$/s/^  *\([0-9]*\) .*/\1/p')
    [ "${#statuses[@]}" -ge 8 ]
    mapfile -t told < <(sed -n '/^## Exit status/,/^## /s/^| \([0-9]*\) | .*/\1/p' "$readme")
    [ "${statuses[*]}" = "${told[*]}" ]
    ending=$(MANWIDTH=1000 man -E UTF-8 -l "$BUILD/packaging/man/mautic-upgraded.8" | col -bx | sed -n '/^EXIT STATUS/{n;s/^ *//p}')
    [ -n "$ending" ]
    grep -qF "\`mautic-upgraded\`: $ending" "$readme"
}

@test "each stage is in the README, in its order, with the code that it fails with" {
    mapfile -t wanted < <("$BUILD/packaging/diagram/state-diagram" | sed -nE 's/^ +([a-z_0-9]+)\["[a-z_0-9]+<br\/>(ERR_[A-Z0-9_]+)"\]$/\1 \2/p')
    [ "${#wanted[@]}" -eq 11 ]
    mapfile -t told < <(sed -n '/^## What each stage does/,/^## /p' "$readme" | sed -nE 's/^\| ([a-z_0-9]+) \| .+ \| `(ERR_[A-Z0-9_]+)` \|$/\1 \2/p')
    [ "${wanted[*]}" = "${told[*]}" ]
}

@test "each file says its licence" {
    git -C "$top" rev-parse --show-toplevel >/dev/null 2>&1 || skip "no git knows which files there are"
    # What can't: texts whose form has no comments (JSON, which says it in a member where it has one), the licences themselves, what
    # dpkg reads line by line, and what the fuzzers are fed with.
    mapfile -t silent < <(cd "$top" && git ls-files | grep -vE '\.json$|^LICENSE$|^packaging/debian/(changelog|copyright|source/format)$|^test/fuzz/corpus/' |
        xargs -d '\n' grep -L 'SPDX-License-Identifier: GPL-3.0-or-later')
    printf '%s\n' "${silent[@]}"
    [ "${#silent[@]}" -eq 0 ]
    for file in packaging/grammar/package.json test/browser/package.json; do
        [ "$(jq -r .license "$top/$file")" = GPL-3.0-or-later ]
    done
    [ "$(jq -r .info.license.identifier "$top/daemon/openapi.json")" = GPL-3.0-or-later ]
}

teardown() {
    common_teardown
}
