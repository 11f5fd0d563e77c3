# SPDX-License-Identifier: GPL-3.0-or-later
# The sandbox itself: what it makes, that its consoles run migrations as Doctrine does, and that nothing stays behind.

load common

setup() {
    common_setup
}

teardown() {
    common_teardown
}

console() {
    "$sandbox" console "$box" "$@"
}

# numbers: executed, executed unavailable, available, new.
numbers() {
    console doctrine:migrations:status | awk '/(Executed|Unavailable|Available|New) .*Migrations:/ {print $NF}' | paste -sd ' '
}

# Gone, or dead and waiting for init to notice.
process_gone() {
    ! grep -qsv ') Z ' "/proc/$1/stat" || false
}

# Puts the package where the site was, with its local.php.
become_mautic_3() {
    mv "$site" "$box/mautic-2"
    mkdir "$site"
    python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])' "$package" "$site"
    sed 's:/app/cache:/app/../var/cache:; s:/app/logs:/app/../var/logs:' "$box/mautic-2/app/config/local.php" >"$site/app/config/local.php"
}

@test "status tells the numbers in the real one's lines and columns" {
    site_create
    [ "$(numbers)" = "8 0 12 4" ]
    run -0 console doctrine:migrations:status
    [[ $output == *"    >> Current Version:                                    2018-10-17 15:46:00 (20181017154600)"* ]]
    [[ $output == *"    >> Next Version:                                       2019-05-13 11:22:00 (20190513112200)"* ]]
    [[ $output == *"    >> New Migrations:                                     4"* ]]
    run -0 console doctrine:migrations:status --show-versions
    [[ $output == *"    >> 2017-08-30 10:45:00 (20170830104500)                not migrated"* ]]
}

@test "migrate next by next ends at New 0, then says so" {
    site_create
    for left in 2 1 0; do
        console doctrine:migrations:migrate next
        [[ $(numbers) == *" $left" ]]
    done
    run -1 console doctrine:migrations:migrate next
    [[ $output == *"Already at latest version."* ]]
    run -0 console doctrine:migrations:migrate
    [[ $output == *"No migrations to execute."* ]]
    run -0 console doctrine:schema:update --dump-sql
    [[ $output == "Nothing to update"* ]]
}

@test "Mautic 3's console goes on in the same database, to New 0" {
    site_create --prefix mtc_
    console doctrine:migrations:migrate
    become_mautic_3
    [ "$(numbers)" = "12 10 9 7" ]
    # The mere question has changed the table.
    sql "SHOW COLUMNS FROM mtc_migrations" | grep -q executed_at
    run -0 console doctrine:migrations:status
    [[ $output == *"Database Host:                                      localhost"* ]]
    console doctrine:migrations:execute 20181111095447 --up
    [ "$(numbers)" = "13 10 9 6" ]
    run -0 console doctrine:migrations:migrate 20200212141530
    [[ $output == *"SS skipped (Reason: Schema includes this migration)"* ]]
    run -0 console doctrine:migrations:migrate latest
    [ "$(numbers)" = "19 10 9 0" ]
    run -0 console doctrine:schema:update --dump-sql
    [[ $output == "Nothing to update"* ]]
    [ "$(sql "SELECT COUNT(*) FROM mtc_form_fields WHERE properties LIKE '%placeholder%'")" = 2 ]
    console cache:clear
    grep -q "'db_name' => 'mautic'" "$site/var/cache/prod/appProdProjectContainer.php"
}

@test "killed between two statements, a migration is half applied, and skips when run again" {
    site_create
    console doctrine:migrations:migrate
    become_mautic_3
    "$sandbox" fault "$box" doctrine:migrations:execute --argument 20191126093923 --at statement --statement 1 --times 1 --kill 9
    run -247 console doctrine:migrations:execute 20191126093923 --up
    [ "$(numbers)" = "12 10 9 7" ]
    [ "$(sql "SHOW COLUMNS FROM companies_leads LIKE 'manually_%'" | cut -f 1)" = manually_removed ]
    run -0 console doctrine:migrations:execute 20191126093923 --up
    [[ $output == *"SS skipped"* ]]
    [ "$(numbers)" = "13 10 9 6" ]
    [ "$(sql "SHOW COLUMNS FROM companies_leads LIKE 'manually_%'" | cut -f 1)" = manually_removed ]
}

