# SPDX-License-Identifier: GPL-3.0-or-later
# Evidence over records: an upgrade that had stopped does not go on over what has changed meanwhile. And clean, after which
# there is nothing left to prove.
# shellcheck disable=SC2154

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# stopped_in STAGE: kills the daemon at the middle one of the acts that the undisturbed run counted in that stage.
stopped_in() {
    local acts
    reference_create
    site_create
    acts=$(grep -ac "^$1 " "$reference/trace")
    [ "$acts" -gt 1 ]
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_STAGE="$1" FAULT_AT=$((acts / 2)) FAULT_ACTION=kill)
    daemon_start
    ctl start --accept "$(warnings)"
    wait_until 120 daemon_gone
    wait "$daemon" || [ $? -eq 137 ]
    daemon_environment=()
}

# goes_no_further CODE: the daemon, started again, stops with that code before any stage begins.
goes_no_further() {
    local attempts
    daemon_start
    wait_until 60 upgrade_rests
    state_is failed
    [ "$(failure)" = "$1 evidence_contradicts" ]
    attempts=$(ctl --json stages | jq '[.stages[].attempts] | add')
    run -3 ctl resume --wait
    [ "$(failure)" = "$1 evidence_contradicts" ]
    [ "$(ctl --json stages | jq '[.stages[].attempts] | add')" = "$attempts" ]
}

goes_on() {
    ctl resume --wait "$@"
    state_is finished
    daemon_stop
    log_is_clean
}

@test "a backup that was cut short, and an upgrade that goes on without it" {
    stopped_in extract_package
    truncate --size=-1 "$state/m3_upgrade_db_backup.sql.zst"
    goes_no_further ERR_DATABASE_BACKUP_FAILED
    [[ $(message) == *"bytes; expected: "* ]]
    stage_is backup_database succeeded
    ctl --json status | jq -e '.error.acceptable == ["contradicted_backup_database"]'
    run -3 ctl status
    [[ $output == *"mautic-upgradectl resume --accept contradicted_backup_database"* ]]
    run -3 ctl resume --accept contradicted_extract_package --wait
    goes_on --accept contradicted_backup_database
    same_as_reference
}

@test "files of Mautic 2 that are gone, and put back" {
    stopped_in restore_user_data
    mv "$site/mautic-2-backup-files/vendor" "$BATS_TEST_TMPDIR/vendor"
    goes_no_further ERR_MOVE_MAUTIC_2_AND_3_FILES
    [[ $(message) == *mautic-2-backup-files/vendor* ]]
    mv "$BATS_TEST_TMPDIR/vendor" "$site/mautic-2-backup-files/vendor"
    goes_on
    same_as_reference
}

@test "a local.php that was edited behind the gate, and put right" {
    stopped_in migrate_mautic_3
    cp -p "$site/app/config/local.php" "$BATS_TEST_TMPDIR/local.php"
    echo "// edited" >>"$site/app/config/local.php"
    goes_no_further ERR_UPDATE_LOCAL_CONFIG
    cp -p "$BATS_TEST_TMPDIR/local.php" "$site/app/config/local.php"
    goes_on
    same_as_reference
}

@test "a migration whose row is gone" {
    local table version
    stopped_in restore_user_data
    table=$(sql "SHOW TABLES LIKE '%migrations'")
    version=$(sql "SELECT MAX(version) FROM \`$table\`")
    sql "CREATE TABLE kept_row AS SELECT * FROM \`$table\` WHERE version = '$version'"
    sql "DELETE FROM \`$table\` WHERE version = '$version'"
    goes_no_further ERR_MAUTIC_3_MIGRATIONS_FAILED
    [[ $(message) == *"1 migrations of Mautic 3 are new"* ]]
    sql "INSERT INTO \`$table\` SELECT * FROM kept_row"
    sql "DROP TABLE kept_row"
    goes_on
}

backups_are_gone() {
    [ -z "$(find "$site" -name 'mautic-2-backup-files*')" ]
    [ ! -e "$state/m3_upgrade_db_backup.sql.zst" ]
    [ ! -e "$state/m3_upgrade_db_backup.json" ]
    [ ! -e "$state/local.php.mautic-2" ]
    [ ! -e "$state/package.zip" ]
    [ -n "$(find "$site/var" -name 'upgrade_log_*.txt')" ]
    [ -f "$site/app/release_metadata.json" ]
}

@test "clean deletes the backups, also when it is killed" {
    site_create
    daemon_start
    upgrade
    run -5 ctl resume
    daemon_stop
    [ -n "$(find "$site/var" -name 'mautic-2-backup-files*')" ]

    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_STAGE=clean FAULT_CALL=unlinkat FAULT_AT=30 FAULT_ACTION=kill)
    daemon_start
    ctl clean --yes
    wait_until 60 daemon_gone
    wait "$daemon" || [ $? -eq 137 ]
    [ -n "$(find "$site/var" -name 'mautic-2-backup-files*')" ]

    daemon_environment=()
    daemon_start
    wait_until 60 state_is cleaned
    backups_are_gone
    run -5 ctl rollback --yes
    daemon_stop
    log_is_clean
}
