"""A model as layers, and layers as populations: what PyTorch and ONNX share."""
