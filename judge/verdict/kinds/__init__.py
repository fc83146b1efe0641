"""What each kind of metric makes of a run's samples: from intervals to a comparison."""
