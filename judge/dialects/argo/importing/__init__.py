"""Analysis templates become an analysis of ours, with a list of what differs."""