@test "a dry run changes nothing" {
    site_create
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/before"
    run -0 console doctrine:migrations:migrate --dry-run
    [[ $output == *"ALTER TABLE"* ]]
    "$sandbox" dump "$box" | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "an older version means the way down, as with Doctrine" {
    site_create
    run -0 console doctrine:migrations:migrate 20180403090700
    [[ $output == *"Migrating down"* ]]
    [ "$(numbers)" = "7 0 12 5" ]
}

@test "schema:update --complete drops the migrations table, and migrations find all as it should be" {
    site_create
    console doctrine:migrations:migrate
    run -0 console doctrine:schema:update --force
    [[ $output == "Nothing to update"* ]]
    "$sandbox" mysql "$box" mautic -e "ALTER TABLE leads DROP favourite_colour, ADD by_hand INT; DROP INDEX page_alias_search ON pages"
    run -1 console doctrine:schema:update
    run -0 console doctrine:schema:update --force
    [ "$(sql "SHOW COLUMNS FROM leads LIKE 'favourite_colour'" | wc -l)" = 1 ]
    [ "$(sql "SHOW COLUMNS FROM leads LIKE 'by_hand'" | wc -l)" = 0 ]
    run -0 console doctrine:schema:update --force --complete
    [[ $output == *"executed"* ]]
    [ "$(sql "SHOW TABLES LIKE 'migrations'")" = "" ]
    [ "$(numbers)" = "0 0 12 12" ]
    run -0 console doctrine:migrations:migrate
    [ "$(numbers)" = "12 0 12 0" ]
    run -0 console doctrine:schema:update --dump-sql
    [[ $output == "Nothing to update"* ]]
}

@test "a failing migration is rolled back and not recorded" {
    site_create
    sql "SET foreign_key_checks = 0; DROP TABLE pages"
    run -1 console doctrine:migrations:execute 20190724110039 --up
    [[ $output == *"Migration 20190724110039 failed during Execution. Error An exception occurred while executing '"* ]]
    [ "$(sql "SELECT COUNT(*) FROM migrations WHERE version = '20190724110039'")" = 0 ]
    [ "$(sql "SELECT COUNT(*) FROM emails WHERE template = 'Mauve'")" = 1 ]

    # What is recorded already fails on the row.
    run -1 console doctrine:migrations:execute 20181017154600 --up
    [[ $output == *"Duplicate entry"* ]]
}

@test "the compiled container counts until the cache is cleared" {
    site_create
    sed -i "s/'db_name' => 'mautic'/'db_name' => 'elsewhere'/" "$site/app/config/local.php"
    [ "$(numbers)" = "8 0 12 4" ]
    console cache:clear
    run console doctrine:migrations:status
    [ "$status" -ne 0 ]
    [[ $output == *elsewhere* ]]
}

@test "the console needs the socket and the environment that it is told" {
    site_create
    status_with() {
        env -i PATH="$PATH" COLUMNS=400 "$@" "$site/app/console" doctrine:migrations:status --env=prod
    }
    right=pdo_mysql.default_socket=$(jq -r .database.socket "$box/sandbox.json")
    run -0 status_with SANDBOX_MAILER_PASSWORD=x php -d "$right"
    run -1 status_with php -d "$right"
    [[ $output == *SANDBOX_MAILER_PASSWORD* ]]
    run status_with SANDBOX_MAILER_PASSWORD=x php -d pdo_mysql.default_socket=/nonexistent
    [ "$status" -ne 0 ]
    [[ $output == *"No such file or directory"* ]]
}

@test "faults: a status, a signal after a statement, noise" {
    site_create
    "$sandbox" fault "$box" cache:clear --fail 7 --times 1 --message "Out of luck."
    run -7 console cache:clear
    [[ $output == *"Out of luck."* ]]
    run -0 console cache:clear
    "$sandbox" fault "$box" doctrine:migrations:execute --argument 20190724110039 --at statement --statement 2 --kill 9
    run -0 console doctrine:migrations:execute 20190704154940 --up
    run -247 console doctrine:migrations:execute 20190724110039 --up
    "$sandbox" fault "$box" --clear
    "$sandbox" fault "$box" cache:clear --noise 1
    [ "$(console cache:clear | wc -c)" -gt 1000000 ]
}

@test "a cache build that was killed leaves nothing for the next" {
    site_create
    console cache:clear
    "$sandbox" hash "$box" >"$BATS_TEST_TMPDIR/before"
    mv "$site/app/cache/prod" "$site/app/cache/prod_old"
    mkdir "$site/app/cache/prod"
    touch "$site/app/cache/prod/annotations.map.4711"
    console cache:clear
    "$sandbox" hash "$box" | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "a console that hangs tells where" {
    site_create
    "$sandbox" fault "$box" cache:clear --hang
    php "$site/app/console" cache:clear 3>&- &
    hanging=$!
    wait_until 10 test -s "$box/console-hangs"
    [ "$(<"$box/console-hangs")" = "$hanging" ]
    kill -KILL "$hanging"
}

@test "a create that fails leaves nothing" {
    run -1 "$sandbox" create "$BATS_TEST_TMPDIR/box" --template /dev/null
    [[ $output == *sandbox:* ]]
    [ ! -e "$BATS_TEST_TMPDIR/box" ]
}

@test "the site answers visitors" {
    site_create
    address=$("$sandbox" serve "$box")
    [ "$(curl -sS "$address/")" = "Mautic 2.16.5 has 25 contacts" ]

    # One that is still under way.
    curl -sS "$address/?hold=go" >"$BATS_TEST_TMPDIR/held" 3>&- &
    held=$!
    wait_until 10 test -e "$box/request-holds"
    kill -0 "$held"
    touch "$box/go"
    wait "$held"
    [ "$(<"$BATS_TEST_TMPDIR/held")" = "Mautic 2.16.5 has 25 contacts" ]
    "$sandbox" stop "$box"
    run -7 curl -sS "$address/"
}

@test "two creates with the same arguments are the same; another is not" {
    site_create --prefix a_
    "$sandbox" create "$BATS_TEST_TMPDIR/second" --prefix a_ --template "$BATS_SUITE_TMPDIR/template"
    "$sandbox" hash "$box" >"$BATS_TEST_TMPDIR/first.tree"
    "$sandbox" hash "$BATS_TEST_TMPDIR/second" | cmp - "$BATS_TEST_TMPDIR/first.tree"
    "$sandbox" dump "$box" >"$BATS_TEST_TMPDIR/first.dump"
    "$sandbox" dump "$BATS_TEST_TMPDIR/second" | cmp - "$BATS_TEST_TMPDIR/first.dump"

    # Each of these must be seen.
    before=$("$sandbox" hash "$box" --short)
    chmod 0600 "$site/favicon.ico"
    mode=$("$sandbox" hash "$box" --short)
    ln -sfn elsewhere "$site/downloads"
    link=$("$sandbox" hash "$box" --short)
    echo >>"$box/outside-files/files/contract.pdf"
    content=$("$sandbox" hash "$box" --short)
    mv "$site/newsletter" "$site/news"
    name=$("$sandbox" hash "$box" --short)
    [ "$(printf '%s\n' "$before" "$mode" "$link" "$content" "$name" | sort -u | wc -l)" = 5 ]
    sql "UPDATE a_leads SET avatar = 'x' WHERE id = 1"
    ! "$sandbox" dump "$box" | cmp -s - "$BATS_TEST_TMPDIR/first.dump" || false
    "$sandbox" destroy "$BATS_TEST_TMPDIR/second"
}

@test "random suffixes and the upgrade's log do not count" {
    site_create
    mkdir -p "$site/var/mautic-2-backup-files-0123456789abcdef0123456789abcdef"
    echo one >"$site/var/upgrade_log_0123456789abcdef0123456789abcdef.txt"
    first=$("$sandbox" hash "$box" --short)
    mv "$site"/var/mautic-2-backup-files-* "$site/var/mautic-2-backup-files-fedcba9876543210fedcba9876543210"
    rm "$site"/var/upgrade_log*
    echo two >"$site/var/upgrade_log_fedcba9876543210fedcba9876543210.txt"
    [ "$first" = "$("$sandbox" hash "$box" --short)" ]
}

@test "destroy leaves no file and no process, not even with a path too long for a socket" {
    long=$BATS_TEST_TMPDIR/$(printf 'd%.0s' {1..90})
    "$sandbox" create "$long" --template "$BATS_SUITE_TMPDIR/template"
    short=$(jq -r .database.socket "$long/sandbox.json")
    [ -S "$short" ]
    [ "${#short}" -le 107 ]
    server=$(<"$long/database/mariadbd.pid")
    kill -0 "$server"
    "$sandbox" stop "$long"
    wait_until 10 process_gone "$server"
    "$sandbox" start "$long"
    server=$(<"$long/database/mariadbd.pid")
    "$sandbox" stop "$long" --kill
    wait_until 10 process_gone "$server"
    "$sandbox" start "$long"
    server=$(<"$long/database/mariadbd.pid")
    "$sandbox" serve "$long"
    pages=$(<"$long/page.pid")
    "$sandbox" destroy "$long"
    [ ! -e "$long" ]
    [ ! -e "$short" ]
    wait_until 10 process_gone "$server"
    wait_until 10 process_gone "$pages"
}

@test "what is no sandbox is refused" {
    mkdir "$BATS_TEST_TMPDIR/precious"
    touch "$BATS_TEST_TMPDIR/precious/file"
    run -1 "$sandbox" destroy "$BATS_TEST_TMPDIR/precious"
    [[ $output == *"is no sandbox"* ]]
    run -1 "$sandbox" create "$BATS_TEST_TMPDIR/precious"
    [[ $output == *"is not empty"* ]]
    [ -e "$BATS_TEST_TMPDIR/precious/file" ]
    run -0 "$sandbox" --help
}

@test "packages, whole and spoilt" {
    "$sandbox" create "$BATS_TEST_TMPDIR/box" --no-database
    out=$BATS_TEST_TMPDIR/out.zip
    make() {
        "$sandbox" package "$BATS_TEST_TMPDIR/box" "$out" "$@"
    }
    make --version 3.0.1 --maximum-php 7.3.99
    python3 - "$out" <<'PYTHON'
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    metadata = json.loads(archive.read("app/release_metadata.json"))
    assert (metadata["version"], metadata["maximum_php_version"]) == ("3.0.1", "7.3.99"), metadata
    assert archive.getinfo("bin/console").external_attr >> 16 == 0o100755
    assert archive.getinfo("index.php").external_attr >> 16 == 0o100644
    assert len([name for name in archive.namelist() if name.startswith("app/migrations/Version")]) == 9
    assert "app/config/local.php" not in archive.namelist()
PYTHON
    make --corrupt index.php
    [ "$(python3 -c 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip())' "$out")" = index.php ]
    make --evil ../escaped --link away=/etc --duplicate index.php --without bin/console
    python3 -c 'import sys, zipfile; names = zipfile.ZipFile(sys.argv[1]).namelist(); assert "../escaped" in names and "away" in names and "bin/console" not in names and names.count("index.php") == 2' "$out"
    make --truncate -100
    run -1 python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1])' "$out"
    "$sandbox" destroy "$BATS_TEST_TMPDIR/box"
}
