"""How good the answers are: metrics, baselines, protocols, reports."""
