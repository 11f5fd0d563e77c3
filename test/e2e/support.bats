# SPDX-License-Identifier: GPL-3.0-or-later
# The support bundle: what is in it, and what must never be.
# shellcheck disable=SC2154 # common.bash sets them

load common

setup() {
    common_setup
    bundle=$BATS_TEST_TMPDIR/bundle.tar.gz
    out=$BATS_TEST_TMPDIR/out
    folder=$out/mautic-upgraded-support
}

teardown() {
    common_teardown
}

# Every secret of the sandbox's site, as PHP understands its local.php, and what is as good as one.
secrets() {
    env "$(sandbox_environment | tr -d '\0')" php -r '
        include $argv[1];
        foreach (["db_password", "mailer_password", "secret_key", "mailer_from_email", "mailer_from_name", "system_update_url"] as $key) {
            $value = $parameters[$key];
            if (preg_match("/^getenv\((.*)\)\$/", $value, $match)) $value = getenv($match[1]);
            echo $value, "\0";
        }' "$site/app/config/local.php"
    [ ! -e "$state/checkpoint.sqlite3" ] ||
        sqlite3 "$state/checkpoint.sqlite3" "SELECT value FROM fact WHERE name IN ('gate.token', 'gate.held_name')" | tr '\n' '\0'
}

# In each of the ways in which one gets into a text.
dressed() {
    python3 -c '
import json, sys, urllib.parse
for secret in sys.stdin.read().split("\0")[:-1]:
    print(secret)
    print(json.dumps(secret)[1:-1])
    print(json.dumps(secret, ensure_ascii=False)[1:-1])
    print(secret.replace("\\", "\\\\").replace("\x27", "\\\x27"))
    print(secret.replace("\\", "\\\\").replace("\x27", "\\\x27").replace("\"", "\\\""))
    print(urllib.parse.quote(secret, safe=""))'
}

unpack() {
    mkdir -p "$out"
    gzip -t "$bundle"
    tar -xzf "$bundle" -C "$out"
    [ "$(stat -c %a "$bundle")" = 600 ]
}

no_secret() {
    secrets | dressed | LC_ALL=C sort -u >"$BATS_TEST_TMPDIR/dressed"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/dressed")" -ge 15 ]
    ! LC_ALL=C grep -rF -f "$BATS_TEST_TMPDIR/dressed" "$folder" || false
    # Nor in the JSON texts once they are read.
    for file in "$folder"/*.json; do
        jq -r '.. | strings' "$file"
    done >"$BATS_TEST_TMPDIR/strings"
    ! LC_ALL=C grep -F -f "$BATS_TEST_TMPDIR/dressed" "$BATS_TEST_TMPDIR/strings" || false
}

@test "a bundle from the daemon, and one without it: all that helps, no secret" {
    site_create
    daemon_start
    upgrade
    # The worst that could have come into the log and into the events.
    log=$(find "$site/var" -name 'upgrade_log_*.txt')
    secrets | dressed | sed 's/^/[2026-11-22 16:00:00] it said: /' >>"$log"
    secrets | dressed | tail -n 3 >>"$log"
    printf "with params [\"Jane Customer\"]:\nDuplicate entry 'Jane Customer' for key 'x'\njane@example.com\n" >>"$log"
    daemon_stop
    secrets | dressed >"$BATS_TEST_TMPDIR/evil"
    python3 - "$state/checkpoint.sqlite3" "$BATS_TEST_TMPDIR/evil" <<'PYTHON'
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for line in open(sys.argv[2], encoding="utf-8"):
    for text in (line, json.dumps({"message": line}), json.dumps([json.dumps(line)])):
        database.execute("INSERT INTO event (time_ms, type, level, text, fields) VALUES (1, 'log', 'info', ?, ?)", (text, json.dumps({"said": text})))
        database.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", ("evil" + str(hash(text)), text))
database.commit()
PYTHON
    daemon_start
    LC_ALL=C.UTF-8 run -0 --separate-stderr ctl support-bundle "$bundle"
    [ -z "$stderr" ]
    unpack
    [ "$(ls "$folder")" = "$(printf '%s\n' README.txt backup.json checkpoint.json configuration.json local.php.json migrations.json \
        not_read.json places.json preflight.json stages.json status.json upgrade_log.txt versions.json)" ]
    no_secret
    ! grep -r 'Jane\|jane@' "$folder" || false
    jq -e '.state == "finished"' "$folder/status.json"
    jq -e '(.stage | length == 11) and (.event | length > 50) and (.step | length > 10) and .upgrade[0].state == "finished"' "$folder/checkpoint.json"
    jq -e --arg root "$site" '."site.root" == $root and ."gate.settle" == "1"' "$folder/configuration.json"
    jq -e '.db_name == "mautic" and .db_driver == "pdo_mysql" and (has("db_password") | not)' "$folder/local.php.json"
    jq -e '.program and .kernel and .libuv and .libmicrohttpd and (.php | startswith("PHP")) and (.database_server | contains("MariaDB"))
        and .dump_program' "$folder/versions.json"
    jq -e 'any(.path | endswith("/checkpoint.sqlite3")) and any(.file_system.bytes_free > 0)' "$folder/places.json"
    jq -e '. == []' "$folder/not_read.json"
    grep -q 'Put the upgrade.s files away: done' "$folder/upgrade_log.txt"

    # Never over a file that is there.
    before=$(sha256sum "$bundle")
    run -1 ctl support-bundle "$bundle"
    [[ $output == *"is there already"*"or move that one away"* ]]
    [ "$before" = "$(sha256sum "$bundle")" ]
    ln -s "$BATS_TEST_TMPDIR/elsewhere" "$BATS_TEST_TMPDIR/link"
    run -1 ctl support-bundle "$BATS_TEST_TMPDIR/link"
    [ ! -e "$BATS_TEST_TMPDIR/elsewhere" ]
    run -1 ctl support-bundle "$BATS_TEST_TMPDIR/nowhere/bundle"
    [[ $output == *not_found*"Make the folder"* ]]
    run -2 ctl support-bundle

    # And without it.
    daemon_kill
    rm -r "$out" "$bundle"
    mapfile -d '' environment < <(sandbox_environment)
    run -0 --separate-stderr env "${environment[@]}" "$BUILD/client/mautic-upgradectl" --socket "$socket" --json support-bundle "$bundle"
    jq -e '[.not_read[].what] | index("/v1/support") and index("configuration")' <<<"$output"
    jq -e --arg file "$bundle" '.file == $file and .bytes > 1000' <<<"$output"
    unpack
    no_secret
    ! grep -r 'Jane\|jane@' "$folder" || false
    jq -e '.upgrade[0].state == "finished" and (.event | length > 50)' "$folder/checkpoint.json"
    jq -e '.db_name == "mautic"' "$folder/local.php.json"
    grep -q 'Put the upgrade.s files away: done' "$folder/upgrade_log.txt"
    [ -z "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '.*mautic-upgraded')" ]

    # The state folder alone is enough; one that holds nothing is told of.
    rm "$bundle"
    run -0 "$BUILD/client/mautic-upgradectl" support-bundle "$bundle" --state-dir "$state"
    rm "$bundle"
    mkdir "$BATS_TEST_TMPDIR/empty"
    run -0 "$BUILD/client/mautic-upgradectl" support-bundle "$bundle" --state-dir "$BATS_TEST_TMPDIR/empty"
    [[ $output == *"not read: checkpoint: there is none in"* ]]
}
