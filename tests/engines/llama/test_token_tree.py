from hypothesis import given
from hypothesis import strategies as st

from ausweis.engines.llama.token_tree import runs_of, tokens_in

SEQUENCES = st.dictionaries(st.integers(1, 64), st.lists(st.integers(0, 2), max_size=8).map(tuple), max_size=12)


@given(SEQUENCES)
def test_the_runs_of_each_owner_make_its_sequence_in_order(sequences: dict[int, tuple[int, ...]]) -> None:
    found: dict[int, tuple[int, ...]] = dict.fromkeys(sequences, ())
    for run in runs_of(sequences):
        reached = {found[owner] for owner in run.owners}
        assert len(reached) == 1
        for owner in run.owners:
            found[owner] += tuple(run.tokens)
        assert run.ends == tuple(owner for owner in run.owners if found[owner] == sequences[owner])
    assert found == sequences


@given(SEQUENCES)
def test_nothing_that_sequences_begin_with_stands_in_the_tree_twice(sequences: dict[int, tuple[int, ...]]) -> None:
    beginnings = {tokens[:length] for tokens in sequences.values() for length in range(1, len(tokens) + 1)}
    assert tokens_in(runs_of(sequences)) == len(beginnings)


def test_a_growing_text_with_a_question_at_each_step() -> None:
    runs = runs_of({1: (5, 6, 0), 2: (5, 6, 7, 8, 0), 3: (5, 6, 7, 8, 9, 0)})
    assert [(tuple(run.tokens), run.owners, run.ends) for run in runs] == [
        ((5, 6), (1, 2, 3), ()),
        ((0,), (1,), (1,)),
        ((7, 8), (2, 3), ()),
        ((0,), (2,), (2,)),
        ((9, 0), (3,), (3,)),
    ]


def test_equal_sequences_share_all() -> None:
    (run,) = runs_of({1: (1, 2), 2: (1, 2)})
    assert run.ends == run.owners == (1, 2)
