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
    [ "$(wc -l <<<"$codes")" = 11 ]
    for code in $codes; do
        grep -qF "\`$code\`" "$readme"
        run -0 "$BUILD/client/mautic-upgradectl" explain "$code"
        [[ $output == *mau.tc/m3-upgrade-error#* ]]
    done
}

@test "the calls that the README shows with curl work" {
    site_create
    daemon_start
    mapfile -t calls < <(sed -n '/^## The API/,/^## /p' "$readme" | sed -n '/^```$/,/^```$/p' | grep -v '^```' |
        sed -z 's/\\\n *//g')
    [ "${#calls[@]}" -ge 5 ]
    export MAUTIC_UPGRADED_SOCKET=$socket
    for call in "${calls[@]}"; do
        echo "$call"
        # An event stream has no end: one second of it is enough.
        run bash -c "$call --silent --fail-with-body --max-time 20 $([[ $call != *event-stream* ]] || echo '--max-time 1')"
        [ "$status" -eq 0 ] || { [ "$status" -eq 28 ] && [[ $call == *event-stream* ]]; }
        [ -n "$output" ]
    done
}

teardown() {
    common_teardown
}
