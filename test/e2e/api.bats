# SPDX-License-Identifier: GPL-3.0-or-later
# The daemon's own edges, with the real programs: its start and stop, its socket, who may do what, streams. The
# site is only what the daemon needs to start; its database is out of reach, so that preflight fails.

load common

setup() {
    common_setup
    follower=
    bare_site_create
}

teardown() {
    [ -z "$stream" ] || stream_end
    [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
    if [ -n "$daemon" ]; then
        kill -KILL "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    [ -n "$BATS_TEST_COMPLETED" ] || tail -n 30 "$box/daemon.log" || true
    rm -rf "$box"
}

start() {
    bare_daemon_launch "$@"
    wait_until 30 answers
}

answers() {
    kill -0 "$daemon" || return 1
    curl -sf --unix-socket "$socket" http://localhost/v1/status >/dev/null
}

stop() {
    local code=0
    kill -TERM "$daemon"
    wait "$daemon" || code=$?
    daemon=
    return "$code"
}

# api METHOD PATH [CURL OPTION…]: $status_code and the body on stdout of run.
api() {
    local method=$1 path=$2
    shift 2
    curl -sS --unix-socket "$socket" -X "$method" -o "$box/body" -w '%{http_code}' "$@" "http://localhost$path" \
        >"$box/code"
    cat "$box/code" "$box/body"
}

is_code() {
    [ "$(cat "$box/code")" = "$1" ]
}

body() {
    jq -e "$@" <"$box/body" >/dev/null
}

# A browser that has nothing to do with us, or a user who may read and not drive.
as_stranger() {
    setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

clean_log() {
    ! grep -E 'Sanitizer|runtime error|out of memory|secret' "$box/daemon.log" || false
}

@test "started without stdin, stdout and stderr, nothing else gets their numbers" {
    "$BUILD/daemon/mautic-upgraded" --root "$site" --state-dir "$state" --set database.timeout=1 <&- >&- 2>&- 3>&- &
    daemon=$!
    wait_until 30 answers
    for fd in 0 1 2; do
        [ "$(readlink "/proc/$daemon/fd/$fd")" = /dev/null ]
    done
    # Programs run all the same, and it ends as it should.
    api POST /v1/preflight -H 'Content-Type: application/json'
    is_code 200
    ! grep -E 'ended by signal' "$box/body" || false
    stop
}

@test "a client without stdout says so, and writes to no socket" {
    start
    run -1 bash -c '"$0" --socket "$1" stages >&-' "$BUILD/client/mautic-upgradectl" "$socket"
    [[ $output == *"the output could not be written"* ]]
    stop
}

@test "the daemon's command line: help, version, what is wrong" {
    local program=$BUILD/daemon/mautic-upgraded
    run -0 "$program" --help
    for word in site.root daemon.resume package.sha256 "POST /v1/start" "Exit status: 0"; do
        [[ $output == *"$word"* ]]
    done
    run -0 "$program" --version
    run -2 "$program"
    [[ $output == *"which site"* ]]
    run -2 "$program" --nope
    [[ $output == *"no option --nope"*"--help"* ]]
    run -2 "$program" --root
    run -2 "$program" --root "$site" extra
    run -2 "$program" --root "$site"
    [[ $output == *--state-dir* ]]
    run -2 "$program" --root "$site" --state-dir "$site/state"
    [[ $output == *"inside the site's root"* ]]
    [ ! -e "$site/state" ]
    run -2 "$program" --root "$site" --state-dir "$state" --set package.limit=huge
    [[ $output == *package.limit* ]]
    run -2 "$program" --root "$site" --state-dir "$state" --socket "/tmp/$(printf 'x%.0s' {1..110})"
    [[ $output == *"bytes"* ]]
    run -1 "$program" --root "$box/missing" --state-dir "$state"
    run -1 "$program" --config "$box/missing.conf"
    printf '[site]\nroot = %s\n[daemon]\nresume = maybe\n' "$site" >"$box/shop.conf"
    run -1 "$program" --config "$box/shop.conf" --check-config
    [[ $output == *"shop.conf"*4* ]]
    printf '[site]\nroot = %s\n[daemon]\nstate = %s\nsocket = %s\n' "$site" "$state" "$box/s" >"$box/shop.conf"
    run -0 "$program" --config "$box/shop.conf" --check-config
    [[ $output == *"socket: $box/s"* ]]
    [ ! -e "$state" ]
}

@test "start and stop: modes, exit status, nothing left behind" {
    start
    [ "$(stat -c %a "$state")" = 700 ]
    [ "$(stat -c %a "$socket")" = 600 ]
    api GET /v1/status
    is_code 200
    body --arg root "$site" '.state == "idle" and .root == $root and .allowed == ["start"] and .error == null'
    kill -HUP "$daemon"
    answers
    stop
    [ ! -e "$socket" ]
    clean_log
}

@test "signals again and again, to its last moment: it ends well" {
    for signal in TERM INT HUP TERM; do
        start
        kill -TERM "$daemon"
        while kill -"$signal" "$daemon" 2>/dev/null; do :; done
        wait "$daemon"
    done
    clean_log
}

@test "a socket left by kill -9 is replaced; a living daemon's is not" {
    start
    kill -KILL "$daemon"
    wait "$daemon" || true
    [ -S "$socket" ]
    start
    run -1 timeout 30 "$BUILD/daemon/mautic-upgraded" --root "$site" --state-dir "$state" --set daemon.patience=1
    [[ $output == *lock* ]]
    mkdir "$box/other"
    run -1 timeout 30 "$BUILD/daemon/mautic-upgraded" --root "$site" --state-dir "$box/other" --set daemon.patience=1
    [[ $output == *lock* ]]
    answers
    stop
}

@test "a signal during the wait for the lock ends it at once" {
    start
    local first=$daemon
    "$BUILD/daemon/mautic-upgraded" --root "$site" --state-dir "$state" --set daemon.patience=600 \
        >"$box/second.log" 2>&1 3>&- &
    local second=$!
    wait_until 30 grep -q wait "$box/second.log"
    kill -TERM "$second"
    wait "$second"
    daemon=$first
    answers
    [ -S "$socket" ]
    stop
}

@test "what is refused is a problem with its reason" {
    start
    api POST /v1/resume -H 'Content-Type: application/json'
    is_code 409
    body '.status == 409 and .reason == "refused_in_state" and .allowed == ["start"]'
    api GET /v1/nothing
    is_code 404
    api DELETE /v1/start
    is_code 405
    api POST /v1/start -H 'Content-Type: text/plain' -d '{}'
    is_code 415
    api POST /v1/start
    is_code 415
    body '.detail | contains("application/json")'
    api POST /v1/start -H 'Content-Type: application/json' -d '{"accept": []}'
    is_code 400
    api POST /v1/start -H 'Content-Type: application/json' -d '{"accept_warnings": ["Not An Id"]}'
    is_code 400
    head -c 70000 /dev/zero >"$box/large"
    api POST /v1/start -H 'Content-Type: application/json' -H 'Expect:' --data-binary "@$box/large"
    is_code 413
    api POST /v1/start -H 'Content-Type: application/json' -H 'Origin: http://example.org'
    is_code 403
    api POST /v1/start -H 'Content-Type: application/json' -H 'Sec-Fetch-Site: cross-site'
    is_code 403
    api POST /v1/resume -H 'Content-Type: application/json' -H 'Sec-Fetch-Site: same-origin' \
        -H 'Origin: https://example.org' -H 'X-Forwarded-Host: example.org'
    is_code 409
    api GET /v1/preflight
    is_code 404
    api GET /v1/migrations
    is_code 503
    body '.reason == "database_unreachable" or .reason == "migrations_undetected"'
    ! grep -q secret "$box/body" || false
    api GET /v1/status
    body '.state == "idle"'
    stop
    clean_log
}

@test "commands that are refused are logged with who sent them, many as a number" {
    start
    for _ in {1..15}; do
        api POST "/v1/start" -H 'Authorization: Bearer not-to-be-logged'
        is_code 415
    done
    wait_until 30 grep -q 'level=warning text="5 more requests were refused"' "$box/daemon.log"
    [ "$(grep -c "level=warning peer_uid=$(id -u) peer_pid=[0-9]* text=\"POST /v1/start refused with 415\"" "$box/daemon.log")" -eq 10 ]
    ! grep -q not-to-be-logged "$box/daemon.log" || false
    # Who reads is none of it.
    api GET /v1/nothing
    is_code 404
    stop
    ! grep -qF /v1/nothing "$box/daemon.log" || false
}

@test "who may connect may read; driving is for root, the own user and the group" {
    [ "$(id -u)" -eq 0 ] || skip "other users are needed"
    chmod 0755 "$box"
    socket=$box/socket
    start --socket "$socket" --set daemon.group=games
    [ "$(stat -c '%a %G' "$socket")" = "660 games" ]
    # Another user, in the group or not: the mode keeps the latter out.
    run -7 as_stranger curl -sS --unix-socket "$socket" http://localhost/v1/status
    run -0 setpriv --reuid 65534 --regid 65534 --groups "$(getent group games | cut -d: -f3)" \
        curl -sS --unix-socket "$socket" -H 'Content-Type: application/json' -X POST -o /dev/null -w '%{http_code}' \
        http://localhost/v1/resume
    [ "$output" = 409 ]
    chmod 0666 "$socket"
    run -0 as_stranger curl -sS --unix-socket "$socket" -o /dev/null -w '%{http_code}' http://localhost/v1/status
    [ "$output" = 200 ]
    for command in start resume cancel preflight; do
        run -0 as_stranger curl -sS --unix-socket "$socket" -H 'Content-Type: application/json' -X POST -o /dev/null \
            -w '%{http_code}' "http://localhost/v1/$command"
        [ "$output" = 403 ]
    done
    stop
}

@test "an upgrade that fails: status, stages, events, log, findings, and the client's exit status" {
    start
    run -3 ctl start --wait
    [[ $output == *ERR_PREFLIGHT_FAILED* ]]
    api GET /v1/status
    body '.state == "failed" and .stage == "preflight" and .error.code == "ERR_PREFLIGHT_FAILED"
        and (.error.message | length > 0) and (.error.next | length > 0) and .allowed == ["resume", "rollback"]'
    api GET /v1/stages
    body '.stages | length == 11 and .[0].state == "failed" and .[0].attempts == 1 and .[1].state == "pending"'
    api GET '/v1/events?limit=1000'
    body '[.events[].sequence] as $all | ($all | length > 2) and $all == ($all | sort) and .last == $all[-1]'
    api GET '/v1/log?lines=5'
    grep -qE '^\[[0-9-]{10} [0-9:]{8}\] ' "$box/body"
    api GET /v1/preflight
    body '[.findings[] | select(.severity == "error").id] | length > 0'
    run -1 ctl preflight
    run -5 ctl start
    run -5 ctl cancel
    run -3 ctl resume --wait
    api GET /v1/stages
    body '.stages[0].attempts == 2'
    stop
    start
    api GET /v1/status
    body '.state == "failed" and .error.code == "ERR_PREFLIGHT_FAILED"'
    stop
    clean_log
}

@test "a stream of events is replayed, followed, and survives the daemon's death in the client" {
    start
    ctl events --follow --json >"$box/followed" 2>"$box/follow.log" &
    follower=$!
    wait_until 30 test -s "$box/followed"
    run -3 ctl start --wait
    last=$(ctl --json status | jq .last_event)
    wait_until 30 grep -q "\"sequence\":$last," "$box/followed"
    kill -KILL "$daemon"
    wait "$daemon" || true
    wait_until 30 grep -q "the daemon is gone" "$box/follow.log"
    start
    run -3 ctl resume --wait
    last=$(ctl --json status | jq .last_event)
    wait_until 30 grep -q "\"sequence\":$last," "$box/followed"
    # Each event once, none left out.
    jq -s '[.[].sequence] as $all | $all == [range(1; ($all | length) + 1)]' "$box/followed" | grep -qx true
    # A browser that reconnects says what it saw last.
    stream_start "$box/stream" curl -sN --unix-socket "$socket" -H 'Accept: text/event-stream' \
        -H "Last-Event-ID: $((last - 1))" http://localhost/v1/events
    wait_until 30 stream_has "$box/stream" "$last"
    stream_end
    ! grep -q "^id: 1\$" "$box/stream" || false
    stop
}

@test "a stop with a stream, a waiting status and an idle connection open is clean and quick" {
    start
    curl -sN --unix-socket "$socket" -H 'Accept: text/event-stream' http://localhost/v1/events >"$box/stream" 3>&- &
    curl -s --unix-socket "$socket" 'http://localhost/v1/status?wait=60' >"$box/waited" 3>&- &
    wait_until 30 test -s "$box/stream"
    local began=$SECONDS
    stop
    [ $((SECONDS - began)) -lt 20 ]
    clean_log
}

@test "two hundred clients at once are all answered" {
    start
    seq 200 | xargs -P 200 -I{} curl -s --unix-socket "$socket" -o /dev/null -w '%{http_code}\n' \
        http://localhost/v1/status >"$box/codes"
    [ "$(sort "$box/codes" | uniq -c | tr -s ' ')" = " 200 200" ]
    stop
    clean_log
}

# activate [OPTION…]: the daemon as systemd starts it, with a socket that is there already.
activate() {
    ldd "$BUILD/daemon/mautic-upgraded" | grep -q libsystemd || skip "built without libsystemd"
    socket=$box/activated
    "$BATS_TEST_DIRNAME/../tools/service-manager" "$box" "$BUILD/daemon/mautic-upgraded" --root "$site" --state-dir "$state" \
        "$@" >>"$box/daemon.log" 2>&1 3>&- &
    daemon=$!
    wait_until 30 answers
}

@test "systemd: the socket is taken over, readiness and the end are told" {
    activate
    wait_until 30 grep -q READY=1 "$box/told"
    wait_until 30 grep -q "STATUS=idle" "$box/told"
    touch "$box/stop"
    wait "$daemon"
    daemon=
    grep -q STOPPING=1 "$box/told"
    [ -S "$socket" ]
    [ ! -e "$state/daemon.sock" ]
    clean_log
}

@test "systemd: a daemon that nobody asks ends by itself, one that somebody follows does not" {
    activate --set daemon.idle=1
    curl -sN --unix-socket "$socket" -H 'Accept: text/event-stream' http://localhost/v1/events >"$box/stream" 3>&- &
    follower=$!
    wait_until 30 test -s "$box/stream"
    # Twice the time, and it would end.
    local answers
    answers=$(grep -c WATCHDOG=1 "$box/told")
    wait_until 60 told_more_answers_than $((answers + 25))
    run ! grep -q STOPPING=1 "$box/told"
    kill "$follower"
    wait "$daemon"
    daemon=
    grep -q STOPPING=1 "$box/told"
    grep -q "the daemon ends until somebody asks" "$box/daemon.log"
    clean_log
}

told_more_answers_than() {
    [ "$(grep -c WATCHDOG=1 "$box/told")" -gt "$1" ]
}
