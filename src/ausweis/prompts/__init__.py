"""Prompt templates: one file a version, rendered strictly, released once and never changed.

    render      a section filled in a sandbox, within bounds: call text stays data, on one line
    template    a template file: front matter, sections, and the messages that it makes
    library     folders of templates, one over the other, with `prompts.lock`: which version answers to a name
    lint        what is wrong with a template or a folder of them; a version that passes is released

Roles come from a template's source alone: `render` has the rule that text of a call stays data.
"""

from ausweis.prompts.library import EvalNumbers, Library, Lock, LockEntry, default_library, folders_over_shipped
from ausweis.prompts.lint import lint_file, lint_folder, lint_library, release
from ausweis.prompts.render import Fault, Section
from ausweis.prompts.template import Example, Template

__all__ = [
    "EvalNumbers",
    "Example",
    "Fault",
    "Library",
    "Lock",
    "LockEntry",
    "Section",
    "Template",
    "default_library",
    "folders_over_shipped",
    "lint_file",
    "lint_folder",
    "lint_library",
    "release",
]
