"""The Mersenne family without its fused loops."""
