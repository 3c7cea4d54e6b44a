#!/usr/bin/env bash
# Everything that is checked before a change lands: ruff, mypy, pytest. ./test.sh -m 'not slow' hands its options to pytest.
set -euo pipefail

ROOT=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=conf/setup.sh
source "$ROOT/conf/setup.sh"

# pytest runs even where a linter complained, so that one call tells all; its summary comes last.
main() {
    cd "$ROOT"
    check_user
    ensure_environment dev nlp training tuning
    ensure_java
    export_java_options
    export_locale
    export_spark_environment
    export_executors_python local
    unset HADOOP_CONF_DIR YARN_CONF_DIR  # tests have their files on this machine
    local complaints=0
    check ruff check || complaints=1
    check ruff format --check || complaints=1
    check mypy || complaints=1
    [[ $complaints -eq 0 ]] || say "the checks above failed, so this run fails whatever pytest says"
    "$VENV_PYTHON" -m pytest "$@" || exit $?
    exit "$complaints"
}

check() {  # TOOL OPTION...
    say "$*"
    "$VENV_PYTHON" -m "$@"
}

main "$@"
