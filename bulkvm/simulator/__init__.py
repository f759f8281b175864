"""A PBX of its own: the API of shared voicemail boxes, served on this machine or driven in-process.

It is written from the API's documentation alone and shares no code with the client, so that one misreading cannot hide
the other.
"""

from bulkvm.simulator.app import create_app
from bulkvm.simulator.configuration import Settings
from bulkvm.simulator.fault_rules import Faults
from bulkvm.simulator.server import Running, running, serve
from bulkvm.simulator.simulator_error import SimulatorError

__all__ = ["Faults", "Running", "Settings", "SimulatorError", "create_app", "running", "serve"]
