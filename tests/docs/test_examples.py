"""The examples of the guides are run as they stand."""

import re
from pathlib import Path

import pytest

GUIDES = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("guide", ["writing-a-connector", "writing-a-detector", "writing-a-draft"])
def test_the_example_of_a_guide_runs_and_its_assertions_hold(guide: str) -> None:
    text = (GUIDES / f"{guide}.md").read_text()
    blocks = BLOCK.findall(text)
    assert len(blocks) == 2, "the example, and its test"
    assert blocks[1].count("assert ") >= 3
    names: dict[str, object] = {"__name__": guide}
    for block in blocks:
        exec(compile(block, f"{guide}.md", "exec", dont_inherit=True), names)
