"""scripts/setup when there is nothing to do, and what it refuses."""

from pathlib import Path
import re
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


def test_every_program_that_tests_need_is_installed_where_it_is_missing():
    """A test whose program is missing is skipped on a laptop, and fails in CI."""
    needed = {
        program
        for file in (ROOT / "tests").rglob("test_*.py")
        for program in re.findall(r"needs\(\"([\w.-]+)\"\)", file.read_text())
    }
    comes_with = {"mosquitto_passwd": "mosquitto", "mosquitto_pub": "mosquitto_sub"}
    looked_for = set(re.findall(r"command -v ([\w.-]+)", (ROOT / "scripts/_tools").read_text()))
    assert {"mosquitto", "nginx"} <= needed
    assert {comes_with.get(program, program) for program in needed} <= looked_for


def test_ci_installs_them_as_root_for_setup_itself_asks_nobody_for_rights():
    text = (ROOT / ".github/workflows/ci.yml").read_text()
    assert text.index("sudo scripts/_tools") < text.index(".ci/run")
