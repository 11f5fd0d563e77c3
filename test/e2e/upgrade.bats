# SPDX-License-Identifier: GPL-3.0-or-later
# A whole upgrade with the real programs, and what the old script did to a site and ours must not.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

@test "a Mautic 2 site becomes Mautic 3, through all eleven stages" {
    site_create
    daemon_start
    run -0 upgrade
    [[ $output == *finished* ]]
    ctl --json stages | jq -e '[.stages[] | select(.state != "succeeded" and .state != "skipped")] | length == 0'
    [ "$(ctl --json status | jq -r '.from_version, .to_version' | paste -sd ' ')" = "2.16.5 3.0.2" ]
    [ ! -e "$site/app/version.txt" ]
    [ -x "$site/bin/console" ]
    [ "$(ctl --json migrations | jq .new)" = 0 ]
    [ "$(ctl --json migrations | jq .executed_unavailable)" -gt 0 ]
    log_is_clean

    # How long visitors got the 503 page: a part of the whole, the same in every place, and over.
    ctl --json status | jq -e '.downtime_since == null and .downtime_seconds > 0 and .downtime_seconds < .elapsed_seconds'
    downtime=$(ctl --json status | jq .downtime_seconds)
    ctl status | grep -E '^downtime +Visitors got the 503 page for [0-9.]+ '
    ctl log | grep -E 'The upgrade is finished. Visitors got the 503 page for [0-9.]+ '
    curl -sf --unix-socket "$socket" http://localhost/metrics | grep -Fx "mautic_upgraded_downtime_seconds $downtime"

    # The script's own names, put away with modes that the web can't read.
    compgen -G "$site/var/mautic-2-backup-files-*"
    [ "$(stat -c %a "$site"/var/mautic-2-backup-files-*)" = 700 ]
    [ "$(stat -c %a "$site"/var/upgrade_log_*.txt)" = 600 ]
    [ ! -e "$site/mautic-3-temp-files" ]
    [ ! -e "$site/upgrade_log.txt" ]
    ! compgen -G "$site/*.zip" || false
    ! compgen -G "$site/*.sql*" || false
    [ "$(stat -c %a "$state"/m3_upgrade_db_backup.sql.zst)" = 600 ]

    # Started again, a finished upgrade stays finished.
    daemon_stop
    daemon_start
    state_is finished
    [ "$(ctl --json status | jq .downtime_seconds)" = "$downtime" ]
    run -5 ctl start
}

@test "local.php has Mautic 3's values, its comments and its other bytes" {
    site_create
    cp "$site/app/config/local.php" "$BATS_TEST_TMPDIR/before.php"
    daemon_start
    upgrade
    after=$site/app/config/local.php
    grep -q "'api_rate_limiter_cache' => \['adapter' => 'cache.adapter.filesystem'\]" "$after"
    grep -q "'mailer_transport' *=> 'sendmail'" "$after"
    grep -q "https://api.github.com/repos/mautic/mautic/releases" "$after"
    ! grep -q "track_by_fingerprint\|webhook_start" "$after" || false
    grep -q "/../var/cache" "$after"
    grep -q "getenv" "$after"
    # Every comment line of before is there still.
    grep -E '^\s*(//|#|/?\*)' "$BATS_TEST_TMPDIR/before.php" | while IFS= read -r line; do
        grep -qF -- "$line" "$after"
    done
    php -l "$after"
}

# restores_as_it_was [OPTION…]: upgrades, and compares what the backup makes with the database before.
restores_as_it_was() {
    site_create
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/before.dump"
    daemon_start "$@"
    upgrade
    "$sandbox" mysql "$box" -e "DROP DATABASE mautic; CREATE DATABASE mautic CHARACTER SET utf8mb4"
    zstd -dc "$state/m3_upgrade_db_backup.sql.zst" | "$sandbox" mysql "$box" mautic
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/after.dump"
    diff -u "$BATS_TEST_TMPDIR/before.dump" "$BATS_TEST_TMPDIR/after.dump"
}

@test "the backup restores into an empty database and is the database as it was" {
    restores_as_it_was
}

@test "so does a native one" {
    restores_as_it_was --set backup.tool=native
    [[ $(ctl --json status | jq -r .backup.verdict) =~ ^(verified|structure_only)$ ]]
    grep -q "connections of its own" <(ctl events)
}

