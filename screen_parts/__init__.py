"""What every QML screen of the suite stands on: a window that loads it, the bundled fonts, typed Qt properties."""
