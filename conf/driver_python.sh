#!/usr/bin/env bash
# The Python of a job that spark-submit starts. Spark writes all that it says to stdout; what it says on stderr goes to
# the named pipe that spark-submit.sh reads to its own.
exec "$FINREC_PYTHON" "$@" 2>"$FINREC_STDERR"
