"""Configuration: config.default explains every setting; FORUM_ENV picks the overrides; FORUM_* wins."""

import importlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config import default

CONFIG_DIR = Path(__file__).parent
ENVIRONMENTS = ("development", "testing", "production")
PREFIX = "FORUM_"


class ConfigurationError(ValueError):
    """A setting that cannot be used; the message says which and how to mend it."""


def setting_names() -> list[str]:
    """Give the names of all settings, without the prefix, in the order of config/default.py."""
    return [name for name in vars(default) if name.isupper()]


def instance_secrets(instance: Path) -> dict[str, str]:
    """Give the secrets kept in an instance folder, made at first use: for all but production."""
    path = instance / "secrets.json"
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        made = {"SECRET_KEY": secrets.token_urlsafe(48), "SEALING_KEY": secrets.token_urlsafe(48)}
        fresh = path.with_suffix(f".{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
        try:
            os.link(fresh, path)  # whoever comes second uses what the first one made
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return dict(json.loads(path.read_text(encoding="utf-8")))


def load(environ: Mapping[str, str]) -> dict[str, Any]:
    """Give the effective settings; raise ConfigurationError for an unknown or unusable FORUM_* value."""
    values = {name: getattr(default, name) for name in setting_names()}
    env = environ.get(PREFIX + "ENV", values["ENV"])
    if env not in ENVIRONMENTS:
        raise ConfigurationError(f"FORUM_ENV is {env!r}: use one of {', '.join(ENVIRONMENTS)}.")
    overrides = importlib.import_module(f"config.{env}")
    values |= {name: getattr(overrides, name) for name in vars(overrides) if name.isupper()}
    values["ENV"] = env
    for key, text in environ.items():
        name = key.removeprefix(PREFIX)
        if not key.startswith(PREFIX) or name == "ENV" or name.startswith("TEST_"):
            continue
        if name not in values:
            raise ConfigurationError(f"{key} is not a setting: `forum doctor` lists them all.")
        values[name] = _parse(key, text, values[name])
    return values


def _parse(key: str, text: str, current: Any) -> Any:
    """Read text as the type of the present value."""
    if isinstance(current, bool):
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off", ""}:
            return False
        raise ConfigurationError(f"{key} is {text!r}: use 1 or 0.")
    if isinstance(current, int):
        try:
            return int(text)
        except ValueError:
            raise ConfigurationError(f"{key} is {text!r}: a whole number is needed.") from None
    if isinstance(current, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text
