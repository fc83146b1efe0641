"""Pure numpy statistics: arrays in, frozen dataclasses out.

No I/O, no clock, no randomness but by argument.
"""
