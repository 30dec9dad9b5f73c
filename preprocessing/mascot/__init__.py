"""The MASCOT generator [KOS16]: material made with all peers, from OT and VOLE with each of them."""
