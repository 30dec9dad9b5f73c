"""The plan of the house: that new rooms can be added without touching the old ones."""
