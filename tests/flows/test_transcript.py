"""What a child writes, as lines and drafts."""

from flows.transcript import Draft, Line, Transcript


def events(*chunks: bytes) -> list[Line | Draft]:
    transcript = Transcript()
    return [event for chunk in chunks for event in transcript.feed(chunk)] + list(transcript.close())


def test_lines_lose_their_endings_and_colours() -> None:
    assert events(b"one\r\n\x1b[31mtwo\x1b[0m\n") == [Line("one"), Line("two")]


def test_line_in_pieces_is_one_line_even_within_a_character() -> None:
    assert events(b"3 ", "×".encode()[:1], "×".encode()[1:] + b" 4\n") == [Line("3 × 4")]


def test_unfinished_line_that_is_never_redrawn_is_no_draft() -> None:
    assert events(b"wai", b"ting") == [Line("waiting")]


def test_bar_is_a_draft_until_its_last_state_becomes_a_line() -> None:
    drawn = events(b"\r\x1b[2K\x1b[32m 20 %\x1b[0m", b"\r\x1b[2K\x1b[32m100 %\x1b[0m", b"\r\n")
    assert drawn == [Draft("\x1b[32m 20 %\x1b[0m"), Draft("\x1b[32m100 %\x1b[0m"), Line("100 %")]


def test_line_printed_above_a_bar_is_a_line_without_the_bar() -> None:
    drawn = events(b"\r\x1b[2Kbar 1/2", b"\r\x1b[2Ktrial 1: 97 %\r\nbar 1/2\r\x1b[2Kbar 2/2\r\n")
    assert [event for event in drawn if isinstance(event, Line)] == [Line("trial 1: 97 %"), Line("bar 2/2")]


def test_bar_wiped_in_the_end_leaves_no_line() -> None:
    assert events(b"\r\x1b[2K50 %\r\x1b[2K") == [Draft("50 %"), Line("50 %")]
