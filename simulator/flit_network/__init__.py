"""The network on chip, flit by flit: topologies, routers with virtual channels, traffic, what it costs."""
