"""Evidence bundles as files: what a demo leaves behind to look at, and how recordings are made."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_evidence(bundle: Mapping[str, Any], folder: Path) -> Path:
    """Write a bundle to ``folder``, named after its analysis, gzipped; where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{bundle['analysis']['metadata']['name']}.json.gz"
    text = json.dumps(bundle, allow_nan=False, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text, mtime=0))  # the same evidence is the same file
    return path
