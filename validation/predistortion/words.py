"""What docs/predistortion.md says between its tables."""

ABOUT = """\
A power amplifier bends the signal that it makes strong. A predistorter bends it the other way
beforehand. The recording is APA_200MHz of the package opendpd 2.4.2 (Apache-2.0): what was sent into a
3.5 GHz gallium nitride Doherty amplifier and what came out, {channels} LTE carriers of 256-QAM over
{width} MHz, sampled at {rate} MHz; its own parts to train on, to choose on and to test on, {samples}
samples, are kept. A network sees six features of a sample (I, Q, |x|, |x|³, sine and cosine of the
phase) and gives the sample that is sent instead. It is trained and scored through a model of the
amplifier, as DeltaDPD was through another one, so **figures of the papers were measured through other
models than ours** and stand beside, not against, these. All three scores are computed as opendpd
defines them ([the code](../workloads/predistortion/scores.py)); what ought to come out is the input
times the ratio of the largest magnitudes.

Two forms are trained: DeltaDPD's (*plain*), a GRU of 15 units and a readout, {plain} parameters; and
*ours*, the same with a bypass, {ours} parameters: the readout also hears the sample itself and those 1,
2, 3, 21 and 22 samples before, over projections with delays and without a threshold. The amplifier has
an echo there. The GRU then computes a small correction, which thresholds disturb less. `deltasim run
predistortion` runs ours, seed 0."""

SCORE_WORDS = """\
Temporal sparsity is counted as DeltaDPD does: the share of inputs and states that the GRU is not sent;
messages to the readout are counted in the words alone, those of the bypass too. ACPR is of the worse side.
OpenDPDv2's -35.2 and -42.1 dB are EVM, as its abstract has them. Thresholds were scaled together, on the
part held out: to the smallest that leaves 52 % unsent, or, in the last line, to the largest whose NMSE is
no higher than DeltaDPD's. Each network was scored on the test part once. Before
the last form of chip and fixed point stood, seed 0 of ours had been scored there once: the width of the
chip's state memory and the range of activations in fixed point were chosen after that, no network was."""

MODEL_WORDS = """\
A GRU of 24 units with the same six inputs and a bypass of twelve lags, trained on the measured output
(`workloads/predistortion/trained/amplifier`, digest {digest}). Its own NMSE is {test} dB on the test
part and {held_out} dB on the part that chose its epoch: what a predistorter does below that is a
prediction of the model, not of the amplifier."""

COST_WORDS = """\
The first 2,000 samples of the test part, all in float32 as far as messages go; the chips price numbers
of their own widths. `{on}` is hypothetical: {about}, the size, clock and number format of
DPD-NeuralEngine (22 nm, 250 million samples a second, without deltas; arXiv 2410.11766). One core
cannot keep up with the rate, because a sample waits for the one before: its states are needed. Several
could share the samples block by block, each block begun a few dozen samples early to settle; the column
counts them without that overlap. The power is that of as many chips at full speed."""

FIXED_WORDS = """\
The network of the last line, seed 0, rounded after training: weights, activations and table outputs of
so many bits, sums of 32, nothing trained again."""

TRAINED_WORDS = """\
By the [trainer](training.md) with windows of 88 samples, of which the first 24 settle; the loss is the
logarithm of the NMSE behind the model. Plain: {dense} epochs without thresholds, then {epochs} with one
threshold for inputs and states. Ours: {our_dense} and {our_epochs}, with a threshold learned for every
neuron and a cost of messages ({l1} times the share of words). The part held out chose form, recipe (with
seed 0), epochs and scales. That is about 2,000 updates, two minutes of a core; the defaults of opendpd
2.4.2 are half a million. So the plain rows lie above what DeltaDPD's form can reach: they say what the
same short training makes of both."""
