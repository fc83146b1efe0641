"""What ``judge demo`` puts on: the daemon with its API, and somebody who uses it."""
