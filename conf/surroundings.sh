# shellcheck shell=bash
# What the shell that calls brings along, and Spark's place in it. Sourced by conf/setup.sh.

unset CDPATH PYTHONHOME  # the one makes `cd` print, the other gives every Python another one's library
unset PYTHONDONTWRITEBYTECODE  # every Python of a job would compile all that it imports anew: 7 s a call
CALLERS_PYTHONPATH=${PYTHONPATH-}
unset PYTHONPATH  # until export_spark_environment: what is set up here must not import another Python's packages

# What is set already wins where it can be meant for us: a cluster's own SPARK_CONF_DIR.
# SPARK_HOME is ours, as another Spark than the pinned one would not fit the packages; so is the Python of this machine.
export_spark_environment() {
    export SPARK_HOME=$SITE_PACKAGES/pyspark
    export SPARK_CONF_DIR=${SPARK_CONF_DIR:-$ROOT/conf}  # its log4j2.properties is on Spark's class path
    unset PYSPARK_SUBMIT_ARGS PYSPARK_GATEWAY_PORT PYSPARK_GATEWAY_SECRET  # of a notebook's Spark
    PYTHONPATH=$(python_path)
    export PYTHONPATH
}

# The caller's folders count, but after all that is ours, Python's own library among it.
python_path() {
    [[ -n $CALLERS_PYTHONPATH ]] || { echo "$ROOT" && return; }
    echo "$ROOT:$("$VENV_PYTHON" -I -c 'import sys; print(*sys.path, sep=":")'):$CALLERS_PYTHONPATH"
}

# On this machine the executors' Python is ours too; on a cluster PYSPARK_PYTHON says where theirs is.
export_executors_python() {  # MASTER
    ! is_local "$1" || PYSPARK_PYTHON=$VENV_PYTHON
    export PYSPARK_PYTHON=${PYSPARK_PYTHON:-$VENV_PYTHON}
}

is_local() {  # MASTER
    [[ -z $1 || $1 == local || $1 == "local["* ]]
}

# A driver elsewhere runs on the executors' Python (spark.pyspark.driver.python names another), one here always on ours:
# what a notebook left in the variable is not meant. Spark would make its stderr a part of its own stdout.
export_drivers_python() {  # DEPLOY_MODE STDERR
    if [[ $1 == cluster ]]; then
        export PYSPARK_DRIVER_PYTHON=$PYSPARK_PYTHON
    else
        export PYSPARK_DRIVER_PYTHON=$ROOT/conf/driver_python.sh FINREC_PYTHON=$VENV_PYTHON FINREC_STDERR=$2
    fi
}

# Hadoop asks for the user's name, in a container with a number alone in vain (HADOOP_USER_NAME comes too late for it).
check_user() {
    id -un >/dev/null 2>&1 && return
    fail 1 "user $(id -u) has no name here, and Hadoop needs one: give it a line in /etc/passwd, such as" \
        "finrec:x:$(id -u):$(id -g)::/tmp:/bin/sh, or start as a user that has one"
}

# Spark keeps its packages in .ivy2 of the home that Java finds: the one of the user database, whatever HOME says. Prints
# the folder to take instead where that one cannot be written.
packages_folder() {  # HOME_OF_JAVA
    ! { can_write "$1/.ivy2/cache" && can_write "$1/.ivy2/jars"; } || return 0
    can_write "$ROOT/build/ivy2" && echo "$ROOT/build/ivy2" && return
    fail 1 "neither $1/.ivy2 nor $ROOT/build can be written, and Spark keeps its packages there: name a folder in" \
        "spark.jars.ivy"
}

# Java takes arguments and file names for what the locale says, so other letters in paths need UTF-8. What the job prints
# stays in the terminal's signs; in the plain C locale Python writes UTF-8 by itself.
export_locale() {
    local letter=$'\xc3\xa9' shown
    [[ ${#letter} -ne 1 ]] || return 0  # bash reads it as one letter: UTF-8 already
    shown=$(locale charmap 2>/dev/null) || shown=""
    [[ $shown == ANSI* ]] || ! knows_encoding "$shown" || export PYTHONIOENCODING=${PYTHONIOENCODING:-$shown}
    export LC_ALL
    LC_ALL=$(utf8_locale)
    [[ -n $LC_ALL ]] || unset LC_ALL
}

knows_encoding() {  # NAME
    "$VENV_PYTHON" -I -c 'import codecs, sys; codecs.lookup(sys.argv[1])' "$1" 2>/dev/null
}

utf8_locale() {
    local found
    found=$(locale -a 2>/dev/null | grep -iE '\.utf-?8$') || found=C.UTF-8
    { grep -iE '^C\.utf-?8$' <<<"$found" || echo "$found"; } | sed -n 1p
}
