"""Many dates at once: every model as it would have been on each of them, against what customers took afterwards."""
