"""What the page is made of."""

import re
from importlib.resources import files

import pytest

PAGE = files("projections") / "page"
SCRIPTS = sorted(file.name for file in PAGE.iterdir() if file.name.endswith(".js"))
# Data that gets in by one of these would be read as markup or as code.
UNSAFE = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser")


@pytest.mark.parametrize("name", SCRIPTS)
def test_data_is_never_markup(name):
    """No script has a way in which data becomes markup or code."""
    assert not UNSAFE.search((PAGE / name).read_text())


@pytest.mark.parametrize("name", ["index.html", "page.css", "icon.svg", *SCRIPTS])
def test_nothing_comes_from_elsewhere(name):
    """Each file asks only the host that it came from; what looks like an address is the name of SVG."""
    addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", (PAGE / name).read_text())
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}


def test_the_markup_holds_neither_scripts_nor_styles():
    """What the content security policy forbids is not there: scripts, styles and handlers have files of their own."""
    html = (PAGE / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


def test_every_file_that_is_asked_for_is_there():
    """Each script, sheet and icon that the page names is in the package."""
    names = re.findall(r'(?:src|href)="([\w-]+\.\w+)"', (PAGE / "index.html").read_text())
    for script in SCRIPTS:
        names += re.findall(r'from "\./([\w-]+\.js)"', (PAGE / script).read_text())
    assert {"page.css", "page.js", "chart.js"} <= set(names)
    for name in names:
        assert (PAGE / name).is_file(), name
