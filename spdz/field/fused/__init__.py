"""Functions of a field that do several operations in one pass over memory."""
