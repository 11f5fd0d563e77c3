# SPDX-License-Identifier: GPL-3.0-or-later
# The API with curl alone, as the README shows it: every call, in that order, through a real upgrade and back.

load common

setup() {
    common_setup
    export MAUTIC_UPGRADED_SOCKET
}

teardown() {
    common_teardown
}

documented() {
    "$top/test/tools/documented" lines "$1"
}

# What a reader puts in place of the example's: the warnings and the plan of this site.
fill_in() {
    local line=$1
    case $line in
    *'["plugins"]'*) line=${line/'["plugins"]'/$(jq -c '[.findings[] | select(.severity == "warning").id]' "$box/findings")} ;;
    *'"PLAN"'*) line=${line/PLAN/$(jq -r .plan "$box/plan")} ;;
    esac
    printf '%s' "$line"
}

at_rest() {
    case $(curl -s --unix-socket "$socket" http://localhost/v1/status | jq -r .state) in
    running | rolling_back | cleaning) return 1 ;;
    esac
}

# What must be so before a line can be tried, as it is for a reader who takes time.
get_ready() {
    case $1 in
    "get /v1/status?wait"* | "get '/v1/status?wait"* | "post /v1/cancel"* | *event-stream*) ;;
    "post "*) wait_until 240 at_rest ;;
    "get '/v1/log"*) wait_until 240 state_is finished ;;
    "get /v1/clean"*) wait_until 240 state_is rolled_back ;;
    esac
}

# runs LINE: as the README has it, with its functions.
runs() {
    bash -c "$functions
        $1" >"$box/answer" 2>"$box/said"
}

@test "every example of the README works, and every call has one" {
    site_create
    daemon_start
    MAUTIC_UPGRADED_SOCKET=$socket
    documented 'README.md: API by example' >"$box/examples"
    functions=$(grep '() *{' "$box/examples")
    grep -v '() *{' "$box/examples" >"$box/lines"
    while IFS= read -r line; do
        get_ready "$line"
        line=$(fill_in "$line")
        echo "$line"
        status=0
        case $line in
        *event-stream*)
            # It has no end.
            stream_start "$box/answer" bash -c "$functions
                $line"
            wait_until 60 stream_has "$box/answer" 1
            wait_until 60 grep -q '^event: progress$' "$box/answer"
            wait_until 60 grep -q '^data: {' "$box/answer"
            stream_end
            ;;
        "post /v1/cancel"* | "post /v1/resume"* | "post /v1/prefetch/cancel"*)
            # The upgrade, or the fetching, may have been quicker: then it is refused, and it says what is allowed.
            runs "$line" || status=$?
            [ "$status" = 0 ] || jq -e '.status == 409 and (.allowed | length > 0)' "$box/answer"
            ;;
        *)
            runs "$line" || {
                cat "$box/answer" "$box/said"
                return 1
            }
            [ -s "$box/answer" ]
            ;;
        esac
        case $line in
        "post /v1/preflight") cp "$box/answer" "$box/findings" ;;
        "post /v1/schema/dump-sql"*) cp "$box/answer" "$box/plan" ;;
        esac
    done <"$box/lines"
    wait_until 240 state_is cleaned
    # Each call that there is stands in the README.
    ctl_routes=$(curl -s --unix-socket "$socket" http://localhost/v1 | jq -r '.routes[] | "\(.method | sub("GET"; "get") | sub("POST"; "post")) \(.path)"')
    while read -r method path; do
        grep -qE "^$method '?${path//\*/[A-Za-z0-9_.]+}(\?|'| |\$)" "$box/lines" || {
            echo "no example: $method $path"
            return 1
        }
    done <<<"$ctl_routes"
    log_is_clean
}

@test "events are replayed behind the last one that was seen, also after a kill -9" {
    site_create
    daemon_start
    # follow FILE ID CURL ARGUMENT…: up to that event.
    follow() {
        stream_start "$1" curl -sN --unix-socket "$socket" -H 'Accept: text/event-stream' "${@:3}"
        wait_until 60 stream_has "$1" "$2"
        stream_end
    }
    last_event() {
        ctl --json status | jq .last_event
    }
    # It fails at once, since no warning is accepted: some events.
    curl -s --unix-socket "$socket" -H 'Content-Type: application/json' -X POST http://localhost/v1/start >"$box/answer"
    wait_until 60 state_is failed
    ctl --json status | jq -e --argjson preflight "$(ctl --json preflight)" \
        '.error.acceptable == [$preflight.findings[] | select(.severity == "warning").id] and (.error.acceptable | length > 1)'
    seen=$(last_event)
    follow "$box/first" "$seen" http://localhost/v1/events
    [ "$(head -n 1 "$box/first")" = "retry: 2000" ]
    daemon_kill
    daemon_start
    curl -s --unix-socket "$socket" -H 'Content-Type: application/json' -X POST http://localhost/v1/resume >"$box/answer"
    wait_until 60 state_is failed
    last=$(last_event)
    [ "$last" -gt "$seen" ]
    follow "$box/header" "$last" -H "Last-Event-ID: $seen" http://localhost/v1/events
    follow "$box/query" "$last" "http://localhost/v1/events?last_event_id=$seen"
    for part in header query; do
        # Each once, none left out.
        [ "$(sed -n 's/^id: //p' "$box/$part")" = "$(seq $((seen + 1)) "$last")" ]
    done
    # What both daemons told is the same story.
    follow "$box/all" "$last" http://localhost/v1/events
    sed -n '3,$p' "$box/first" | cmp -n "$(sed -n '3,$p' "$box/first" | wc -c)" - <(sed -n '3,$p' "$box/all")
}

