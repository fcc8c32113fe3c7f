"""The journeys of customers, as tables: (state, event) -> (state, effects)."""
