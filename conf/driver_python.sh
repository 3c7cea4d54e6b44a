#!/usr/bin/env bash
# The Python of a job that spark-submit starts. Spark writes all that it says to stdout; what it says on stderr goes to
# the named pipe that spark-submit.sh reads to its own.

# Spark puts its archives before the modules that pip has installed and compiled: .8 s more for each job to import them.
modules=()
IFS=: read -ra entries <<<"${PYTHONPATH-}"
for entry in "${entries[@]}"; do
    [[ ${entry##*/} == pyspark.zip || ${entry##*/} == py4j-*-src.zip ]] || modules+=("$entry")
done
PYTHONPATH=$(IFS=: && echo "${modules[*]}")
export PYTHONPATH
exec "$FINREC_PYTHON" "$@" 2>"$FINREC_STDERR"
