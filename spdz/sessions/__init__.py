"""How a session comes to be: in one process, or over the network."""
