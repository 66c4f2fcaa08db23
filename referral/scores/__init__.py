"""Calculators: one file a score, pure, figures as data with their source, a range where items are not known."""
