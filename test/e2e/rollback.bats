# SPDX-License-Identifier: GPL-3.0-or-later
# The way back with the real programs: from wherever the upgrade stands, to a site that is the one before the start.

load common

setup() {
    common_setup
}

teardown() {
    # A mount moves with the folders above it.
    while read -r mounted; do
        umount "$mounted"
    done < <(awk -v box="${box:-none}/" 'index($5, box) == 1 {print $5}' /proc/self/mountinfo)
    common_teardown
}

# site_ready: a site with a daemon, and what it is now, to compare with.
site_ready() {
    site_create
    daemon_start
    accepted=$(warnings)
    note_the_site before
}

note_the_site() {
    "$top/test/tools/exact-tree" "$site" >"$BATS_TEST_TMPDIR/$1.tree"
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/$1.dump"
}

files_are_as_before() {
    "$top/test/tools/exact-tree" "$site" >"$BATS_TEST_TMPDIR/after.tree"
    diff -u "$BATS_TEST_TMPDIR/before.tree" "$BATS_TEST_TMPDIR/after.tree"
}

# Names, contents, modes, owners, links, times; tables and rows.
site_is_as_before() {
    files_are_as_before
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/after.dump"
    diff -u "$BATS_TEST_TMPDIR/before.dump" "$BATS_TEST_TMPDIR/after.dump"
}

start_it() {
    ctl start --accept "$accepted" --wait
}

rolls_back() {
    run ctl rollback --yes --wait "$@"
    echo "$output"
    [ "$status" -eq 0 ]
    state_is rolled_back
    log_is_clean
}

@test "from finished: told what it means, refused without a terminal, then as before the start" {
    site_ready
    run -5 ctl rollback --yes
    [[ $output == *"no upgrade has been started"*"allowed now: start"* ]]
    run -5 ctl clean --yes
    run -1 ctl backup
    start_it
    ctl status | grep -F "Mautic 3 is in service."
    run -0 ctl backup verify
    [[ $output == *"The backup is "* ]]
    run -0 ctl backup show
    [[ $output == *"$state/m3_upgrade_db_backup.sql.zst"* ]]

    # Nobody can answer: the preview, a sentence, nothing done.
    run -5 ctl rollback </dev/null
    [[ $output == *"11 stages are taken back"*"--yes"* ]]
    state_is finished
    ctl --json rollback </dev/null 2>/dev/null | jq -e '.files.count == 0 and .database.restored and (.warnings | length == 0)'
    rolls_back
    # In the order in which it goes back.
    grep -n 'cleanup_files: \|preflight: ' <<<"$output" | tail -n 1 | grep -F 'preflight: undone'
    site_is_as_before
    ctl --json stages | jq -e 'all(.stages[]; .state == "undone")'
    ctl status | grep -F "Nothing on the site has been changed."
    ctl log | grep -F "The upgrade is rolled back. Visitors got the 503 page for "
    ctl --json status | jq -e '.downtime_since == null and .downtime_seconds > 0 and .downtime_seconds < .elapsed_seconds'
    [ ! -e "$site/upgrade_log.txt" ]

    # A second time there is nothing to roll back; a daemon started anew knows it as well.
    run -5 ctl rollback --yes
    daemon_stop
    daemon_start
    state_is rolled_back
    run -5 ctl rollback --yes
}

@test "what was written since is told before, and not lost" {
    site_ready
    start_it
    table=$(sql "SHOW TABLES LIKE '%tags'" | head -n 1)
    [ -n "$table" ] || table=$(sql "SHOW TABLES LIKE '%leads'" | grep -v _leads | head -n 1)
    rows=$(sql "SELECT COUNT(*) FROM \`$table\`")
    sql "CREATE TEMPORARY TABLE one AS SELECT * FROM \`$table\` LIMIT 1; UPDATE one SET id = 987654; INSERT INTO \`$table\` SELECT * FROM one"
    mkdir -p "$site/bin/company"
    echo "an upload" >"$site/bin/company/upload.txt"
    ctl --json rollback </dev/null 2>/dev/null >"$BATS_TEST_TMPDIR/preview" || [ $? -eq 5 ]
    jq -e --arg table "$table" --argjson rows "$rows" \
        '.database.tables[] | select(.name == $table) | .rows_then == $rows and .rows_now == $rows + 1' "$BATS_TEST_TMPDIR/preview"
    jq -e '.files.count == 1 and .files.first[0].path == "bin/company/upload.txt" and .files.first[0].set_aside' "$BATS_TEST_TMPDIR/preview"
    run -5 ctl rollback </dev/null
    [[ $output == *"$table"*"bin/company/upload.txt (is set aside)"*"mautic-2-set-aside-files"* ]]
    rolls_back
    "$sandbox" dump "$box" | diff -u "$BATS_TEST_TMPDIR/before.dump" -
    grep -rqx "an upload" "$site"/mautic-2-set-aside-files*
}

