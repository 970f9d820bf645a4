"""Topologies of the network on chip: nodes, links, deterministic routes and multicast trees.

The engines and the flit-level network use the same ones. A family is one function in a file of its own and
one line in the table ``deltasim.simulator.topology.table.FAMILIES``.
"""

from deltasim.simulator.topology.links import BUS, Link
from deltasim.simulator.topology.table import parse_topology
from deltasim.simulator.topology.topology import Topology

__all__ = ["BUS", "Link", "Topology", "parse_topology"]
