# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input gets a clear error and loses nothing: the code, the reason, a sentence that names the thing, and the site as
# it was, or resumable.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# refused_by_preflight ID TEXT: the start fails with an error finding of that id which says TEXT; the site is as it was.
refused_by_preflight() {
    daemon_start
    "$sandbox" hash "$box" >"$BATS_TEST_TMPDIR/before"
    run -3 ctl start --wait
    [[ $output == *ERR_PREFLIGHT_FAILED* ]]
    [ "$(failure)" = "ERR_PREFLIGHT_FAILED preflight_errors" ]
    finding=$(ctl --json preflight | jq -r --arg id "$1" '.findings[] | select(.id == $id and .severity == "error") | "\(.seen) \(.advice)"')
    echo "$finding"
    [[ $finding == *"$2"* ]]
    rm -f "$site/upgrade_log.txt"
    "$sandbox" hash "$box" | cmp - "$BATS_TEST_TMPDIR/before"
}

# fails_with CODE REASON TEXT: the running upgrade fails so, exit status 3.
fails_with() {
    run ctl start --accept "$(warnings)" --wait
    echo "$output"
    [ "$status" -eq 3 ]
    [[ $output == *"$1"* ]]
    [ "$(failure)" = "$1 $2" ]
    [[ $(message) == *"$3"* ]]
}

resumes_to_the_reference_end() {
    run ctl resume --wait
    echo "$output"
    [ "$status" -eq 0 ]
    daemon_stop
    same_as_reference
    log_is_clean
}

@test "a root that is no Mautic" {
    site_create
    rm -r "$site"
    mkdir "$site"
    touch "$site/index.html"
    refused_by_preflight root_is_mautic "$site"
}

@test "a root that is already Mautic 3" {
    site_create
    rm "$site/app/version.txt"
    echo '{"version":"3.0.1","minimum_php_version":"7.2.21","maximum_php_version":"7.3.99"}' >"$site/app/release_metadata.json"
    refused_by_preflight mautic_version "3.0.1"
}

@test "a Mautic that is too old" {
    site_create
    echo 2.15.3 >"$site/app/version.txt"
    refused_by_preflight mautic_version "2.15.3"
}

@test "local.php that can't be parsed: line and column" {
    site_create
    printf '<?php\n$parameters = array(\n    "db_host" => => 1,\n);\n' >"$site/app/config/local.php"
    refused_by_preflight local_config "line 3, column"
}

@test "database refused: a wrong password" {
    site_create
    sed -i "s/'db_password' *=>.*/'db_password' => 'wrong',/" "$site/app/config/local.php"
    rm -f "$site/app/config/parameters_local.php"
    refused_by_preflight database_connection "denied"
}

@test "database server not there" {
    site_create
    "$sandbox" stop "$box"
    refused_by_preflight database_connection "connect"
}

@test "database user without the privileges" {
    site_create
    "$sandbox" mysql "$box" -e "REVOKE ALTER, DROP ON mautic.* FROM $(jq -r .database.account "$box/sandbox.json")"
    refused_by_preflight database_privileges "ALTER"
}

@test "database gone in the middle, then back" {
    reference_create
    site_create
    "$sandbox" fault "$box" doctrine:migrations:execute --hang
    daemon_start
    ctl start --accept "$(warnings)"
    wait_until 60 test -s "$box/console-hangs"
    "$sandbox" stop "$box" --kill
    "$sandbox" fault "$box" --clear
    kill -KILL "$(cat "$box/console-hangs")"
    wait_until 60 upgrade_rests
    state_is failed
    [[ $(failure) == ERR_MAUTIC_2_MIGRATIONS_FAILED\ * ]]
    "$sandbox" start "$box"
    resumes_to_the_reference_end
}

@test "a stop does not wait for a database that does not answer the API" {
    site_create
    table=$(sql "SHOW TABLES LIKE '%migrations'")
    server=$(sql "SELECT @@pid_file" | xargs cat)
    "$sandbox" mysql "$box" mautic -e "LOCK TABLES $table WRITE; SELECT SLEEP(1000)" >/dev/null 2>&1 3>&- &
    holder=$!
    holds() { sql "SHOW PROCESSLIST" | grep -q 'SELECT SLEEP'; }
    waits() { sql "SHOW PROCESSLIST" | grep -q 'Waiting for table metadata lock'; }
    wait_until 30 holds
    # What waits for a lock is broken off; with a server that does nothing any more the answer is given up.
    for signal in CONT STOP; do
        daemon_start
        ctl migrations status >/dev/null 2>&1 3>&- &
        wait_until 30 waits
        kill "-$signal" "$server"
        kill -TERM "$daemon"
        wait_until 40 daemon_gone
        wait "$daemon"
        kill -CONT "$server"
        if [ "$signal" = CONT ]; then
            ! grep -q 'is not waited for' "$box/daemon.log" || false
        fi
    done
    server=
    grep -q 'does not end and is not waited for' "$box/daemon.log"
    kill "$holder"
    # It left nothing behind that the next one stumbles over.
    daemon_start
    state_is idle
}

@test "a package that is missing" {
    reference_create
    site_create
    mv "$package" "$package.away"
    serve_packages
    start_with_url "${server_url}nothing.zip"
    fails_with ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED package_not_found 404
    daemon_stop
    mv "$package.away" "$package"
    daemon_start
    resumes_to_the_reference_end
}

