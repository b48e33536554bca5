"""Ausweis: was the caller authenticated before personal data or the account was touched?

For programs: `score` gives the verdict on a call, a `Reader` those on many, `find_policy` a policy (docs/python.md).
"""

TYPE_CHECKING = False  # that of `typing`, which takes longer to load than all of this
if TYPE_CHECKING:
    from ausweis.batch.reader import Reader, score
    from ausweis.policies import find_policy

__version__ = "0.1.0"
__all__ = ["Reader", "__version__", "find_policy", "score"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Loaded when it is asked for, so that `import ausweis` takes no time."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module("ausweis.policies" if name == "find_policy" else "ausweis.batch.reader"), name)
