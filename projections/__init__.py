"""The read side: folds from events to tables, the projector that keeps them, and the questions they answer."""
