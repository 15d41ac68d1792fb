"""This folder is on the path: tests of several levels share what stands in it."""
