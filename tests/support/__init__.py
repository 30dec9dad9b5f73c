"""What the protocol tests share: parties in lockstep, an ideal dealer, and builders of interference."""
