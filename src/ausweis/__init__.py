"""Ausweis: was the caller authenticated before personal data or the account was touched?"""

__version__ = "0.1.0"
__all__ = ["__version__"]