@test "nothing outside the root is touched and no link is followed" {
    site_create
    (cd "$box/outside-files" && find . -type f -exec sha256sum {} + | sort) >"$BATS_TEST_TMPDIR/outside"
    daemon_start
    upgrade
    (cd "$box/outside-files" && find . -type f -exec sha256sum {} + | sort) | cmp - "$BATS_TEST_TMPDIR/outside"
    [ -L "$site/media/files" ]
}

@test "what users keep is there afterwards" {
    site_create
    "$top/test/tools/user-files" "$site" "$package" >"$BATS_TEST_TMPDIR/before"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/before")" -gt 20 ]
    daemon_start
    upgrade
    "$top/test/tools/user-files" "$site" "$package" | diff -u "$BATS_TEST_TMPDIR/before" -
}

migrations_table() {
    "$sandbox" mysql "$box" -N -e "SHOW CREATE TABLE mautic.migrations; CHECKSUM TABLE mautic.migrations"
}

@test "status and migrations never alter the migrations table" {
    site_create
    before=$(migrations_table)
    daemon_start
    ctl status
    ctl migrations
    ctl preflight --run || true
    ctl migrations
    after=$(migrations_table)
    [ "$before" = "$after" ]
}

@test "with a table prefix" {
    site_create --prefix mtc_
    daemon_start
    upgrade
    [ "$(ctl --json migrations | jq -r .table)" = mtc_migrations ]
    [ "$(ctl --json migrations | jq .new)" = 0 ]
}

@test "preflight changes nothing on the site" {
    site_create
    "$sandbox" hash "$box" >"$BATS_TEST_TMPDIR/before"
    daemon_start
    ctl preflight --run || true
    run -3 ctl start --wait
    [ "$(failure)" = "ERR_PREFLIGHT_FAILED preflight_warnings" ]
    rm -f "$site/upgrade_log.txt"
    "$sandbox" hash "$box" | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "an id that no warning has is refused with those that there are" {
    site_create
    daemon_start
    run -1 ctl start --accept php_versions --accept plugins
    [[ $output == *"'php_versions'"* ]]
    run -1 ctl start --accept plugins,php_versions
    [[ $output == *"'php_versions'"*"php_version, php_extensions"*"rerun_migration_VERSION"* ]]
    state_is idle
}

@test "a warning is accepted by its id, and the rest goes on" {
    site_create
    daemon_start
    run -3 ctl start --wait
    first=$(warnings)
    [ -n "$first" ]
    run -3 ctl resume --accept "${first%%,*}" --wait
    [[ $(message) != *"${first%%,*}"* ]]
    run -0 ctl resume --accept "$first" --wait
}

@test "cancelled, it waits for resume, across a restart too" {
    site_create
    daemon_environment=(LD_PRELOAD="$(preload)")
    slow_package
    daemon_start --set package.file= --set package.url="$slow_url" --set package.insecure=yes --set package.prefetch=no
    ctl start --accept "$(warnings)"
    wait_until 60 stage_is download_package running
    ctl cancel
    wait_until 30 state_is interrupted
    daemon_stop
    daemon_start --set package.file= --set package.url="$slow_url" --set package.insecure=yes --set package.prefetch=no
    state_is interrupted
    run -0 ctl resume --wait
}

# Serves the package so slowly that a test can act in the middle of the download.
slow_package() {
    serve_packages --rate $(($(stat -c %s "$package") / 4))
    slow_url=$server_url$(basename "$package")
}

@test "SIGTERM in the middle: a clean stop, and the next start goes on" {
    reference_create
    site_create
    daemon_environment=(LD_PRELOAD="$(preload)")
    slow_package
    daemon_start --set package.file= --set package.url="$slow_url" --set package.insecure=yes --set package.prefetch=no
    ctl start --accept "$(warnings)"
    wait_until 60 stage_is download_package running
    daemon_stop
    daemon_start --set package.file= --set package.url="$slow_url" --set package.insecure=yes --set package.prefetch=no
    wait_until 120 upgrade_rests
    state_is finished
    same_as_reference
}

@test "resume = ask waits for a word" {
    site_create
    daemon_environment=(LD_PRELOAD="$(preload)" FAULT_STAGE=extract_package FAULT_AT=5 FAULT_ACTION=kill)
    daemon_start
    ctl start --accept "$(warnings)"
    wait_until 60 daemon_gone
    daemon_environment=()
    daemon_start --set daemon.resume=ask
    state_is interrupted
    run -0 ctl resume --wait
}
