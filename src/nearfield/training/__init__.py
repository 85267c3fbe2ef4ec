"""What the trainers share: seeds, checkpoints, model cards."""
