"""Simulated devices, cards and bank host, written from the manuals; they live below pyserial, pyusb and TLS."""
