# SPDX-License-Identifier: GPL-3.0-or-later
# What the end-to-end tests share: a sandbox site, the daemon on it, the client, conditions to wait for.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
: "${BUILD:=$top/build}"
sandbox=$top/test/sandbox/sandbox
shim=$BUILD/test/faults/fault-shim.so

# A sanitized program must have its runtime in front of the shim.
preload() {
    local runtime
    runtime=$(ldd "$BUILD/daemon/mautic-upgraded" | awk '/libasan/ {print $3}')
    echo "${runtime:+$runtime:}$shim"
}

# site_create [SANDBOX OPTION…]: $box holds the sandbox, $site the Mautic root, $state the state folder.
site_create() {
    box=$BATS_TEST_TMPDIR/box
    "$sandbox" create "$box" --template "$BATS_SUITE_TMPDIR/template" "$@"
    site=$box/site
    state=$box/state
    socket=$state/daemon.sock
    package=$(jq -r .package "$box/sandbox.json")
    mkdir -p "$state"
    chmod 0700 "$state"
}

# bare_site_create: the same for a site that is only what the daemon needs to start, whose database is out of reach.
bare_site_create() {
    box=$(mktemp -d)
    site=$box/site
    state=$box/state
    socket=$state/daemon.sock
    mkdir -p "$site/app/config"
    echo 2.16.5 >"$site/app/version.txt"
    touch "$site/index.php"
    cat >"$site/app/config/local.php" <<-'PHP'
	<?php
	$parameters = array(
	    'db_driver' => 'pdo_mysql', 'db_host' => '127.0.0.1', 'db_port' => 1, 'db_name' => 'nothing',
	    'db_user' => 'nobody', 'db_password' => 'secret', 'db_table_prefix' => null,
	);
	PHP
}

# bare_daemon_launch [OPTION…]: the daemon on it, in the background ($daemon is its pid).
bare_daemon_launch() {
    "$BUILD/daemon/mautic-upgraded" --root "$site" --state-dir "$state" --set daemon.patience=1 \
        --set database.timeout=1 "$@" >>"$box/daemon.log" 2>&1 3>&- &
    daemon=$!
}

# The settings every daemon of a test starts with; more as arguments of daemon_start.
daemon_settings() {
    printf '%s\0' --root "$site" --state-dir "$state" \
        --set "database.socket=$(jq -r .database.socket "$box/sandbox.json")" \
        --set "package.file=$package" --set smoke.request=no --set gate.settle=1
}

# daemon_launch [OPTION…]: starts it in the background ($daemon is its pid). Environment for the daemon alone: the array
# daemon_environment.
daemon_launch() {
    local -a settings environment
    mapfile -d '' settings < <(daemon_settings)
    mapfile -d '' environment < <(sandbox_environment)
    env "${environment[@]}" "${daemon_environment[@]}" "$BUILD/daemon/mautic-upgraded" "${settings[@]}" "$@" \
        >>"$box/daemon.out" 2>>"$box/daemon.log" 3>&- &
    daemon=$!
}

# daemon_start [OPTION…]: the same, and waits until it answers.
daemon_start() {
    daemon_launch "$@"
    wait_until 60 daemon_answers
}

# What the site's own processes have in their environment (its local.php reads it with getenv).
sandbox_environment() {
    jq -j '.environment | to_entries[] | "\(.key)=\(.value)\u0000"' "$box/sandbox.json"
}

daemon_answers() {
    ctl status >/dev/null 2>&1 || [ $? -ne 4 ] || ! kill -0 "$daemon" 2>/dev/null
}

daemon_gone() {
    ! kill -0 "$daemon" 2>/dev/null
}

daemon_kill() {
    kill -KILL "$daemon"
    wait "$daemon" 2>/dev/null || true
}

daemon_stop() {
    kill -TERM "$daemon" 2>/dev/null || true
    wait "$daemon"
}

ctl() {
    "$BUILD/client/mautic-upgradectl" --socket "$socket" "$@" 3>&-
}

# wait_until SECONDS COMMAND…: polls until the command succeeds; fails (and shows the daemon's log) when it does not.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            echo "waited in vain for: $*"
            tail -n 30 "$box/daemon.log"
            return 1
        fi
        sleep 0.05
    done
}

