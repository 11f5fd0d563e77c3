# SPDX-License-Identifier: GPL-3.0-or-later
# The man pages and the shells' completions are made from the tables of the programs: all of it is there, and it works.
# shellcheck disable=SC2154 # common.bash sets them

load common

setup() {
    pages=$BUILD/packaging/man
    script=$pages
    export LC_ALL=C.UTF-8
    unset MAUTIC_UPGRADED_SOCKET
    socket=$BATS_TEST_TMPDIR/socket
    answers=$BATS_TEST_TMPDIR/answers
    fake=
    mkdir "$answers"
}

teardown() {
    [ -z "$fake" ] || kill -KILL "$fake"
}

all_pages() {
    printf '%s\n' mautic-upgradectl.1 mautic-upgraded.8 mautic-upgraded.conf.5 mautic-upgraded-api.7 migrations-reader.1
}

# page NAME: as a reader sees it, without bold and breaks, each run of blanks one.
page() {
    MANWIDTH=1000 man -E UTF-8 -l "$pages/$1" | col -bx | tr -s ' '
}

fake_start() {
    jq -n '{time: "2026-11-22T16:00:00.000Z", findings: [{id: "plugins", severity: "warning"}, {id: "spool", severity: "warning"},
        {id: "fine", severity: "ok"}, {id: "$(touch hacked)", severity: "warning"}]}' >"$answers/preflight.json"
    jq -n '{stages: [{name: "preflight"}, {name: "move_files"}]}' >"$answers/stages.json"
    jq -n '{state: "failed", error: {acceptable: ["contradicted_move_files", "spool"]}}' >"$answers/status.json"
    "$top/test/tools/fake-daemon" "$socket" "$answers" 3>&- &
    fake=$!
    local deadline=$((SECONDS + 30))
    until curl -sf --unix-socket "$socket" http://localhost/v1/stages >/dev/null; do
        [ "$SECONDS" -lt "$deadline" ]
        sleep 0.05
    done
}

@test "the pages are without a fault to mandoc and to man" {
    cd "$pages" # where mandoc finds what they refer to
    for name in $(all_pages); do
        run mandoc -T lint -W style "$pages/$name"
        [ -z "$output" ] || { echo "$output"; return 1; }
        run -0 --separate-stderr man --warnings -E UTF-8 -l "$pages/$name"
        [ -z "$stderr" ]
        [ "${#output}" -gt 2000 ]
    done
}

@test "every command, option and exit status is in mautic-upgradectl(1)" {
    page mautic-upgradectl.1 >"$BATS_TEST_TMPDIR/page"
    ctl help >"$BATS_TEST_TMPDIR/help"
    for command in $(sed -n '/^Commands:/,/^$/p' "$BATS_TEST_TMPDIR/help" | awk '/^  / {print $1}'); do
        grep -qE "^ $command( |\$)" "$BATS_TEST_TMPDIR/page" || { echo "$command"; return 1; }
        [ "$(grep -cE "^ $command( |\$)" "$BATS_TEST_TMPDIR/page")" -ge 2 ] # what it does, and its JSON
    done
    options=$(grep -oE '^  --[a-z-]+' "$BATS_TEST_TMPDIR/help")
    [ "$(wc -l <<<"$options")" -ge 18 ]
    for option in $options; do
        grep -qE "^ $option( |\$)" "$BATS_TEST_TMPDIR/page" || { echo "$option"; return 1; }
    done
    for code in 0 1 2 3 4 5 124 130; do
        grep -qE "^ $code " "$BATS_TEST_TMPDIR/page"
    done
    for code in $(ctl explain | grep '^ERR_'); do
        grep -qF "$code" "$BATS_TEST_TMPDIR/page"
    done
}

@test "every option, state and reason is in mautic-upgraded(8), every key in the .conf(5), every route in the API's page" {
    "$BUILD/daemon/mautic-upgraded" --help >"$BATS_TEST_TMPDIR/help"
    page mautic-upgraded.8 >"$BATS_TEST_TMPDIR/page"
    options=$(grep -oE '^  --[a-z-]+' "$BATS_TEST_TMPDIR/help")
    [ "$(wc -l <<<"$options")" -ge 9 ]
    for option in $options; do
        grep -qE "^ $option( |\$)" "$BATS_TEST_TMPDIR/page" || { echo "$option"; return 1; }
    done
    for word in interrupted rolled_back files_being_swapped disk_full database_unreachable ERR_ROLLBACK_FAILED; do
        grep -qE "^ $word( |\$)" "$BATS_TEST_TMPDIR/page" || { echo "$word"; return 1; }
    done
    page mautic-upgraded.conf.5 >"$BATS_TEST_TMPDIR/page"
    keys=$(sed -nE 's/^  ([a-z_]+\.[a-z0-9_]+) .*/\1/p' "$BATS_TEST_TMPDIR/help")
    [ "$(wc -l <<<"$keys")" -gt 20 ]
    for key in $keys; do
        grep -qE "^ ${key//./\\.}( |\$)" "$BATS_TEST_TMPDIR/page" || { echo "$key"; return 1; }
    done
    page mautic-upgraded-api.7 >"$BATS_TEST_TMPDIR/page"
    routes=$(sed -nE 's/^  (GET|POST) +([^ ]+) .*/\1 \2/p' "$BATS_TEST_TMPDIR/help")
    [ "$(wc -l <<<"$routes")" -gt 20 ]
    while read -r route; do
        grep -qE "^ ${route//\*/\\*}( |\$)" "$BATS_TEST_TMPDIR/page" || { echo "$route"; return 1; }
    done <<<"$routes"
}

