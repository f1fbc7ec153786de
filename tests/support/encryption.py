"""Real SOPS files: an age identity made on the spot, and manifests that the real program encrypts for it."""

import json
import subprocess
from pathlib import Path

from tests.support.programs import program

__all__ = ["AgeKey"]


class AgeKey:
    """An age identity in a file of its own."""

    def __init__(self, folder: Path, name: str = "age.txt") -> None:
        self.file = folder / name
        self.folder = folder
        subprocess.run([program("age-keygen"), "-o", self.file], check=True, capture_output=True)
        made = subprocess.run([program("age-keygen"), "-y", self.file], check=True, capture_output=True, text=True)
        self.recipient = made.stdout.strip()

    def encrypt(self, manifest: str, only: str = "^(data|stringData)$", loose: bool = False) -> str:
        """The manifest with the fields that match encrypted. `loose`: nothing else is signed."""
        plain, rules = self.folder / "plain.yaml", self.folder / ".sops.yaml"
        plain.write_text(manifest)
        rule = {"age": self.recipient, "encrypted_regex": only, "mac_only_encrypted": loose}
        rules.write_text(json.dumps({"creation_rules": [rule]}))
        done = subprocess.run(
            [program("sops"), "--config", rules, "encrypt", plain],
            check=True, capture_output=True, text=True, env={"HOME": str(self.folder)},
        )  # fmt: skip
        plain.unlink()
        return done.stdout