state_is() {
    [ "$(ctl --json status | jq -r .state)" = "$1" ]
}

# The upgrade's last word: finished, failed or interrupted and waiting.
upgrade_rests() {
    case $(ctl --json status | jq -r .state) in
    finished | failed | interrupted) ;;
    *) return 1 ;;
    esac
}

stage_is() {
    [ "$(ctl --json stages | jq -r --arg name "$1" '.stages[] | select(.name == $name).state')" = "$2" ]
}

# All warnings of preflight, comma separated, to accept them.
warnings() {
    ctl --json preflight --run | jq -r '[.findings[] | select(.severity == "warning").id] | join(",")'
}

# Starts the upgrade with all warnings accepted and waits for its end; the client's exit status is the result.
upgrade() {
    ctl start --accept "$(warnings)" --wait "$@"
}

# The failed upgrade's code and reason: "ERR_… reason".
failure() {
    ctl --json status | jq -r '"\(.error.code) \(.error.reason)"'
}

message() {
    ctl --json status | jq -r .error.message
}

# sql STATEMENT: its rows, without a head line.
sql() {
    "$sandbox" mysql "$box" mautic -N -B -e "$1"
}

# The end state of an undisturbed run, made once for all tests, in $reference: tree and dump.
reference_create() {
    reference=$BATS_SUITE_TMPDIR/reference
    (
        flock 9
        [ -f "$reference/done" ] || reference_run
    ) 9>"$BATS_SUITE_TMPDIR/reference.lock"
}

reference_run() (
    BATS_TEST_TMPDIR=$BATS_SUITE_TMPDIR/reference-run
    mkdir -p "$BATS_TEST_TMPDIR" "$reference"
    site_create
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_TRACE="$reference/trace")
    daemon_start
    upgrade
    daemon_stop
    "$sandbox" hash "$box" >"$reference/tree"
    "$sandbox" dump "$box" >"$reference/dump"
    "$sandbox" destroy "$box"
    touch "$reference/done"
)

# Compares this site's end state with the undisturbed run's.
same_as_reference() {
    "$sandbox" hash "$box" >"$BATS_TEST_TMPDIR/tree"
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/dump"
    diff -u "$reference/tree" "$BATS_TEST_TMPDIR/tree" | head -n 40
    diff -u "$reference/dump" "$BATS_TEST_TMPDIR/dump" | head -n 40
    cmp "$reference/tree" "$BATS_TEST_TMPDIR/tree" && cmp "$reference/dump" "$BATS_TEST_TMPDIR/dump"
}

# No sanitizer report and no unexpected end in the daemon's log.
log_is_clean() {
    ! grep -E 'Sanitizer|runtime error|out of memory' "$box/daemon.log"
}

# stream_start FILE COMMAND…: what has no end of its own, in the background; stream_end ends it and what it has started.
stream_start() {
    local file=$1
    shift
    setsid "$@" >"$file" 2>/dev/null 3>&- &
    stream=$!
}

stream_end() {
    kill -- "-$stream"
    wait "$stream" || true
    stream=
}

# stream_has FILE ID: the event, and the blank line behind it.
stream_has() {
    awk -v line="id: $2" '$0 == line {seen = 1} seen && $0 == "" {whole = 1; exit} END {exit !whole}' "$1"
}

# serve_packages [OPTION…]: $server_url is the address of a server for the package's folder.
serve_packages() {
    mkfifo "$BATS_TEST_TMPDIR/server"
    "$top/test/tools/http-server" "$@" "$(dirname "$package")" >"$BATS_TEST_TMPDIR/server" 3>&- &
    server=$!
    read -r server_url <"$BATS_TEST_TMPDIR/server"
}

common_setup() {
    daemon_environment=()
    daemon=
    server=
    stream=
    box=
}

common_teardown() {
    [ -z "$stream" ] || kill -KILL -- "-$stream" 2>/dev/null || true
    for process in $daemon $server; do
        kill -KILL "$process" 2>/dev/null || true
    done
    if [ -n "$box" ] && [ -d "$box" ]; then
        if [ -z "$BATS_TEST_COMPLETED" ]; then
            tail -n 40 "$box/daemon.log" 2>/dev/null || true
        fi
        "$sandbox" destroy "$box" || true
    fi
}
