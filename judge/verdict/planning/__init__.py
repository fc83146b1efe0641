"""What a run would see and say, told before it: from an analysis and the baseline's history."""
