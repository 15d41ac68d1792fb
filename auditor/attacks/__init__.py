"""Attacks: arrays in, evidence out. Nothing here knows the truth, the disk or the network."""
