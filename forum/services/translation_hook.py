"""The translation hook: what a machine translator has to offer, and its twin that translates nothing.

Without the setting FORUM_TRANSLATION nothing leaves the server. With it, only texts under the labels of
FORUM_TRANSLATION_LABELS do, when somebody presses the button, and what comes back is marked as a machine
translation for good.
"""

import importlib
from typing import Protocol

from forum.domain.labels import Tlp
from forum.errors import Invalid


class Translator(Protocol):
    """A machine translator. Called outside any transaction; what it raises is shown as `not available`."""

    name: str
    """Shown to readers beside what it translated; empty where there is none."""

    def translate(self, text: str, *, source: str, target: str) -> str:
        """Give Markdown in another language (ISO 639-1 codes), with its structure kept."""
        ...


class NullTranslator:
    """No translator: nothing is offered, and nothing is sent anywhere."""

    name = ""

    def translate(self, text: str, *, source: str, target: str) -> str:
        """Refuse."""
        raise Invalid("This installation has no machine translation.", field="kind")


def load_translator(setting: str) -> Translator:
    """Give the translator that a setting names: `none`, or `package.module:name` of one without arguments.

    ValueError says what is wrong with the setting.
    """
    if setting in {"", "none"}:
        return NullTranslator()
    module, _, name = setting.partition(":")
    try:
        made: Translator = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"FORUM_TRANSLATION is {setting!r}: {error}") from None
    return made


def machine_translate(
    translator: Translator, parts: list[str], *, source: str, target: str, tlp: Tlp, allowed: tuple[str, ...]
) -> list[str]:
    """Give texts in another language; Invalid where the label forbids it, or the translator fails.

    Call it outside any transaction: it may ask the network.
    """
    if not translator.name:
        raise Invalid("This installation has no machine translation.", field="kind")
    if tlp.value not in allowed:
        raise Invalid("A text with this label is not given to a machine translator.", field="kind")
    try:
        return [translator.translate(part, source=source, target=target) if part else "" for part in parts]
    except Exception as error:  # whatever a foreign translator raises, nothing of the page is lost
        raise Invalid(
            "The machine translation is not available now. Nothing was changed.", field="kind"
        ) from error
