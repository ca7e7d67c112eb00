"""The committed module is what its sources make."""

from pathlib import Path
import shutil
import subprocess

import pytest

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "custom_components/hems/frontend/hems.js"


def test_the_committed_module_is_current(tmp_path):
    if shutil.which("node") is None or not (ROOT / "frontend/node_modules/esbuild").is_dir():
        pytest.skip("node or its packages are missing: npm --prefix frontend ci")
    fresh = tmp_path / "hems.js"
    subprocess.run(["node", "frontend/build.mjs", fresh], cwd=ROOT, check=True)
    assert fresh.read_bytes() == BUNDLE.read_bytes(), "run npm --prefix frontend run build and commit the result"


def test_the_module_is_small_and_fetches_nothing():
    text = BUNDLE.read_text()
    assert len(text) < 100_000
    assert "import(" not in text
    assert "https://" not in text
