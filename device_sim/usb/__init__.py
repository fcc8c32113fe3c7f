"""Simulated USB: what a device is made of, and a pyusb backend that finds such devices."""
