"""Findings as JUnit XML, which every CI system draws: a suite a task with a case a run, and a suite of checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from actbench.reports import words
from actbench.reports.sheet import View
from actbench.results.columns import FINAL

if TYPE_CHECKING:
    from actbench.tables.findings import Findings, TaskFindings

# Characters that XML 1.0 cannot hold, not even escaped.
FORBIDDEN = re.compile(r"[^\t\n\r\x20-퟿-�\U00010000-\U0010ffff]")


def junit_of(findings: Findings, view: View) -> str:  # noqa: ARG001 - the renderers' signature
    """A run that failed is an error; a check that fails, a failure; warnings and verdicts are system-out."""
    root = ET.Element("testsuites", name="actbench")
    for found in findings.tasks:
        _task(root, found)
    if findings.checks or findings.skipped_checks:
        suite = ET.SubElement(root, "testsuite", name="checks")
        for result in findings.checks:
            case = ET.SubElement(suite, "testcase", name=_text(result.check), classname=_text(result.task))
            if result.failed:
                message = f"{result.check}: {words.check_figures(result)}"
                ET.SubElement(case, "failure", message=_text(message), type="check").text = _text(message)
        for text in findings.skipped_checks:
            case = ET.SubElement(suite, "testcase", name=_text(text), classname="checks")
            ET.SubElement(case, "skipped", message="its arms are not here")
        _count(suite)
    if findings.warnings:
        suite = ET.SubElement(root, "testsuite", name="warnings")
        ET.SubElement(suite, "system-out").text = _text("\n".join(map(words.warning, findings.warnings)))
        _count(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False).join(
        ['<?xml version="1.0" encoding="UTF-8"?>\n', "\n"]
    )


def _task(root: ET.Element, found: TaskFindings) -> None:
    suite = ET.SubElement(root, "testsuite", name=_text(found.task.title))
    runs = found.task.runs
    for arm, seed, status, error, seconds in zip(
        runs["arm"], runs["seed"], runs["status"], runs["error"], runs["wall_seconds"], strict=True
    ):
        case = ET.SubElement(suite, "testcase", name=_text(f"{arm} seed {seed:g}"), classname=_text(found.task.title))
        if seconds == seconds:  # noqa: PLR0124 - not nan
            case.set("time", f"{seconds:.3f}")
        if status not in FINAL:
            ET.SubElement(case, "error", message=_text(error or status), type=status)
        elif status == "diverged":
            ET.SubElement(case, "system-out").text = "diverged: the loss became NaN or infinite"
    lines = [words.summarize(comparison) for comparison in found.comparisons]
    lines += [f"warning: {words.warning(warning)}" for warning in found.warnings]
    if lines:
        ET.SubElement(suite, "system-out").text = _text("\n".join(lines))
    _count(suite)


def _count(suite: ET.Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))


def _text(text: str) -> str:
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
