"""A command as a step of continuous integration: its files, its commands, its waiting, its end."""
