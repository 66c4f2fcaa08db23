"""What comes from others: pinned, listed, licensed, and no secret among it."""
