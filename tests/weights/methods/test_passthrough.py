from one_tensor import merge_one


def test_a_model_is_copied_or_scaled() -> None:
    assert merge_one("passthrough", [1.0, 2.0], [0.5, -2.0]) == [1.5, 0.0]
    assert merge_one("passthrough", [1.0, 2.0], [0.5, -2.0], scale=2) == [3.0, 0.0]
