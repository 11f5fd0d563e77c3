# SPDX-License-Identifier: GPL-3.0-or-later
# The client against a daemon that says what the test wants (test/tools/fake-daemon), and against none.

load common

setup() {
    socket=$BATS_TEST_TMPDIR/socket
    answers=$BATS_TEST_TMPDIR/answers
    fake=
    mkdir "$answers"
    export LC_ALL=C.UTF-8
    unset MAUTIC_UPGRADED_SOCKET
    echo '[]' >"$answers/events.json"
    say running download_package 10
}

teardown() {
    [ -z "$fake" ] || fake_kill
    [ -z "${open_folder:-}" ] || rm -r "$open_folder"
}

# say STATE STAGE DONE: what status and stages answer from now on (of 40).
say() {
    jq -n --arg state "$1" --arg stage "$2" --argjson done "$3" '{program: "mautic-upgraded", version: "1", site: "shop",
        root: "/srv/shop", uuid: "u", from_version: "2.16.5", to_version: "3.0.2", state: $state,
        state_meaning: "a meaning", waiting_for_user: ($state == "interrupted"), stage: $stage, title: "A title",
        started_at: "2026-11-22T16:00:00.000Z", finished_at: null, stages_done: 1, stages_total: 2,
        progress: (if ($state | IN("running", "cleaning")) then {done: $done, total: 40, unit: "files", rate_per_second: 2,
            eta_seconds: 9} else null end),
        error: (if $state == "failed" then {code: "ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED", reason: "download_failed",
            message: "the server said \u001b[2J no", meaning: "It could not be fetched.", advice: "Check the network.",
            next: "Try again.", link: "http://mau.tc/x"} else null end),
        allowed: ["cancel"], last_event: 7, time: "2026-11-22T16:00:12.000Z"}' >"$answers/status.new"
    jq -n --arg state "$1" --arg stage "$2" '{stages: [
        {name: "preflight", title: "Check the site", state: "succeeded", attempts: 1, progress: null,
            started_at: "2026-11-22T16:00:00.000Z", finished_at: "2026-11-22T16:00:02.500Z"},
        {name: $stage, title: "Download the package", attempts: 1, progress: null, started_at: null, finished_at: null,
            state: (if $state == "finished" then "succeeded" else $state end)}]}' >"$answers/stages.new"
    mv "$answers/stages.new" "$answers/stages.json"
    mv "$answers/status.new" "$answers/status.json"
}

fake_start() {
    "$top/test/tools/fake-daemon" "$socket" "$answers" 3>&- &
    fake=$!
    wait_for fake_answers
}

fake_answers() {
    curl -sf --unix-socket "$socket" http://localhost/v1/status >/dev/null
}

fake_kill() {
    kill -KILL "$fake"
    wait "$fake" 2>/dev/null || true
    fake=
}

wait_for() {
    local deadline=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "waited in vain for: $*"; return 1; }
        sleep 0.05
    done
}

output_has() {
    grep -qF -- "$1" "$BATS_TEST_TMPDIR/output"
}

# watch_start [OPTION…]: watches in the background, all that it says in $BATS_TEST_TMPDIR/output.
watch_start() {
    "$BUILD/client/mautic-upgradectl" --socket "$socket" watch "$@" >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
    watcher=$!
}

watch_ends() {
    local code=0
    wait "$watcher" || code=$?
    cat "$BATS_TEST_TMPDIR/output"
    [ "$code" -eq "$1" ]
}

# What a terminal of 100 x 24 gets to see, as bytes.
on_terminal() {
    (
        exec 3>&-
        export TERM=xterm
        script -qec "stty cols 100 rows 24; $*" /dev/null </dev/null
    )
}

