#!/usr/bin/env bash
# ./spark-submit.sh [spark-submit's options] JOB [the job's options]: runs jobs/JOB.py through Spark's own spark-submit.
# Sets up what is missing first: Python's environment, Java (conf/setup.sh).
set -euo pipefail

ROOT=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=conf/setup.sh
source "$ROOT/conf/setup.sh"

# What the command line says, filled by read_command_line.
SPARK_OPTIONS=()    # spark-submit's options but for those below
JOB=""
JOB_OPTIONS=()
CONF=""             # the file of the job's --conf
MASTER=""
DEPLOY_MODE=""
PY_FILES=""
PROPERTIES_FILE=""
VERBOSE=false

ARCHIVE=$ROOT/build/finrec_spark-code.zip  # the package, for executors elsewhere

main() {
    if [[ $# -eq 0 ]]; then
        usage
        exit 0
    fi
    read_command_line "$@"
    check_user
    ensure_environment base
    export_spark_environment
    if asks_for_help "${JOB_OPTIONS[@]}"; then
        exec "$VENV_PYTHON" "$ROOT/jobs/$JOB.py" --help  # needs no Spark
    fi
    ensure_java
    export_java_options
    export_locale
    submit
}

asks_for_help() {  # OPTION...
    local option
    for option in "$@"; do
        [[ $option != -h && $option != --help ]] || return 0
    done
    return 1
}

# ---- the command line ----------------------------------------------------------------------------------------------

# The first argument that is neither an option nor an option's value is the job: --conf before it is spark-submit's
# (name=value), after it the job's (a file).
read_command_line() {
    while [[ $# -gt 0 ]]; do
        case $1 in
            -h | --help) usage && exit 0 ;;
            -v | --verbose) VERBOSE=true && SPARK_OPTIONS+=("$1") ;;
            --supervise) SPARK_OPTIONS+=("$1") ;;
            --*=*) read_spark_option "${1%%=*}" "${1#*=}" ;;
            -*)
                [[ $# -ge 2 ]] || fail 2 "option $1 needs a value; ./spark-submit.sh --help shows the usage"
                read_spark_option "$1" "$2"
                shift
                ;;
            *) break ;;
        esac
        shift
    done
    [[ $# -gt 0 ]] || fail 2 "no job named; there are: $(job_names)"
    read_job "$@"
}

read_spark_option() {  # OPTION VALUE
    case $1 in
        --master) MASTER=$2 ;;
        --deploy-mode) DEPLOY_MODE=$2 ;;
        --py-files) PY_FILES=$2 ;;
        --properties-file) PROPERTIES_FILE=$2 ;;
        --conf | -c)
            [[ $2 == *=* ]] || fail 2 "--conf $2: before the job's name spark-submit wants name=value; give a file after it"
            SPARK_OPTIONS+=(--conf "$2")
            ;;
        *) SPARK_OPTIONS+=("$1" "$2") ;;
    esac
}

