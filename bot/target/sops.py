"""Decrypting what SOPS encrypted, by the operator's `sops` and an age key, in the jail."""

import asyncio
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.errors import ProgramError
from bot.jail import Jail, Job, Limits, Program, relocated
from bot.model.noun import Json
from bot.model.resource import Resource

__all__ = ["Sops"]

PREFIX = "ENC[AES256_GCM,"
# Exit statuses of sops (its package cmd/sops/codes).
WRONG = {
    24: "its ciphertext was damaged",
    25: "its ciphertext was damaged",
    51: "it was changed after it was encrypted, or its fields are in another order; encrypt what is applied, as it is",
    52: "it has no MAC; encrypt it anew",
    128: "the server's age key is none of those that it was encrypted for",
}


class Sops:
    """Decrypts objects with `program` and the age key in `key_file`, which only that child process is told of.

    The child has no network, so keys that a cloud keeps cannot be used.
    """

    def __init__(self, jail: Jail, program: str, key_file: Path | None, limits: Limits | None = None) -> None:
        self._jail, self._name, self._key_file, self._limits = jail, program, key_file, limits or Limits()
        self._program: Program | None = None

    @property
    def program(self) -> Program | None:
        """The program, looked for when it is needed and not there, or not what it was, any more."""
        self._program = relocated(self._program, self._name)
        return self._program

    @property
    def lacking(self) -> str:
        """Why nothing can be decrypted here, or ""."""
        if self._key_file is None:
            return "the server has no age key to decrypt it with; its operator can set render.sops_age_key_file"
        return "" if self.program else "the server has no sops to decrypt it with; its operator can install it"

    async def decrypt(self, resource: Resource) -> Resource:
        """The object as it was before it was encrypted. ProgramError: it cannot be; the reason quotes no value."""
        program = self.program
        if program is None or self._key_file is None:
            raise ProgramError(f"{resource.id}: {self.lacking}")
        with tempfile.TemporaryDirectory(prefix="tidegate-sops-") as name:
            folder = Path(name)
            await asyncio.to_thread((folder / "object.json").write_text, json.dumps(resource.body), "ascii")
            job = Job(
                program=program, folder=folder, inputs=(folder, self._key_file), limits=self._limits,
                arguments=("decrypt", "--input-type=json", "--output-type=json", "object.json"),
                environment={"HOME": name, "SOPS_AGE_KEY_FILE": str(self._key_file)},
            )  # fmt: skip
            done = await self._jail.run(job)
        if done.status != 0:
            why = WRONG.get(done.status, f"sops ended with status {done.status}")
            raise ProgramError(f"{resource.id} could not be decrypted: {why}")
        return decrypted(resource, done.output)


def decrypted(resource: Resource, output: bytes) -> Resource:
    """The object in what sops printed. ProgramError: it is not that object, or is still encrypted."""
    try:
        body = json.loads(output)
    except (ValueError, RecursionError):
        raise ProgramError(f"{resource.id} could not be decrypted: sops printed something else") from None
    if not isinstance(body, dict) or identity(body) != identity(resource.body):
        raise ProgramError(f"{resource.id} is another object once it is decrypted; leave its kind and name readable")
    if "sops" in body or any_cipher(body):
        raise ProgramError(f"{resource.id} is still encrypted after it was decrypted; encrypt it once only")
    return replace(resource, body=body)


def identity(body: Json) -> tuple[object, ...]:
    """What tells an object from others."""
    metadata = body.get("metadata")
    named = metadata if isinstance(metadata, Mapping) else {}
    return body.get("apiVersion"), body.get("kind"), named.get("name"), named.get("namespace")


def any_cipher(value: object) -> bool:
    """Whether something in the value is ciphertext."""
    if isinstance(value, Mapping):
        return any(any_cipher(each) for each in value.values())
    if isinstance(value, list):
        return any(any_cipher(each) for each in value)
    return isinstance(value, str) and value.startswith(PREFIX)
