import pytest

from ausweis.calls import Speakers
from ausweis.errors import CallFormatError, InputError


@pytest.mark.parametrize(
    "label", ["AGENT", "Berater", "beraterin", "MITARBEITER", "Mitarbeiter/in", "Service", "Agent_1"]
)
def test_agents(label: str) -> None:
    assert Speakers().find(label) == "agent"


@pytest.mark.parametrize(
    "label", ["KUNDE", "Kundin", "CUSTOMER", "caller", "Client", "ANRUFER", "Anrufer*in", "kunde (Ida)"]
)
def test_callers(label: str) -> None:
    assert Speakers().find(label) == "caller"


@pytest.mark.parametrize("label", ["Ida", "SPEAKER_00", "spk_0", "0", "kundenkonto", "ch_2", "", "*in"])
def test_unknown(label: str) -> None:
    assert Speakers().find(label) is None


def test_own_labels_come_first_and_forget_case_and_spaces() -> None:
    speakers = Speakers({"Frau  Klein": "agent", "Agent 2": "caller", "KUNDE": "unknown"})
    assert speakers.find(" frau klein ") == "agent"
    assert speakers.find("AGENT 2") == "caller"
    assert speakers.find("agent 1") == "agent"
    assert speakers.find("Kunde") == "unknown"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, ("agent", "caller")),
        ({"ch_1": "agent"}, ("caller", "agent")),
        ({"CH_0": "caller"}, ("caller", "agent")),
        ({"ch_0": "unknown"}, ("unknown", "caller")),
        ({"ch_0": "agent", "ch_1": "agent"}, ("agent", "agent")),
    ],
)
def test_channels(own: dict[str, str], expected: tuple[str, str]) -> None:
    speakers = Speakers(own)
    assert (speakers.find("ch_0"), speakers.find("ch_1")) == expected


def test_resolve_tells_where_unknown_labels_stand_and_the_way_out() -> None:
    with pytest.raises(CallFormatError) as caught:
        Speakers().resolve(["AGENT", "Ida Wolf", None, "speaker b", "Ida Wolf"], "x.json")
    assert "(two words of letters, 8 characters) of turn 2, 'speaker b' of turn 4;" in caught.value.message
    assert "--speaker LABEL=agent" in caught.value.message
    assert "Ida" not in str(caught.value)
    assert caught.value.place == "x.json"


@pytest.mark.parametrize("label", ["SPEAKER_00", "spk 1", "Sprecherin 3", "ch_2", "Speaker A"])
def test_labels_that_programs_give_are_shown(label: str) -> None:
    with pytest.raises(CallFormatError, match=f"'{label}' in line 7.*--speaker .?{label}.?=agent"):
        Speakers().resolve([label], "x.txt", lines=[7])


@pytest.mark.parametrize(
    "label",
    [
        "Kranich",
        "speaker Kranich",
        "KRANICH 1",
        "ich sage Ihnen mein Kennwort Kranich",
        "Kranich" * 9,
        "Kranich 471199",
        "Kranich?!",
    ],
)
def test_labels_that_may_be_words_of_the_call_are_not_shown(label: str) -> None:
    with pytest.raises(CallFormatError) as caught:
        Speakers().resolve([label], "x.json")
    assert "kranich" not in str(caught.value).lower()
    assert f"{len(label)} characters" in str(caught.value)


def test_no_label_is_unknown() -> None:
    assert Speakers().resolve([None, " ", "KUNDE"], "x") == ["unknown", "unknown", "caller"]


def test_beside_agent_and_caller_an_unknown_label_is_an_unknown_speaker() -> None:
    labels = ["AGENT", "KUNDE", "Ida", "SPEAKER_02", "Kundin Linde", "Customer Service"]
    speakers = Speakers().resolve(labels, "x")
    assert speakers == ["agent", "caller", "unknown", "unknown", "unknown", "unknown"]


@pytest.mark.parametrize(
    ("label", "said", "speaker"),
    [
        ("Paulsen", "Guten Tag, mein Name ist Paulsen.", "agent"),
        ("Frau Paulsen, Nordfunk", "Nordfunk, Sie sprechen mit Ida Paulsen.", "agent"),
        ("Ida Wolf", "Nordfunk, Sie sprechen mit Ida Paulsen.", "unknown"),
        ("Mr. Harper", "You're speaking to Lee Harper", "agent"),
        ("Wolf", "Guten Tag, Frau Wolf.", "unknown"),
    ],
)
def test_the_name_that_an_agent_tells_is_the_agents(label: str, said: str, speaker: str) -> None:
    texts = [said, "Ja, mein Name ist Wolf.", "Gut."]
    assert Speakers().resolve(["agent", "caller", label], "x", texts=texts)[2] == speaker


def test_what_the_user_maps_to_unknown_stays_so() -> None:
    speakers = Speakers({"paulsen": "unknown"}).resolve(
        ["agent", "caller", "Paulsen"], "x", texts=["Mein Name ist Paulsen.", "", ""]
    )
    assert speakers[2] == "unknown"


@pytest.mark.parametrize("own", [{"x": "boss"}, {" ": "agent"}])
def test_mapping_that_makes_no_sense(own: dict[str, str]) -> None:
    with pytest.raises(InputError):
        Speakers(own)
