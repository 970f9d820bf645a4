"""What circuits beside memories cost: arithmetic by its bits, registers, look-up tables, routers, wires."""
