"""Arrays of many shapes out of a seed, the same to the last bit wherever Python runs.

Nothing but `random.Random.random`, whose stream Python promises to keep, and the four operations of
IEEE arithmetic: no logarithm of a platform's library has a say in them.
"""

import math
import random
from collections.abc import Callable

import numpy as np

Draw = Callable[[], float]


def _bell(draw: Draw) -> float:
    total = 0.0
    for _ in range(12):  # the built-in sum compensates in newer Pythons
        total += draw()
    return total - 6.0


SHAPES: dict[str, Callable[[Draw], float]] = {
    "bell": lambda draw: 10.0 + _bell(draw),
    "milliseconds": lambda draw: 120.0 / (0.05 + draw()),
    "seconds": lambda draw: 0.012 / (0.05 + draw()),
    "shares": lambda draw: 1e-5 * draw(),
    "bytes": lambda draw: float(round(1e9 + 3e7 * _bell(draw))),
    "counts": lambda draw: float(int(9.0 * draw() * draw())),
    "halves": lambda draw: round(10.0 + 2.0 * _bell(draw)) / 2.0,
    "hundredths": lambda draw: round(100.0 / (0.5 + draw())) / 100.0,
    "sparse": lambda draw: 0.0 if draw() < 0.9 else 5.0 * draw(),
    "centred": lambda draw: 1e4 * _bell(draw),
    "far away": lambda draw: 1e15 + round(40.0 * draw()),
    "nearly zero": lambda draw: 1e-12 * _bell(draw) + (0.0 if draw() < 0.7 else 1.0),
    "endless": lambda draw: math.inf if draw() < 0.1 else 10.0 + _bell(draw),
    "endless below": lambda draw: -math.inf if draw() < 0.1 else float(int(4.0 * draw())),
    "minus zeros": lambda draw: (-0.0, 0.0, 1.0, -2.0)[int(4.0 * draw() * draw())],
}
"""What one value is drawn from; the last five are where doubles or infinities get in the way."""

SIZES = (
    *((1, 1), (1, 2), (2, 2), (3, 2), (5, 5), (12, 12), (1, 40), (60, 60), (60, 60), (60, 60)),
    *((17, 60), (60, 7), (118, 118), (119, 118), (200, 150), (360, 360)),
)
LONG = 1440


def arrays(shape: str, n: int, m: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Experiment (n,) and control (m,); of every three seeds one moves the experiment up."""
    draw = random.Random(f"{shape} {n} {m} {seed}").random
    control = np.array([SHAPES[shape](draw) for _ in range(m)])
    experiment = np.array([SHAPES[shape](draw) for _ in range(n)])
    return (experiment * 1.5 if seed % 3 == 0 else experiment), control
