"""An independent fixed-point delta network in Python's whole numbers and fractions: slow, plain, exact.

Shares nothing with the package but the network's stored weights and formats.
"""

import math
from fractions import Fraction


def nearest_even(value):
    """A Fraction rounded half to even."""
    below = math.floor(value)
    rest = value - below
    return below + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and below % 2 == 1))


def held(value, form, overflow="saturate"):
    if overflow == "wrap":
        return (value + 2 ** (form.bits - 1)) % 2**form.bits - 2 ** (form.bits - 1)
    return max(-(2 ** (form.bits - 1)), min(2 ** (form.bits - 1) - 1, value))


def raw(real, form, overflow="saturate"):
    """A real number (Fraction) in a format."""
    return held(nearest_even(real * 2**form.fraction), form, overflow)


def real(value, form):
    return Fraction(int(value), 2**form.fraction)


class SlowNetwork:
    """One recurrent layer and, if there is one, its readout."""

    def __init__(self, network):
        self.network, self.forms = network, network.arithmetic
        self.state = {p.name: [[0] * p.size for _ in p.cell.states] for p in network.populations}
        self.totals = {
            p.name: [[int(v) for v in row] for row in p.bias]
            for p in network.populations
            if p.bias is not None
        }
        self.sent = [[0] * p.connection.source_size for p in network.projections]

    def table(self, function, value):
        """A lookup: the argument rounded to an activation, the result to the lookup format; both real."""
        argument = real(self.activated(value), self.forms.activation)
        result = math.tanh(argument) if function == "tanh" else 1 / (1 + math.exp(-argument))
        return real(raw(Fraction(result), self.forms.lookup), self.forms.lookup)

    def activated(self, value):
        """A real number as a raw activation of the chip."""
        return raw(value, self.forms.activation, self.forms.overflow)

    def summed(self, one, other):
        """Two real products as a raw activation."""
        if "terms" not in self.forms.rounded:
            return self.activated(one + other)
        whole = self.activated(one) + self.activated(other)
        return held(whole, self.forms.activation, self.forms.overflow)

    def step(self, frame):
        """All messages of one step, as (projection, source, raw delta)."""
        activation, messages = self.forms.activation, []
        before = {name: [list(row) for row in state] for name, state in self.state.items()}
        self.state["input"][0] = [raw(Fraction(float(v)), activation) for v in frame]
        for population in self.network.populations[1:]:
            name = population.name
            for number, projection in enumerate(self.network.projections):
                if projection.target != name:
                    continue
                values = (before if projection.delay else self.state)[projection.source][0]
                fed = population.cell.accumulators_of(projection.role)
                for source, value in enumerate(values):
                    delta = value - self.sent[number][source]
                    if delta == 0 or real(abs(delta), activation) < Fraction(float(projection.theta)):
                        continue
                    self.sent[number][source] = value
                    messages.append((number, source, delta))
                    for gate, accumulator in enumerate(fed):
                        for target in range(population.size):
                            word = int(projection.connection.columns[source, gate, target])
                            form = projection.weight_format or self.forms.weight
                            self.add(name, accumulator, target, word, form, delta)
            self.update(population)
        return messages

    def add(self, name, number, target, word, form, delta):
        accumulator = self.forms.accumulator
        product = real(word, form) * real(delta, self.forms.activation)
        total = self.totals[name][number][target] + nearest_even(product * 2**accumulator.fraction)
        self.totals[name][number][target] = held(total, accumulator, self.forms.overflow)

    def update(self, population):
        activation, state = self.forms.activation, self.state[population.name]
        for n in range(population.size):
            m = [real(row[n], self.forms.accumulator) for row in self.totals[population.name]]
            if population.cell.kind == "dense":
                function = population.cell.activation
                squashed = function in ("tanh", "sigmoid")
                y = self.activated(self.table(function, m[0]) if squashed else m[0])
                state[0][n] = max(y, 0) if function == "relu" else y
            elif population.cell.kind == "rnn":
                state[0][n] = self.activated(self.table("tanh", m[0]))
            elif population.cell.kind == "gru":
                r, u = self.table("sigmoid", m[0]), self.table("sigmoid", m[1])
                rounds = "factors" in self.forms.rounded
                factor = real(self.activated(m[3]), activation) if rounds else m[3]
                c = self.table("tanh", m[2] + r * factor)
                state[0][n] = self.summed(u * real(state[0][n], activation), (1 - u) * c)
            else:
                i, f, o = (self.table("sigmoid", m[accumulator]) for accumulator in (0, 1, 3))
                state[1][n] = self.summed(f * real(state[1][n], activation), i * self.table("tanh", m[2]))
                squashed = self.table("tanh", real(state[1][n], activation))
                state[0][n] = self.activated(o * squashed)
