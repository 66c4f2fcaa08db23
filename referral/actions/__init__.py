"""The deeds: each changes a case and writes it into the trail; none commits."""