@test "every command, option, verdict and exit status is in migrations-reader(1)" {
    page migrations-reader.1 >"$BATS_TEST_TMPDIR/page"
    "$BUILD/migrations-reader/migrations-reader" --help >"$BATS_TEST_TMPDIR/help"
    words=$(sed -nE '/^Commands:/,$ s/^  ([^ ]+).*/\1/p' "$BATS_TEST_TMPDIR/help")
    [ "$(wc -l <<<"$words")" -ge 32 ]
    for word in $words; do
        grep -qE "^ $word( |\$)" "$BATS_TEST_TMPDIR/page" || { echo "$word"; return 1; }
    done
}

@test "the example of a configuration holds every key, and the daemon takes it, as it is and with every default said" {
    cp "$BUILD/packaging/examples/site.conf" "$BATS_TEST_TMPDIR/shop.conf"
    keys=$(sed -nE 's/^  [a-z_]+\.([a-z0-9_]+) .*/\1/p' < <("$BUILD/daemon/mautic-upgraded" --help))
    for key in $keys; do
        grep -qE "^#?$key =" "$BATS_TEST_TMPDIR/shop.conf" || { echo "$key"; return 1; }
    done
    sed -i "s|^root = .*|root = $BATS_TEST_TMPDIR|" "$BATS_TEST_TMPDIR/shop.conf"
    "$BUILD/daemon/mautic-upgraded" --check-config --config "$BATS_TEST_TMPDIR/shop.conf"
    sed -i -E 's/^#([a-z0-9_]+ =)/\1/' "$BATS_TEST_TMPDIR/shop.conf"
    [ "$(grep -cE '^[a-z0-9_]+ =' "$BATS_TEST_TMPDIR/shop.conf")" = "$(wc -w <<<"$keys")" ]
    "$BUILD/daemon/mautic-upgraded" --check-config --config "$BATS_TEST_TMPDIR/shop.conf"
}

# in_bash WORD…: what bash offers for the last word.
in_bash() {
    # shellcheck disable=SC2016
    PATH=$BUILD/client:$PATH bash --norc -c '
        source "$1"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _mautic_upgradectl
        printf "%s\n" "${COMPREPLY[@]}"' _ "$script/mautic-upgradectl" mautic-upgradectl "$@"
}

in_fish() {
    # shellcheck disable=SC2016
    PATH=$BUILD/client:$PATH HOME=$BATS_TEST_TMPDIR fish --no-config -c '
        source $argv[1]
        complete -C $argv[2] | string replace -r "\t.*" ""; true' "$script/mautic-upgradectl.fish" "mautic-upgradectl $*"
}

# zsh completes in an interactive shell only: it is given one on a terminal of its own.
in_zsh() {
    PATH=$BUILD/client:$PATH "$top/test/tools/zsh-complete" "$script" "mautic-upgradectl $*"
}

# The same questions to each of them.
asks() {
    local ask=$1
    offered() {
        local wanted=$1
        shift
        "$ask" "$@" >"$BATS_TEST_TMPDIR/offered"
        tr ' ' '\n' <"$BATS_TEST_TMPDIR/offered" | grep -qxF -- "$wanted" || {
            echo "$ask: $wanted is not offered for: $*"
            cat "$BATS_TEST_TMPDIR/offered"
            return 1
        }
    }
    refused() {
        local unwanted=$1
        shift
        "$ask" "$@" >"$BATS_TEST_TMPDIR/offered"
        ! grep -qF -- "$unwanted" "$BATS_TEST_TMPDIR/offered" || {
            echo "$ask: $unwanted is offered for: $*"
            return 1
        }
    }
    offered support-bundle su
    offered watch wa
    offered --reconnect watch --re
    refused --reconnect status --re
    offered verify backup v
    offered ERR_CLEANUP_FILES explain ERR_CL
    offered rollback help ro
    offered zsh completion z
    fake_start
    offered plugins --socket "$socket" start --accept plu
    offered contradicted_move_files --socket "$socket" start --accept contradicted_mo
    refused hacked --socket "$socket" start --accept ''
    [ ! -e hacked ]
}

@test "what may be accepted: what the failed stage asks about, then the warnings, each once" {
    fake_start
    run -0 "$BUILD/client/mautic-upgradectl" --socket "$socket" completion list warnings
    [ "$output" = $'contradicted_move_files\nspool\nplugins' ]
}

@test "bash completes" {
    bash -n "$script/mautic-upgradectl"
    shellcheck -s bash -e SC1007 "$script/mautic-upgradectl"
    asks in_bash
    [ "$(in_bash --socket = "$socket" start --accept plugins,spo)" = plugins,spool ]
}

@test "fish completes" {
    fish --no-execute "$script/mautic-upgradectl.fish"
    asks in_fish
}

@test "zsh completes" {
    zsh -n "$script/_mautic-upgradectl"
    asks in_zsh
}

@test "meson installs pages, completions, examples and the library where they are looked for" {
    run -0 meson introspect --installed "$BUILD"
    for path in share/man/man1/migrations-reader.1 include/migrations-reader.h pkgconfig/migrations-reader.pc \
        share/doc/mautic-upgraded/examples/{apache,nginx,site}.conf share/doc/mautic-upgraded/README.md \
        share/man/man1/mautic-upgradectl.1 share/man/man8/mautic-upgraded.8 share/man/man5/mautic-upgraded.conf.5 \
        share/man/man7/mautic-upgraded-api.7 share/bash-completion/completions/mautic-upgradectl \
        share/fish/vendor_completions.d/mautic-upgradectl.fish share/zsh/site-functions/_mautic-upgradectl; do
        [[ $output == *"/$path\""* ]]
    done
}
