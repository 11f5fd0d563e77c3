# SPDX-License-Identifier: GPL-3.0-or-later
# The configurations of packaging/nginx and packaging/apache in the real servers, before the real daemon: who gets in, what comes
# through, and as it comes. The site is only what the daemon needs to start.

load common

setup() {
    common_setup
    front=
    bare_site_create
    socket=$box/run/site.sock
}

teardown() {
    [ -z "$stream" ] || stream_end
    for process in $daemon $front; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    [ -n "$BATS_TEST_COMPLETED" ] || cat "$box/daemon.log" "$box/front/log" "$box/front.out" 2>/dev/null || true
    rm -rf "$box"
}

# serve KIND: the daemon, and KIND in front of it, as a user of daemon.group; $tls and $plain are the addresses.
serve() {
    local -a group=()
    if [ "$(id -u)" = 0 ]; then
        group=(--set daemon.group=nogroup)
        chmod 711 "$box"
    fi
    bare_daemon_launch --socket "$socket" "${group[@]}"
    mkfifo "$box/addresses"
    "$top/test/tools/front-server" "$1" "$socket" "$box/front" >"$box/addresses" 2>"$box/front.out" 3>&- &
    front=$!
    read -r tls plain <"$box/addresses"
    wait_until 30 front_answers
}

front_answers() {
    kill -0 "$front" || return 1
    get v1/status >/dev/null 2>&1
}

# get PATH [CURL OPTION…], as the one who has the password.
get() {
    local path=$1
    shift
    curl -sSf --cacert "$box/front/certificate" -u admin:secret "$@" "$tls$path"
}

# status_of CURL ARGUMENT…: the answer's status alone.
status_of() {
    curl -sS --cacert "$box/front/certificate" -o /dev/null -w '%{http_code}' "$@"
}

lets_in_who_has_the_password() {
    [ "$(status_of "$tls")" = 401 ]
    [ "$(status_of -u admin:wrong "$tls")" = 401 ]
    [ "$(status_of -u admin:secret "$plain")" = 403 ]
    [ "$(status_of -u admin:secret "$tls")" = 200 ]
    [ "$(status_of "${tls%/}")" = 308 ]
    get "" | grep -F 'data-may-drive="yes"'
}

hands_on_what_the_daemon_says() {
    get "" -D "$box/headers" -o "$box/page"
    grep -i "^content-security-policy: default-src 'none'" "$box/headers"
    grep -i '^x-content-type-options: nosniff' "$box/headers"
    grep -i '^cache-control: no-store' "$box/headers"
    # Everything that the page names lies behind the prefix.
    grep -oE '(src|href)="assets/[a-z.]+"' "$box/page" | cut -d'"' -f2 >"$box/assets"
    [ "$(sort -u "$box/assets" | wc -l)" -ge 3 ]
    while read -r asset; do
        get "$asset" -D "$box/headers" -o /dev/null
        etag=$(sed -nE 's/^etag: *([^\r]*).*/\1/pI' "$box/headers")
        [ -n "$etag" ]
        [ "$(status_of -u admin:secret -H "If-None-Match: $etag" "$tls$asset")" = 304 ]
    done <"$box/assets"
}

lets_its_own_page_drive_alone() {
    local json='Content-Type: application/json' origin=${tls%/upgrade/}
    [ "$(status_of -u admin:secret -X POST -H "$json" -H "Origin: $origin" "${tls}v1/preflight")" = 200 ]
    [ "$(status_of -u admin:secret -X POST -H "$json" -H 'Origin: https://elsewhere.example' "${tls}v1/preflight")" = 403 ]
    [ "$(status_of -u admin:secret -X POST -H "$json" -H 'Origin: https://elsewhere.example' \
        -H 'X-Forwarded-Host: elsewhere.example' "${tls}v1/preflight")" = 403 ]
    [ "$(status_of -u admin:secret -X POST -d a=b -H "Origin: $origin" "${tls}v1/preflight")" = 415 ]
    [ "$(status_of -X POST -H "$json" "${tls}v1/preflight")" = 401 ]
}

# The stream's first words come while it goes on, and before the sign of life that it gives after 15 s: a proxy that holds
# them back gives none.
hands_on_the_stream_as_it_comes() {
    stream_start "$box/stream" curl -sNf --cacert "$box/front/certificate" -u admin:secret -H 'Accept: text/event-stream' \
        "${tls}v1/events?progress=1"
    wait_until 10 grep -qx 'event: progress' "$box/stream"
    kill -0 "$stream"
    stream_end
}

goes_through() {
    serve "$1"
    lets_in_who_has_the_password
    hands_on_what_the_daemon_says
    lets_its_own_page_drive_alone
    hands_on_the_stream_as_it_comes
}

@test "nginx with packaging/nginx: a password, TLS, the page, its commands, its stream" {
    command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || skip "nginx is not here"
    goes_through nginx
}

@test "Apache with packaging/apache: a password, TLS, the page, its commands, its stream" {
    [ -x /usr/sbin/apache2 ] || skip "Apache is not here"
    goes_through apache
}
