# SPDX-License-Identifier: GPL-3.0-or-later
# hooks.on_event with the real programs: all that happens is told, and nothing that the command does reaches the upgrade.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# hook BODY: the command's script; $told gets a line for each event.
hook() {
    notify=$BATS_TEST_TMPDIR/notify
    told=$BATS_TEST_TMPDIR/told
    printf '#!/bin/sh\n%s\n' "$1" >"$notify"
    chmod +x "$notify"
}

# daemon_that_tells [OPTION…]
daemon_that_tells() {
    daemon_start --set "hooks.on_event=$notify '$told'" "$@"
}

told_events() {
    jq -r '.event + (if .event == "stage" then ":" + .stage + ":" + .stage_state else "" end)' "$told"
}

is_told() {
    told_events | grep -qx "$1"
}

@test "all events of an upgrade that is killed, of a rollback and of clean, in their order" {
    site_create
    # shellcheck disable=SC2016
    hook 'jq -c . >>"$1"'
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_PLAN="extract_package:*:20:kill" SECRET_OF_MINE=1)
    daemon_that_tells
    daemon_environment=()
    accepted=$(warnings)
    ctl start --accept "$accepted"
    wait_until 120 daemon_gone
    wait "$daemon" || true
    daemon_that_tells
    wait_until 120 state_is finished
    ctl rollback --yes --wait
    ctl clean --yes --wait
    daemon_stop

    # At least once: what is told again has the same number.
    jq -s -e 'map(.sequence) as $all | $all == ($all | sort) and ($all | length) - ($all | unique | length) <= 1' "$told"
    told_events | uniq >"$BATS_TEST_TMPDIR/events"
    [ "$(sed -n 1,3p "$BATS_TEST_TMPDIR/events" | xargs)" = "started stage:preflight:running stage:preflight:succeeded" ]
    grep -vE '^stage' "$BATS_TEST_TMPDIR/events" >"$BATS_TEST_TMPDIR/moves"
    [ "$(xargs <"$BATS_TEST_TMPDIR/moves")" = \
        "started interrupted resumed finished rollback_started rolled_back clean_started cleaned" ]
    grep -x 'stage:extract_package:running' "$BATS_TEST_TMPDIR/events"
    grep -x 'stage:cleanup_files:succeeded' "$BATS_TEST_TMPDIR/events"
    grep -x 'stage:preflight:undone' "$BATS_TEST_TMPDIR/events"
    jq -s -e --arg root "$site" 'all(.root == $root and (.uuid | length == 36) and .level and .text and .time) and
        (map(.uuid) | unique | length == 1)' "$told"
    log_is_clean
}

@test "a stage that fails: its code and reason; what is in the environment, and what is not" {
    site_create
    # shellcheck disable=SC2016
    hook 'cat >>"$1"; [ "$MAUTIC_UPGRADED_EVENT" != failed ] || env >"$1.environment"'
    daemon_environment=(SECRET_OF_MINE=1)
    daemon_that_tells
    run -3 ctl start --wait # its warnings are not accepted
    wait_until 60 is_told failed
    wait_until 60 test -s "$told.environment"
    jq -s -e 'last | .event == "failed" and .stage == "preflight" and .stage_state == "failed" and .state == "failed" and
        .error_code == "ERR_PREFLIGHT_FAILED" and .reason == "preflight_warnings" and .level == "error"' "$told"
    grep -x 'MAUTIC_UPGRADED_ERROR_CODE=ERR_PREFLIGHT_FAILED' "$told.environment"
    grep -x 'MAUTIC_UPGRADED_STAGE=preflight' "$told.environment"
    ! grep -E 'SECRET_OF_MINE|DATABASE|PASSWORD|MAUTIC_UPGRADED_TEXT' "$told.environment" || false
    # The site's own environment is the console's, not the command's.
    for name in $(jq -r '.environment | keys[]' "$box/sandbox.json"); do
        ! grep "^$name=" "$told.environment" || false
    done
}

@test "it hangs: the upgrade is done before it is ended, and the daemon's stop is bounded" {
    site_create
    # shellcheck disable=SC2016
    hook 'cat >>"$1"; trap "" TERM; while :; do sleep 1; done'
    daemon_that_tells --set hooks.timeout=3600
    upgrade
    state_is finished
    [ "$(wc -l <"$told")" -eq 1 ]
    began=$SECONDS
    daemon_stop
    [ $((SECONDS - began)) -lt 30 ]
    grep -F "hooks.on_event is not waited for any longer" "$box/daemon.log"
    ! pgrep -f "$notify" || false

    # The next one tells it all, the event that was broken off once more.
    # shellcheck disable=SC2016
    hook 'jq -c . >>"$1"'
    daemon_that_tells
    wait_until 60 is_told finished
    [ "$(told_events | sed -n 1,3p | xargs)" = "started started stage:preflight:running" ]
}

@test "it fails each time, or is not there: the upgrade finishes, preflight has warned of the latter" {
    site_create
    # shellcheck disable=SC2016
    hook 'echo >>"$1"; echo "no mail server" >&2; exit 1'
    daemon_that_tells
    ctl --json preflight --run | jq -e '.findings[] | select(.id == "hooks_command").severity == "ok"'
    rm "$notify"
    ctl --json preflight --run | jq -e '.findings[] | select(.id == "hooks_command") |
        .severity == "warning" and (.seen | test("notify is not there"))'
    upgrade
    state_is finished
    daemon_stop
    grep -F "hooks.on_event failed for finished" "$box/daemon.log" | grep -F "there is no program $notify"
    # shellcheck disable=SC2016
    hook 'echo >>"$1"; echo "no mail server" >&2; exit 1'
    daemon_that_tells
    ctl rollback --yes --wait
    daemon_stop
    grep -F "hooks.on_event failed for rolled_back" "$box/daemon.log" | grep -F "no mail server"
    [ "$(wc -l <"$told")" -gt 20 ]
    run -2 "$BUILD/daemon/mautic-upgraded" --check-config --root "$site" --state-dir "$state" --set hooks.on_event=notify
    [[ $output == *"must be an absolute path"* ]]
}
