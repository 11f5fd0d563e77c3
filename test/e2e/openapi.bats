# SPDX-License-Identifier: GPL-3.0-or-later
# What the API answers is what /openapi.json says: every call, rightly and wrongly made, in every state of a real upgrade.

load common

setup() {
    common_setup
    check=$top/test/tools/check-api
    /usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is missing"
}

teardown() {
    common_teardown
}

# The TCP listener's address: the daemon has chosen the port.
address() {
    sed -nE 's,.*http://([0-9.:]+).*,\1,p' "$box/daemon.log" | tail -n 1
}

@test "every answer is as /openapi.json says" {
    site_create
    openssl rand -hex 32 >"$box/token"
    chmod 0600 "$box/token"
    serve_packages --rate $(($(stat -c %s "$package") / 2))
    daemon_start --set listen.address=127.0.0.1:0 --set "listen.token_file=$box/token" --set package.file= \
        --set package.url="$server_url$(basename "$package")" --set package.insecure=yes
    run -0 "$check" document "$socket"
    run "$check" walk "$socket" "$state" "$(address)" "$(cat "$box/token")"
    echo "$output"
    [ "$status" = 0 ]
    # The token stands nowhere.
    ! grep -rqF "$(cat "$box/token")" "$box/daemon.log" "$box/daemon.out" "$state" || false
    log_is_clean
}
