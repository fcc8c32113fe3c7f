"""Branches tell headquarters what happened, when they can: by MQTT, each entry once and in order."""
