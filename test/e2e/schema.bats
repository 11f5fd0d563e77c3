# SPDX-License-Identifier: GPL-3.0-or-later
# The last resort: doctrine:schema:update, shown and forced through the daemon.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# The upgrade stands failed in Mautic 2's migrations, with the backup made; the tables are not as they should be.
upgrade_stands_failed() {
    site_create "$@"
    leads=$(jq -r .prefix "$box/sandbox.json")leads
    sql "CREATE TABLE by_hand (id INT); INSERT INTO by_hand VALUES (1); ALTER TABLE $leads ADD by_hand INT"
    "$sandbox" fault "$box" doctrine:migrations:execute --fail 1 --message "told to fail"
    daemon_start
    run -3 upgrade
    [ "$(failure)" = "ERR_MAUTIC_2_MIGRATIONS_FAILED migration_failed" ]
    "$sandbox" fault "$box" --clear
}

has_column() {
    [ "$(sql "SHOW COLUMNS FROM $1 LIKE '$2'" | wc -l)" = 1 ]
}

migrations_rows() {
    sql "SELECT * FROM migrations ORDER BY version"
}

@test "dump-sql shows the statements and changes nothing, backup or not" {
    site_create
    sql "CREATE TABLE by_hand (id INT); ALTER TABLE leads ADD by_hand INT"
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/before"
    daemon_start
    run -0 ctl schema dump-sql
    [[ $output == *"ALTER TABLE leads"*"DROP by_hand"*";"* ]]
    [[ $output != *"DROP TABLE"* ]]
    run -0 ctl schema dump-sql --complete
    [[ $output == *"DROP TABLE by_hand;"* ]]
    [[ $output == *"DROP TABLE migrations;"* ]]
    ctl --json schema dump-sql --complete |
        jq -e '.backup == null and .executed == 0 and (.drops | map(select(.kind == "column" and .table == "leads" and .name == "by_hand")) | length == 1)'
    "$sandbox" dump "$box" | cmp "$BATS_TEST_TMPDIR/before" -
    [ ! -e "$site/upgrade_log.txt" ]
    log_is_clean
}

@test "dump-sql says so when there is nothing to do" {
    site_create
    "$sandbox" console "$box" doctrine:migrations:migrate
    daemon_start
    run -0 ctl schema dump-sql
    [[ $output == *"Nothing to update"* ]]
    run -0 ctl schema force
    [[ $output == *"Nothing to update"* ]]
}

@test "force is refused without a backup, also by the API itself" {
    site_create
    sql "ALTER TABLE leads ADD by_hand INT"
    daemon_start
    run -5 ctl schema force --confirm mautic
    [[ $output == *"no backup"* ]]
    plan=$(ctl --json schema dump-sql | jq -r .plan)
    run -0 curl -s --unix-socket "$socket" -H 'Content-Type: application/json' \
        -d "{\"plan\":\"$plan\",\"confirm\":\"mautic\"}" http://localhost/v1/schema/force
    [ "$(jq -r '"\(.status) \(.reason)"' <<<"$output")" = "409 backup_missing" ]
    has_column leads by_hand
}

@test "force is refused when the backup is gone or was changed" {
    upgrade_stands_failed
    backup=$state/m3_upgrade_db_backup.sql.zst
    cp "$backup" "$BATS_TEST_TMPDIR/kept"
    printf 'x' | dd of="$backup" bs=1 seek=100 conv=notrunc status=none
    run -5 ctl schema force --confirm mautic
    [[ $output == *"is not what was written"* ]]
    rm "$backup"
    run -5 ctl schema force --confirm mautic
    [[ $output == *"is gone"* ]]
    has_column leads by_hand
    cp "$BATS_TEST_TMPDIR/kept" "$backup"
    run -0 ctl schema force --confirm mautic
    ! has_column leads by_hand || false
}

@test "force wants the database's name, typed or given, and the plan that was seen" {
    upgrade_stands_failed
    run -5 ctl schema force </dev/null
    [[ $output == *"must be confirmed"* ]]
    run -2 ctl schema force --yes
    run -5 ctl schema force --confirm yes
    [[ $output == *"must be the database's name, which is mautic"* ]]
    run -5 ctl schema force --confirm ""
    run -2 ctl schema dump-sql --confirm mautic
    run -0 curl -s --unix-socket "$socket" -H 'Content-Type: application/json' \
        -d '{"plan":"0123","confirm":"mautic"}' http://localhost/v1/schema/force
    [ "$(jq -r '"\(.status) \(.reason)"' <<<"$output")" = "409 plan_changed" ]
    # What was seen was another plan: without --complete.
    plan=$(ctl --json schema dump-sql | jq -r .plan)
    run -0 curl -s --unix-socket "$socket" -H 'Content-Type: application/json' \
        -d "{\"complete\":true,\"plan\":\"$plan\",\"confirm\":\"mautic\"}" http://localhost/v1/schema/force
    [ "$(jq -r .reason <<<"$output")" = plan_changed ]
    has_column leads by_hand
    [ "$(sql "SELECT COUNT(*) FROM by_hand")" = 1 ]
}

# typed TEXT COMMAND…: runs it on a terminal of its own, and types.
typed() {
    python3 - "$@" <<'PYTHON'
import os, pty, sys
text, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen = b""
sent = False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    if not sent and b"to have this done: " in seen:
        os.write(terminal, text.encode() + b"\n")
        sent = True
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}

