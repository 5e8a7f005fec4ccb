"""The sections of a config: which there are, and the JSON Schema of all of it. Pure.

The schema is shipped as ``taskmaster/taskmaster.schema.json``, made by ``python -m docs`` and
printed by ``taskmasterctl schema``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from taskmaster.config import alertkeys, forms, groups
from taskmaster.config.forms import Form
from taskmaster.config.keys import form_of
from taskmaster.config.schema import (
    PROGRAM_KEYS,
    PROGRAM_NAME,
    PROGRAM_RULES,
    SETTING_KEYS,
    SETTING_RULES,
)


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its form, what it is for, and whether an included file may have one."""

    form: Form
    meaning: str
    may_be_included: bool = False


_PROGRAMS: Final = forms.named(form_of(PROGRAM_KEYS, *PROGRAM_RULES), PROGRAM_NAME)
_INCLUDE: Final = forms.one_or_list({**forms.TEXT, "title": "a path or a pattern"})

SECTIONS: Final[Mapping[str, Section]] = {
    "taskmaster": Section(
        forms.or_nothing(form_of(SETTING_KEYS, *SETTING_RULES)), "the daemon's own settings"
    ),
    "programs": Section(forms.or_nothing(_PROGRAMS), "what runs, by name", may_be_included=True),
    "groups": Section(
        forms.or_nothing(groups.FORM), "names under which commands find several programs"
    ),
    "alerts": Section(forms.or_nothing(alertkeys.FORM), "who is told of what, and how"),
    "include": Section(_INCLUDE, "further files with programs: paths, or patterns"),
}


def json_schema() -> Form:
    """Return the JSON Schema (draft-07) of a config."""
    sections = {
        name: {"description": section.meaning, **section.form} for name, section in SECTIONS.items()
    }
    whole = forms.or_nothing(forms.mapping(sections))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The config of Taskmaster",
        **whole,
    }
