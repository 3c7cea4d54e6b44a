"""A small checkout with the real scripts, in which stand-ins take the place of what is slow: Python's set-up, Spark."""

import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

REPOSITORY = Path(__file__).parents[2]
TOOLS = (
    "awk basename bash cat chmod cksum cp cut date df dirname env find flock grep id locale mkdir mkfifo mktemp mv"
    " paste readlink rm sed sleep sort tail tr"
)

# Stands for spark-submit: says what it was called with. FAKE_SPARK is what Spark would say beside the job; with
# FAKE_JOB it runs the job as Spark does, which makes the job's stderr a part of its own stdout.
SPARK_SUBMIT = """
    echo ":: loading settings :: url = jar:file:ivysettings.xml"
    printf '%s\\n' "${FAKE_SPARK-}" >&2
    for argument in "$@"; do echo "argument: $argument"; done
    while [[ $1 != --properties-file ]]; do shift; done
    sed 's/^/property: /' "$2" && echo
    env | grep -E '^(SPARK_|PYSPARK_|PYTHON|JAVA_HOME|LC_ALL)' | sed 's/^/environment: /'
    while [[ $1 != *.py ]]; do shift; done
    [[ -z ${FAKE_JOB-} ]] || "$PYSPARK_DRIVER_PYTHON" "$@" 2>&1
    exit "${FAKE_EXIT-0}"
"""

# Stands for uv, which notes what it was asked for in uv.log. FAKE_CACHE: it has all in its cache. FAKE_UV: what it
# says before it fails.
UV = """
    [[ $1 != cache ]] || { echo "$PWD/cache" && exit; }
    [[ " $* " != *" --offline "* || -n ${FAKE_CACHE-} ]] || exit 2
    sleep 0.3
    names=()
    for argument in "$@"; do
        case ${argument#"$PWD/conf/"} in
            lock/build.txt) ;;
            lock/*) names+=("$(basename "$argument" .txt)") ;;
            --editable) names+=(editable) ;;
        esac
    done
    echo "${names[*]}" >>uv.log
    echo "$*" >>uv.words
    env | grep '^UV_' >uv.environment
    [[ -z ${FAKE_UV-} ]] || { echo "$FAKE_UV" && exit 1; }
"""

# Stands for a Python 3.11 that makes environments, whose pip brings the uv above, or fails as FAKE_PIP says.
PYTHON = """
    [[ $1 == -m && $2 == venv ]] || exit 0
    mkdir -p "$3/bin" "$3/lib/python3.11/site-packages"
    cat >"$3/bin/python" <<'PIP'
    #!/usr/bin/env bash
    [[ $1 == -m && $2 == pip ]] || exit 0
    [[ -z ${FAKE_PIP-} ]] || { echo "$FAKE_PIP" && exit 1; }
    cp bin/stand-in-uv "$(dirname "$0")/uv"
    PIP
    chmod +x "$3/bin/python"
"""

# This test's own Python, but for pip, which must install nothing here.
PREPARED_PYTHON = """
    [[ $1 != -m || $2 != pip ]] || exit 0
    exec {python} "$@"
"""


def _interruptible() -> None:
    """As a user's shell starts it: whoever runs the tests in the background has SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Checkout:
    """A folder with the scripts, and how they are called in it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def submit(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self._run([str(self.root / "spark-submit.sh"), *arguments], environment)

    def shell(self, commands: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run commands with conf/setup.sh sourced, as the scripts do."""
        script = f"set -euo pipefail; ROOT=$PWD; source conf/setup.sh; {commands}"
        return self._run(["bash", "-c", script], environment)

    def start(self, commands: str) -> subprocess.Popen[str]:
        script = f"set -euo pipefail; ROOT=$PWD; source conf/setup.sh; {commands}"
        variables = self._environment({})
        return subprocess.Popen(
            ["bash", "-c", script], cwd=self.root, env=variables, text=True, preexec_fn=_interruptible
        )

    def installs(self) -> list[str]:
        """What uv was asked for, call by call: extras by their lock, or the package itself."""
        log = self.root / "uv.log"
        return log.read_text().splitlines() if log.exists() else []

    def add_command(self, name: str, body: str) -> Path:
        """An executable of the folder that comes first on the PATH."""
        return write_script(self.root / "bin" / name, body)

    def _run(self, command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        variables = self._environment(environment)
        return subprocess.run(
            command,
            cwd=self.root,
            env=variables,
            text=True,
            capture_output=True,
            timeout=60,
            preexec_fn=_interruptible,
        )

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {"PATH": str(self.root / "bin"), "HOME": str(self.root), **self.environment, **more}


def write_script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/usr/bin/env bash\n" + dedent(body))
    path.chmod(0o755)
    return path


@pytest.fixture
def java_home(tmp_path):
    """Builds folders that look like a Java of some version."""

    def build(version: str) -> Path:
        home = tmp_path / f"java-{version}"
        write_script(home / "bin" / "java", "exit 1")
        (home / "release").write_text(f'IMPLEMENTOR="Test"\nJAVA_VERSION="{version}"\n')
        return home

    return build


@pytest.fixture
def bare(tmp_path):
    """A fresh clone: nothing is set up, and the PATH has the usual tools, but neither Python nor Java."""
    root = tmp_path / "a clone"  # the space is meant
    shutil.copytree(REPOSITORY / "conf", root / "conf")
    shutil.copytree(REPOSITORY / "finrec_spark", root / "finrec_spark", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("spark-submit.sh", "setup.py"):
        shutil.copy(REPOSITORY / name, root)
    (root / "jobs").mkdir()
    (root / "jobs" / "hello.py").write_text('"""Say hello."""\n\nimport sys\n\nprint("help of hello", *sys.argv[1:])\n')
    (root / "bin").mkdir()
    for tool in TOOLS.split():
        (root / "bin" / tool).symlink_to(shutil.which(tool))
    return Checkout(root)


@pytest.fixture
def unprepared(bare):
    """A fresh clone on a machine with a (feigned) Python 3.11."""
    bare.add_command("python3.11", PYTHON)
    bare.add_command("stand-in-uv", UV)
    return bare


@pytest.fixture
def prepared(bare, java_home):
    """A clone that is set up: this test's own Python, and a stand-in for spark-submit."""
    venv = bare.root / ".venv"
    write_script(venv / "bin" / "python", PREPARED_PYTHON.format(python=sys.executable))
    write_script(venv / "bin" / "uv", UV)
    write_script(venv / "lib/python3.11/site-packages/pyspark/bin/spark-submit", SPARK_SUBMIT)
    bare.environment["JAVA_HOME"] = str(java_home("17.0.9"))
    bare.shell('write_stamp ""').check_returncode()
    return bare
