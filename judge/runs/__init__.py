"""The life of a run: its states, its schedule, what it records."""
