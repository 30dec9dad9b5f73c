"""How frames travel between parties: in memory (threads of one process) or over mutually authenticated TLS."""
