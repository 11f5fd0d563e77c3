# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2154 # common.bash sets them
# The live view on a real terminal (tmux): what stands on the screen, and what is left of it.

load common

setup() {
    common_setup
    export LC_ALL=C.UTF-8
    unset MAUTIC_UPGRADED_SOCKET NO_COLOR
    tmux_socket=$BATS_TEST_TMPDIR/tmux
    screen_start 100 30
}

teardown() {
    tmux -S "$tmux_socket" kill-server 2>/dev/null || true
    common_teardown
}

# screen_start COLUMNS ROWS: a shell on a terminal of that size.
screen_start() {
    env -u TMUX PS1='$ ' tmux -S "$tmux_socket" -f /dev/null new-session -d -x "$1" -y "$2" -s watch \
        "env PS1='READY\$ ' bash --norc --noprofile" 3>&-
    wait_for_screen READY
}

resize() {
    tmux -S "$tmux_socket" resize-window -t watch -x "$1" -y "$2"
}

keys() {
    tmux -S "$tmux_socket" send-keys -t watch "$@"
}

screen() {
    tmux -S "$tmux_socket" capture-pane -p -t watch "$@"
}

screen_has() {
    screen | grep -qE -- "$1"
}

screen_lacks() {
    ! screen_has "$1"
}

wait_for() {
    local deadline=$((SECONDS + 60))
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || {
            echo "waited in vain for: $*"
            screen
            return 1
        }
        sleep 0.05
    done
}

wait_for_screen() {
    wait_for screen_has "$1"
}

terminal() {
    tmux -S "$tmux_socket" display-message -p -t watch "$1"
}

is_on_other_screen() {
    [ "$(terminal '#{alternate_on}')" = 1 ]
}

# As it was before the view: screen, cursor, echo.
is_restored() {
    [ "$(terminal '#{alternate_on} #{cursor_flag} #{wrap_flag}')" = "0 1 1" ]
}

# No line is wider than the screen, and the view stands on it from the first line on.
fits() {
    screen | head -n 1 | grep -q running
    screen | python3 -c 'import sys, unicodedata
for line in sys.stdin.read().split("\n"):
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line.rstrip())
    assert width <= int(sys.argv[1]), (width, line)' "$1"
}

# A site whose package comes slowly: there is time to look.
upgrade_slowly() {
    site_create
    serve_packages --rate "$(($(stat -c %s "$package") / 40))"
    slow=(--set "package.file=" --set "package.url=$server_url$(basename "$package")" --set package.insecure=yes
        --set package.prefetch=no)
    daemon_start "${slow[@]}"
    ctl start --accept "$(warnings)"
    wait_until 60 stage_is download_package running
}

watch_it() {
    keys "$* $BUILD/client/mautic-upgradectl --socket $socket watch; echo ENDED-\$?" Enter
    wait_for_screen 'Download the Mautic 3 package +[0-9]'
    wait_for_screen '[0-9] %, .*left'
}

percent() {
    screen | sed -nE 's/^ .* ([0-9]+) %.*/\1/p' | head -n 1
}

moved_on() {
    [ "$(percent)" -gt "$1" ]
}

@test "sizes, resizing, Ctrl-Z, a killed daemon and Ctrl-C, in the middle of an upgrade" {
    upgrade_slowly
    watch_it
    is_on_other_screen
    [ "$(terminal '#{cursor_flag}')" = 0 ]
    fits 100
    screen_has '^ ✓ Back up the database'
    screen_has 'stages done\)$'
    screen_has 'Ctrl-C or q ends the view; the upgrade goes on'
    before=$(percent)
    wait_for moved_on "$before"
    # Keys that are typed are not echoed into it.
    keys xyz
    wait_for moved_on "$(percent)"
    screen_lacks xyz

    for size in '40 10' '20 6' '120 40' '60 12' '100 30'; do
        read -r columns rows <<<"$size"
        resize "$columns" "$rows"
        wait_for screen_has '^ ▸ Dow'
        wait_for fits "$columns"
        [ "$(screen | grep -c '▸')" -eq 1 ]
        [ "$(screen | grep -c running)" -eq 1 ]
    done
    # The last lines of the log are there also where there is little room.
    resize 60 10
    wait_for_screen '^ [0-9:]{8} The package is taken'
    resize 100 30

    keys C-z
    wait_for_screen Stopped
    is_restored
    keys fg Enter
    wait_for_screen '^ ▸ Dow'
    is_on_other_screen

    daemon_kill
    wait_for_screen 'The daemon is gone; waiting for it \([0-9]+ s left\)'
    screen_has '^ ▸ Dow'
    daemon_start "${slow[@]}"
    wait_for screen_lacks 'The daemon is gone'
    wait_for_screen 'begins again \(attempt 2\)'

    keys C-c
    wait_for_screen 'the upgrade goes on without a watcher'
    # The shell has gone on behind the first stop, so it is asked anew.
    keys 'echo ENDED-$?' Enter
    wait_for_screen ENDED-130
    is_restored
    screen_has '^ ▸ Download the Mautic 3 package'
    keys 'echo "is ech""oed"' Enter
    wait_for_screen '^is echoed$'
    [ "$(ctl --json status | jq -r .state)" = running ]

    # q, SIGTERM and SIGKILL of a job that is stopped leave the terminal as it was, too.
    keys clear Enter
    watch_it
    keys q
    wait_for_screen ENDED-130
    is_restored
    keys clear Enter
    watch_it
    kill -TERM "$(pgrep -f "^$BUILD/client/mautic-upgradectl --socket $socket watch")"
    wait_for_screen ENDED-143
    is_restored
}

@test "a daemon that is silent does not keep Ctrl-C and the size waiting" {
    upgrade_slowly
    watch_it
    kill -STOP "$daemon"
    resize 50 20
    wait_for fits 50
    keys C-c
    wait_for_screen ENDED-130
    is_restored
    kill -CONT "$daemon"
}

@test "at the end there is a summary, and the right exit status; colours only where they are wanted" {
    upgrade_slowly
    watch_it
    screen -e | grep -q $'\e\\[1m'
    keys C-c
    wait_for_screen ENDED-130
    keys clear Enter
    watch_it NO_COLOR=1
    ! screen -e | grep -qE $'\e\\[[0-9;]*m' || false
    # The rest of it comes at once.
    daemon_kill
    daemon_start
    wait_for_screen ENDED-0
    is_restored
    screen_has '^ ✓ Put the upgrade.s files away +[0-9]'
    screen_has '^ ✓ Download the Mautic 3 package +[0-9]'
    screen_has '^The upgrade is finished. It took [0-9]'
    keys clear Enter
    keys "TERM=dumb $BUILD/client/mautic-upgradectl --socket $socket watch; echo ENDED-\$?" Enter
    wait_for_screen ENDED-0
    screen_has '^cleanup_files: succeeded'
}
