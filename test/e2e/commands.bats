# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what tests and common.bash share
# The commands of the README and the man pages, taken from there and run. The site is the sandbox's in place of /var/www/mautic,
# and its warnings stand in place of the example's; test/tools/documented knows which test runs which command.

load common

setup() {
    common_setup
    export LC_ALL=C.UTF-8
    unset MAUTIC_UPGRADED_SOCKET
    programs=$BATS_TEST_TMPDIR/programs
    prefix=
    mkdir "$programs"
}

teardown() {
    common_teardown
}

# documented PLACE: its lines in the array `lines_of`, as they are for this site.
documented() {
    local line
    lines_of=()
    while IFS= read -r line; do
        line=${line//\/var\/www\/mautic/$site}
        line=${line/plugins,spool/$accepted}
        line=${line/--accept spool/--accept $accepted}
        lines_of+=("${line/'["plugins"]'/$(jq -cR 'split(",")' <<<"$accepted")}")
    done < <("$top/test/tools/documented" lines "$1")
    [ "${#lines_of[@]}" -gt 0 ]
}

# programs_create: what a reader has in his PATH. The daemon takes from this script what the site's server and its PHP's
# environment are, the client with a prefix takes it.
programs_create() {
    local -a environment
    mapfile -d '' environment < <(sandbox_environment)
    cat >"$programs/mautic-upgraded" <<EOF
#!/bin/bash
exec env $(printf '%q ' "${environment[@]}") $(printf '%q' "$BUILD/daemon/mautic-upgraded") "\$@" \
    --set $(printf '%q' "database.socket=$(jq -r .database.socket "$box/sandbox.json")") \
    --set $(printf '%q' "package.file=$package") --set smoke.request=no --set gate.settle=1
EOF
    cat >"$programs/mautic-upgradectl" <<EOF
#!/bin/bash
exec $(printf '%q' "$BUILD/client/mautic-upgradectl") ${prefix:+--prefix-root $(printf '%q' "$prefix")} "\$@"
EOF
    chmod +x "$programs"/*
    PATH=$programs:$PATH
}

# What preflight would find, asked before the reader's first command.
warnings_find() {
    daemon_start
    accepted=$(warnings)
    daemon_stop
    rm -r "$state"
    [ -n "$accepted" ]
}

# runs STATUS LINE: as a reader's shell does.
runs() {
    echo "\$ $2"
    run bash -c "$2" 3>&-
    echo "$output"
    [ "$status" -eq "$1" ]
    [ -n "$output" ]
}

@test "each command that the README and the man pages show has a test that runs it" {
    run "$top/test/tools/documented" check
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$("$top/test/tools/documented" list | grep -c '^    ')" -gt 90 ]
}

@test "the README's five minutes: begun, failed, resumed, rolled back, by curl, rolled back" {
    site_create
    accepted=
    warnings_find
    programs_create
    cd "$box"
    export HOME=$box
    documented 'README.md: Five minutes to a real upgrade'
    [ "${#lines_of[@]}" -eq 4 ]
    [[ ${lines_of[0]} == "mautic-upgraded "*" &" ]]
    { eval "${lines_of[0]}"; } >>"$box/daemon.log" 2>&1 3>&-
    daemon=$!
    socket=$HOME/mautic-upgrade/daemon.sock
    wait_until 60 daemon_answers
    eval "${lines_of[1]}"
    [ "$MAUTIC_UPGRADED_SOCKET" = "$socket" ]
    runs 0 "${lines_of[2]}"
    "$sandbox" fault "$box" doctrine:migrations:execute --argument 20191126093923 --fail 1 --times 1
    start=${lines_of[3]}
    runs 3 "$start"
    [[ $output == *ERR_MAUTIC_3_MIGRATIONS_FAILED* ]]

    documented 'README.md: Five minutes to a real upgrade 2'
    [ "${#lines_of[@]}" -eq 2 ]
    runs 0 "${lines_of[0]}"
    runs 0 "${lines_of[1]}"
    state_is finished

    documented 'README.md: How to go back'
    [ "${#lines_of[@]}" -eq 2 ]
    back=${lines_of[1]}
    echo "\$ ${lines_of[0]}"
    script -qec "${lines_of[0]}" /dev/null <<<rollback 3>&-
    wait_until 240 state_is rolled_back

    documented 'mautic-upgraded-api.7: EXAMPLES'
    [ "${#lines_of[@]}" -eq 3 ]
    lines_of=("${lines_of[@]//SOCKET/$socket}")
    runs 0 "${lines_of[0]}"
    runs 0 "${lines_of[1]}"
    jq -e '.state == "running"' <<<"$(curl -s --unix-socket "$socket" http://localhost/v1/status)"
    stream_start "$box/events" bash -c "${lines_of[2]}"
    wait_until 60 stream_has "$box/events" 1
    stream_end
    wait_until 240 state_is finished
    runs 0 "$back"
    state_is rolled_back

    documented 'README.md: Watching it'
    [ "${#lines_of[@]}" -eq 3 ]
    for line in "${lines_of[@]}"; do
        runs 0 "$line"
    done
    tar -tzf help.tar.gz >/dev/null
    for view in status list "show 20190724110039" plan; do
        runs 0 "mautic-upgradectl migrations $view"
    done
    log_is_clean
}

# The daemon of the site crm, as systemd would start it.
crm_daemon() {
    mautic-upgraded --site crm --config "$prefix/etc/mautic-upgraded/crm.conf" --state-dir "$prefix/var/lib/mautic-upgraded/crm" \
        --socket "$socket" >>"$box/daemon.log" 2>&1 3>&- &
    daemon=$!
    wait_until 60 daemon_answers
}

@test "the README's and the man page's commands for many sites" {
    site_create
    accepted=
    warnings_find
    prefix=$BATS_TEST_TMPDIR/prefix
    socket=$prefix/run/mautic-upgraded/crm.sock
    mkdir -p "$(dirname "$socket")"
    programs_create
    cd "$box"
    # Who runs the tests may be root, whose own sites must be said to be meant.
    add="mautic-upgradectl sites add crm --root /var/www/mautic"
    add="${add//\/var\/www\/mautic/$site} --user $(id -u)"
    runs 0 "$add"
    crm_daemon
    documented 'README.md: Under systemd'
    [ "${#lines_of[@]}" -eq 4 ]
    for line in "${lines_of[@]:0:3}"; do
        runs 0 "$line"
    done
    state_is finished
    ctl rollback --yes --wait
    daemon_stop
    runs 0 "${lines_of[3]}"
    [ ! -e "$prefix/etc/mautic-upgraded/crm.conf" ]

    documented 'mautic-upgradectl.1: EXAMPLES'
    [ "${#lines_of[@]}" -eq 7 ]
    runs 0 "${lines_of[0]} --user $(id -u)"
    crm_daemon
    for line in "${lines_of[@]:1}"; do
        runs 0 "$line"
    done
    state_is finished
    tar -tzf crm.tar.gz >/dev/null
    log_is_clean
}

@test "the example of mautic-upgraded.conf(5) is a configuration" {
    site=$BATS_TEST_TMPDIR/www
    accepted=
    mkdir -p "$site/app"
    documented 'mautic-upgraded.conf.5: EXAMPLES'
    printf '%s\n' "${lines_of[@]//webmasters/$(id -gn)}" >"$BATS_TEST_TMPDIR/crm.conf"
    run "$BUILD/daemon/mautic-upgraded" --check-config --config "$BATS_TEST_TMPDIR/crm.conf"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"$site"* ]]
}

@test "packaging/bootstrap demo: killed in the middle it goes on, and nothing is left" {
    accepted=
    site=
    documented 'README.md: mautic-upgraded'
    [ "${lines_of[*]}" = "packaging/bootstrap demo packaging/bootstrap test" ]
    # What the first one runs when it has built.
    export TMPDIR=$BATS_TEST_TMPDIR/demo
    mkdir "$TMPDIR"
    run "$top/packaging/demo" "$BUILD" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"-- killed: process "*"(Mautic 3."*"done: nothing is left running"* ]]
    [ -z "$(find "$TMPDIR" -mindepth 1)" ]
}

@test "packaging/bootstrap install: meson install puts programs that run where it was told" {
    run meson install -C "$BUILD" --no-rebuild --destdir "$BATS_TEST_TMPDIR/root"
    [ "$status" -eq 0 ]
    prefix=$BATS_TEST_TMPDIR/root$(meson introspect --buildoptions "$BUILD" | jq -r '.[] | select(.name == "prefix").value')
    for program in sbin/mautic-upgraded bin/mautic-upgradectl bin/migrations-reader; do
        LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name 'libmigrations-reader.so.0')") run -0 "$prefix/$program" --version
    done
    # And nowhere else: who installs in a DESTDIR makes a package of it.
    [ -z "$(find "$BATS_TEST_TMPDIR/root" -type f ! -path "$prefix/*")" ]
}

@test "test/bench/run tries whether the API's benchmark works, in which no request fails" {
    command -v h2load >/dev/null || skip "h2load is missing"
    run "$top/test/bench/run" "$BUILD" --quick --only api --json "$BATS_TEST_TMPDIR/figures.json" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    jq -e . "$BATS_TEST_TMPDIR/figures.json" >/dev/null
}
