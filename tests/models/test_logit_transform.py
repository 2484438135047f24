from types import SimpleNamespace

import pytest
import torch

from lexgraft.models.logit_transform import LogitTransform


@pytest.mark.parametrize("scale", [None, 0.25])
@pytest.mark.parametrize("softcap", [None, 30.0])
def test_logits_within_the_soft_cap_are_inverted(scale: float | None, softcap: float | None):
    logits = torch.linspace(-20, 20, 9)
    transform = LogitTransform(scale, softcap)
    assert torch.allclose(transform.invert(transform.apply(logits)), logits, atol=1e-3)


def test_a_scale_is_a_factor_or_a_divisor_and_comes_before_the_cap():
    cohere = LogitTransform.of(SimpleNamespace(logit_scale=0.5))
    granite = LogitTransform.of(SimpleNamespace(logits_scaling=8.0))
    gemma = LogitTransform.of(SimpleNamespace(final_logit_softcapping=30.0))
    assert (cohere, granite, gemma) == ((0.5, None), (0.125, None), (None, 30.0))
    capped = LogitTransform(0.5, 2.0).apply(torch.tensor([4.0]))
    assert float(capped) == pytest.approx(2 * 0.761594, abs=1e-5)  # 2 · tanh(4 · 0.5 / 2)
