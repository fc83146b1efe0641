"""Every case, gathered from the modules beside this one: each has its ``CASES``."""

from __future__ import annotations

import importlib
import pkgutil

from tests.spec.templates.harness import Case

CASES: tuple[Case, ...] = tuple(
    case
    for module in sorted(module.name for module in pkgutil.iter_modules(__path__))
    for case in importlib.import_module(f"{__name__}.{module}").CASES
)
