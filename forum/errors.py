"""What can go wrong for a person: a message id with parameters, translated at the edge."""


class ForumError(Exception):
    """The base: `message` is a gettext id with %(name)s parameters."""

    status_code = 400

    def __init__(self, message: str = "", /, **parameters: object) -> None:
        super().__init__(message)
        self.message = message
        self.parameters = parameters

    def __str__(self) -> str:
        """Give the English sentence."""
        return self.message % self.parameters if self.parameters else self.message


class NotFound(ForumError):
    """It does not exist, or this person may not know that it does: answers are the same."""

    status_code = 404


class NotAllowed(ForumError):
    """They may see it but not do this."""

    status_code = 403


class Invalid(ForumError):
    """Bad input: `field` names the form field that has to be mended, where one does."""

    status_code = 422

    def __init__(self, message: str = "", /, *, field: str | None = None, **parameters: object) -> None:
        super().__init__(message, **parameters)
        self.field = field


class Conflict(ForumError):
    """Somebody else was faster; nothing was changed."""

    status_code = 409


class TooSoon(ForumError):
    """Tried again before the time: `seconds` says how long to wait. Nothing was done."""

    status_code = 429

    def __init__(self, message: str, /, *, seconds: int) -> None:
        super().__init__(message, seconds=seconds)
        self.seconds = seconds
