"""Topologies of the network on chip: nodes, links, deterministic routes and multicast trees.

The engines and the flit-level network use the same ones. A family is one function in a file of its own and
one line in the table ``simulator.topology.table.FAMILIES``.
"""

from simulator.topology.links import BUS, Link
from simulator.topology.table import parse_topology
from simulator.topology.topology import Topology

__all__ = ["BUS", "Link", "Topology", "parse_topology"]
