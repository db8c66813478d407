"""The crash test: processes are killed under load, then a checker of its own counts every decision in the log."""
