"""Simulated serial ports below pyserial: `sim://NAME` in this process, and ptys for other processes."""
