"""The panel: a small window with which a person acts on the simulated terminal."""

from device_sim.panel.window import run_panel

__all__ = ["run_panel"]
