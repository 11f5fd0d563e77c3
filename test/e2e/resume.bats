# SPDX-License-Identifier: GPL-3.0-or-later
# SIGKILL in the middle of every stage, a new start, and the same end as an undisturbed run's.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# killed_in STAGE: kills the daemon at the middle one of the acts that the undisturbed run counted in that stage, starts
# it again and compares the end.
killed_in() {
    local stage=$1 acts
    reference_create
    site_create
    acts=$(grep -ac "^$stage " "$reference/trace")
    [ "$acts" -gt 1 ]
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_STAGE="$stage" FAULT_AT=$((acts / 2)) FAULT_ACTION=kill)
    daemon_start
    ctl start --accept "$(warnings)"
    wait_until 120 daemon_gone
    wait "$daemon" || [ $? -eq 137 ]

    daemon_environment=()
    daemon_start
    wait_until 180 upgrade_rests
    state_is finished
    [ "$(ctl --json stages | jq -r --arg name "$stage" '.stages[] | select(.name == $name).attempts')" = 2 ]
    daemon_stop
    same_as_reference
    log_is_clean
}

@test "killed in preflight" { killed_in preflight; }
@test "killed in backup_database" { killed_in backup_database; }
@test "killed in migrate_mautic_2" { killed_in migrate_mautic_2; }
@test "killed in download_package" { killed_in download_package; }
@test "killed in extract_package" { killed_in extract_package; }
@test "killed in move_files" { killed_in move_files; }
@test "killed in update_local_config" { killed_in update_local_config; }
@test "killed in migrate_mautic_3" { killed_in migrate_mautic_3; }
@test "killed in restore_user_data" { killed_in restore_user_data; }
@test "killed in build_cache" { killed_in build_cache; }
@test "killed in cleanup_files" { killed_in cleanup_files; }

# A migration of Mautic 3.0 whose guard looks at the first of its two statements only.
torn=20191126093923

# torn_fault OPTION…: what happens to the console between the two statements.
torn_fault() {
    "$sandbox" fault "$box" doctrine:migrations:execute --argument $torn --at statement --statement 1 --times 1 "$@"
}

# Starts the upgrade and waits until the console stands between the two statements.
torn_between() {
    reference_create
    site_create
    torn_fault --wait
    daemon_start
    ctl start --accept "$(warnings)"
    wait_until 180 test -s "$box/console-waits"
}

log_says() {
    grep -qF "$1" "$box/daemon.log"
}

finishes() {
    wait_until 180 upgrade_rests
    state_is finished
    daemon_stop
    same_as_reference
    log_is_clean
}

@test "daemon killed while a migration stands between two statements: the next one waits for it" {
    torn_between
    daemon_kill
    kill -0 "$(cat "$box/console-waits")"
    daemon_launch --set daemon.patience=1
    wait_until 60 log_says "for the console of the daemon that was killed"
    run ! daemon_gone
    # SIGTERM ends the waiting, another start takes it up again.
    kill -TERM "$daemon"
    wait "$daemon"
    kill -0 "$(cat "$box/console-waits")"
    daemon_launch --set daemon.patience=1
    wait_until 60 daemon_waits_twice
    run ! ctl status
    touch "$box/console-goes-on"
    wait_until 60 daemon_answers
    finishes
    run ! log_says "is run again"
}

daemon_waits_twice() {
    [ "$(grep -cF "for the console of the daemon that was killed" "$box/daemon.log")" = 2 ]
}

@test "a console that dies between two statements: its migration is not taken for done" {
    reference_create
    site_create
    torn_fault --kill 9
    daemon_start
    run ! upgrade
    [ "$(failure)" = "ERR_MAUTIC_3_MIGRATIONS_FAILED migration_interrupted" ]
    [[ $(message) == *"half applied: these tables have changed since it began: companies_leads"* ]]
    run ! ctl resume --wait
    [ "$(failure)" = "ERR_MAUTIC_3_MIGRATIONS_FAILED migration_interrupted" ]
    [[ $(message) == *"$torn"*companies_leads*"rerun_migration_$torn"* ]]
    # Completed by hand.
    "$sandbox" mysql "$box" mautic -e "ALTER TABLE companies_leads DROP manually_removed;
        INSERT INTO migrations (version, executed_at) VALUES ('$torn', UTC_TIMESTAMP())"
    ctl resume --wait
    finishes
}

@test "SIGTERM while a migration is at work: it is waited for, the next start finishes" {
    torn_between
    kill -TERM "$daemon"
    wait_until 60 log_says "Asked to stop: waiting for the end of doctrine:migrations:execute $torn"
    run ! daemon_gone
    kill -0 "$(cat "$box/console-waits")"
    touch "$box/console-goes-on"
    wait "$daemon"
    daemon_start
    finishes
    run ! log_says "was begun before"
}

@test "every stage's acts are seen by the trace" {
    reference_create
    for stage in preflight backup_database migrate_mautic_2 download_package extract_package move_files \
        update_local_config migrate_mautic_3 restore_user_data build_cache cleanup_files; do
        grep -aq "^$stage " "$reference/trace"
    done
}
