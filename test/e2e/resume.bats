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

@test "every stage's acts are seen by the trace" {
    reference_create
    for stage in preflight backup_database migrate_mautic_2 download_package extract_package move_files \
        update_local_config migrate_mautic_3 restore_user_data build_cache cleanup_files; do
        grep -aq "^$stage " "$reference/trace"
    done
}
