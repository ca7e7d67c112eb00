"""scripts/setup when there is nothing to do, and what it refuses."""

from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).parents[2]


def run(*options: str) -> subprocess.CompletedProcess:
    return subprocess.run([ROOT / "scripts/setup", *options], capture_output=True, text=True, check=False)


def test_a_second_setup_only_prints_the_interpreter():
    done = run()
    assert done.returncode == 0
    assert done.stderr == ""
    version = subprocess.check_output([done.stdout.strip(), "-c", "import sys; print(sys.version_info >= (3, 14, 2))"])
    assert version == b"True\n"
    assert Path(done.stdout.strip()).exists()
    assert sys.version_info >= (3, 14, 2)


def test_an_unknown_option_is_refused():
    done = run("--nonsense")
    assert done.returncode == 2
    assert "unknown option --nonsense" in done.stderr
