import pytest
import torch

from nearfield.networks.dropout import ByteDropout


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
def test_the_share_is_zeroed_and_the_mean_stays(share: float) -> None:
    drop = ByteDropout(share)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        units = drop(torch.ones(1_000_003))
    assert float((units == 0).float().mean()) == pytest.approx(share, abs=0.005)
    assert float(units.mean()) == pytest.approx(1, abs=0.01)
    # all eight bytes of a random number are equally random
    for byte in range(8):
        assert float((units[byte::8] == 0).float().mean()) == pytest.approx(share, abs=0.01)


def test_nothing_is_dropped_outside_training() -> None:
    drop = ByteDropout(0.5).eval()
    units = torch.randn(10, 3)
    assert torch.equal(drop(units), units)
