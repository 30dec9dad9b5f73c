"""The network transport: TLS 1.3 between every two endpoints, with pinned certificates."""
