"""Answers with trained models without torch: numpy, mapped weights and ONNX Runtime."""