read_job() {  # JOB OPTION...
    JOB=${1#jobs/}
    JOB=${JOB%.py}
    JOB_OPTIONS=("${@:2}")
    [[ $JOB =~ ^[a-z0-9][a-z0-9_]*$ && -f $ROOT/jobs/$JOB.py ]] || fail 2 "there is no job $1; there are: $(job_names)"
    while [[ $# -gt 1 ]]; do
        shift
        case $1 in
            --conf) CONF=${2-} ;;
            --conf=*) CONF=${1#--conf=} ;;
        esac
    done
    # The job reads the file that Spark's properties come from, wherever it was called.
    [[ -n $CONF ]] || { CONF=$ROOT/conf/local.yaml && JOB_OPTIONS+=(--conf "$CONF"); }
}

usage() {
    cat <<'USAGE'
Usage: ./spark-submit.sh [spark-submit's options] JOB [the job's options]
       ./spark-submit.sh JOB --help    shows the job's options

Jobs:
USAGE
    local name
    for name in $(job_names); do
        printf '  %-16s %s\n' "$name" "$(first_line_of_docstring "$ROOT/jobs/$name.py")"
    done
    cat <<'USAGE'

Options before JOB go to Spark's spark-submit, for instance --master spark://HOST:7077, --driver-memory 8g,
--conf spark.sql.shuffle.partitions=64; --verbose shows all that Spark says. They win over conf/ and over the
file that the job's own --conf names.
USAGE
}

job_names() {
    local file names=()
    for file in "$ROOT"/jobs/[!_]*.py; do
        [[ -f $file ]] || continue
        file=${file##*/}
        names+=("${file%.py}")
    done
    echo "${names[*]-none}"
}

first_line_of_docstring() {  # FILE
    local line
    IFS= read -r line <"$1" || true
    line=${line#*\"\"\"}
    echo "${line%%\"\"\"*}"
}

# ---- the submission ------------------------------------------------------------------------------------------------

# Ends in exec: whoever stops this script stops Spark, and the job's exit code is the script's.
submit() {
    local scratch properties
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/finrec_spark-XXXXXX" 2>/dev/null) ||  # only its owner may read it
        fail 1 "cannot write in ${TMPDIR:-/tmp}: make room there, or let TMPDIR name another folder"
    # shellcheck disable=SC2064  # the folder of now
    trap "rm -rf $(printf %q "$scratch")" EXIT
    properties=$scratch/spark.properties
    mkfifo "$scratch/stderr"
    write_properties "$properties" || exit $?
    ensure_extras "$properties"
    : "${MASTER:=$(setting spark.master "$properties")}"
    : "${DEPLOY_MODE:=$(setting spark.submit.deployMode "$properties")}"
    export_executors_python "$MASTER"
    export_drivers_python "$DEPLOY_MODE" "$scratch/stderr"
    ship_package "$properties"
    stay_on_local_files "$properties"
    keep_packages_where_one_can_write "$properties"
    dress_terminal
    local command=("$SPARK_HOME/bin/spark-submit" --properties-file "$properties")
    command+=(${MASTER:+--master "$MASTER"} ${DEPLOY_MODE:+--deploy-mode "$DEPLOY_MODE"} ${PY_FILES:+--py-files "$PY_FILES"})
    command+=("${SPARK_OPTIONS[@]}" "$ROOT/jobs/$JOB.py" "${JOB_OPTIONS[@]}")
    exec "${command[@]}" > >(drop_ivys_greeting) 2> >(follow_spark "$scratch")
}

# Later lines win: the cluster's own defaults (--properties-file would hide them), conf/, the user's properties file.
# What the command line says beside it wins over all of them; that is spark-submit's rule.
write_properties() {  # FILE
    {
        [[ ! -f $SPARK_CONF_DIR/spark-defaults.conf ]] || { cat "$SPARK_CONF_DIR/spark-defaults.conf" && echo; }
        "$VENV_PYTHON" -P -m finrec_spark.pipeline.properties "$CONF" "$JOB" || return
        [[ -z $PROPERTIES_FILE ]] || cat "$PROPERTIES_FILE" || return 2
    } >"$1"
}

# What the configuration's models and the job need of Python beside the rest (finrec_spark.pipeline.properties says it in a comment).
ensure_extras() {  # FILE
    local extras
    read -ra extras < <(sed -n 's/^# extras: //p' "$1") || true
    [[ ${#extras[@]} -eq 0 ]] || ensure_environment "${extras[@]}"
}

# A property's value: the last --conf name=value of the command line, else the last line of the file.
setting() {  # NAME FILE
    local option value
    value=$(sed -n "s/^[[:space:]]*${1//./\\.}[[:space:]=:]\{1,\}//p" "$2" | tail -n 1)
    for option in "${SPARK_OPTIONS[@]}"; do
        [[ $option != "$1="* ]] || value=${option#*=}
    done
    echo "$value"
}

# Executors elsewhere have no checkout: the package travels with the job, into their working directory. Python that
# they start for a training is not told of it by Spark, only by the environment.
ship_package() {  # PROPERTIES
    ! is_local "$MASTER" || return 0
    "$VENV_PYTHON" "$ROOT/conf/archive.py" "$ROOT" "$ARCHIVE"
    PY_FILES=$ARCHIVE${PY_FILES:+,$PY_FILES}
    local path
    path=$(setting spark.executorEnv.PYTHONPATH "$1")
    SPARK_OPTIONS+=(--conf "spark.executorEnv.PYTHONPATH=${ARCHIVE##*/}${path:+:$path}")
}

# Where Spark runs on this machine alone, a path without a scheme is of this machine, whatever file system the
# configuration of a cluster (HADOOP_CONF_DIR) has as its default.
stay_on_local_files() {  # PROPERTIES
    is_local "$MASTER" && [[ -z $(setting spark.hadoop.fs.defaultFS "$1") ]] || return 0
    SPARK_OPTIONS=(--conf spark.hadoop.fs.defaultFS=file:/// "${SPARK_OPTIONS[@]}")
}

keep_packages_where_one_can_write() {  # PROPERTIES
    local folder
    [[ -z $(setting spark.jars.ivy "$1") && $DEPLOY_MODE != cluster ]] || return 0
    folder=$(packages_folder "$(unset HOME && echo ~)") || exit $?
    [[ -z $folder ]] || SPARK_OPTIONS=(--conf "spark.jars.ivy=$folder" "${SPARK_OPTIONS[@]}")
}

# Spark reads the job's output through a pipe, so the job cannot see that a person watches.
dress_terminal() {
    [[ -t 1 && -z ${NO_COLOR-} ]] || return 0
    COLUMNS=$(tput cols 2>/dev/null || echo 100)
    export COLUMNS FORCE_COLOR=${FORCE_COLOR:-1}
}

# Ivy, which fetches Spark's packages, writes one line to stdout before Spark can keep it from doing so.
drop_ivys_greeting() {
    trap '' INT TERM HUP  # the last words come after the signal that stops Spark
    local line end=""
    IFS= read -r line && end=$'\n'  # reads no byte beyond the line
    [[ $line == ":: loading settings ::"* ]] || printf '%s' "$line$end"
    exec cat
}

# Reads what Spark says beside the job. It goes to a log: reports on packages, warnings, stack traces. Shown are only the
# downloads and what kept Spark from running the job. What the job itself says on stderr comes through a named pipe.
follow_spark() {  # SCRATCH
    trap '' INT TERM HUP
    exec 7<>"$1/stderr"  # so that the reader finds a writer, and at its end none where no job ever ran
    cat <"$1/stderr" >&2 7>&- &
    if [[ $VERBOSE == true || $DEPLOY_MODE == cluster ]]; then
        cat >&2  # a driver elsewhere says its state here
    else
        filter_spark "$(spark_log)"
    fi
    exec 7>&-
    wait
    rm -rf "$1"
}

filter_spark() {  # LOG
    local line log=$1
    while IFS= read -r line || [[ -n $line ]]; do
        printf '%s\n' "$line" >&8
        case $line in
            "downloading "*) line=${line%% ...*} && say "fetching ${line##*/}" ;;
            *"[unresolved dependency: "* | *"[download failed: "*)
                line=${line##*: [}
                say "Spark could not fetch its packages (${line%%]*}): check the network and the proxy variables, or name" \
                    "your Maven mirror in spark.jars.ivySettings (Spark's words: $log)"
                ;;
            "Exception in thread "* | "Error: "* | *OutOfMemoryError*) say "Spark failed: $line (Spark's words: $log)" ;;
        esac
    done 8>"$log"
}

spark_log() {
    local folder=$ROOT/logs
    can_write "$folder" || folder=${TMPDIR:-/tmp}
    find "$folder" -maxdepth 1 -name 'spark-*.log' -mtime +30 -delete 2>/dev/null || true
    echo "$folder/spark-$JOB-$(date +%Y%m%d-%H%M%S)-$$.log"
}

main "$@"
