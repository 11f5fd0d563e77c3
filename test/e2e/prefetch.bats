# SPDX-License-Identifier: GPL-3.0-or-later
# The package fetched ahead of its stage: beside the stages before it, and before the start.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# serve_for SECONDS [WORDS]: so long the package takes; WORDS are faults of the server's. $url is its address.
serve_for() {
    serve_packages --rate $(($(stat -c %s "$package") / $1)) --log "$BATS_TEST_TMPDIR/requests"
    url=$server_url$(basename "$package")${2:+?$2}
}

daemon_start_with_url() {
    daemon_start --set package.file= --set package.url="$url" --set package.insecure=yes "$@"
}

# How often the package was asked for; answered with such a status, when one is given.
downloads() {
    jq -s --arg status "${1-}" '[.[] | select(.method == "GET" and ($status == "" or (.status | tostring) == $status))] |
        length' "$BATS_TEST_TMPDIR/requests"
}

prefetch_is() {
    [ "$(ctl --json status | jq -r '.prefetch.state // "none"')" = "$1" ]
}

part_has() {
    [ "$(stat -c %s "$state/package.zip.part" 2>/dev/null || echo 0)" -ge "$1" ]
}

# told_before EARLIER LATER: both are events, in that order.
told_before() {
    ctl --json events | jq -s -e --arg earlier "$1" --arg later "$2" '[.[].events[].text] |
        (map(startswith($earlier)) | index(true)) as $first | (map(startswith($later)) | index(true)) as $second |
        $first != null and $second != null and $first < $second'
}

told() {
    ctl --json events | jq -s -e --arg text "$1" '[.[].events[].text | select(contains($text))] | length > 0'
}

@test "beside the backup, to the same end" {
    reference_create
    site_create
    serve_for 3
    daemon_start_with_url
    run -0 upgrade
    told_before "The package is fetched beside" "Back up the database: done"
    told_before "The package was fetched ahead: Mautic 3" "The package is Mautic 3"
    [ "$(downloads)" = 1 ]
    prefetch_is none
    daemon_stop
    same_as_reference
    [ ! -e "$state/package.zip.json" ]
    log_is_clean
}

@test "before the start, which then needs no server" {
    reference_create
    site_create
    serve_for 1
    daemon_start_with_url --set package.prefetch=no
    run -0 ctl prefetch
    [[ $output == *"Mautic 3"*SHA-256* ]]
    run -0 ctl prefetch
    [ "$(downloads)" = 1 ]
    kill "$server"
    wait "$server" || true
    server=
    daemon_stop
    daemon_start_with_url --set package.prefetch=no
    prefetch_is "done"
    [[ $(ctl --json preflight --run | jq -r '.findings[] | select(.id == "package") | "\(.severity) \(.seen)"') == *"fetched ahead"* ]]
    run -0 upgrade
    run -5 ctl prefetch
    daemon_stop
    same_as_reference
    log_is_clean
}

@test "Ctrl-C stops it, and the next one goes on with what has come" {
    site_create
    serve_for 5
    daemon_start_with_url
    env --default-signal=INT "$BUILD/client/mautic-upgradectl" --socket "$socket" prefetch >"$box/said" 2>&1 3>&- &
    fetching=$!
    wait_until 60 part_has 10000
    kill -INT "$fetching"
    code=0
    wait "$fetching" || code=$?
    [ "$code" = 130 ]
    wait_until 30 prefetch_is stopped
    part_has 10000
    run -0 ctl prefetch
    prefetch_is "done"
    [ "$(downloads 206)" = 1 ]
    log_is_clean
}

@test "one that fails tells why, and fails no upgrade" {
    reference_create
    site_create
    # Two requests are those of the checks, for the head alone; a good one would be the fifth.
    serve_for 1 "status=500&times=4"
    daemon_start_with_url --set download.attempts=1
    run -1 ctl prefetch
    [[ $output == *ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED*500* ]]
    prefetch_is failed
    run -0 upgrade
    told "could not be fetched ahead, and is fetched now"
    daemon_stop
    same_as_reference
}

@test "cancelled and rolled back: nothing of it is on the site; resumed: the same end" {
    reference_create
    site_create
    serve_for 20
    daemon_start_with_url
    accepted=$(warnings)
    "$sandbox" hash "$box" >"$BATS_TEST_TMPDIR/before"
    ctl start --accept "$accepted"
    wait_until 60 part_has 10000
    ctl cancel
    wait_until 30 state_is interrupted
    prefetch_is stopped
    run -0 ctl rollback --yes --wait
    "$sandbox" hash "$box" >"$BATS_TEST_TMPDIR/after"
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
    ctl start --accept "$accepted"
    wait_until 60 prefetch_is running
    ctl cancel
    wait_until 30 state_is interrupted
    daemon_stop
    daemon_start
    run -0 ctl resume --wait
    daemon_stop
    same_as_reference
}

@test "killed again and again while it comes: the same end" {
    reference_create
    site_create
    serve_for 8
    size=$(stat -c %s "$package")
    daemon_start_with_url
    ctl start --accept "$(warnings)"
    for tenth in 1 2 3 5 7 9; do
        wait_until 60 part_has $((size * tenth / 10))
        daemon_kill
        daemon_start_with_url
    done
    wait_until 120 upgrade_rests
    state_is finished
    # What had come was never fetched again.
    [ "$(downloads 200)" = 1 ]
    daemon_stop
    same_as_reference
    log_is_clean
}
