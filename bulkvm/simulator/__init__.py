"""A PBX of its own: the API of shared voicemail boxes, served on this machine or driven in-process.

It is written from the API's documentation alone and shares no code with the client, so that one misreading cannot hide
the other.
"""

from bulkvm.simulator.app import create_app
from bulkvm.simulator.configuration import SimulatorError, SimulatorSettings
from bulkvm.simulator.fault_rules import FaultRules
from bulkvm.simulator.server import Running, running, serve

__all__ = ["FaultRules", "Running", "SimulatorError", "SimulatorSettings", "create_app", "running", "serve"]
