# SPDX-License-Identifier: GPL-3.0-or-later
# The end of the way back with the real programs: clean, stopped and killed in its middle, and kept from deleting.

load common

setup() {
    common_setup
    mounted=
}

teardown() {
    [ -z "$mounted" ] || umount "$mounted"
    common_teardown
}

# site_upgraded: finished, and so many files in Mautic 2's folder that deleting them takes a while.
site_upgraded() {
    site_create
    daemon_start
    upgrade
    daemon_stop
    backup=$(compgen -G "$site/var/mautic-2-backup-files-*")
    mkdir -p "$backup/many"
    (cd "$backup/many" && seq 1 20000 | xargs touch)
}

# daemon_that SIGNAL: gets it in the middle of what it deletes.
daemon_that() {
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_PLAN="clean:unlinkat:3000:$1")
    daemon_start
    daemon_environment=()
}

site_is_cleaned() {
    state_is cleaned
    ! compgen -G "$site/var/mautic-2-backup-files*" || false
    [ ! -e "$state/m3_upgrade_db_backup.sql.zst" ]
    [ ! -e "$state/package.zip" ]
    [ -f "$site/app/release_metadata.json" ]
    log_is_clean
}

@test "told to stop, then killed in the middle: each next start goes on by itself, and tells how far it is" {
    site_upgraded
    daemon_that SIGTERM
    ctl clean --yes
    wait_until 60 daemon_gone
    wait "$daemon"
    [ -d "$backup" ]
    daemon_that kill
    wait_until 60 daemon_gone
    wait "$daemon" || true
    [ -d "$backup" ]
    daemon_start
    wait_until 60 state_is cleaned
    site_is_cleaned
    ctl --json events | jq -s -e '[.[].events[].text] |
        any(test("Delete the backups: interrupted, for the daemon stops")) and
        any(test("The deleting of the backups was interrupted: the daemon ended")) and
        any(test("^[1-9]0 % deleted: [0-9]+ of [0-9]+ files and folders")) and
        any(test("the files of Mautic 2, [0-9]+ files and folders, [0-9]+ bytes\\) is deleted"))'
    [ "$(grep -c 'The deleting of the backups goes on after a stop' <(ctl events))" -eq 2 ]
    run -0 ctl clean --help
    run -5 ctl clean --yes
}

@test "interrupted where the daemon asks: clean goes on with it" {
    site_upgraded
    daemon_that kill
    ctl clean --yes
    wait_until 60 daemon_gone
    wait "$daemon" || true
    daemon_start --set daemon.resume=ask
    state_is clean_interrupted
    ctl --json status | jq -e '.waiting_for_user and .allowed == ["clean", "resume"] and .progress == null'
    run -1 ctl watch
    [[ $output == *"is interrupted and waits: mautic-upgradectl clean goes on with it"* ]]
    run -5 ctl start
    run -5 ctl clean </dev/null
    [[ $output == *"$(basename "$backup")"* ]]
    run -0 ctl clean --yes --wait
    site_is_cleaned
}

@test "what can't be deleted: named with its reason, the rest is gone, and clean again deletes it" {
    [ "$(id -u)" -eq 0 ] || skip "needs root, to mount a file system"
    site_upgraded
    mkdir "$backup/mounted"
    mount -t tmpfs -o size=64k tmpfs "$backup/mounted" || skip "no file system can be mounted here"
    mounted=$backup/mounted
    touch "$mounted/of-another"
    daemon_start
    run -3 ctl clean --yes --wait
    [[ $output == *"ERR_CLEAN_FAILED"*"unsafe_path"*"another file system is mounted on"*"/mounted"* ]]
    state_is clean_failed
    run -3 ctl status
    [ -f "$mounted/of-another" ]
    [ ! -e "$backup/many" ]
    [ ! -e "$state/m3_upgrade_db_backup.sql.zst" ]
    run -5 ctl rollback --yes
    [[ $output == *"allowed now: clean, resume"* ]]

    # It stays told, and is not tried again without being asked.
    daemon_stop
    daemon_start
    state_is clean_failed
    [[ $(failure) == "ERR_CLEAN_FAILED unsafe_path" ]]
    umount "$mounted"
    mounted=
    run -0 ctl resume --wait
    site_is_cleaned
    ctl --json status | jq -e '.error == null and .allowed == ["start"]'
}