@test "help, version and explain need no daemon" {
    run -0 ctl help
    [[ $output == *"Exit status:"*"  0  done"* ]]
    for command in backup cancel clean completion events explain help log migrations preflight resume rollback schema sites stages start \
        status version wait watch; do
        run -0 ctl help "$command"
        [[ $output == "Usage: mautic-upgradectl [OPTION]... $command"* ]]
        [[ $output == *"With --json: "* ]]
        run -0 ctl "$command" --help
    done
    run -0 ctl --version
    [[ $output == mautic-upgradectl\ * ]]
    run -0 ctl explain
    [ "$(grep -c '^ERR_' <<<"$output")" -eq 13 ]
    run -0 ctl explain err_build_m3_cache
    [[ $output == *http://mau.tc/m3-upgrade-error#err_build_m3_cache* ]]
    ctl explain ERR_CLEANUP_FILES --json | jq -e '.code == "ERR_CLEANUP_FILES"'
    ctl explain --json | jq -e '.errors | length == 13'
    run -1 ctl explain ERR_NOPE
    run -0 ctl sites
}

@test "the help's commands stand in alphabetical order" {
    run -0 ctl help
    sed -n '/^Commands:/,/^$/p' <<<"$output" | awk '/^  / {print $1}' >"$BATS_TEST_TMPDIR/names"
    [ -s "$BATS_TEST_TMPDIR/names" ]
    LC_ALL=C sort -c "$BATS_TEST_TMPDIR/names"
}

@test "a wrong command line is 2, with a hint" {
    fake_start
    for line in '' --nope 'nope' 'status extra' 'status --follow' 'status --lines' 'log --lines x' 'log --lines 0' \
        'log --lines 10001' '--site a --socket b status' 'help nope' 'migrations ../x' 'events --after -1' \
        'watch --reconnect 1h' 'help status extra'; do
        # shellcheck disable=SC2086
        run -2 ctl $line
        [[ $output == mautic-upgradectl:* ]]
    done
    run -2 "$BUILD/client/mautic-upgradectl" --site a/b status
    run -2 ctl status --folow
    [[ $output == *"no option --folow"*"Try 'mautic-upgradectl help'"* ]]
}

@test "4 tells missing, refused and forbidden apart" {
    run -4 ctl status
    [[ $output == *"there is no socket $socket"* ]]
    run -4 ctl watch
    run -4 ctl events --follow
    fake_start
    fake_kill
    run -4 ctl status
    [[ $output == *"no daemon listens on $socket"* ]]
    [ "$(id -u)" -eq 0 ] || skip "another user is needed"
    open_folder=$(mktemp -d)
    chmod 0755 "$open_folder"
    socket=$open_folder/socket
    cp "$BUILD/client/mautic-upgradectl" "$open_folder/ctl"
    fake_start
    chmod 0600 "$socket"
    run -4 setpriv --reuid 65534 --regid 65534 --clear-groups "$open_folder/ctl" --socket "$socket" status
    [[ $output == *"you may not connect to $socket"* ]]
}

@test "with --json what is wrong is a problem on stderr, alone, with the exit status in it" {
    # problem STATUS REASON WORD…: runs the client and looks at both of its outputs.
    problem() {
        local code=$1 reason=$2
        shift 2
        run --separate-stderr "-$code" ctl "$@"
        [ -z "$output" ]
        jq -e --arg reason "$reason" --argjson code "$code" '.reason == $reason and .exit_status == $code and .type == "about:blank"
            and (keys == ["advice", "allowed", "code", "detail", "exit_status", "reason", "status", "title", "type"])' <<<"$stderr"
    }
    problem 4 daemon_missing status --json
    problem 4 daemon_missing --json watch
    problem 4 daemon_missing --json wait
    problem 2 invalid_argument --json nope
    problem 2 invalid_argument --nope --json
    problem 1 not_found --json explain ERR_NOPE
    fake_start
    run --separate-stderr -1 ctl --json preflight
    [ -z "$output" ]
    jq -e '.detail == "nothing here" and .advice == "Check the name." and .exit_status == 1' <<<"$stderr"
    run --separate-stderr -1 ctl preflight
    [[ $stderr == "mautic-upgradectl: nothing here"*"reason   not_found"*"to do    Check the name."* ]]
    fake_kill
    problem 4 daemon_ended --json status
}

@test "the socket comes from the environment too" {
    fake_start
    MAUTIC_UPGRADED_SOCKET=$socket run -0 "$BUILD/client/mautic-upgradectl" status
    [[ $output == *"/srv/shop"* ]]
}

@test "--json is the API's answer, byte for byte" {
    fake_start
    ctl --json status | cmp - "$answers/status.json"
    ctl stages --json | cmp - "$answers/stages.json"
    say failed download_package 10
    run -3 ctl --json status
    jq -e .error.code <<<"$output"
}

@test "status of a failed upgrade is 3 and says what, why and what to do, without control characters" {
    say failed download_package 10
    fake_start
    run -3 ctl status
    [[ $output == *ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED* ]]
    [[ $output == *"the server said ?[2J no"* ]]
    [[ $output == *"Try again."* ]]
    [[ $output == *"Check the network."* ]]
    [[ $output != *$'\e'* ]]
}

@test "watch tells stages and tenths in lines until the end" {
    fake_start
    watch_start
    wait_for output_has "download_package: running"
    say running download_package 30
    wait_for output_has "download_package: 75 %"
    say finished download_package 40
    watch_ends 0
    output_has "preflight: succeeded (Check the site, 2.5 s)"
    output_has "The upgrade is finished."
    [ "$(grep -c 'download_package: 75 %' "$BATS_TEST_TMPDIR/output")" -eq 1 ]
    ! grep -q $'\e' "$BATS_TEST_TMPDIR/output" || false
}

times_asked() {
    grep -cx status "$answers/asked"
}

asked_thrice_more() {
    [ "$(times_asked)" -ge $((asked + 3)) ]
}

@test "watch tells no progress of a stage that it has told to be over" {
    fake_start
    say running extract_package 10
    watch_start
    wait_for output_has "extract_package: running"
    # The status is of before, the stages are of now; in a status of before only the progress may be new.
    jq '.stages[1].state = "succeeded"' "$answers/stages.json" >"$answers/stages.new"
    mv "$answers/stages.new" "$answers/stages.json"
    wait_for output_has "extract_package: succeeded"
    jq '.progress.done = 40' "$answers/status.json" >"$answers/status.new"
    mv "$answers/status.new" "$answers/status.json"
    # A whole look at it: from one answer to status to the next but one.
    asked=$(times_asked)
    wait_for asked_thrice_more
    say finished extract_package 40
    watch_ends 0
    ! output_has "extract_package: 100 %" || false
}

@test "watch of an upgrade that fails is 3 and tells the reason" {
    fake_start
    watch_start
    wait_for output_has running
    say failed download_package 10
    watch_ends 3
    output_has ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED
    output_has "Try again."
}

@test "watch of an upgrade that waits for resume is 1; with nothing to watch too" {
    say interrupted download_package 10
    fake_start
    run -1 ctl watch
    [[ $output == *"mautic-upgradectl resume"* ]]
    say idle "" 0
    run -1 ctl watch
    [[ $output == *"no upgrade has been started"* ]]
}

@test "watch waits for a daemon that was killed, and goes on" {
    fake_start
    watch_start --reconnect 60
    wait_for output_has running
    fake_kill
    wait_for output_has "the daemon is gone"
    say running download_package 36
    fake_start
    wait_for output_has "the daemon is back"
    wait_for output_has "90 %"
    say finished download_package 40
    watch_ends 0
}

@test "watch gives up on a daemon that does not come back" {
    fake_start
    watch_start --reconnect 1
    wait_for output_has running
    fake_kill
    watch_ends 4
    output_has "no daemon listens"
}

@test "wait says nothing until the upgrade rests, and ends as it did" {
    fake_start
    "$BUILD/client/mautic-upgradectl" --socket "$socket" wait >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
    watcher=$!
    asked=$(times_asked)
    wait_for asked_thrice_more
    [ ! -s "$BATS_TEST_TMPDIR/output" ]
    # A daemon that is killed and started again is waited for.
    fake_kill
    fake_start
    asked=$(times_asked)
    wait_for asked_thrice_more
    say finished download_package 40
    watch_ends 0
    [ "$(<"$BATS_TEST_TMPDIR/output")" = "The upgrade is finished." ]
    say failed download_package 10
    run -3 ctl wait
    [[ $output == *ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED*"Try again."* ]]
    run -3 --separate-stderr ctl wait --json
    jq -e '.error.code == "ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED"' <<<"$output"
    [ -z "$stderr" ]
    say interrupted download_package 10
    run -1 ctl wait
    say rolled_back "" 0
    run -0 ctl wait
    say running download_package 10
    run -124 ctl wait --timeout 0
    [[ $output == *"after 0 s the upgrade does not rest yet"* ]]
    run -124 ctl wait --timeout 1
    # The time is over while the daemon is away: nobody knows whether it goes on.
    "$BUILD/client/mautic-upgradectl" --socket "$socket" wait --timeout 10 --reconnect 60 \
        >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
    watcher=$!
    asked=$(times_asked)
    wait_for asked_thrice_more
    fake_kill
    watch_ends 124
    output_has "after 10 s the daemon does not answer"
    run -4 ctl wait
}

findings() {
    jq -n '{time: "2026-11-22T16:00:00.000Z", errors: $errors, warnings: 2, findings: [
        {id: "root_is_mautic", severity: "ok", seen: "it is", advice: "none"},
        {id: "plugins", severity: "warning", seen: "beyond \u001b[2J: 日本語プラグイン and many more words that take more than a line", advice: "Look at them."},
        {id: "spool", severity: "warning", seen: "mail waits", advice: "Send it."},
        (if $errors > 0 then {id: "free_space", severity: "error", seen: "too little", advice: "Free some."} else empty end)]}' \
        --argjson errors "$1" >"$answers/preflight.json"
}

