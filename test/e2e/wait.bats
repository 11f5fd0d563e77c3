# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2154 # common.bash sets them
# mautic-upgradectl wait with a real daemon: how it ends, and that it outlives the daemon's death.

load common

setup() {
    common_setup
    waiter=
}

teardown() {
    [ -z "$waiter" ] || kill "$waiter" 2>/dev/null || true
    common_teardown
}

start_it() {
    ctl start --accept "$(warnings)"
}

# held_in_mautic_3: at work, until console-goes-on is there.
held_in_mautic_3() {
    site_create
    "$sandbox" fault "$box" doctrine:migrations:execute --argument 20191126093923 --wait --times 1
    daemon_start
    start_it
    wait_until 120 test -e "$box/console-waits"
}

# How often the status was asked for and answered.
times_answered() {
    curl -s --unix-socket "$socket" http://localhost/metrics |
        sed -n 's,^mautic_upgraded_http_requests_total{code="200"\,method="GET"\,route="/v1/status"} ,,p'
}

answered_since() {
    [ "$(times_answered)" -gt "$1" ]
}

waiter_gone() {
    ! kill -0 "$waiter" 2>/dev/null
}

# wait_in_background [OPTION…]: returns when the daemon has answered it once; what it says goes to $box/waited.
wait_in_background() {
    local before
    before=$(times_answered)
    ctl wait "$@" >"$box/waited" 2>&1 &
    waiter=$!
    wait_until 60 answered_since "$before"
}

# waiter_ends CODE
waiter_ends() {
    local code=0
    wait_until 240 waiter_gone
    wait "$waiter" || code=$?
    waiter=
    cat "$box/waited"
    [ "$code" = "$1" ]
}

@test "nothing to wait for, failed, finished: each has its exit status" {
    site_create
    "$sandbox" fault "$box" cache:clear --fail 1 --times 1 --message "it was told to"
    daemon_start
    run -1 ctl wait
    [[ $output == *"no upgrade has been started"* ]]
    start_it
    run -3 ctl wait
    [[ $output == *"the upgrade stands failed"*ERR_BUILD_M3_CACHE*"it was told to"* ]]
    # It rests: the next one is told the same at once.
    run -3 --separate-stderr ctl --json wait --timeout 0
    jq -e '.state == "failed" and .error.code == "ERR_BUILD_M3_CACHE"' <<<"$output"
    ctl resume
    run -0 ctl wait
    [[ $output == "The upgrade is finished. It took "* ]]
    log_is_clean
}

@test "the time is over before the upgrade rests; then it is cancelled" {
    held_in_mautic_3
    run -124 ctl wait --timeout 0
    run -124 ctl wait --timeout 1
    [[ $output == *"after 1 s the upgrade does not rest yet"* ]]
    stage_is migrate_mautic_3 running
    wait_in_background
    ctl cancel
    touch "$box/console-goes-on"
    waiter_ends 1
    grep -q "the upgrade is interrupted and waits: mautic-upgradectl resume" "$box/waited"
    state_is interrupted
}

@test "the daemon is killed in the middle and started again: it waits on, to the end" {
    held_in_mautic_3
    wait_in_background
    daemon_kill
    touch "$box/console-goes-on"
    daemon_start
    waiter_ends 0
    [[ $(<"$box/waited") == "The upgrade is finished. It took "* ]]
    # The end is that of an upgrade which two daemons have had a part in.
    [ "$(ctl --json events | jq -s '[.[].events[] | select(.text | startswith("The daemon is started"))] | length')" = 2 ]
    log_is_clean
}

@test "as many wait as one user may: it asks again until there is room" {
    held_in_mautic_3
    # shellcheck disable=SC2016
    stream_start "$box/others" bash -c 'seq 32 | xargs -P 32 -I{} curl -sN --unix-socket "$0" -H "Accept: text/event-stream" \
        "http://localhost/v1/events?last_event_id={}"' "$socket"
    others_have_come() {
        [ "$(grep -o 'retry: 2000' "$box/others" | wc -l)" = 32 ]
    }
    wait_until 60 others_have_come
    wait_in_background
    was_refused() {
        curl -s --unix-socket "$socket" http://localhost/metrics | grep -q 'http_requests_total{code="503",method="GET",route="/v1/status"}'
    }
    wait_until 60 was_refused
    stream_end
    touch "$box/console-goes-on"
    waiter_ends 0
    log_is_clean
}

@test "the daemon is gone and does not come back: so long as it is told to, no longer" {
    held_in_mautic_3
    wait_in_background --reconnect 2
    daemon_kill
    waiter_ends 4
    touch "$box/console-goes-on"
}
