"""How a plan is told: as text with charts, and as JSON."""
