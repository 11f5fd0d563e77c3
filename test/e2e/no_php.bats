# SPDX-License-Identifier: GPL-3.0-or-later
# An upgrade that needs no PHP of the command line: what preflight says, and what the stages do without one.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# A PHP that can be found, and that tells when it is started.
php_that_tells() {
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho "$*" >>"%s/php-was-started"\nexit 99\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/bin/php"
    chmod +x "$BATS_TEST_TMPDIR/bin/php"
    daemon_environment=(PATH="$BATS_TEST_TMPDIR/bin:$PATH")
}

no_php_was_started() {
    [ ! -e "$BATS_TEST_TMPDIR/php-was-started" ]
}

# severity ID: that of the finding, with what was seen and what to do.
finding() {
    ctl --json preflight | jq -r --arg id "$1" '.findings[] | select(.id == $id) | "\(.severity): \(.seen) \(.advice)"'
}

@test "preflight: where no PHP is needed its findings say what the web server's must be" {
    site_create
    php_that_tells
    daemon_start --set migrations.engine=native --set cache.build=defer
    ctl preflight --run || true
    [[ $(finding php_found) == "ok: not needed"* ]]
    [[ $(finding php_version) == "warning: the web server's PHP"*"must be "*" for Mautic 3"* ]]
    [[ $(finding php_extensions) == "warning: the web server's PHP"*ctype*pdo_mysql*curl* ]]
    [[ $(finding php_limits) == "warning: "*"memory_limit of 256M"* ]]
    no_php_was_started
    daemon_stop
    daemon_start --set migrations.engine=native --set cache.build=defer --set php.path=/nonexistent/php
    ctl preflight --run || true
    [[ $(finding php_found) == "warning: "*"the web server's PHP must be "* ]]
    ctl --json preflight | jq -e '[.findings[] | select(.id | startswith("php_")) | select(.severity == "error")] | length == 0'
    log_is_clean
}

@test "preflight: no PHP where one is needed is an error that names both ways out" {
    site_create
    daemon_start --set migrations.engine=native --set php.path=/nonexistent/php
    run -1 ctl preflight --run
    [[ $(finding php_found) == "error: "*"/nonexistent/php"*"php.path"*"migrations.engine = native"*"cache.build = defer"* ]]
    daemon_stop
    daemon_start --set migrations.engine=console --set cache.build=defer --set php.path=
    run -1 ctl preflight --run
    [[ $(finding php_found) == "error: "* ]]
}

@test "preflight refuses a root in which the console would find no migrations" {
    site_create
    mv "$site" "$box/site [old]"
    site="$box/site [old]"
    daemon_start
    run -1 ctl preflight --run
    [[ $(finding root_name) == "error: "*"finds no migrations"*"migrations.engine = native"* ]]
    mv "$site" "$box/site"
    site=$box/site
}

@test "cache.build = defer: the stage is skipped, visitors are let in, and the first of them builds the cache" {
    site_create
    daemon_start --set migrations.engine=console --set cache.build=defer
    run -0 upgrade
    stage_is build_cache skipped
    stage_is cleanup_files succeeded
    grep -q "stage=build_cache.*cache.build = defer" "$box/daemon.log"
    ctl log --lines 1000 | grep -q "cache.build = defer" || ctl events | grep -q "cache.build = defer"
    ! compgen -G "$site/var/cache/prod*" || false
    ! grep -q "503" "$site/index.php" || false
    address=$("$sandbox" serve "$box")
    [ "$(curl -s -o /dev/null -w '%{http_code}' "$address/")" = 200 ]
    [ -d "$site/var/cache/prod" ]
    log_is_clean
}

@test "cache.build = defer: our own request builds the cache behind the gate" {
    site_create --site-url "http://127.0.0.1:9/"
    address=$("$sandbox" serve "$box")
    sed -i "s|http://127.0.0.1:9/|$address/|" "$site/app/config/local.php"
    "$sandbox" console "$box" cache:clear
    daemon_start --set migrations.engine=console --set cache.build=defer --set smoke.request=yes
    run -0 upgrade
    stage_is build_cache skipped
    grep -q "Mautic 3 answers at 127.0.0.1" "$box/daemon.log"
    [ -d "$site/var/cache/prod" ]
}

@test "cache.build = defer: killed in the middle, the end is the same" {
    site_create
    "$sandbox" fault "$box" doctrine:migrations:execute --argument 20190724110039 --wait --times 1
    daemon_start --set migrations.engine=console --set cache.build=defer
    ctl start --accept "$(warnings)"
    wait_until 120 test -e "$box/console-waits"
    daemon_kill
    touch "$box/console-goes-on"
    daemon_start --set migrations.engine=console --set cache.build=defer
    wait_until 120 state_is finished
    stage_is build_cache skipped
}

# The end state of an undisturbed run by the consoles, but for the cache, which is not built, and what tells the time.
same_data_as_reference() {
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/dump"
    diff -u "$reference/dump" "$BATS_TEST_TMPDIR/dump" | head -n 40
    cmp "$reference/dump" "$BATS_TEST_TMPDIR/dump"
    "$sandbox" hash "$box" --ignore '^site/var/cache/prod' >"$BATS_TEST_TMPDIR/tree"
    grep -v '^site/var/cache/prod' "$reference/tree" | diff -u - "$BATS_TEST_TMPDIR/tree"
}

without_php() {
    "$1" --set migrations.engine=native --set cache.build=defer "${@:2}"
}

@test "a Mautic 2 site becomes Mautic 3 on a machine without PHP" {
    reference_create
    site_create
    php_that_tells
    without_php daemon_start
    run -0 upgrade
    no_php_was_started
    state_is finished
    stage_is build_cache skipped
    for stage in migrate_mautic_2 migrate_mautic_3; do
        stage_is "$stage" succeeded
    done
    [ "$(ctl --json migrations | jq .new)" = 0 ]
    same_data_as_reference
    log_is_clean
    # And Mautic 3 itself finds nothing left to do.
    "$sandbox" console "$box" doctrine:migrations:status | grep -E '>> New Migrations: +0'
    "$sandbox" console "$box" doctrine:schema:update --dump-sql | grep "Nothing to update"
}

@test "without PHP: with a table prefix, and php.path that names nothing" {
    site_create --prefix mtc_
    php_that_tells
    without_php daemon_start --set php.path=/nonexistent/php
    run -0 upgrade
    no_php_was_started
    [ "$(ctl --json migrations | jq -r .table)" = mtc_migrations ]
    [ "$(ctl --json migrations | jq .new)" = 0 ]
}

# killed_without_php STAGE: SIGKILL when the stage has begun, and again in the next life; the end is the same.
killed_without_php() {
    reference_create
    site_create
    php_that_tells
    without_php daemon_start
    ctl start --accept "$(warnings)"
    for _ in 1 2; do
        wait_until 120 stage_began "$1"
        daemon_kill
        without_php daemon_start
    done
    wait_until 120 upgrade_rests
    state_is finished || { ctl status; false; }
    no_php_was_started
    same_data_as_reference
}

stage_began() {
    [ "$(ctl --json stages | jq -r --arg name "$1" '.stages[] | select(.name == $name).state')" != pending ]
}

@test "without PHP: killed in Mautic 2's migrations" {
    killed_without_php migrate_mautic_2
}

@test "without PHP: killed in Mautic 3's migrations" {
    killed_without_php migrate_mautic_3
}
