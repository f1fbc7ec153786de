"""Which environments a change affects, and the first `tidegate.yaml` for a repository that has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import parse, propose, touched
from bot.config.propose import EVERYTHING, candidates
from bot.document import load_documents
from bot.model.identity import RepositoryId
from tests.support.trees import EMPTY, tree

REPOSITORY = RepositoryId(forge="local", number=0, path="me/mine")
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: b}\n"


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ({"a": "1"}, {"a": "1"}, False),
        ({"a": "1"}, {"a": "2"}, True),
        ({"a": "1"}, {}, True),
        ({}, {"a": "1"}, True),
        ({"b": "1"}, {"b": "2"}, False),
        ({}, {}, False),
    ],
)
def test_touched(base: dict[str, str], head: dict[str, str], expected: bool) -> None:
    assert touched(frozenset({"a"}), tree(base), tree(head)) is expected


def test_touched_by_a_change_of_mode() -> None:
    assert touched(frozenset({"a"}), tree({"a": "1"}), tree({"a": "1"}, {"a": "120000"}))


FILES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123"), max_size=4)


@given(FILES, FILES, st.frozensets(st.sampled_from("abcd")), st.frozensets(st.sampled_from("abcd")))
def test_more_reads_never_hide_a_change(
    base: dict[str, str], head: dict[str, str], a: frozenset[str], b: frozenset[str]
) -> None:
    one, other = tree(base), tree(head)
    assert touched(a | b, one, other) == (touched(a, one, other) or touched(b, one, other))
    assert touched(a, one, other) == touched(a, other, one)


def folders(files: dict[str, str]) -> dict[str, str]:
    """The folders that are proposed, by name; the proposed text must say the same."""
    proposal = propose(tree(files))
    if proposal.environments:
        found = parse(proposal.text.encode(), REPOSITORY, tree(files))
        said = {each.id.name: each.source.path for each in found.environments}
        assert said == {name: folder or "." for name, folder in proposal.environments.items()}
        assert all(each.target == each.id.name for each in found.environments)
    return dict(proposal.environments)


def test_each_directory_that_holds_a_manifest_itself() -> None:
    files = {
        "README.md": "x",
        "envs/dev/web.yaml": MANIFEST,
        "envs/prod/web.yml": "# none\n---\n" + MANIFEST,
        "envs/prod/deeper/more.yaml": MANIFEST,
        "json/all.json": '{"apiVersion": "v1", "kind": "List", "items": []}',
        ".github/workflows/ci.yaml": "on: push\n",
    }
    assert set(folders(files).values()) == {"envs/dev", "envs/prod", "json"}


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_nothing_with_a_kustomization_file_in_or_above_it(name: str) -> None:
    files = {
        f"app/{name}": MANIFEST,
        "app/web.yaml": MANIFEST,
        "app/patches/web.yaml": MANIFEST,
        "plain/a.yaml": MANIFEST,
    }
    assert set(folders(files).values()) == {"plain"}
    assert any("app" in each for each in propose(tree(files)).skipped)


def test_files_that_are_no_manifests_make_no_environment() -> None:
    files = {
        "a/values.yaml": "replicas: 1\n",
        "b/broken.yaml": "a: [\n",
        "c/list.yaml": "- op: add\n",
        "d/k.yaml": "kind: X\n",
    }
    assert folders(files) == {}


def test_a_repository_with_manifests_at_its_root() -> None:
    assert folders({"web.yaml": MANIFEST, "more/web.yaml": MANIFEST}) == {"root": ""}


@pytest.mark.parametrize("folder", ["y", "no", "0755", "1e3", "1.10", "true", "null", "Ümlaut & Co", "_", "a" * 200])
def test_any_folder_gets_a_name_that_can_be_used(folder: str) -> None:
    assert list(folders({f"{folder}/web.yaml": MANIFEST}).values()) == [folder]


def test_names_are_unique() -> None:
    files = {f"{folder}/web.yaml": MANIFEST for folder in ("a/x", "b/x", "A/x", "b-x", "x-4", "x-3", "c", "C")}
    assert set(folders(files).values()) == {"a/x", "b/x", "A/x", "b-x", "x-4", "x-3", "c", "C"}


PARTS = st.text("aA-x4_.", min_size=1, max_size=4).filter(lambda part: not part.startswith("."))


SAME = st.sampled_from(["a", "b", "a-b", "apps", "A", "_x", "base"])


@given(
    st.sets(st.lists(PARTS, min_size=1, max_size=3).map("/".join), max_size=8)
    | st.sets(st.lists(SAME, min_size=2, max_size=3).map("/".join), min_size=8, max_size=40)
)
def test_any_folders_are_proposed_under_unique_names(paths: set[str]) -> None:
    found = folders({f"{path}/web.yaml": MANIFEST for path in paths})
    outermost = {path for path in paths if not any(path.startswith(other + "/") for other in paths)}
    assert set(found.values()) == outermost


def written(files: dict[str, str]) -> list[str]:
    """The keys of `environments` in the file that is proposed."""
    assert set(folders(files).values()) == {path.rpartition("/")[0] for path in files if path.endswith(".yaml")}
    keys = load_documents(propose(tree(files)).text.encode())[0].value["environments"]
    return list(keys)


SIX = ("api", "auth", "cache", "db", "mail", "web")


def test_folders_beside_each_other_are_one_pattern() -> None:
    assert written({f"apps/{each}/web.yaml": MANIFEST for each in SIX}) == ["{app}"]
    assert written({f"x/{each}/web.yaml": MANIFEST for each in SIX}) == ["{folder}"]
    assert written({f"apps/{each}/web.yaml": MANIFEST for each in SIX[:-1]}) == list(SIX[:-1])


def test_each_environment_is_in_one_pattern_at_most() -> None:
    stages = ("a", "b", "c", "d", "e", "f")
    assert written({f"apps/{app}/{stage}/web.yaml": MANIFEST for app in (*SIX, "x-1") for stage in stages}) == [
        f"{{app}}-{stage}" for stage in stages
    ]


def test_an_environment_with_a_rule_of_its_own_is_named_beside_the_pattern() -> None:
    files = {f"apps/{each}/web.yaml": MANIFEST for each in SIX} | {"apps/aa/web.yaml": SECRET}
    assert written(files) == ["aa", "{app}"]


@pytest.mark.parametrize("other", ["apps/docs/readme.md", "apps/Two Words/web.yaml"])
def test_no_pattern_matches_a_folder_that_it_does_not_describe(other: str) -> None:
    assert "{app}" not in written({f"apps/{each}/web.yaml": MANIFEST for each in SIX} | {other: MANIFEST})


def test_no_pattern_is_wider_than_one_may_be() -> None:
    assert len(written({f"apps/a{each}/web.yaml": MANIFEST for each in range(1001)})) == 1001


def test_a_chart_with_files_of_values_is_described_by_itself() -> None:
    files = {f"apps/{each}/Chart.yaml": f"name: {each}\nversion: 1.0.0\n" for each in SIX}
    files |= {f"apps/{each}/values-{stage}.yaml": "{}\n" for each in SIX for stage in ("prod", "dev")}
    text = propose(tree(files), EVERYTHING).text
    found = parse(text.encode(), REPOSITORY, tree(files)).environments
    assert {each.id.name: each.source.options["values"] for each in found} == {
        f"{app}-{stage}": [f"apps/{app}/values-{stage}.yaml"] for app in SIX for stage in ("prod", "dev")
    }


def test_rules_of_a_proposed_environment() -> None:
    proposal = propose(
        tree(
            {
                "a/web.yaml": MANIFEST + "data: {Secret: x}\n",
                "b/secret.yaml": SECRET,
                "c/s.yaml": SECRET.replace("stringData", "x"),
                "d/s.yaml": SECRET.replace("stringData", "data"),
            }
        )
    )
    found = {each.source.path: each for each in parse(proposal.text.encode(), REPOSITORY, EMPTY).environments}
    assert {path: each.plain_secrets for path, each in found.items()} == {
        "a": "error", "b": "warning", "c": "error", "d": "warning",
    }  # fmt: skip
    for each in found.values():
        assert (each.apply, each.first_apply, each.drift, each.approvals.count) == ("on-merge", "on-merge", "revert", 1)


def test_links_are_not_followed() -> None:
    linked = tree({"a/web.yaml": MANIFEST}, {"a/web.yaml": "120000"})
    assert dict(propose(linked).environments) == {}


def test_candidates_are_all_that_is_read() -> None:
    files = {"a/b.yaml": MANIFEST, "c.json": "{}", "d.txt": "x", ".hidden/e.yaml": MANIFEST, "f/g.yml": MANIFEST}
    assert candidates(tree(files)) == {"a/b.yaml", "c.json", "f/g.yml"}


def test_manifests_of_any_shape_are_looked_at() -> None:
    assert set(folders({"a/x.yaml": "apiVersion: []\nkind: [Secret]\ndata: 5\n"}).values()) == {"a"}
