"""An installation as the guides describe it, started for real."""