start_with_url() {
    daemon_start --set package.file= --set package.url="$1" --set package.insecure=yes --set download.attempts=1
}

@test "a package with the wrong checksum" {
    reference_create
    site_create
    daemon_start --set package.sha256="$(printf '%064d' 7)"
    fails_with ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED package_checksum "$(printf '%064d' 7)"
    daemon_stop
    daemon_start
    resumes_to_the_reference_end
}

# disk_full STAGE CALL CODE: from the second such call of the stage on there is no room; later there is.
disk_full() {
    reference_create
    site_create
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_STAGE="$1" FAULT_CALL="$2" FAULT_AT=2 FAULT_ACTION=ENOSPC
        FAULT_STAYS=yes)
    daemon_start
    run ctl start --accept "$(warnings)" --wait
    echo "$output"
    [ "$status" -eq 3 ]
    [ "$(failure)" = "$3 disk_full" ]
    daemon_stop
    daemon_environment=()
    daemon_start
    wait_until 60 upgrade_rests
    if ! state_is finished; then
        ctl resume --wait
    fi
    daemon_stop
    same_as_reference
    log_is_clean
}

# The rights that a folder of both releases had are given last: owner and group, then the mode.
last_mode() {
    awk '/^restore_user_data / && $3 == "fchown" {owned = 1}
        /^restore_user_data / && $3 == "fchmod" {n++; if (owned) at = n; owned = 0}
        END {print at}' "$reference/trace"
}

@test "disk full when folders get the rights they had" {
    reference_create
    site_create
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_STAGE=restore_user_data FAULT_CALL=fchmod
        FAULT_AT="$(last_mode)" FAULT_ACTION=ENOSPC)
    daemon_start
    fails_with ERR_RESTORE_USER_DATA_FAILED disk_full "the rights that it had"
    resumes_to_the_reference_end
}

@test "disk full in the backup" { disk_full backup_database write ERR_DATABASE_BACKUP_FAILED; }
@test "disk full in the download" { disk_full download_package write ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED; }
@test "disk full in the extraction" { disk_full extract_package write ERR_EXTRACT_UPGRADE_PACKAGE_FAILED; }
@test "disk full in the checkpoint" { disk_full move_files pwrite64 ERR_MOVE_MAUTIC_2_AND_3_FILES; }

@test "two daemons on one root" {
    site_create
    daemon_start
    first=$daemon
    local -a settings
    mapfile -d '' settings < <(daemon_settings)
    run -1 timeout 120 "$BUILD/daemon/mautic-upgraded" "${settings[@]}" --state-dir "$box/state-2" --set daemon.patience=1
    [[ $output == *"$site"* ]]
    kill -0 "$first"
    ctl status
}

@test "a damaged checkpoint is moved aside and nothing is guessed" {
    site_create
    daemon_start
    run -3 ctl start --wait
    daemon_stop
    printf 'garbage garbage garbage' | dd of="$state/checkpoint.sqlite3" conv=notrunc bs=1 status=none
    local -a settings
    mapfile -d '' settings < <(daemon_settings)
    run -1 "$BUILD/daemon/mautic-upgraded" "${settings[@]}"
    [[ $output == *damaged* ]]
    compgen -G "$state/checkpoint.sqlite3.damaged-*"
    run -1 "$BUILD/daemon/mautic-upgraded" "${settings[@]}"
    [[ $output == *damaged* ]]
}

@test "a newer checkpoint is refused and left alone" {
    site_create
    daemon_start
    daemon_stop
    sqlite3 "$state/checkpoint.sqlite3" "PRAGMA user_version = 999"
    before=$(sha256sum <"$state/checkpoint.sqlite3")
    local -a settings
    mapfile -d '' settings < <(daemon_settings)
    run -1 "$BUILD/daemon/mautic-upgraded" "${settings[@]}"
    [[ $output == *newer* ]]
    [ "$before" = "$(sha256sum <"$state/checkpoint.sqlite3")" ]
}

@test "a console that fails" {
    reference_create
    site_create
    "$sandbox" fault "$box" doctrine:migrations:execute --fail 3 --message "no such luck"
    daemon_start
    fails_with ERR_MAUTIC_2_MIGRATIONS_FAILED migration_failed "no such luck"
    "$sandbox" fault "$box" --clear
    resumes_to_the_reference_end
}

@test "a console that hangs" {
    reference_create
    site_create
    "$sandbox" fault "$box" doctrine:migrations:execute --hang
    daemon_start --set php.timeout=2
    fails_with ERR_MAUTIC_2_MIGRATIONS_FAILED timed_out "2.0 s"
    ! pgrep -f "$site/app/console" || false
    "$sandbox" fault "$box" --clear
    daemon_stop
    daemon_start
    resumes_to_the_reference_end
}

@test "a console that prints megabytes" {
    reference_create
    site_create
    "$sandbox" fault "$box" cache:clear --noise 8 --fail 1 --message "the end of it"
    daemon_start
    fails_with ERR_BUILD_M3_CACHE program_failed "the end of it"
    [ "$(message | wc -c)" -lt 4000 ]
    "$sandbox" fault "$box" --clear
    resumes_to_the_reference_end
}
