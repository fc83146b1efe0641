"""A run as a person sees it in a terminal: live with rich, or in plain lines."""
