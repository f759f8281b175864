"""A simulated PBX: the API for shared voicemail boxes, served on this machine or called in-process.

It is written from the API documentation alone and shares no code with the client, so that a misreading of the
documentation in one does not go unnoticed in the other.
"""

from bulkvm.simulator.app import create_app
from bulkvm.simulator.configuration import SimulatorError, SimulatorSettings
from bulkvm.simulator.fault_rules import FaultRules
from bulkvm.simulator.server import Running, running, serve

__all__ = ["FaultRules", "Running", "SimulatorError", "SimulatorSettings", "create_app", "running", "serve"]
