# shellcheck shell=bash
# What spark-submit.sh and test.sh share: Python's environment here, Java and Spark's surroundings in the files it sources.
# Sourced under `set -euo pipefail`, with ROOT set to the repository's root. Needs bash 4.4 and the usual POSIX tools.

VENV=$ROOT/.venv
VENV_PYTHON=$VENV/bin/python
UV=$VENV/bin/uv
SITE_PACKAGES=$VENV/lib/python3.11/site-packages
LOCK=$ROOT/conf/lock                      # what is installed, with hashes; conf/renew_lock.sh writes it
STAMP=$VENV/finrec_spark.installed        # what is there: the digest of the lock, then the extras
UNFINISHED=$VENV/finrec_spark.unfinished  # is there only while something is being installed
SETUP_LOG=$ROOT/logs/setup.log
SETUP_LOCK=$ROOT/build/setup.lock
NEEDED_MB=2500  # the environment takes 1.0 GB, and uv's cache as much again beside it
NEEDED_MB_FOR_TRAINING=10000  # PyTorch brings CUDA's libraries: 5.3 GB, downloaded packed

# shellcheck source=conf/java.sh
source "$ROOT/conf/java.sh"
# shellcheck source=conf/surroundings.sh
source "$ROOT/conf/surroundings.sh"

say() {
    printf 'finrec_spark: %s\n' "$*" >&2
}

fail() {  # EXIT_CODE MESSAGE...
    local code=$1
    shift
    say "$*"
    exit "$code"
}

# Makes .venv with the package, its locked dependencies and the named extras, or does nothing where it is up to date.
ensure_environment() {  # EXTRA...
    environment_stands "$@" && return
    take_setup_lock
    environment_stands "$@" || make_environment "$@"  # another set-up may have made it meanwhile
    release_setup_lock
}

environment_stands() {  # EXTRA...
    is_sound && [[ -r $STAMP ]] || return 1
    local digest installed extra
    { read -r digest && read -r installed; } <"$STAMP" || return 1
    [[ $digest == "$(lock_digest)" ]] || return 1
    for extra in "$@"; do
        [[ " $installed " == *" $extra "* ]] || return 1
    done
}

