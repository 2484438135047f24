from lexgraft.adoption.cost import ComputeWork, MachineRates, estimate, operations
from lexgraft.business import MachinePrice
from lexgraft.terms.text.token_estimate import tokens_of


def test_a_thousand_tokens_and_a_hundred_rows_cost_their_multiply_adds():
    # 2 · (1000 tokens · 100 parameters + 100 rows · 168 parameters)
    assert operations(ComputeWork(1000, 100), body=100, head=168) == 2 * (100_000 + 16_800)


def test_training_costs_three_passes_of_the_body_and_two_of_a_frozen_head():
    work = ComputeWork(1000, 100, training=True)
    assert operations(work, body=100, head=168) == 2 * (300_000 + 33_600)


def test_money_is_the_users_price_for_the_time():
    cost = estimate(
        ComputeWork(1000, 0),
        body=1800,
        head=0,
        rates=MachineRates(1000, 1, 1),
        price=MachinePrice(2.0, "JPY"),
    )
    assert (cost.seconds, cost.money, cost.currency) == (3600, 2.0, "JPY")


def test_japanese_counts_more_tokens_a_character():
    assert tokens_of("心筋梗塞") == 3
    assert tokens_of("a heart attack") == 4
    assert tokens_of("") == 1
