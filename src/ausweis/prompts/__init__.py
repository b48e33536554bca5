"""Prompt templates: one file a version, rendered strictly, released once and never changed.

    source      a template file cut into front matter and role sections, with line numbers
    render      the sandbox that fills a section: call text stays data, on one line
    bounds      of what a template may do: size, depth, steps
    template    the template itself, and its messages
    library     a folder of templates, and `prompts.lock`: which versions are released; which one answers to a name
    lint        what is wrong with a template or a folder of them
    release     puts a version into the lock

Roles come from a template's source alone: `render` has the rule that text of a call stays data.
"""

from ausweis.prompts.library import Library, Lock, LockEntry, default_library
from ausweis.prompts.lint import lint_file, lint_folder
from ausweis.prompts.release import release
from ausweis.prompts.source import Problem, Section
from ausweis.prompts.template import Example, Template

__all__ = [
    "Example",
    "Library",
    "Lock",
    "LockEntry",
    "Problem",
    "Section",
    "Template",
    "default_library",
    "lint_file",
    "lint_folder",
    "release",
]
