"""The share of runs that have seen something, over the time of a run, as a line of blocks. Pure."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
PLAIN = " .:-=+*#@"


def line(shares: Sequence[float], *, width: int, blocks: str = BLOCKS) -> str:
    """``shares`` (0-1) by look in ``width`` cells; each shows the last look that falls into it."""
    looks = len(shares)
    cells = [
        shares[min(looks - 1, max(0, -(-(cell + 1) * looks // width) - 1))] for cell in range(width)
    ]
    return "".join(_block(share, blocks) for share in cells)


def axis(duration: str, *, width: int) -> str:
    """What stands above the lines: 0 and the run's end."""
    return f"0{duration:>{width - 1}}"


def _block(share: float, blocks: str) -> str:
    """A full block for all of them only, an empty one for none."""
    top = len(blocks) - 1
    if share <= 0.0:
        return blocks[0]
    if share >= 1.0:
        return blocks[top]
    return blocks[min(top - 1, max(1, round(share * top)))]
