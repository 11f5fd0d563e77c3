# SPDX-License-Identifier: GPL-3.0-or-later
# The program migrations-reader at a terminal: what it counts, what it plans, what it refuses.

load common

setup() {
    common_setup
    site_create
    mapfile -d '' environment < <(sandbox_environment)
    environment+=("MYSQL_UNIX_PORT=$(jq -r .database.socket "$box/sandbox.json")")
    table=$(sql "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '%migrations'")
    prefix=${table%migrations}
    folder=$BATS_TEST_TMPDIR/migrations
    mkdir "$folder"
}

sandbox_dump() {
    "$sandbox" dump "$box"
}

reader() {
    env "${environment[@]}" "$BUILD/migrations-reader/migrations-reader" "$@"
}

# migration VERSION BODY: a file of that version whose up() is BODY.
migration() {
    cat >"$folder/Version$1.php" <<PHP
<?php

namespace Mautic\\Migrations;

use Doctrine\\DBAL\\Schema\\Schema;
use Mautic\\CoreBundle\\Doctrine\\AbstractMauticMigration;

class Version$1 extends AbstractMauticMigration
{
    public function up(Schema \$schema): void
    {
        $2
    }
}
PHP
}

dsn() {
    jq -r '.database | "mysql://\(.user)@localhost/\(.name)?unix_socket=\(.socket)"' "$box/sandbox.json"
}

# own COMMAND…: on the migrations of the test's own folder.
own() {
    DATABASE_PASSWORD=$(jq -r '.database.password // empty' "$box/sandbox.json") \
        "$BUILD/migrations-reader/migrations-reader" "$@" --dir "$folder" --prefix "$prefix" --dsn "$(dsn)" --doctrine 2.10
}

@test "status counts what the console counts" {
    run -0 reader status --root "$site" --json
    counted=$(jq -r '[.executed, .executed_unavailable, .available, .new] | join(" ")' <<<"$output")
    run -0 reader status --root "$site" --format=doctrine
    [ "$(awk '/(Executed|Unavailable|Available|New) .*Migrations:/ {print $NF}' <<<"$output" | paste -sd ' ')" = "$counted" ]
    run -0 reader list --root "$site" --json
    [ "$(jq '[.[] | select(.state == "new")] | length' <<<"$output")" = "${counted##* }" ]
}

@test "a plan changes nothing, an apply does what it said" {
    before=$(sandbox_dump)
    run -0 reader plan --root "$site" --json
    [ "$(jq length <<<"$output")" -gt 0 ]
    [ "$(sandbox_dump)" = "$before" ]
    migration 20990101000000 '$this->addSql("CREATE TABLE {$this->prefix}extra (id INT NOT NULL, PRIMARY KEY(id))");'
    run -0 own plan --json 20990101000000
    [ "$(jq -r '.[0].verdict' <<<"$output")" = sql ]
    run -0 own apply --next
    [ "$(sql "SELECT COUNT(*) FROM ${prefix}extra")" = 0 ]
    [ "$(sql "SELECT COUNT(*) FROM $table WHERE version = '20990101000000'")" = 1 ]
    [ -z "$(sql "SHOW TABLES LIKE '%mautic_upgraded_journal'")" ]
}

@test "a failed statement is told with its tables, and the next apply goes on behind the ones that are done" {
    migration 20990101000000 '$this->addSql("CREATE TABLE {$this->prefix}extra (id INT NOT NULL, PRIMARY KEY(id))");
        $this->addSql("ALTER TABLE {$this->prefix}missing ADD name INT");
        $this->addSql("INSERT INTO {$this->prefix}extra VALUES (1)");'
    run -3 own apply --all
    [[ $output == *"statement 2 of 3"*missing* ]]
    [ "$(sql "SELECT COUNT(*) FROM $table WHERE version = '20990101000000'")" = 0 ]
    sql "CREATE TABLE ${prefix}missing (id INT)"
    run -0 own apply --all
    [ "$(sql "SELECT COUNT(*) FROM ${prefix}extra")" = 1 ]
    [ "$(sql "SELECT COUNT(*) FROM $table WHERE version = '20990101000000'")" = 1 ]
}

@test "what somebody has recorded after a failure is not sent any more" {
    migration 20990101000000 '$this->addSql("CREATE TABLE {$this->prefix}extra (id INT NOT NULL, PRIMARY KEY(id))");
        $this->addSql("ALTER TABLE {$this->prefix}missing ADD name INT");
        $this->addSql("INSERT INTO {$this->prefix}extra VALUES (1)");'
    run -3 own apply --all
    [ -n "$(sql "SHOW TABLES LIKE '%mautic_upgraded_journal'")" ]
    sql "INSERT INTO $table (version, executed_at) VALUES ('20990101000000', UTC_TIMESTAMP())"
    run -0 own apply --all
    [[ $output == *"recorded as executed since"* ]]
    [ "$(sql "SELECT COUNT(*) FROM ${prefix}extra")" = 0 ]
    [ -z "$(sql "SHOW TABLES LIKE '%mautic_upgraded_journal'")" ]
}

@test "what an interruption would lose is left to PHP" {
    migration 20990101000000 '$this->addSql("CREATE TABLE {$this->prefix}extra (id INT)");
        $this->addSql("SET @n = (SELECT COUNT(*) FROM {$this->prefix}extra)");
        $this->addSql("INSERT INTO {$this->prefix}extra VALUES (@n)");'
    run -3 own apply --all
    [[ $output == *"needs PHP"* ]]
    [ -z "$(sql "SHOW TABLES LIKE '${prefix}extra'")" ]
}

@test "only a version that is there can be marked as done" {
    migration 20990101000000 '$this->addSql("DROP TABLE nothing");'
    run own apply --mark-done 20990101000001
    [ "$status" -ne 0 ]
    [ "$(sql "SELECT COUNT(*) FROM $table WHERE version LIKE '2099%'")" = 0 ]
    run -0 own apply --mark-done 20990101000000
    [ "$(sql "SELECT COUNT(*) FROM $table WHERE version LIKE '2099%'")" = 1 ]
    run -0 own plan
    [[ $output == *"no new migrations"* ]]
}

@test "what can't be evaluated exactly is named with file and line" {
    migration 20990101000000 'for (;;) {
        }'
    migration 20990101000001 '$this->container->get("mautic.model.factory");'
    run -0 own plan --independent --json
    [ "$(jq -r '[.[].verdict] | unique | join(" ")' <<<"$output")" = needs_php ]
    [[ $(jq -r '.[1].message' <<<"$output") == *"Version20990101000001.php, line 12: the service mautic.model.factory"* ]]
}

@test "wrong command lines are refused with status 2" {
    for line in '' 'nope' 'status' 'status --root /x --dir /y' 'plan --dir .' 'show --root /x' 'apply --root /x' \
        'apply --root /x --next --all' 'status --root /x --independent' 'status --nope' 'status --root'; do
        echo "$line"
        # shellcheck disable=SC2086
        run -2 reader $line
    done
    run reader status --root /nonexistent
    [ "$status" -eq 1 ]
    run reader status --dir "$folder" --dsn mysql://nobody@127.0.0.1:1/nothing
    [ "$status" -eq 4 ]
}

teardown() {
    common_teardown
}
