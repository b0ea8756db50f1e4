"""Settings: by file, environment and flag; the table of docs/service.md is the code's."""

from pathlib import Path

import pytest

from moderation.cli.main import build_parser
from moderation.errors import UsageError
from moderation.service.errors import problem_table
from moderation.service.metrics import Metrics
from moderation.service.settings import FIELDS, Settings, flag, load_settings, table, variable

DOC = Path(__file__).parents[2] / "docs/service.md"


def test_flags_count_more_than_the_environment_and_that_more_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "service.toml"
    path.write_text('port = 1\nworkers = 2\npolicy = "keep-meta"\nrate = 2\n', "utf-8")
    found = load_settings({"port": "3", "workers": None}, path, {"MODERATION_PORT": "2", "MODERATION_WORKERS": "4"})
    assert (found.port, found.workers, found.policy, found.rate) == (3, 4, "keep-meta", 2.0)


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    (tmp_path / "service.toml").write_text("port = 7\n", "utf-8")
    assert load_settings(environment={"MODERATION_CONFIG": str(tmp_path / "service.toml")}).port == 7


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_has_a_variable_and_a_flag_of_its_name(name: str) -> None:
    value = {bool: "yes", int: "3", float: "2.5", str: "x"}[FIELDS[name].type]  # type: ignore[index]
    found = getattr(load_settings(environment={variable(name): value}), name)
    assert found == {bool: True, int: 3, float: 2.5, str: "x"}[FIELDS[name].type]  # type: ignore[index]
    words = ["serve", flag(name)] + ([] if FIELDS[name].type is bool else [value])
    args = build_parser(words).parse_args(words)
    assert getattr(load_settings({name: getattr(args, name)}, environment={}), name) == found


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MODERATION_PORT": "many"}, "MODERATION_PORT must be a whole number, found 'many'"),
        ({"MODERATION_PORT": "-1"}, "MODERATION_PORT must be a whole number from 0 on, found '-1'"),
        ({"MODERATION_SECONDS": "nan"}, "must be a number from 0.001 on"),
        ({"MODERATION_LOG_TEXT": "perhaps"}, "must be true or false, found 'perhaps'"),
        ({"MODERATION_CONFIG": "/nowhere.toml"}, "can't be read as TOML"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence.replace("(", "\\(")):
        load_settings(environment=variables)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "unknown setting 'prot'; known settings: host, port"),
        ('port = "x"', "port must be a whole number"),
        ("port = 1.5", "port must be a whole number, found 1.5"),
        ("port = true", "port must be a whole number"),
        ("log_text = 1", "log_text must be true or false"),
        ("model = 1", "model must be a string"),
        ("port =", "can't be read as TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "service.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=f"{path}.*{sentence}"):
        load_settings(path=path, environment={})


def test_the_table_in_the_docs_is_the_codes() -> None:
    assert table() in DOC.read_text("utf-8"), "write what moderation.service.settings.table() returns"


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]


def test_every_problem_and_metric_is_in_the_docs() -> None:
    text = DOC.read_text("utf-8")
    assert problem_table() in text, "write what moderation.service.errors.problem_table() returns"
    names = {family.name for family in Metrics().registry.collect()}
    assert [name for name in names if name.removesuffix("_total") not in text] == []
