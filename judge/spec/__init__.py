"""What a user writes: analyses and metric templates, from text to a resolved analysis."""
