"""Facts and verdicts as bytes: keys in the order of the models, floats as short as they read back the same."""

import hashlib
import json

from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict

__all__ = ["comparable", "facts_line", "facts_sha256", "verdict_line"]


def facts_line(facts: Facts) -> str:
    """One line of `facts.jsonl`."""
    return facts.model_dump_json(by_alias=True)


def facts_sha256(facts: Facts) -> str:
    """SHA-256 of the facts' line, without its line feed."""
    return hashlib.sha256(facts_line(facts).encode()).hexdigest()


def verdict_line(verdict: Verdict) -> str:
    """One line of `verdicts.jsonl`."""
    return verdict.model_dump_json(by_alias=True)


def comparable(verdict_json: str) -> str:
    """A verdict's line without what differs from run to run: the seconds, and the tokens that had to be computed.

    The tokens depend on what the engine still held of the call before, so a resumed run may need more.
    """
    verdict = json.loads(verdict_json)
    for name in ("seconds", "tokens"):
        (verdict.get("provenance") or {}).pop(name, None)
    return json.dumps(verdict, ensure_ascii=False, separators=(",", ":"))
