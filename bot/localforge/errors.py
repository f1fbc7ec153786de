"""The one error that every operation of the forge raises when it refuses, as GitHub words it."""

from collections.abc import Sequence
from typing import Any

__all__ = ["ApiError", "invalid", "missing", "too_long"]

BODY_LIMIT = 65536


class ApiError(Exception):
    """A refusal: HTTP status, message, and for 422 what is wrong with which field."""

    def __init__(self, status: int, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, tuple(errors)

    @property
    def words(self) -> str:
        """The whole refusal in one line for people."""
        details = "; ".join(str(each.get("message") or f"{each['field']} is {each['code']}") for each in self.errors)
        return f"{self.message}: {details}" if details else self.message


def missing() -> ApiError:
    """404: it is not there, or the caller may not know that it is."""
    return ApiError(404, "Not Found")


def invalid(resource: str, field: str, code: str = "invalid", message: str | None = None) -> ApiError:
    """422 as GitHub shapes it; codes are missing, missing_field, invalid, already_exists, custom."""
    error = {"resource": resource, "field": field, "code": "custom" if message else code}
    return ApiError(422, "Validation Failed", [error | ({"message": message} if message else {})])


def too_long(resource: str, text: str, field: str = "body") -> None:
    """Refuse a text of more than 65,536 characters."""
    if len(text) > BODY_LIMIT:
        raise invalid(resource, field, message=f"{field} is too long (maximum is {BODY_LIMIT} characters)")
