"""Each step says what it changes and imports nothing of ours: what it did once it does for ever."""