# Changes with the lock and with the folder (an editable install knows its path). cksum is on every POSIX machine.
lock_digest() {
    { printf '%s\n' "$ROOT" && cat "$ROOT/setup.py" "$LOCK"/*.txt; } | cksum | tr ' ' '-'
}

make_environment() {  # EXTRA...
    local extras extra python=""
    extras=$(union_of_extras "$@")  # what was there stays: a job must not take test.sh's tools away
    check_disk "$extras"
    is_sound || python=$(find_python)
    trap 'fail 130 "set-up interrupted; the next call makes the environment anew"' INT
    say "making the environment in .venv (once; seconds where uv has it all in its cache${extras:+; with: $extras})"
    [[ -z $python ]] || make_empty_venv "$python"
    run_installer "$VENV_PYTHON" -m pip install --no-input --disable-pip-version-check --require-hashes \
        --requirement "$LOCK/uv.txt"
    local requirements=(--requirement "$LOCK/base.txt")
    for extra in $extras; do
        requirements+=(--requirement "$LOCK/$extra.txt")
    done
    uv_install --require-hashes "${requirements[@]}"
    uv_install --no-deps --editable "$ROOT"
    write_stamp "$extras"
    trap - INT
}

union_of_extras() {  # EXTRA...
    local installed=""
    [[ ! -r $STAMP ]] || installed=$(sed -n 2p "$STAMP")
    # shellcheck disable=SC2086  # the words are meant to be split
    printf '%s\n' base $installed "$@" | grep -vx base | sort -u | paste -sd ' ' - || true
}

write_stamp() {  # "EXTRA EXTRA"
    printf '%s\nbase %s\n' "$(lock_digest)" "$1" >"$STAMP.new"
    mv "$STAMP.new" "$STAMP"
}

# What a kill left half-made is not worth a diagnosis.
is_sound() {
    [[ -x $VENV_PYTHON && -d $SITE_PACKAGES && ! -e $UNFINISHED ]]
}

make_empty_venv() {  # PYTHON
    rm -rf "$VENV"
    mkdir -p "$VENV"
    : >"$UNFINISHED"
    "$1" -m venv "$VENV" >"$SETUP_LOG" 2>&1 || fail 1 "$1 could not make $VENV: $(tail -n 1 "$SETUP_LOG")"
}

find_python() {
    local candidate found=""
    while read -r candidate; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || continue
        "$candidate" -c 'import ensurepip, venv' 2>/dev/null && echo "$candidate" && return
        found=$candidate
    done < <(type -aP python3.11 python3 python || true)
    [[ -z $found ]] || fail 1 "$found lacks the module venv: install it (on Debian: apt install python3.11-venv)"
    fail 1 "needs Python 3.11, and found $(other_python) on the PATH: install Python 3.11"
}

other_python() {
    python3 --version 2>/dev/null || echo "no Python"
}

check_disk() {  # "EXTRA EXTRA"
    local free_kb needed_mb=$NEEDED_MB
    [[ " $1 " != *" training "* || -d $SITE_PACKAGES/torch ]] || needed_mb=$NEEDED_MB_FOR_TRAINING
    free_kb=$(df -Pk "$ROOT" | awk 'NR == 2 { print $4 }')
    ((free_kb / 1024 >= needed_mb)) ||
        fail 1 "needs $needed_mb MB of free disk for the environment, $((free_kb / 1024)) MB are free in $ROOT: make room"
}

# The cache alone comes first: a mirror that says nothing of how long its answers hold has uv ask and build all anew.
uv_install() {  # WHAT...
    local command=("$UV" pip install --python "$VENV_PYTHON" --build-constraints "$LOCK/build.txt" "$@")
    export_uv_settings
    : >"$UNFINISHED"
    "${command[@]}" --offline >"$SETUP_LOG" 2>&1 || run_installer "${command[@]}"
    rm -f "$UNFINISHED"
}

# uv is told what pip is set to: the index, its authorities, a proxy. Its cache needs a folder that can be written.
export_uv_settings() {
    local setting
    while IFS= read -r setting; do
        export "${setting?}"
    done < <("$VENV_PYTHON" "$ROOT/conf/uv_settings.py")
    can_write "${UV_CACHE_DIR:-$("$UV" cache dir)}" || export UV_CACHE_DIR=$ROOT/build/uv-cache
}

# An installer that gives up before it touches anything leaves things whole; one that was killed or broke off does not.
run_installer() {  # COMMAND...
    "$@" >"$SETUP_LOG" 2>&1 && return
    [[ ! -e $STAMP ]] || grep -qE 'No space left|Failed to (un)?install' "$SETUP_LOG" || rm -f "$UNFINISHED"
    fail 1 "$(why_it_failed) ($(last_words); all of it: $SETUP_LOG)"
}

why_it_failed() {
    local unreachable='Connection(Error| ?Refused| reset| broken)|Max retries|timed out|name resolution'
    unreachable+='|Name or service not known|ProxyError|SSLError|error sending request|invalid peer certificate'
    if grep -q 'No space left on device' "$SETUP_LOG"; then
        echo "the disk is full: make room and call again"
    elif grep -qiE "$unreachable" "$SETUP_LOG"; then
        echo "the package index was not reachable: check the network, or the index and proxy that pip and uv are set to"
    else
        echo "the installation failed"
    fi
}

last_words() {
    grep -E '^ *(ERROR|error|cause)|[×╰]' "$SETUP_LOG" | tail -n 2 | tr -s ' \n' ' ' | sed 's/^ //; s/ $//'
}

can_write() {  # FOLDER, made where it is missing
    { mkdir -p "$1" && [[ -w $1 ]]; } 2>/dev/null
}

# One set-up at a time. The installer inherits the lock: it stays taken until even an orphaned one has ended.
take_setup_lock() {
    mkdir -p "$ROOT/build" "$ROOT/logs" 2>/dev/null || fail 1 "cannot write in $ROOT: make it writable"
    exec 9>"$SETUP_LOCK"
    type -P flock >/dev/null || return 0
    flock -n 9 && return
    say "another set-up is running here: waiting for it"
    flock 9
}

release_setup_lock() {
    exec 9>&-
}
