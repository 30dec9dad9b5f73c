"""The operations that talk: each a protocol, the material that it takes and its place in the plan."""