@test "/metrics is right for Prometheus and for OpenMetrics, in every state" {
    command -v promtool >/dev/null || skip "promtool is missing"
    metrics() {
        curl -s --unix-socket "$socket" "$@" http://localhost/metrics
    }
    is_right() {
        metrics | promtool check metrics
        metrics -H 'Accept: application/openmetrics-text; version=1.0.0' >"$box/open"
        /usr/bin/python3 - "$box/open" <<-'PYTHON'
	import sys
	try:
	    from prometheus_client.openmetrics.parser import text_string_to_metric_families
	except ImportError:
	    sys.exit(0)
	with open(sys.argv[1], encoding="utf-8") as file:
	    families = {family.name for family in text_string_to_metric_families(file.read())}
	assert {"mautic_upgraded_state", "mautic_upgraded_stage_attempts", "mautic_upgraded_http_requests"} <= families, families
	PYTHON
    }
    site_create
    daemon_start
    is_right
    metrics | grep -qxF 'mautic_upgraded_state{state="idle"} 1'
    ctl start || true
    wait_until 60 state_is failed
    is_right
    metrics | grep -qxF 'mautic_upgraded_error{code="ERR_PREFLIGHT_FAILED",reason="preflight_warnings"} 1'
    metrics | grep -qxF 'mautic_upgraded_stage_attempts_total{stage="preflight"} 1'
    ctl resume --accept "$(warnings)" --wait
    is_right
    metrics >"$box/metrics"
    grep -qxF 'mautic_upgraded_state{state="finished"} 1' "$box/metrics"
    grep -qxF 'mautic_upgraded_boundary{boundary="mautic_3_live"} 1' "$box/metrics"
    grep -qE '^mautic_upgraded_stage_duration_seconds\{stage="extract_package"\} [0-9.]+$' "$box/metrics"
    grep -qE '^mautic_upgraded_http_requests_total\{code="202",method="POST",route="/v1/start"\} 1$' "$box/metrics"
    [ "$(sed -n 's/^mautic_upgraded_events_total //p' "$box/metrics")" = "$(ctl --json status | jq .last_event)" ]
}

@test "by TCP with the token, and not without" {
    site_create
    openssl rand -hex 32 >"$box/token"
    chmod 0644 "$box/token"
    run -1 "$BUILD/daemon/mautic-upgraded" --root "$site" --state-dir "$state" --set listen.address=127.0.0.1:0 \
        --set "listen.token_file=$box/token" --check-config
    [[ $output == *"chmod 0600"* ]]
    chmod 0600 "$box/token"
    run -1 "$BUILD/daemon/mautic-upgraded" --root "$site" --state-dir "$state" --set listen.address=0.0.0.0:8470 \
        --set "listen.token_file=$box/token" --check-config
    [[ $output == *loopback* ]]
    daemon_start --set listen.address=127.0.0.1:0 --set "listen.token_file=$box/token"
    address=$(sed -nE 's,.*http://([0-9.:]+).*,\1,p' "$box/daemon.log")
    asks() {
        curl -s -o "$box/answer" -w '%{http_code}' "$@"
    }
    [ "$(asks "http://$address/v1/status")" = 401 ]
    [ "$(asks "http://$address/")" = 401 ]
    [ "$(asks "http://$address/assets/page.css")" = 200 ]
    with=(-H "Authorization: Bearer $(cat "$box/token")")
    [ "$(asks "${with[@]}" "http://$address/v1/status")" = 200 ]
    [ "$(asks "${with[@]}" -H 'Host: rebound.example' "http://$address/v1/status")" = 403 ]
    [ "$(asks "${with[@]}" -H 'Content-Type: application/json' -X POST "http://$address/v1/resume")" = 409 ]
    [ "$(asks -H 'Content-Type: application/json' -X POST "http://$address/v1/resume")" = 401 ]
    grep -q 'level=warning peer=tcp text="POST /v1/resume refused with 401"' "$box/daemon.log"
    # Others can't reach it, and neither log nor process list holds the token.
    port=$(printf %04X "${address##*:}")
    [ "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v end=":$port\$" '$4 == "0A" && $2 ~ end {print $2}')" = "0100007F:$port" ]
    ! grep -qF "$(cat "$box/token")" "$box/daemon.log" "/proc/$daemon/cmdline" || false
    log_is_clean
}
