"""The voice: what is written becomes words, words become sound by espeak-ng, and one thread plays it."""
