"""The inside of the simulated receipt printer: its command language, characters, symbols, pictures and page."""
