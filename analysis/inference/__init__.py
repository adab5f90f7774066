"""Tests of abnormal returns: arrays in, frozen results out, every convention stated."""
