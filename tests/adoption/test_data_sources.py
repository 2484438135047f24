"""Where terms came from, each source once."""

from lexgraft.adoption.data_sources import count_sources, rights_of
from lexgraft.adoption.report.report_record import DataSource
from lexgraft.records import Concept


def test_sources_are_counted_by_name_and_lose_their_addresses():
    concepts = [
        Concept(str(n), (), source="Word List https://example.org", licence="CC0-1.0")
        for n in range(3)
    ]
    counted = count_sources("train", map(rights_of, concepts))
    assert counted == [DataSource("Word List", "train", "", "CC0-1.0", 3)]
