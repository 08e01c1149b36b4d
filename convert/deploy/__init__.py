"""Puts a bundle in force on a board over SSH: whole and verified there, or not at all."""
