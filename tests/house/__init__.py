"""What is added in one place: one of each kind of thing, added from outside."""
