"""The committed results on paper: what stands in ``results/`` beside the raw tables, and the README's verdicts.

Run ``python -m tools.results`` in the repository after a study was trained or changed; a test compares.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from rich.console import Console

from actbench.execution.plan import stored_plan
from actbench.execution.reproduce import CONFIGS, Reproduction, find_case, review, studies
from actbench.reports.formats.markdown import markdown
from actbench.reports.plots import Look
from actbench.reports.plots.figures import save_picture
from actbench.reports.sheet import View
from actbench.reports.sheet.comparison import ComparisonSheet
from actbench.reports.sheet.reproduction import ReproductionSheet
from actbench.results.files import replace
from actbench.results.frames import read_frames
from actbench.results.read import RUNS, TABLE, read_manifest
from actbench.statistics import least_pairs
from actbench.studies.article import own_seeds
from actbench.tables import arm_table, to_csv
from actbench.tables.comparison import ALPHA
from actbench.tables.findings import Question, analyse
from actbench.tables.select import Selection
from tools import renewed
from tools.own import OwnStudy, own_studies, untrained_studies
from tools.story import Story, verdicts_counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actbench.tables.findings import Findings

RESULTS = Path("results")
COMPARISON, VERDICTS = "comparison.md", "verdicts.md"
PAGE, PAGE_TEMPLATE = "README.md", "results_page.md.j2"
PICTURES = ("curves", "pareto", "strip")
FORMS = ("png", "svg")
SHOWN = "tuned-digits"
"""The study with which the README begins."""
SENSITIVITY = "Validation error of each activation against its learning rate, and the rate that each was given"


def trained() -> list[str]:
    """The articles' studies of which runs are committed."""
    return [name for name in studies() if (RESULTS / name / RUNS).is_file()]


def untrained() -> list[str]:
    """Those of which none are yet."""
    return [name for name in studies() if name not in trained()]


def stored(name: str) -> Reproduction:
    """What the committed runs of an article's study come to."""
    case = find_case(name, RESULTS)
    return review(case, stored_plan(case.study, case.store))


def question(found: Reproduction) -> Question:
    """What is asked of a store: of all runs but those of seeds that the article named, which judge nothing."""
    where = tuple(f"seed!={seed}" for seed in sorted(own_seeds(found.case.article)))
    return Question(selection=Selection(where=where))


def command(found: Reproduction) -> str:
    """What prints the comparison."""
    where = [part for condition in question(found).selection.where for part in ("--where", condition)]
    return shlex.join(["actbench", "compare", str(found.case.store), *where, "--format", "md"])


def texts(found: Reproduction) -> dict[str, str]:
    """The files of words of one study by name: its derived table, and what ``compare`` and ``reproduce`` print with
    ``--format md``. Where the article named its seed, the comparison says that it is left out.
    """
    asked, own = question(found), sorted(own_seeds(found.case.article))
    named = ", ".join(map(str, own))
    note = f"Without seed{'s' * (len(own) > 1)} {named}, the article's own: `{command(found)}`\n\n" if own else ""
    store = found.case.store
    thresholds = read_manifest(store)["studies"][found.case.study.name]["thresholds"]
    return {
        TABLE: to_csv(arm_table(*read_frames(store), thresholds)),
        COMPARISON: note + markdown(ComparisonSheet(analyse([store], asked), View()), Console()),
        VERDICTS: markdown(ReproductionSheet((found,)), Console()),
    }


def texts_of_own(study: OwnStudy) -> dict[str, str]:
    """The files of words of a study that is no article: its derived table, what ``compare`` prints, and the verdicts on
    what it claims.
    """
    thresholds = read_manifest(study.store)["studies"][study.name]["thresholds"]
    judged = {VERDICTS: markdown(ReproductionSheet((study.judged,)), Console())} if study.judged else {}
    return {
        TABLE: to_csv(arm_table(*read_frames(study.store), thresholds)),
        COMPARISON: markdown(ComparisonSheet(study.findings, View()), Console()),
        **judged,
    }