@test "preflight is a table: errors first, what to do below each, as wide as the terminal" {
    fake_start
    findings 1
    run -1 ctl preflight
    [[ ${lines[0]} =~ ^error\ +free_space\ +too\ little$ ]]
    [[ ${lines[1]} =~ ^\ +'-> Free some.'$ ]]
    [[ $output == *"1 error, 2 warnings, 1 ok; checked 2026-11-22T16:00:00 UTC"* ]]
    [[ $output == *"An error blocks the upgrade"* ]]
    [[ $output != *"--accept"* && $output != *$'\e'* ]]
    # The advice of what is fine is left out.
    [[ $output != *none* ]]
    findings 0
    run -0 ctl preflight
    [[ $output == *"start --accept plugins,spool"* ]]
    for columns in 100 60 40; do
        COLUMNS=$columns run -0 ctl preflight
        [[ $output == *日本語* ]]
        python3 -c 'import sys, unicodedata
for line in sys.stdin.read().split("\n"):
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
    assert width <= int(sys.argv[1]) or "--accept" in line, (width, line)' "$columns" <<<"$output"
    done
}

@test "start --wait does not take the former failure for the new one" {
    say failed download_package 10
    echo '{"command":"resume","state":"running","last_event":8}' >"$answers/post.json"
    fake_start
    ctl resume --wait >"$BATS_TEST_TMPDIR/output" 2>&1 &
    watcher=$!
    wait_for output_has "download_package: failed"
    say finished download_package 40
    jq '.last_event = 9' "$answers/status.json" >"$answers/status.new"
    mv "$answers/status.new" "$answers/status.json"
    watch_ends 0
}

