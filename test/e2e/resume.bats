# SPDX-License-Identifier: GPL-3.0-or-later
# A migration that is under way when the daemon or its console ends: none is done twice, none is taken for done.
# SIGKILL at every act of every stage: test/faults/run.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

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
