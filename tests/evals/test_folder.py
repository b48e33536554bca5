"""What an eval run says of the system that it measured."""

from ausweis.evals.folder import System


def test_a_run_of_a_readout_is_one_of_the_same_probe() -> None:
    about = {"ausweis": "1", "strategy": "turnwise", "model": "tiny", "engine": "fake"}
    readout, probe = (System(prompts=(f"transcript:{name}@1 (abc)",), **about) for name in ("readout", "probe"))
    assert readout == probe