@test "Ctrl-C ends the watcher, not the upgrade, and says so" {
    fake_start
    # A background process of a shell without job control has SIGINT ignored; the client takes it all the same.
    watch_start
    wait_for output_has running
    kill -INT "$watcher"
    watch_ends 130
    output_has "the upgrade goes on"
}

@test "on a terminal the view is drawn in place, and the cursor comes back" {
    say finished download_package 40
    echo '{"events":[{"sequence":1,"time":"2026-11-22T16:00:01.000Z","level":"info","stage":null,"text":"hello \u001b[31m"}],"last":1}' \
        >"$answers/events.json"
    fake_start
    on_terminal "$BUILD/client/mautic-upgradectl" --socket "$socket" watch >"$BATS_TEST_TMPDIR/output"
    output_has $'\e[?25l'
    output_has $'\e[?25h'
    output_has "✓ Check the site"
    output_has $'\e[32m'
    output_has "16:00:01 hello ?[31m"
    NO_COLOR=1 on_terminal "$BUILD/client/mautic-upgradectl" --socket "$socket" watch >"$BATS_TEST_TMPDIR/output"
    ! output_has $'\e[32m' || false
    LC_ALL=C on_terminal "$BUILD/client/mautic-upgradectl" --socket "$socket" watch >"$BATS_TEST_TMPDIR/output"
    output_has "+ Check the site"
}

@test "a closed pipe is quiet" {
    fake_start
    bash -c 'trap "" PIPE; "$@" 2>&1 >/dev/full' _ "$BUILD/client/mautic-upgradectl" --socket "$socket" stages \
        >"$BATS_TEST_TMPDIR/output" || true
    output_has "No space left"
    (
        trap '' PIPE
        for _ in $(seq 5); do
            "$BUILD/client/mautic-upgradectl" --socket "$socket" explain 2>>"$BATS_TEST_TMPDIR/errors" | true
        done
    )
    [ ! -s "$BATS_TEST_TMPDIR/errors" ]
}

@test "watch: while the backups are deleted, a line for each tenth, and its own ends" {
    say cleaning none 4
    jq '.stages = [] ' "$answers/stages.json" >"$answers/stages.new"
    mv "$answers/stages.new" "$answers/stages.json"
    fake_start
    watch_start
    wait_for output_has "clean: 10 %, 4 of 40 files, 2 files/s, 9.0 s left"
    say cleaning none 36
    wait_for output_has "clean: 90 %, 36 of 40 files"
    say cleaned none 40
    watch_ends 0
    output_has "The backups are deleted: there is no way back any more."
    say clean_failed none 0
    run -3 ctl watch
    [[ $output == *"not all backups could be deleted"* ]]
}