@test "on a terminal a word is asked for" {
    site_ready
    start_it
    answer() {
        script -qec "'$BUILD/client/mautic-upgradectl' --socket '$socket' rollback" /dev/null <<<"$1" 3>&-
    }
    run answer yes
    [[ $output == *"Type 'rollback' to go on:"*"nothing was done"* ]]
    state_is finished
    run answer rollback
    wait_until 120 state_is rolled_back
    site_is_as_before
}

@test "--files-only leaves the database as it is" {
    site_ready
    start_it
    note_the_site upgraded
    run -5 ctl rollback --files-only </dev/null
    [[ $output == *"does not run on a database"* ]]
    rolls_back --files-only
    ctl --json status | jq -e .files_only
    files_are_as_before
    "$sandbox" dump "$box" | diff -u "$BATS_TEST_TMPDIR/upgraded.dump" -
}

@test "started again after a rollback, it finishes as if nothing had been" {
    reference_create
    site_ready
    start_it
    rolls_back
    start_it
    state_is finished
    daemon_stop
    same_as_reference
}

@test "from a stage that failed: a migration of Mautic 3" {
    site_ready
    "$sandbox" fault "$box" doctrine:migrations:execute --argument 20191126093923 --fail 1 --message "it was told to"
    run -3 start_it
    [[ $(failure) == ERR_MAUTIC_3_MIGRATIONS_FAILED\ * ]]
    ctl --json status | jq -e '.boundary.id == "database_migrated" and (.allowed | index("rollback"))'
    "$sandbox" fault "$box" --clear
    rolls_back
    site_is_as_before
}

@test "from a stage that failed: Mautic 3's cache" {
    site_ready
    "$sandbox" fault "$box" cache:clear --fail 1 --message "it was told to"
    run -3 start_it
    [[ $(failure) == ERR_BUILD_M3_CACHE\ * ]]
    "$sandbox" fault "$box" --clear
    rolls_back
    site_is_as_before
}

@test "from a stage that failed: the download, the backup, preflight" {
    site_ready
    mv "$package" "$package.away"
    run -3 start_it
    ctl --json status | jq -e '.boundary.id == "mautic_2_migrated" or .boundary.id == "nothing_changed"'
    mv "$package.away" "$package"
    rolls_back
    site_is_as_before
    # Preflight, which touches nothing.
    run -3 ctl start --wait
    [[ $(failure) == ERR_PREFLIGHT_FAILED\ * ]]
    rolls_back
    site_is_as_before
}

@test "from a cancelled upgrade; refused while it runs" {
    site_ready
    "$sandbox" fault "$box" cache:clear --hang
    ctl start --accept "$accepted"
    wait_until 120 test -s "$box/console-hangs"
    run -5 ctl rollback --yes
    [[ $output == *"allowed now: cancel"* ]]
    run -5 ctl rollback </dev/null
    run -0 ctl cancel --wait
    [[ $output == *interrupted*"migrated to Mautic 3"* ]]
    "$sandbox" fault "$box" --clear
    rolls_back
    site_is_as_before
}

@test "a daemon that is killed in the middle of it, or told to stop, goes on at its next start" {
    site_ready
    start_it
    for signal in KILL TERM; do
        ctl rollback --yes
        kill "-$signal" "$daemon"
        wait "$daemon" || true
        daemon_start
        wait_until 120 state_is rolled_back
        site_is_as_before
        [ "$signal" = TERM ] || start_it
    done
}

