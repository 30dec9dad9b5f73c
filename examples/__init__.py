"""Programs that show how to use spdz, and the public data that they compute on."""
