"""Chromium from this machine's packages: the browser that the page is tested in."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

PROGRAM = "chromium"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing_tools() -> list[str]:
    """Return the browser's program, when it is not on this machine."""
    return [] if shutil.which(PROGRAM) else [PROGRAM]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run the browser, with a profile of its own that ends with it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which(PROGRAM), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
