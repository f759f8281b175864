"""Why the simulator cannot start as it was asked to."""


class SimulatorError(Exception):
    """The port is taken, a file cannot be used, or a fault cannot be understood; the text is for the user."""
