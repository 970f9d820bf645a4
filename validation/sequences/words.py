"""What the page docs/sequences.md says around its tables."""

from __future__ import annotations

from deltasim.validation.sequences.measured import GOAL
from deltasim.validation.sequences.stability import STEPS
from deltasim.workloads.sequences.making.train import RECIPES, WITHIN
from deltasim.workloads.sequences.tasks import IMAGES

COSTED = 20  # recordings that are run on a chip

_SPOKEN, _BOXED = RECIPES["fsdd"], RECIPES["synthetic"]

ABOUT = f"""\
SGU and DSGU (Gao and Glowacka 2016) are recurrent units with one gate. A state is multiplied by what the
input gives before a matrix reads it, so the change of the state alone does not tell what the matrix is to
add: the product is a population of its own, which sends its changes with a threshold of its own. Without
thresholds this is the dense evaluation (a test holds it to 1e-5 over 60 steps; multiplying the change of
the state instead is off by 2.7). `deltasim run sequences` runs a DSGU of 64 units on spoken digits in the
box; `deltasim train sequences --data fsdd --cell sgu` trains any of the cells.

Four cells of as many units are trained alike, with the same recipe and nothing chosen for any of them:
spoken digits (the features of [digits](training.md), 2,400 recordings learned, 300 held out, 300 tested;
64 units), MNIST by rows ({IMAGES["learned"]:,} images learned, {IMAGES["held_out"]} held out,
{IMAGES["test"]:,} tested, drawn once; 64 units) and the adding problem (40 steps; 32 units). First
{_SPOKEN.dense_epochs} epochs without thresholds ({RECIPES["adding"].dense_epochs} of adding), which gives
the dense network, then from its weights {_SPOKEN.epochs} ({RECIPES["adding"].epochs}) with them. The part
held out chooses the epochs and how far the thresholds are scaled at the end; the test part is scored
once, by running the networks."""

CLAIM_WORDS = f"""\
Claims are those of the paper's abstract; its sizes, data and accuracies could not be read, so none of its
figures stands here. Faster and more stable are meant against the better of GRU and LSTM, and against SGU.
Learned means a squared error below {GOAL:g}; who always says 1 has 0.167."""

SIZE_WORDS = """\
*Parameters* are weights and biases of the recurrent layer (of a GRU four biases a unit, since the reset
comes after the product). *Products a step* are those of everything sent: every weight of the network, its
readout too, and of SGU and DSGU the words by which states reach the products. *Processor seconds* are
those of this project's trainer, whose loop over time is written in Python for every cell, on a core
shared with others: they tell the cells apart by their operations, not by what a fused kernel would need.
A simple gated unit has two or three matrix products in a row in a step where the others have one."""

LEARNING_WORDS = """\
Mean squared error of the part held out, without thresholds. An epoch is 40 updates of 50 sequences. Both
simple gated units learn it sooner than the LSTM, whose biases are drawn like its weights, and later than the
GRU."""

DELTA_WORDS = f"""\
A word is a weight that a message fetches and multiplies. The scale is the largest of all thresholds'
whose score on the part held out is within {WITHIN["accuracy"]:.0%} of the dense network's
({WITHIN["negative squared error"]:g} of squared error for adding), where there is one; the delta network
was trained longer than the dense one, by the epochs with thresholds. No setting of these was changed after
a test part had been scored. The pair in the box, of synthetic digits, is in no table here: it was trained
again with more epochs ({_BOXED.dense_epochs} and {_BOXED.epochs}) after its test score had been seen.

Of spoken digits, at equal score, the SGU fetches fewest words because it has fewest to begin with; it saves
the smallest share of them. A matrix reads u, and u changes when the inputs do and when the states do, so it
sends a larger share than the states it is made of (the table below); a GRU and a LSTM multiply behind their
matrices, where a change costs nothing. The states of a DSGU lie within 0 to 1 and move least, so it sends
least of all, at a lower score. In joules GRU and LSTM need less: a population of products is scanned and
receives every change of the states."""

ENCODER_WORDS = """\
Spoken digits. *Sent* is the share of elements whose change reached the threshold, *words* the share of
all words that were fetched for them. Inputs, and of SGU and DSGU states, are sent to several populations,
which are counted each. A product changes when either of its factors does: with the inputs as much as with
the states."""

STABILITY_WORDS = f"""\
Networks of one seed, trained on spoken digits, on {STEPS:,} frames of test recordings one after another,
from rest once. The largest difference of a state from that with sums in double precision: running sums in
float32 drift, as each delta is rounded; in fixed point (activations Q8.8, weights Q3.13, sums Q9.23,
tables Q2.14) states are rounded and sums are exact. States of a DSGU are means of numbers within 0 to 1.
Those of a SGU have no bound, but a step adds at most log 2, and less the larger the state is."""

CHIP_WORDS = f"""\
Spoken digits, networks of the first seed in float32, whose SGU has smaller thresholds than those of the
other seeds (the scale above) and fetches more words; {COSTED} recordings. Dense is every element sent at
every step on the same chip. What a product's population costs beyond its words (its own scan, and the
messages by which states reach it) is in it."""
