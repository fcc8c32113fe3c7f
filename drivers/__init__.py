"""One driver a device family, over transports that hide whether a cable or the simulator is behind them."""
