"""Keeping the data: a backup in one file, bringing it back, trying that it comes back, and telling what was lost."""