@test "clean: told what it deletes; then there is no way back, and it can be started anew" {
    site_ready
    start_it
    run -5 ctl clean </dev/null
    [[ $output == *"mautic-2-backup-files"*"m3_upgrade_db_backup.sql.zst"*"--yes"* ]]
    state_is finished
    run -0 ctl clean --yes --wait
    state_is cleaned
    ! compgen -G "$site/var/mautic-2-backup-files*" || false
    [ ! -e "$state/m3_upgrade_db_backup.sql.zst" ]
    run -5 ctl rollback --yes
    [[ $output == *"no way back"* ]]
    ctl --json status | jq -e '.allowed == ["start"]'
    run -0 ctl watch
}

@test "a backup that is gone: told before, a failed rollback, and on again once it is back" {
    site_ready
    start_it
    mv "$state/m3_upgrade_db_backup.sql.zst" "$BATS_TEST_TMPDIR/"
    run -5 ctl rollback </dev/null
    [[ $output == *"Warning: The database can't be restored"* ]]
    run -3 ctl rollback --yes --wait
    [[ $output == *ERR_ROLLBACK_FAILED*backup_missing* ]]
    state_is rollback_failed
    run -3 ctl status
    mv "$BATS_TEST_TMPDIR/m3_upgrade_db_backup.sql.zst" "$state/"
    rolls_back
    site_is_as_before
}

@test "what its owner has deleted since does not keep the rest from coming back" {
    site_ready
    echo mine >"$site/verification-of-mine.html"
    mkdir "$site/folder-of-mine"
    note_the_site before
    start_it
    [ -f "$site/verification-of-mine.html" ]
    rm -r "$site/verification-of-mine.html" "$site/folder-of-mine"
    rolls_back
    [[ $output == *"verification-of-mine.html was deleted since the upgrade"* ]] ||
        grep -F "verification-of-mine.html was deleted since the upgrade" "$box/daemon.log"
    grep -v -e verification-of-mine -e folder-of-mine "$BATS_TEST_TMPDIR/before.tree" >"$BATS_TEST_TMPDIR/rest.tree"
    mv "$BATS_TEST_TMPDIR/rest.tree" "$BATS_TEST_TMPDIR/before.tree"
    site_is_as_before
}

@test "local.php that names another schema by now: its tables are not dropped" {
    site_ready
    start_it
    sql "CREATE DATABASE other; CREATE TABLE other.precious (id INT)"
    user=$(jq -r .database.account "$box/sandbox.json")
    sql "GRANT ALL ON other.* TO $user"
    sed -i "s/\('db_name' => \)'[^']*'/\1'other'/" "$site/app/config/local.php"
    grep -q "'db_name' => 'other'" "$site/app/config/local.php"
    run -3 ctl rollback --yes --wait
    [[ $(message) == *"local.php names the schema other now, and the backup is of mautic; nothing is dropped"* ]]
    [ "$(sql "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'other'")" = 1 ]
    sed -i "s/\('db_name' => \)'other'/\1'mautic'/" "$site/app/config/local.php"
    rolls_back
}

@test "what would stop it half way stops it before Mautic 3 is closed" {
    site_ready
    start_it
    away=$(echo "$site"/var/mautic-2-backup-files-*)
    mv "$away/vendor" "$BATS_TEST_TMPDIR/vendor"
    ctl --json rollback </dev/null 2>/dev/null | jq -e '.warnings[] | contains("/vendor")'
    run -3 ctl rollback --yes --wait
    [[ $(message) == *"nothing was touched, Mautic 3 is left as it stands: 1 of Mautic 2's"*/vendor* ]]
    ctl --json status | jq -e '.boundary.id == "mautic_3_live"'
    ! grep -q "mautic-upgraded: gate" "$site/index.php"
    mv "$BATS_TEST_TMPDIR/vendor" "$away/vendor"
    mv "$state/m3_upgrade_db_backup.json" "$BATS_TEST_TMPDIR/"
    ctl --json rollback </dev/null 2>/dev/null | jq -e '.warnings[] | contains("m3_upgrade_db_backup.json")'
    run -3 ctl rollback --yes --wait
    [[ $(message) == *"nothing was touched"*inventory* ]]
    ! grep -q "mautic-upgraded: gate" "$site/index.php"
    mv "$BATS_TEST_TMPDIR/m3_upgrade_db_backup.json" "$state/"
    rolls_back
    site_is_as_before
}

their_log_grows() {
    [ "$(sql "SELECT COUNT(*) FROM their_log")" -gt 0 ]
}