@test "on a terminal the name is asked for, after what is dropped was said" {
    upgrade_stands_failed
    client=("$BUILD/client/mautic-upgradectl" --socket "$socket" schema force --complete)
    run -5 typed y "${client[@]}"
    [[ $output == *"column leads.by_hand"* ]]
    [[ $output == *"table by_hand"* ]]
    [[ $output == *"table migrations (its rows are kept"* ]]
    [[ $output == *"The backup is $state/m3_upgrade_db_backup.sql.zst"* ]]
    [[ $output == *"nothing was done"* ]]
    has_column leads by_hand
    run -0 typed mautic "${client[@]}"
    ! has_column leads by_hand || false
}

@test "force --complete drops what Mautic does not know and keeps the rows of the migrations table" {
    upgrade_stands_failed
    before=$(migrations_rows)
    created=$(sql "SHOW CREATE TABLE migrations")
    run -0 ctl schema force --complete --confirm mautic
    [[ $output == *"statements were executed"* ]]
    ! has_column leads by_hand || false
    [ "$(sql "SHOW TABLES LIKE 'by_hand'")" = "" ]
    [ "$(migrations_rows)" = "$before" ]
    [ "$(sql "SHOW CREATE TABLE migrations")" = "$created" ]
    # Nothing that belongs to Mautic is lost, and the upgrade goes on to its end.
    run -0 ctl schema dump-sql
    run -0 ctl resume --wait
    state_is finished
    log_is_clean
}

@test "force --complete with a table prefix" {
    upgrade_stands_failed --prefix mtc_
    before=$(sql "SELECT * FROM mtc_migrations ORDER BY version")
    run -0 ctl schema force --complete --confirm mautic
    [ "$(sql "SHOW TABLES LIKE 'by_hand'")" = "" ]
    [ "$(sql "SELECT * FROM mtc_migrations ORDER BY version")" = "$before" ]
}

# The console of the schema update was told to wait: it is at work, and the rows are kept.
force_waits() {
    "$sandbox" fault "$box" doctrine:schema:update --argument=--force --at "$1" --wait --times 1
    ctl schema force --complete --confirm mautic >"$BATS_TEST_TMPDIR/forced" 2>&1 &
    forced=$!
    wait_until 60 test -e "$box/console-waits"
}

@test "nothing else is begun while the schema is updated" {
    upgrade_stands_failed
    force_waits start
    run -5 ctl resume
    [[ $output == *"schema_update is at work"* ]]
    run -5 ctl schema dump-sql
    ctl status >/dev/null || [ $? -eq 3 ]
    touch "$box/console-goes-on"
    wait "$forced"
    run -0 ctl schema dump-sql
    run -0 ctl resume --wait
}

@test "force is refused while the upgrade is running" {
    site_create
    "$sandbox" fault "$box" doctrine:migrations:execute --wait --times 1
    daemon_start
    ctl start --accept "$(warnings)"
    wait_until 60 test -e "$box/console-waits"
    run -5 ctl schema dump-sql
    [[ $output == *"upgrade is running"* ]]
    run -5 ctl schema force --confirm mautic
    touch "$box/console-goes-on"
    wait_until 120 state_is finished
}

@test "killed with Doctrine at work: the next start waits for it and puts the rows back" {
    upgrade_stands_failed
    before=$(migrations_rows)
    force_waits end
    # All is dropped, and nothing is back.
    [ "$(sql "SHOW TABLES LIKE 'migrations'")" = "" ]
    daemon_kill
    wait "$forced" || true
    daemon_launch
    touch "$box/console-goes-on"
    wait_until 60 daemon_answers
    wait_until 60 grep -q "migrations table is complete" "$box/daemon.log"
    [ "$(migrations_rows)" = "$before" ]
    run -0 ctl resume --wait
    state_is finished
    log_is_clean
}

@test "killed with its console: the rows come back at the next start" {
    upgrade_stands_failed
    before=$(migrations_rows)
    force_waits end
    daemon_kill
    kill -KILL "$(cat "$box/console-waits")"
    wait "$forced" || true
    [ "$(sql "SHOW TABLES LIKE 'migrations'")" = "" ]
    daemon_start
    wait_until 60 grep -q "migrations table is complete" "$box/daemon.log"
    [ "$(migrations_rows)" = "$before" ]
}

@test "as long as the rows can't be put back nothing is begun" {
    upgrade_stands_failed
    before=$(migrations_rows)
    force_waits end
    daemon_kill
    kill -KILL "$(cat "$box/console-waits")"
    wait "$forced" || true
    mv "$state/migrations-table.json" "$BATS_TEST_TMPDIR/copy"
    daemon_start
    run -1 ctl resume
    [[ $output == *"migrations-table.json"*"is gone or was changed"* ]]
    run -1 ctl schema dump-sql
    [ "$(sql "SHOW TABLES LIKE 'migrations'")" = "" ]
    cp "$BATS_TEST_TMPDIR/copy" "$state/migrations-table.json"
    run -0 ctl resume --wait
    [ -n "$before" ]
    while read -r row; do
        migrations_rows | grep -q "^${row%%$'\t'*}"
    done <<<"$before"
    state_is finished
}

@test "a console that fails in the middle still leaves the rows there" {
    upgrade_stands_failed
    before=$(migrations_rows)
    "$sandbox" fault "$box" doctrine:schema:update --argument=--force --at end --fail 1 --message "told to fail"
    run -1 ctl schema force --complete --confirm mautic
    [[ $output == *"told to fail"* ]]
    [ "$(migrations_rows)" = "$before" ]
}

@test "the ladder of the documentation is what the error and explain say" {
    upgrade_stands_failed
    ladder='resume.*doctrine:migrations:migrate.*mautic-upgradectl schema dump-sql.*schema force'
    ctl --json status | jq -r .error.next | grep -E "$ladder"
    for code in ERR_MAUTIC_2_MIGRATIONS_FAILED ERR_MAUTIC_3_MIGRATIONS_FAILED; do
        ctl explain "$code" | grep -E "$ladder"
    done
}
