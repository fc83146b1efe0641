"""The demo: a small application under load, watched live or from a recording of it."""
