"""Traces of what passes between drivers and devices, masked before anything is kept: docs/traces.md."""
