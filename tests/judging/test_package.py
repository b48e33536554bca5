"""Judging is light: neither a prompt nor an engine is needed to judge facts."""

import subprocess
import sys


def test_judging_loads_neither_prompts_nor_engines() -> None:
    code = (
        "import sys; import ausweis.judging; "
        "print([name for name in sys.modules if name.startswith(('ausweis.engines', 'ausweis.prompts', 'jinja2'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
