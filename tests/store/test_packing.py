import json
from collections.abc import Callable

from tests.store.runs import incident_of, make_call

from ausweis.judging.sentences import violation_sentence
from ausweis.store import Imported, Store
from ausweis.store.packing import pack, unpack


def test_a_row_of_version_1_is_read(store: Store, filled: Callable[..., Imported]) -> None:
    """Sealed rows are never written anew, so stores hold both versions."""
    filled([make_call(1, pin=False)])
    record = store.record(store.find("call-1") or 0)
    body = json.loads(pack(record.verdict, record.run))
    body |= {"schema": "ausweis/verdict@1", "review_reasons": ["Ein Satz."]}
    incident = incident_of(2, "rude_agent")
    body["incidents"] = [{"kind": incident.pop("id"), **incident}]
    for part in (*body["violations"], *body["checks"]):
        part["reason"] = "Ein Satz."
    verdict = unpack(json.dumps(body), record.run)
    assert violation_sentence(verdict.violations[0], "en") == "Ein Satz."
    assert verdict.incidents[0].id == "rude_agent"
    assert verdict.provenance == record.verdict.provenance
