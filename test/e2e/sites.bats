# SPDX-License-Identifier: GPL-3.0-or-later
# Many sites on one machine: adding and removing them, seeing them all, upgrading them all.
# Below --prefix-root, so that nothing of this machine is touched; what needs systemd itself is in test/systemd.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load common

setup() {
    common_setup
    export LC_ALL=C.UTF-8
    unset MAUTIC_UPGRADED_SOCKET
    prefix=$BATS_TEST_TMPDIR/prefix
    units=$prefix/etc/systemd/system
    mkdir "$prefix"
    started=()
    boxes=()
}

teardown() {
    for process in "${started[@]}"; do
        kill -KILL "$process" 2>/dev/null || true
    done
    if [ ${#boxes[@]} -gt 0 ]; then
        # The first one's server is the others', too.
        for ((i = ${#boxes[@]} - 1; i >= 0; i--)); do
            "$sandbox" destroy "${boxes[i]}" || true
        done
    fi
}

all() {
    "$BUILD/client/mautic-upgradectl" --prefix-root "$prefix" "$@" 3>&-
}

# mautic_create ROOT: as much of a Mautic 2 as it takes to be known for one; the files are this user's.
mautic_create() {
    mkdir -p "$1/app/config"
    echo -n 2.16.5 >"$1/app/version.txt"
    echo '<?php' >"$1/index.php"
    cat >"$1/app/config/local.php" <<'EOF'
<?php
$parameters = array('db_name' => 'mautic', 'db_driver' => 'pdo_mysql');
EOF
}

# Root's own sites must be said to be meant.
add() {
    all sites add "$@" --user "$(id -u)"
}

# What lies below the prefix: path, type, mode, owner, content.
picture() {
    (cd "$prefix" && find . -printf '%p %y %m %U:%G\n' -type f -exec sh -c 'sed "s/^/  /" "$1"' _ {} \;) | LC_ALL=C sort -s -k1,1
}

@test "a site is added, once, told, and removed but for its state" {
    mautic_create "$BATS_TEST_TMPDIR/www"
    run -0 all sites
    [[ $output == "No site is known here"* ]]
    run -0 add crm --root "$BATS_TEST_TMPDIR/www" --set php.path=/usr/bin/php7.3 --set daemon.group="$(id -gn)"
    [[ $output == *"Mautic 2, version 2.16.5 in $BATS_TEST_TMPDIR/www; runs as "* ]]
    [[ $output == *"to run  systemctl daemon-reload"*"to run  systemctl enable mautic-upgraded@crm.service mautic-upgraded@crm.socket"* ]]
    "$BUILD/daemon/mautic-upgraded" --check-config --config "$prefix/etc/mautic-upgraded/crm.conf"
    grep -qx "root = $BATS_TEST_TMPDIR/www" "$prefix/etc/mautic-upgraded/crm.conf"
    grep -qx 'path = /usr/bin/php7.3' "$prefix/etc/mautic-upgraded/crm.conf"
    [ "$(stat -c %a:%u "$prefix/var/lib/mautic-upgraded/crm")" = "700:$(id -u)" ]
    grep -qx "SocketGroup=$(id -gn)" "$units/mautic-upgraded@crm.socket.d/site.conf"
    grep -qx 'SocketMode=0660' "$units/mautic-upgraded@crm.socket.d/site.conf"

    # Again, with what a person has changed in the meantime: his stays, ours comes back.
    echo '# mine' >>"$prefix/etc/mautic-upgraded/crm.conf"
    echo '# mine' >>"$units/mautic-upgraded@crm.service.d/site.conf"
    picture >"$BATS_TEST_TMPDIR/before"
    run -0 add crm --root "$BATS_TEST_TMPDIR/www" --set daemon.group="$(id -gn)"
    [[ $output == *"wrote   $units/mautic-upgraded@crm.service.d/site.conf"*"kept    $prefix/etc/mautic-upgraded/crm.conf"* ]]
    [[ $output == *"until systemctl restart mautic-upgraded@crm.socket mautic-upgraded@crm.service"* ]]
    picture >"$BATS_TEST_TMPDIR/after"
    [ "$(diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after" | grep '^[<>]')" = '<   # mine' ]

    run -0 all sites list
    [[ ${lines[0]} =~ ^SITE\ +ROOT\ +USER\ +STATE$ ]]
    [[ ${lines[1]} == crm*"$BATS_TEST_TMPDIR/www"*"no daemon" ]]
    all --json sites | jq -e --arg root "$BATS_TEST_TMPDIR/www" '.sites | length == 1 and .[0].site == "crm" and .[0].root == $root
        and .[0].state == "no daemon" and (.[0].user | length > 0) and (.[0].socket | endswith("/run/mautic-upgraded/crm.sock"))'
    run -4 all status --all

    touch "$prefix/etc/mautic-upgraded/crm.env" "$units/mautic-upgraded@crm.service.d/mine.conf"
    run -0 all sites remove crm
    [[ $output == *"systemctl disable --now mautic-upgraded@crm.socket mautic-upgraded@crm.service"* ]]
    [[ $output == *"Its state stays in $prefix/var/lib/mautic-upgraded/crm"* ]]
    [ "$(cd "$prefix" && find . -type f | LC_ALL=C sort)" = "./etc/mautic-upgraded/crm.env
./etc/systemd/system/mautic-upgraded@crm.service.d/mine.conf" ]
    [ -d "$prefix/var/lib/mautic-upgraded/crm" ]
    rm -r "$units/mautic-upgraded@crm.service.d"
    run -1 all sites remove crm
    [[ $output == *"there is no site crm"* ]]
}

@test "what is wrong is refused before anything is made" {
    mautic_create "$BATS_TEST_TMPDIR/www"
    mkdir "$BATS_TEST_TMPDIR/empty"
    for line in "add" "add crm" "add a/b --root x" "add .crm --root x" "add -- -crm" "add crm more --root x" "list --root x" "status more" \
        "remove" "remove a/b" "remove crm --root x" "nope" "add crm --root x --force"; do
        # shellcheck disable=SC2086
        run -2 all sites $line
        echo "$line: $output"
        [[ $output == mautic-upgradectl:* ]]
    done
    run -2 all status --all --site crm
    run -2 all start --jobs 2
    run -2 all start --all --jobs 0
    run -2 all start --only-ready
    run -1 all start --all
    [[ $output == *"no site is known here"* ]]

    run -1 add crm --root "$BATS_TEST_TMPDIR/empty"
    [[ $output == *"holds no Mautic"* ]]
    run -1 add crm --root "$BATS_TEST_TMPDIR/nowhere"
    run -1 all sites add crm --root "$BATS_TEST_TMPDIR/www" --user no-such-user-here
    run -2 add crm --root "$BATS_TEST_TMPDIR/www" --set site.root=/x
    run -2 add crm --root "$BATS_TEST_TMPDIR/www" --set php
    run -1 add crm --root "$BATS_TEST_TMPDIR/www" --set php.nope=1
    run -1 add crm --root "$BATS_TEST_TMPDIR/www" --set "php.path=a ;b"
    [[ $output == *"can't hold"* ]]
    run -1 add crm --root "$BATS_TEST_TMPDIR/www" --set daemon.state="$BATS_TEST_TMPDIR/my choice"
    [[ $output == *"install -d -m 0700"*" '$BATS_TEST_TMPDIR/my choice' makes it"* ]]
    mkdir -m 0700 "$BATS_TEST_TMPDIR/www/state"
    run -1 add crm --root "$BATS_TEST_TMPDIR/www" --set daemon.state="$BATS_TEST_TMPDIR/www/state"
    [[ $output == *"inside the site's root"* ]]
    [ -z "$(find "$prefix" -type f)" ]

    add crm --root "$BATS_TEST_TMPDIR/www"
    mautic_create "$BATS_TEST_TMPDIR/other"
    picture >"$BATS_TEST_TMPDIR/before"
    run -1 add crm --root "$BATS_TEST_TMPDIR/other"
    [[ $output == *"is there, and its site.root is $BATS_TEST_TMPDIR/www"* ]]
    run -1 add crm --root "$BATS_TEST_TMPDIR/www" --set php.path=/usr/bin/php8
    [[ $output == *"another value of php.path"* ]]
    run -1 add shop --root "$BATS_TEST_TMPDIR/www"
    [[ $output == *"is known already, as the site crm"* ]]
    picture >"$BATS_TEST_TMPDIR/after"
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "as whom it runs: the owner of root and local.php, never root unless that is said" {
    [ "$(id -u)" -eq 0 ] || skip "files must be given to other users"
    mautic_create "$BATS_TEST_TMPDIR/www"
    run -1 all sites add crm --root "$BATS_TEST_TMPDIR/www"
    [[ $output == *"belongs to root"*"--user"* ]]
    [ -z "$(find "$prefix" -type f)" ]
    run -0 all sites add root --root "$BATS_TEST_TMPDIR/www" --user root
    [[ $output == *"will run as root"* ]]
    all sites remove root
    chown -R nobody:daemon "$BATS_TEST_TMPDIR/www"
    chown games "$BATS_TEST_TMPDIR/www/app/config/local.php"
    run -1 all sites add crm --root "$BATS_TEST_TMPDIR/www"
    [[ $output == *"belongs to the user"*"and its local.php to"* ]]
    # A link does not lend its target's owner.
    mv "$BATS_TEST_TMPDIR/www/app/config/local.php" "$BATS_TEST_TMPDIR/local.php"
    ln -s "$BATS_TEST_TMPDIR/local.php" "$BATS_TEST_TMPDIR/www/app/config/local.php"
    run -1 all sites add crm --root "$BATS_TEST_TMPDIR/www"
    chown nobody "$BATS_TEST_TMPDIR/local.php"
    # The group of the files is not taken from who is no member of it; where local.php really is may be written.
    run -0 all sites add crm --root "$BATS_TEST_TMPDIR/www"
    [ "$(stat -c %a:%U "$prefix/var/lib/mautic-upgraded/crm")" = 700:nobody ]
    grep -x 'User=nobody' "$units/mautic-upgraded@crm.service.d/site.conf"
    grep -x "Group=$(id -gn nobody)" "$units/mautic-upgraded@crm.service.d/site.conf"
    grep -x "ReadWritePaths=\"-$BATS_TEST_TMPDIR\"" "$units/mautic-upgraded@crm.service.d/site.conf"
    [[ $(all --json sites | jq -r '.sites[0].user') = nobody ]]
    # Somebody else's state is not taken.
    all sites remove crm
    chown games "$prefix/var/lib/mautic-upgraded/crm"
    run -1 all sites add crm --root "$BATS_TEST_TMPDIR/www"
    [[ $output == *"belongs to the user"* ]]
}

@test "systemd reads the paths as they are, and what it can't read is given by a link" {
    local odd=$BATS_TEST_TMPDIR/'My Site 100%n "a" '\''b'\'' \back $HOME #x ünï 漢字' line
    mautic_create "$odd"
    line=$BATS_TEST_TMPDIR/$'line\nReadWritePaths=-nope'
    mautic_create "$line"
    mkdir "$BATS_TEST_TMPDIR/shared 50%"
    sed -i "s|);|, 'cache_path' => '$BATS_TEST_TMPDIR/shared 50%');|" "$odd/app/config/local.php"
    add odd --root "$odd"
    "$BUILD/daemon/mautic-upgraded" --check-config --config "$prefix/etc/mautic-upgraded/odd.conf" | grep -qxF "root:   $odd"
    run -1 add line --root "$line"
    [[ $output == *"symbolic link"* ]]
    ln -s "$line" "$BATS_TEST_TMPDIR/plain"
    add line --root "$BATS_TEST_TMPDIR/plain"
    grep -qxF "root = $BATS_TEST_TMPDIR/plain" "$prefix/etc/mautic-upgraded/line.conf"
    # It is the same site, by whichever name.
    run -1 add again --root "$line"
    [[ $output == *"as the site line"* ]]

    local systemd=/lib/systemd/systemd
    [ -x "$systemd" ] || skip "systemd is not here to read them"
    printf '[Service]\nExecStart=/bin/true\n' >"$units/mautic-upgraded@.service"
    printf '[Socket]\nListenStream=/run/x\n' >"$units/mautic-upgraded@.socket"
    printf '[Unit]\nDefaultDependencies=no\nWants=mautic-upgraded@odd.service mautic-upgraded@line.service mautic-upgraded@odd.socket\n' \
        >"$units/default.target"
    local -a as=()
    if [ "$(id -u)" -eq 0 ]; then
        chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
        as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    fi
    (cd / && SYSTEMD_UNIT_PATH=$units HOME=/ XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR timeout 60 "${as[@]}" "$systemd" --test --system \
        --unit=default.target >"$BATS_TEST_TMPDIR/read" 2>&1) || true
    grep -q 'Unit mautic-upgraded@odd.service' "$BATS_TEST_TMPDIR/read" || skip "systemd does not tell here what it reads"
    grep -F "ReadWritePaths: $odd -$BATS_TEST_TMPDIR/shared 50%" "$BATS_TEST_TMPDIR/read"
    grep -F "RequiresMountsFor: $odd " "$BATS_TEST_TMPDIR/read"
    grep -F "ReadWritePaths: $BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/read"
    grep -F "SocketMode: 0600" "$BATS_TEST_TMPDIR/read"
    run ! grep -aE "site.conf:[0-9]+:" "$BATS_TEST_TMPDIR/read"
}

# killed_everywhere WORDS…: kills that command at each of its acts; the same command again must lead to $BATS_TEST_TMPDIR/right.
# The function start_over puts the prefix to where it begins.
killed_everywhere() {
    local acts at
    start_over
    LD_PRELOAD=$(preload) FAULT_TRACE=$BATS_TEST_TMPDIR/trace all "$@"
    picture >"$BATS_TEST_TMPDIR/right"
    acts=$(grep -c . "$BATS_TEST_TMPDIR/trace")
    [ "$acts" -gt 5 ]
    for ((at = 1; at <= acts; at++)); do
        start_over
        LD_PRELOAD=$(preload) FAULT_AT=$at FAULT_ACTION=kill run -137 all "$@"
        run all "$@"
        # The last act of a removal may be done.
        if [ "$status" -ne 0 ]; then
            [[ $output == *"there is no site"* ]]
        fi
        picture >"$BATS_TEST_TMPDIR/picture"
        diff "$BATS_TEST_TMPDIR/right" "$BATS_TEST_TMPDIR/picture" || {
            echo "killed at act $at: $(sed -n "${at}p" "$BATS_TEST_TMPDIR/trace")"
            return 1
        }
    done
}

@test "killed at each of its acts, sites add goes on with the same call" {
    start_over() {
        rm -r "$prefix"
        mkdir "$prefix"
    }
    mautic_create "$BATS_TEST_TMPDIR/www"
    killed_everywhere sites add crm --root "$BATS_TEST_TMPDIR/www" --set php.timeout=60 --user "$(id -u)"
}

@test "killed at each of its acts, sites remove goes on with the same call" {
    start_over() {
        rm -r "$prefix"
        cp -a "$BATS_TEST_TMPDIR/full" "$prefix"
    }
    mautic_create "$BATS_TEST_TMPDIR/www"
    add crm --root "$BATS_TEST_TMPDIR/www"
    cp -a "$prefix" "$BATS_TEST_TMPDIR/full"
    killed_everywhere sites remove crm
}

# fake_site NAME STATE: a site whose daemon says that (test/tools/fake-daemon).
fake_site() {
    local answers=$BATS_TEST_TMPDIR/answers-$1
    mkdir -p "$answers" "$prefix/run/mautic-upgraded" "$prefix/etc/mautic-upgraded"
    printf '[site]\nroot = /srv/%s\n' "$1" >"$prefix/etc/mautic-upgraded/$1.conf"
    echo '{"stages": [{"name": "preflight", "title": "Check the site", "state": "running", "attempts": 1}]}' >"$answers/stages.json"
    say "$1" "$2"
    "$top/test/tools/fake-daemon" "$prefix/run/mautic-upgraded/$1.sock" "$answers" 3>&- &
    started+=($!)
    wait_until 60 fake_answers "$1"
}

fake_answers() {
    curl -sf --unix-socket "$prefix/run/mautic-upgraded/$1.sock" http://localhost/v1/status >/dev/null
}

# say NAME STATE
say() {
    jq -n --arg site "$1" --arg state "$2" '{site: $site, root: ("/srv/" + $site), state: $state, stage: "move_files", last_event: 7,
        waiting_for_user: ($state == "interrupted"), stages_done: 5, stages_total: 11, allowed: [],
        progress: (if $state == "running" then {done: 10, total: 40, unit: "files", rate_per_second: 2, eta_seconds: 9} else null end),
        error: (if $state == "failed" then {code: "ERR_MOVE_MAUTIC_2_AND_3_FILES", message: "no\u001b[2J room"} else null end)}' \
        >"$BATS_TEST_TMPDIR/answers-$1/status.new"
    mv "$BATS_TEST_TMPDIR/answers-$1/status.new" "$BATS_TEST_TMPDIR/answers-$1/status.json"
}

# A daemon that takes calls and never answers.
silent_site() {
    printf '[site]\nroot = /srv/%s\n' "$1" >"$prefix/etc/mautic-upgraded/$1.conf"
    python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(16)
open(sys.argv[1] + ".listens", "w")
time.sleep(600)' "$prefix/run/mautic-upgraded/$1.sock" 3>&- &
    started+=($!)
    wait_until 60 test -e "$prefix/run/mautic-upgraded/$1.sock.listens"
}

@test "status --all: daemons that are gone or silent cost the others nothing" {
    fake_site works running
    fake_site ended finished
    for name in silent-1 silent-2 silent-3 silent-4; do
        silent_site $name
    done
    printf '[site]\nroot = /srv/gone\n' >"$prefix/etc/mautic-upgraded/gone.conf"
    SECONDS=0
    run -4 all status --all
    # One after the other they would take 20 s.
    [ "$SECONDS" -lt 15 ]
    [[ ${lines[0]} =~ ^SITE\ +STATE\ +STAGE\ +STAGES\ +DONE\ +ETA\ +ERROR$ ]]
    grep -E '^works +running +move_files +5/11 +25 % +9.0 s left$' <<<"$output"
    grep -E '^ended +finished ' <<<"$output"
    grep -E '^gone +no daemon$' <<<"$output"
    [ "$(grep -cE '^silent-[1-4] +no answer$' <<<"$output")" -eq 4 ]
    fake_site broken failed
    run -3 all sites status
    grep -E '^broken +failed .*ERR_MOVE_MAUTIC_2_AND_3_FILES$' <<<"$output"
    run -3 all --json status --all
    jq -e '[.sites[] | {(.site): .state}] | add == {broken: "failed", ended: "finished", gone: "no daemon", works: "running",
        "silent-1": "no answer", "silent-2": "no answer", "silent-3": "no answer", "silent-4": "no answer"}' <<<"$output"
    jq -e '.sites[] | select(.site == "broken").status.error.code == "ERR_MOVE_MAUTIC_2_AND_3_FILES"' <<<"$output"
}

@test "start --all: what one site is stops no other, and each is told" {
    fake_site broken failed
    fake_site ended finished
    fake_site old rolled_back
    fake_site stopped interrupted
    fake_site works running
    printf '[site]\nroot = /srv/gone\n' >"$prefix/etc/mautic-upgraded/gone.conf"
    "$BUILD/client/mautic-upgradectl" --prefix-root "$prefix" start --all --jobs 2 >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
    local client=$!
    started+=("$client")
    wait_until 60 grep -q '^works: preflight: running' "$BATS_TEST_TMPDIR/output"
    say works finished
    local code=0
    wait "$client" || code=$?
    cat "$BATS_TEST_TMPDIR/output"
    [ "$code" -eq 3 ]
    grep -F 'broken: the upgrade stands failed: ERR_MOVE_MAUTIC_2_AND_3_FILES: no?[2J room (' "$BATS_TEST_TMPDIR/output"
    grep -F 'gone: no daemon: there is no socket' "$BATS_TEST_TMPDIR/output"
    grep -F 'works: is under way already' "$BATS_TEST_TMPDIR/output"
    grep -F 'works: The upgrade is finished. (' "$BATS_TEST_TMPDIR/output"
    grep -F 'old: was rolled back' "$BATS_TEST_TMPDIR/output"
    grep -F '  1 finished: works' "$BATS_TEST_TMPDIR/output"
    grep -F '  1 finished before: ended' "$BATS_TEST_TMPDIR/output"
    grep -F '  1 failed: broken' "$BATS_TEST_TMPDIR/output"
    grep -F '  1 not reached: gone' "$BATS_TEST_TMPDIR/output"
    grep -F '  2 wait for you: old, stopped' "$BATS_TEST_TMPDIR/output"
}

@test "start --all: Ctrl-C ends the watcher alone, and says what goes on and what was not begun" {
    fake_site a running
    fake_site b running
    fake_site c idle
    "$BUILD/client/mautic-upgradectl" --prefix-root "$prefix" start --all --jobs 2 >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
    local client=$!
    started+=("$client")
    wait_until 60 grep -q '^a: preflight' "$BATS_TEST_TMPDIR/output"
    wait_until 60 grep -q '^b: preflight' "$BATS_TEST_TMPDIR/output"
    kill -INT "$client"
    local code=0
    wait "$client" || code=$?
    cat "$BATS_TEST_TMPDIR/output"
    [ "$code" -eq 130 ]
    grep -F '  2 go on without a watcher: a, b' "$BATS_TEST_TMPDIR/output"
    grep -F '  1 not started: c' "$BATS_TEST_TMPDIR/output"
    grep -F 'the daemons work on' "$BATS_TEST_TMPDIR/output"
    fake_answers a
    [ ! -e "$BATS_TEST_TMPDIR/answers-c/posted" ]
}

@test "start --all --only-ready leaves out what preflight would stop" {
    fake_site bad idle
    fake_site good idle
    echo '{"findings": [{"id": "php", "severity": "error"}, {"id": "spool", "severity": "warning"},
        {"id": "plugins", "severity": "warning"}, {"id": "space", "severity": "ok"}], "last_event": 7}' >"$BATS_TEST_TMPDIR/answers-bad/post.json"
    echo '{"findings": [{"id": "spool", "severity": "warning"}], "state": "running", "last_event": 8}' >"$BATS_TEST_TMPDIR/answers-good/post.json"
    "$BUILD/client/mautic-upgradectl" --prefix-root "$prefix" start --all --only-ready --accept spool >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
    local client=$!
    started+=("$client")
    wait_until 60 grep -q '^good: is started' "$BATS_TEST_TMPDIR/output"
    say good finished
    sed -i 's/"last_event": 7/"last_event": 8/' "$BATS_TEST_TMPDIR/answers-good/status.json"
    local code=0
    wait "$client" || code=$?
    cat "$BATS_TEST_TMPDIR/output"
    [ "$code" -eq 0 ]
    grep -F 'bad: preflight stops it: php (error), plugins (warning) (' "$BATS_TEST_TMPDIR/output"
    grep -F '  1 finished: good' "$BATS_TEST_TMPDIR/output"
    grep -F '  1 left out: bad' "$BATS_TEST_TMPDIR/output"
}

# A site's daemon, as systemd would start it.
site_daemon() {
    local -a environment
    mapfile -d '' environment < <(sandbox_environment)
    env "${environment[@]}" "$BUILD/daemon/mautic-upgraded" --site "$1" --config "$prefix/etc/mautic-upgraded/$1.conf" \
        --state-dir "$prefix/var/lib/mautic-upgraded/$1" --socket "$prefix/run/mautic-upgraded/$1.sock" \
        >>"$BATS_TEST_TMPDIR/$1.log" 2>&1 3>&- &
    started+=($!)
}

daemons_answer() {
    ! all status --all | grep -qE '(no daemon|daemon ended|no answer)$'
}

@test "a site is not removed while its upgrade is under way, or waits, unless that is forced" {
    for state in running failed interrupted rolling_back; do
        fake_site "is-$state" "$state"
        run -5 all sites remove "is-$state"
        [[ $output == *"is neither done nor rolled back: $state"*"--force"* ]]
        [ -e "$prefix/etc/mautic-upgraded/is-$state.conf" ]
    done
    # One that is refused keeps no other.
    fake_site is-finished finished
    run -5 all sites remove is-failed is-finished
    [ ! -e "$prefix/etc/mautic-upgraded/is-finished.conf" ]
    run -0 all sites remove --force is-failed is-running
    [ ! -e "$prefix/etc/mautic-upgraded/is-failed.conf" ]
}

@test "without a daemon the checkpoint tells whether a site may be removed" {
    local checkpoint=$prefix/var/lib/mautic-upgraded/crm/checkpoint.sqlite3
    mautic_create "$BATS_TEST_TMPDIR/www"
    add crm --root "$BATS_TEST_TMPDIR/www"
    mkdir -p "$prefix/run/mautic-upgraded"
    box=$BATS_TEST_TMPDIR
    echo '{"environment": {}}' >"$box/sandbox.json"
    site_daemon crm
    wait_until 60 daemons_answer
    # It runs, and nobody who could stop it is asked: the state folder's lock is its.
    run -5 all sites remove crm
    [[ $output == *"a daemon still serves crm: stop it first"* ]]
    [ -e "$prefix/etc/mautic-upgraded/crm.conf" ]
    kill -KILL "${started[0]}"
    wait "${started[0]}" || true
    sqlite3 "$checkpoint" "INSERT INTO upgrade (id, uuid, root, state, started_ms, finished_ms)
        VALUES (1, 'u', '$BATS_TEST_TMPDIR/www', 'rollback_failed', 1, 0)"
    run -5 all sites remove crm
    [[ $output == *"neither done nor rolled back: rollback_failed"* ]]
    sqlite3 "$checkpoint" "UPDATE upgrade SET state = 'rolled_back'"
    run -0 all sites remove crm
    # What an upgrade has left is not another site's.
    mautic_create "$BATS_TEST_TMPDIR/other"
    run -1 add crm --root "$BATS_TEST_TMPDIR/other"
    [[ $output == *"holds the upgrade of $BATS_TEST_TMPDIR/www (rolled_back)"* ]]
    run -0 add crm --root "$BATS_TEST_TMPDIR/www"
    echo garbage >"$checkpoint"
    run -1 all sites remove crm
    [ -e "$prefix/etc/mautic-upgraded/crm.conf" ]
    run -0 all sites remove crm --force
}

# on_a_machine_with_systemd SCRIPT: runs it where the folders of the system are this test's own, /run/systemd/system is there, and
# systemctl is a script that writes down what it is asked for and fails at $systemctl_fails_at.
on_a_machine_with_systemd() {
    mkdir -p "$BATS_TEST_TMPDIR"/{bin,layers}
    cat >"$BATS_TEST_TMPDIR/bin/systemctl" <<EOF
#!/bin/sh
echo "\$*" >>"$BATS_TEST_TMPDIR/asked"
[ "\$*" != "$systemctl_fails_at" ] || { echo "Unit not found." >&2; exit 5; }
EOF
    chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
    unshare --mount bash -euc '
        layers=$1
        mount -t tmpfs tmpfs "$layers"
        for folder in etc var/lib; do
            mkdir -p "$layers/$folder/upper" "$layers/$folder/work"
            mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$layers/$folder/upper,workdir=$layers/$folder/work" "/$folder"
        done
        mount -t tmpfs tmpfs /run
        mkdir -p /run/systemd/system
        PATH=$2:$PATH
        ctl=$3
        eval "$4"' _ "$BATS_TEST_TMPDIR/layers" "$BATS_TEST_TMPDIR/bin" "$BUILD/client/mautic-upgradectl" "$1"
}

@test "where systemd runs, the units are enabled at last, and stopped first" {
    [ "$(id -u)" -eq 0 ] || skip "only root can mount"
    local systemctl_fails_at=none
    on_a_machine_with_systemd true || skip "no overlay can be mounted here"
    mautic_create "$BATS_TEST_TMPDIR/www"
    on_a_machine_with_systemd '"$ctl" sites add crm --root '"$BATS_TEST_TMPDIR"'/www --user root
        test -e /etc/mautic-upgraded/crm.conf -a -e /etc/systemd/system/mautic-upgraded@crm.service.d/site.conf
        test -d /var/lib/mautic-upgraded/crm
        "$ctl" sites remove crm
        test ! -e /etc/mautic-upgraded/crm.conf -a ! -e /etc/systemd/system/mautic-upgraded@crm.service.d
        "$ctl" sites add crm --root '"$BATS_TEST_TMPDIR"'/www --user root --no-systemd'
    [ ! -e /etc/mautic-upgraded/crm.conf ]
    diff "$BATS_TEST_TMPDIR/asked" - <<'EOF'
daemon-reload
enable mautic-upgraded@crm.service mautic-upgraded@crm.socket
start mautic-upgraded@crm.socket
disable --now mautic-upgraded@crm.socket mautic-upgraded@crm.service
daemon-reload
EOF
    # What systemctl says when it fails is handed on; what was made stays, and the next call goes on.
    systemctl_fails_at='start mautic-upgraded@crm.socket'
    run on_a_machine_with_systemd '"$ctl" sites add crm --root '"$BATS_TEST_TMPDIR"'/www --user root || echo "status $?"
        test -e /etc/mautic-upgraded/crm.conf'
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"Unit not found."*"goes on where this one stopped"*"status 1"* ]]
}

# sites_create NUMBER…: $BATS_TEST_TMPDIR/box-NUMBER, each with a schema in the server of box-00.
sites_create() {
    printf '%s\n' "$@" | xargs -P 3 -I@ "$sandbox" create "$BATS_TEST_TMPDIR/box-@" --files 20 --rows 20 --no-package \
        --server "$BATS_TEST_TMPDIR/box-00" --database site_@
}

# site_begin NUMBER: it is added, and its daemon is started.
site_begin() {
    box=$BATS_TEST_TMPDIR/box-$1
    add "site-$1" --root "$box/site" --set "database.socket=$(jq -r .database.socket "$box/sandbox.json")" \
        --set "package.file=$BATS_TEST_TMPDIR/box-00/package/mautic-3.zip" --set gate.settle=1 --set smoke.request=no >/dev/null
    site_daemon "site-$1"
}

@test "twenty sites are upgraded side by side, each to its right end" {
    mkdir -p "$prefix/run/mautic-upgraded"
    for number in {00..20}; do
        boxes+=("$BATS_TEST_TMPDIR/box-$number")
    done
    # The first one is upgraded by itself, and says what is right.
    "$sandbox" create "${boxes[0]}" --files 20 --rows 20 --template "$BATS_SUITE_TMPDIR/template"
    site_begin 00
    wait_until 60 daemons_answer
    accepted=$(all --site site-00 --json preflight --run | jq -r '[.findings[] | select(.severity == "warning").id] | join(",")')
    all --site site-00 start --accept "$accepted" --wait
    "$sandbox" hash "${boxes[0]}" >"$BATS_TEST_TMPDIR/right"
    "$sandbox" dump "${boxes[0]}" >>"$BATS_TEST_TMPDIR/right"
    grep -q 'app/release_metadata.json' "$BATS_TEST_TMPDIR/right"

    sites_create {01..20}
    for number in {01..20}; do
        site_begin "$number"
    done
    wait_until 60 daemons_answer
    run all start --all --jobs 4 --accept "$accepted"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"Of 21 sites:"*"  20 finished: site-01, "*"  1 finished before: site-00"* ]]
    all --json status --all | jq -e '[.sites[].state] == [range(21) | "finished"]'
    printf '%s\n' "${boxes[@]:1}" | xargs -P 3 -I@ bash -c '{ "$1" hash "$2" && "$1" dump "$2"; } | diff -u "$3" - >"$2.diff"' \
        _ "$sandbox" @ "$BATS_TEST_TMPDIR/right" || {
        head -n 20 "$BATS_TEST_TMPDIR"/box-*.diff
        return 1
    }
    [ "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'box-*.diff' -empty | wc -l)" -eq 20 ]
}
