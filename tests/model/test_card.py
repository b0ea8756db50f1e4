"""The model card says what the manifest says, and reads manifests of older models."""

from typing import Any

from moderation.labels import NAMES
from moderation.model.card import card

OLD: dict[str, Any] = {
    "name": "报纸",
    "digest": "0123456789abcdef",
    "format": 1,
    "labels": list(NAMES),
    "training": [
        {"name": "pages.jsonl", "pages": 30, "held_out_pages": 6, "lines": 330, "spans": 2, "sha256": "f" * 64}
    ],
    "metrics": {
        "test": {"pages": 6, "lines": 66, "keep_f1": 0.9123, "labels": {"content": 0.9, "nav": 0.5, "seo": 0.0}}
    },
}


def share(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


NEW = OLD | {
    "options": {"generated": 0.5},
    "training": [OLD["training"][0] | {"labels": {"content": 200, "nav": 130}}],
    "metrics": {
        "test": OLD["metrics"]["test"]
        | {
            "intervals": {"keep_f1": [0.85, 0.95]},
            "spam_recall": [
                {"label": "gambling", "lines": 40, "pages": 9, "recall": share(0.95, 0.9, 1.0)},
                {"label": "seo", "lines": 1, "pages": 1, "recall": share(0.0, 0.0, 0.975)},
            ],
            "kinds": [
                {
                    "kind": kind,
                    "pages": 20,
                    "lines": 300,
                    "figures": {"content_chars_kept": share(kept, kept - 0.1, kept + 0.02), "spam_lines_removed": spam},
                }
                for kind, kept, spam in [("article", 0.97, None), ("forum", 0.61, share(0.8, 0.1, 0.9))]
            ],
        }
    },
}


def test_an_older_manifest_gives_a_card_without_what_it_does_not_tell() -> None:
    text = card(OLD)
    assert "| keep_f1 | 0.9123 |" in text
    assert "- On `test`, lowest F1: seo 0.00, nav 0.50, content 0.90.\n" in text
    assert "## By kind of page" not in text
    assert "## Spam removed" not in text
    assert "Lines by label" not in text


def test_a_card_tells_intervals_kinds_of_page_and_spam_labels() -> None:
    text = card(NEW)
    assert "| keep_f1 | 0.912 (0.850-0.950) |" in text
    assert "## By kind of page (test)\n" in text
    assert "| article | 20 | 300 | 0.970 (0.870-0.990) | - |" in text
    assert "| gambling | 0.950 (0.900-1.000), 40 lines |" in text
    assert "Lines by label, held-out pages included: content 200, nav 130." in text
    assert "came 0.5 generated from such pages" in text


def test_the_weakest_rows_are_named_but_not_those_that_may_be_chance() -> None:
    text = card(NEW)
    (row,) = [row for row in text.splitlines() if row.startswith("- On `test`")]
    assert "most content lost on: forum 0.61, article 0.97 (content_chars_kept)" in row
    assert "most spam left on" not in row
    assert row.endswith("spam least often removed: gambling 0.95.")


def test_a_card_says_what_a_model_is_not_for() -> None:
    for manifest in (OLD, NEW, OLD | {"metrics": {}}):
        text = card(manifest)
        assert "\n## Known weaknesses\n" in text
        assert "\n## Not to be used for\n" in text
        assert "must not be used as the only ground for acting against anybody" in text
    assert "Not measured: the training data held no pages of the splits dev or test." in card(OLD | {"metrics": {}})