@test "a table with a history, and somebody who writes to the database all the time" {
    site_ready
    sql "CREATE TABLE with_history (a INT) WITH SYSTEM VERSIONING"
    sql "INSERT INTO with_history VALUES (1); UPDATE with_history SET a = 2; CREATE TABLE their_log (id INT PRIMARY KEY AUTO_INCREMENT)"
    start_it
    while [ ! -e "$BATS_TEST_TMPDIR/enough" ]; do
        echo "INSERT INTO their_log VALUES ();" # as fast as the server takes them: one falls before the comparison
    done 3>&- | "$sandbox" mysql "$box" mautic --force --unbuffered >/dev/null 2>&1 3>&- &
    writer=$!
    wait_until 60 their_log_grows
    run ctl rollback --yes --wait
    touch "$BATS_TEST_TMPDIR/enough"
    wait "$writer" || true
    echo "$output"
    [ "$status" -eq 0 ]
    state_is rolled_back
    ctl log | grep -F "somebody is writing to them already"
    [ "$(sql "SELECT a FROM with_history")" = 2 ]
    sql "DROP TABLE with_history; DROP TABLE their_log"
    site_is_as_before
}

@test "begun for the files alone it goes on so, is told so, and clean keeps what the database needs" {
    site_ready
    start_it
    note_the_site upgraded
    daemon_stop
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_PLAN="undo:move_files:renameat2:3:kill")
    daemon_start
    ctl rollback --yes --files-only
    wait_until 120 daemon_gone
    wait "$daemon" || [ $? -eq 137 ]
    daemon_environment=()
    daemon_start --set daemon.resume=ask
    state_is rollback_interrupted
    ctl --json rollback </dev/null 2>/dev/null | jq -e '.database.stays and (.database.restored | not)'
    run -5 ctl rollback </dev/null
    [[ $output != *"database is restored"* && $output == *"begun for the files alone"* ]]
    rolls_back
    "$sandbox" dump "$box" | diff -u "$BATS_TEST_TMPDIR/upgraded.dump" -
    run -5 ctl clean </dev/null
    [[ $output == *"m3_upgrade_db_backup.sql.zst: the database as Mautic 2 needs it"* ]]
    run -0 ctl clean --yes --wait
    [ -s "$state/m3_upgrade_db_backup.sql.zst" ]
}

@test "a 503 page that was taken away, or replaced, stands again before the upgrade goes on" {
    site_ready
    for act in replaced deleted; do
        "$sandbox" fault "$box" cache:clear --fail 1 --times 1 --message "it was told to"
        run -3 start_it
        rm "$site/index.php"
        [ "$act" = deleted ] || echo "<?php echo 'mine';" >"$site/index.php"
        "$sandbox" fault "$box" --clear
        ctl resume --wait
        [ "$(find "$site" -maxdepth 1 -name 'index-*.php' | wc -l)" = 0 ]
        grep -q "A page as a visitor sees it" "$site/index.php"
        ctl log | grep -F "index.php is not the 503 page any more"
        [ "$act" = deleted ] || grep -rqx "<?php echo 'mine';" "$site"/var/mautic-2-set-aside-files-*
        rm -r "$site"/var/mautic-2-set-aside-files-* || [ "$act" = deleted ]
        rolls_back
        site_is_as_before
    done
}

@test "what another user has written to Mautic 3's folders and can't be set aside is left, not deleted" {
    site_ready
    start_it
    mkdir "$site/bin/company"
    echo "an upload" >"$site/bin/company/upload.txt"
    daemon_stop
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_PLAN="undo:extract_package:renameat2:1:EACCES")
    daemon_start
    rolls_back
    [ "$(cat "$site/mautic-3-temp-files/bin/company/upload.txt")" = "an upload" ]
    grep -F "mautic-3-temp-files is left as it is" "$box/daemon.log"
    rm -rf "$site/mautic-3-temp-files" "$site"/mautic-2-set-aside-files*
    "$sandbox" dump "$box" | diff -u "$BATS_TEST_TMPDIR/before.dump" -
}

# daemon_that_stops_at STAGE [OPTION…]: freezes before the first thing that this stage does, so that the test can change something.
daemon_that_stops_at() {
    daemon_stop
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_PLAN="$1:*:1:SIGSTOP")
    daemon_start "${@:2}"
    daemon_environment=()
}

