"""What pydantic found wrong, in one clause: the JSON path and the rule, never the value."""

from pydantic import ValidationError

from ausweis.calls.text import shown

__all__ = ["explain"]


def explain(error: ValidationError) -> str:
    """The first fault as `'turns[3].start': …`, list positions counted from 1, and how many more there are."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    first = faults[0]
    path = ""
    for step in first["loc"]:
        if isinstance(step, int):
            path += f"[{step + 1}]"
        else:
            name = shown(step)
            path += ("." if path else "") + (name[1:-1] if name.startswith("'") else name)
    rule = {
        "extra_forbidden": "this key is not known",
        "missing": "this key is missing",
    }.get(first["type"], first["msg"][:1].lower() + first["msg"][1:])
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{path or 'the whole'}: {rule}{more}"
