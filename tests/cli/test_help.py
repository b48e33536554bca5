import subprocess
import sys

from tests.cli.processes import SOURCE

HEAVY = ("llama_cpp", "llguidance", "rich", "numpy", "pydantic", "jinja2", "ruamel", "jsonschema")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom ausweis.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    )
    assert "score" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