def page(found: list[Reproduction], own: list[OwnStudy]) -> str:
    """The page of all results: every figure on it is computed."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    strict = jinja2.StrictUndefined
    environment = jinja2.Environment(loader=loader, undefined=strict, keep_trailing_newline=True)  # noqa: S701 - no HTML
    stories = [Story(one) for one in found]
    devices = sorted(set().union(*(story.devices for story in stories), *(study.devices for study in own)))
    return environment.get_template(PAGE_TEMPLATE).render(
        stories=stories,
        own=own,
        untrained=[*(Path(CONFIGS, f"{name}.toml") for name in untrained()), *untrained_studies(RESULTS)],
        devices=devices,
        limit=ALPHA,
        least=least_pairs(ALPHA),
    )


def with_verdicts(readme: str, found: list[Reproduction]) -> str:
    """The README with its line an article renewed. Raises ValueError where it has no place for them."""
    lines = {one.case.study.name: _line(one) for one in found}
    lines |= {name: _line_of_untrained(name) for name in untrained()}
    return renewed(readme, "verdicts", "\n".join(lines[name] for name in studies()))


def with_own(readme: str, own: list[OwnStudy]) -> str:
    """The README with its line a study of our own renewed, but for the one that it begins with."""
    lines = [f"- {_link(study.name)}: {study.description} {study.outcome}" for study in own if study.name != SHOWN]
    return renewed(readme, "own", "\n".join(lines))


def with_tuned(readme: str, study: OwnStudy) -> str:
    """The README with its first comparison renewed: a tuned study. Raises ValueError where it has no place for it."""
    (task,) = study.tuned
    shared = task.shared_settings
    rows = [
        f"| activation | its own learning rate | test % there | verdict | test % at {shared} | verdict there |",
        "| --- | ---: | ---: | --- | ---: | --- |",
        *(
            f"| {arm.arm} | {arm.chosen} | {arm.own} | {arm.verdict} | {arm.shared} | {arm.shared_verdict} |"
            for arm in task.arms
        ),
    ]
    picture = f"![{SENSITIVITY}]({RESULTS}/{study.name}/sensitivity.png)"
    doubts = [part for line in task.doubts for part in ("", f"~ {line}")]
    return renewed(readme, "tuned", "\n".join([*rows, "", task.survives, *doubts, "", picture]))


def _line(found: Reproduction) -> str:
    """An article: what it tried, and how many of its claims came to what."""
    story = Story(found)
    some = f" {story.runs} of its {story.asked} runs are stored." if story.runs < story.asked else ""
    return f"- {_link(story.name)}: {story.description}{some} {verdicts_counted(found)}"


def _link(name: str) -> str:
    return f"[{name}]({RESULTS}/{PAGE}#{name})"


def _line_of_untrained(name: str) -> str:
    study = find_case(name, RESULTS).study
    return f"- [{name}](configs/{name}.toml): {study.description} No runs stored yet."


def main() -> None:
    """Write all of it below the current folder."""
    found, own = [stored(name) for name in trained()], own_studies(RESULTS)
    for one in found:
        _write(one.case.store, texts(one), analyse([one.case.store], question(one)), PICTURES)
    for study in own:
        _write(study.store, texts_of_own(study), study.findings, (*PICTURES, *study.pictures))
    replace(RESULTS / PAGE, page(found, own))
    readme = Path("README.md")
    shown = next(study for study in own if study.name == SHOWN)
    text = with_own(with_verdicts(readme.read_text(encoding="utf-8"), found), own)
    replace(readme, with_tuned(text, shown))


def _write(store: Path, files: Mapping[str, str], findings: Findings, pictures: Sequence[str]) -> None:
    """The files and the pictures of one store."""
    for name, text in files.items():
        replace(store / name, text)
    for kind in pictures:
        for form in FORMS:
            save_picture(kind, findings, Look(), store / f"{kind}.{form}")


if __name__ == "__main__":
    main()
