"""Real SOPS files: an age identity made on the spot, and manifests that the real program encrypts for it."""

import subprocess
from pathlib import Path

from tests_support.programs import program

__all__ = ["AgeKey"]


class AgeKey:
    """An age identity in a file of its own."""

    def __init__(self, folder: Path, name: str = "age.txt") -> None:
        self.file = folder / name
        self.folder = folder
        subprocess.run([program("age-keygen"), "-o", self.file], check=True, capture_output=True)
        made = subprocess.run([program("age-keygen"), "-y", self.file], check=True, capture_output=True, text=True)
        self.recipient = made.stdout.strip()

    def encrypt(self, manifest: str, only: str = "^(data|stringData)$", *options: str) -> str:
        """The manifest with the fields that match encrypted."""
        plain = self.folder / "plain.yaml"
        plain.write_text(manifest)
        done = subprocess.run(
            [program("sops"), "encrypt", "--age", self.recipient, "--encrypted-regex", only, *options, plain],
            check=True, capture_output=True, text=True, env={"HOME": str(self.folder)},
        )  # fmt: skip
        plain.unlink()
        return done.stdout
