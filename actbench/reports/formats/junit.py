"""JUnit XML, which every CI system draws."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from actbench.reports.formats import sheet_format
from actbench.reports.sheet.parts import CaseStatus

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.reports.sheet import Sheet, Suite, SuiteCase

# Characters that XML 1.0 cannot hold, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@sheet_format("junit", ".xml")
def junit(sheet: Sheet, _: Console) -> str:
    """Suites of test cases; what there is to say about a suite is its system-out."""
    root = ET.Element("testsuites", name="actbench")
    for suite in sheet.suites:
        _add_suite(root, suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add_suite(root: ET.Element, suite: Suite) -> None:
    element = ET.SubElement(root, "testsuite", name=_text(suite.name))
    for case in suite.cases:
        _add_case(element, case)
    if suite.output:
        ET.SubElement(element, "system-out").text = _text(suite.output)
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(1 for _ in element.iter(tag))))


def _add_case(suite: ET.Element, case: SuiteCase) -> None:
    element = ET.SubElement(suite, "testcase", name=_text(case.name), classname=_text(case.group))
    if case.seconds is not None:
        element.set("time", f"{case.seconds:.3f}")
    message = _text(case.message)
    if case.status is CaseStatus.ERROR:
        ET.SubElement(element, "error", message=message, type=case.reason)
    elif case.status is CaseStatus.FAILED:
        ET.SubElement(element, "failure", message=message, type=case.reason).text = message
    elif case.status is CaseStatus.SKIPPED:
        ET.SubElement(element, "skipped", message=message)
    if case.output:
        ET.SubElement(element, "system-out").text = _text(case.output)


def _text(text: str) -> str:
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
