"""Printing: a document in, a PDF out, in a cage. It knows nothing of cases, and the cage loads nothing else."""
