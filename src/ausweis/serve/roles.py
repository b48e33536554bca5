"""What only a lead may do."""

from starlette.exceptions import HTTPException

from ausweis.serve.desk import RequestContext

__all__ = ["LEAD_ONLY", "require_lead"]

LEAD_ONLY = "lead_only"
"""The detail of the refusal, and the key of its sentence."""


def require_lead(context: RequestContext) -> None:
    """Let only leads through; for the beginning of a page or form. Templates ask `session.role == "lead"`.

    Raises:
        HTTPException: somebody else asks; 403, told in a sentence.
    """
    if context.session.role != "lead":
        raise HTTPException(403, LEAD_ONLY)
