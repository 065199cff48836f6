"""Files that travel in parts arrive whole or not at all."""

import pytest

from recoder_lsp.training import parts


@pytest.mark.parametrize("size", [0, 9, 10, 11, 35])
def test_a_file_is_put_together_as_it_was(tmp_path, size):
    whole = bytes(range(size))
    (tmp_path / "whole").write_bytes(whole)

    written = parts.split(tmp_path / "whole", tmp_path / "parts", 10)
    parts.join(tmp_path / "parts", tmp_path / "again")

    assert all(part.stat().st_size <= 10 for part in written)
    assert (tmp_path / "again").read_bytes() == whole


def test_parts_of_a_longer_file_from_before_do_not_get_in(tmp_path):
    for size in (30, 15):
        (tmp_path / "whole").write_bytes(bytes(size))
        parts.split(tmp_path / "whole", tmp_path / "parts", 10)

    parts.join(tmp_path / "parts", tmp_path / "again")

    assert (tmp_path / "again").read_bytes() == bytes(15)


@pytest.mark.parametrize(
    "harm",
    [
        lambda part: part.unlink(),
        lambda part: part.write_bytes(b"x"),
        lambda part: (part.parent / parts.SUM).unlink(),
    ],
)
def test_what_a_missing_or_damaged_part_would_spoil_is_left_alone(tmp_path, harm):
    (tmp_path / "whole").write_bytes(bytes(25))
    (tmp_path / "again").write_bytes(b"before")
    harm(parts.split(tmp_path / "whole", tmp_path / "parts", 10)[1])

    with pytest.raises(ValueError, match="Copy them again"):
        parts.join(tmp_path / "parts", tmp_path / "again")

    assert (tmp_path / "again").read_bytes() == b"before"
    assert not list(tmp_path.glob("*.partial"))
