"""A gate's result with hostile words in it."""

from ausweis.evals.comparing import CaseChange, Comparison
from ausweis.evals.gate import Gate, GateCheck

HOSTILE = "a|b`c\\|\n</code><script>\x00\x1b\ufffe @everyone [x](http://x) *y* ]]> & \"'"


def gate_of(*names: str, message: str = "must pass", calls: int = 3) -> Gate:
    """One number that fell, one that did not, a passed call, and these calls, which failed."""
    change = CaseChange(
        id=names[0], label="violation", before="violation", after="compliant", risk_before=0.9, risk_after=0.1, facts={}
    )
    return Gate(
        checks=(
            GateCheck(name="drop: outcome", state="failed", message="0.9 before"),
            GateCheck(name="drop: violation F1", state="passed", message="0.8 before"),
        ),
        cases=(
            GateCheck(name="fine", state="passed", message="right"),
            *(GateCheck(name=one, state="failed", message=message) for one in names),
            GateCheck(name="gone", state="error", message="is in the baseline, but not in the run"),
        ),
        comparison=Comparison(
            calls=calls,
            flips=(),
            differences=(),
            better=(),
            worse=(change,),
            other=(),
            missing=("gone",),
            new=("n",),
            relabelled=(),
        ),
    )
