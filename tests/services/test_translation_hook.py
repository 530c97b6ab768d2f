"""The translation hook and its null twin."""

import pytest

from forum.domain.labels import Tlp
from forum.errors import Invalid
from forum.services.translation_hook import NullTranslator, load_translator, machine_translate


class Shouting:
    """A translator of these tests, which asks nobody."""

    name = "Example Translator"

    def translate(self, text: str, *, source: str, target: str) -> str:
        return f"{target}: {text.upper()}"


class Broken:
    name = "Example Broken"

    def translate(self, text: str, *, source: str, target: str) -> str:
        raise OSError("the line is dead")


@pytest.mark.parametrize("setting", ["", "none"])
def test_without_a_setting_nothing_is_translated(setting: str) -> None:
    """The null twin offers no name, and refuses."""
    translator = load_translator(setting)
    assert isinstance(translator, NullTranslator)
    with pytest.raises(Invalid):
        translator.translate("text", source="en", target="fr")


def test_a_setting_names_a_translator() -> None:
    """By module and name."""
    assert load_translator(f"{__name__}:Shouting").name == "Example Translator"


@pytest.mark.parametrize("setting", ["nowhere", "no.such.module:Name", "json:Nobody", "json:__name__"])
def test_a_wrong_setting_is_named(setting: str) -> None:
    """The application does not start with it."""
    with pytest.raises(ValueError, match="FORUM_TRANSLATION"):
        load_translator(setting)


def test_what_is_translated_and_what_is_not() -> None:
    """Texts under an allowed label alone; a failure is a sentence; empty parts stay empty."""
    done = machine_translate(
        Shouting(), ["one", ""], source="en", target="fr", tlp=Tlp.CLEAR, allowed=("CLEAR",)
    )
    assert done == ["fr: ONE", ""]
    for translator, tlp in ((Shouting(), Tlp.AMBER), (Broken(), Tlp.CLEAR), (NullTranslator(), Tlp.CLEAR)):
        with pytest.raises(Invalid):
            machine_translate(translator, ["one"], source="en", target="fr", tlp=tlp, allowed=("CLEAR",))
