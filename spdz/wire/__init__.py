"""The wire format: registered steps, strict payload codecs and sans-io frames. Nothing here opens a socket."""