daemon_is_frozen() {
    grep -q '^State:.T' "/proc/$daemon/status"
}

# start_and_freeze STAGE [OPTION…]: `start`, up to there.
start_and_freeze() {
    daemon_that_stops_at "$@"
    ctl start --accept "$accepted"
    wait_until 120 daemon_is_frozen
}

# thaw STATE: and on, to where it rests then.
thaw() {
    kill -CONT "$daemon"
    wait_until 120 state_is "$1"
}

@test "from a stage that failed: a package that is damaged while it lies there, a local.php that nobody can read" {
    site_ready
    start_and_freeze extract_package
    python3 - "$state/package.zip" <<'END'
import os, sys
size = os.path.getsize(sys.argv[1])
with open(sys.argv[1], "r+b") as file:
    file.seek(size // 3)
    file.write(bytes(size // 3))
END
    thaw failed
    # By its hash, or, where that was taken before the stop, by its content.
    [[ $(failure) == ERR_EXTRACT_UPGRADE_PACKAGE_FAILED\ @(evidence_contradicts|package_damaged) ]]
    rolls_back
    site_is_as_before

    cp -p "$site/app/config/local.php" "$BATS_TEST_TMPDIR/local.php"
    start_and_freeze move_files
    # shellcheck disable=SC2016
    echo '$parameters["broken" = ;' >>"$site/app/config/local.php"
    thaw failed
    [[ $(failure) == "ERR_UPDATE_LOCAL_CONFIG local_config_unreadable" ]]
    ctl --json status | jq -e '.boundary.id == "files_being_swapped"'
    # The files go back; the database's settings can't be read, which is said with line and column.
    run -3 ctl rollback --yes --wait
    [[ $output == *"ERR_ROLLBACK_FAILED"*"local_config_unreadable"*"line "* ]]
    cp -p "$BATS_TEST_TMPDIR/local.php" "$site/app/config/local.php"
    rolls_back
    site_is_as_before
}

@test "from stages that failed: a mount in the way of the files, and of the user's" {
    [ "$(id -u)" -eq 0 ] || skip "needs root, to mount a file system"
    site_ready
    start_and_freeze move_files
    mount -t tmpfs -o size=64k tmpfs "$site/media" || skip "no file system can be mounted here"
    thaw failed
    [[ $(failure) == ERR_MOVE_MAUTIC_2_AND_3_FILES\ * ]]
    umount "$site/media"
    rolls_back
    site_is_as_before

    start_and_freeze restore_user_data
    mounted=$site/mautic-2-backup-files/plugins/AcmeHelloBundle
    mount -t tmpfs -o size=64k tmpfs "$mounted"
    thaw failed
    [[ $(failure) == ERR_RESTORE_USER_DATA_FAILED\ * ]]
    umount "$mounted"
    rolls_back
    site_is_as_before
}

@test "user_data.mode = copy: from a thing that can't be copied; what was written to a copy is told and not lost" {
    site_ready
    touch -r "$site/media/images/uploads" "$BATS_TEST_TMPDIR/time"
    start_and_freeze restore_user_data --set user_data.mode=copy
    mkfifo "$site/mautic-2-backup-files/media/images/uploads/pipe"
    thaw failed
    [[ $(failure) == ERR_RESTORE_USER_DATA_FAILED\ * ]]
    rolls_back
    rm "$site/media/images/uploads/pipe"
    touch -r "$BATS_TEST_TMPDIR/time" "$site/media/images/uploads"
    site_is_as_before

    start_it
    echo "an upload" >"$site/media/images/uploads/of-today.txt"
    ctl --json rollback </dev/null 2>/dev/null >"$BATS_TEST_TMPDIR/preview" || [ $? -eq 5 ]
    jq -e '.files.count == 1 and .files.first[0].path == "media/images/uploads/of-today.txt" and .files.first[0].set_aside' \
        "$BATS_TEST_TMPDIR/preview"
    rolls_back
    "$sandbox" dump "$box" | diff -u "$BATS_TEST_TMPDIR/before.dump" -
    [ ! -e "$site/media/images/uploads/of-today.txt" ]
    grep -rqx "an upload" "$site"/mautic-2-set-aside-files*
}
