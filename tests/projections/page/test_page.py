"""The page as people use it: live, by keyboard, in the dark and on a phone, and honest when all is away."""

import asyncio
import json
from urllib.parse import quote

import pytest
from aiokafka import AIOKafkaProducer
from playwright.async_api import Page, expect

from events import TaskCreated, TaskFailed
from tests.examples import RUNNER
from tests.projections.page.conftest import TOKEN, Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")

expect.set_options(timeout=20_000)

OUTPUT = (
    "🚀 deploying\nrequests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: http://api.test/v1\n"
)
# What a browser does when its tab is covered by another, or seen again.
SHOW = """seen => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => !seen });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def failure(task_id: str, **data: object) -> TaskFailed:
    """A failure that happens now; a provider error when nothing else is said."""
    return TaskFailed.new(RUNNER, **{"task_id": task_id, "output": OUTPUT, "exit_code": 1} | data)


def row(page: Page, task_id: str):
    """The row of the feed about a task."""
    return page.locator("#feed-rows li", has=page.get_by_role("link", name=task_id, exact=True))


async def open_live(page: Page, installation: Installation, fragment: str = "") -> None:
    """Open the page and wait until it is live and filled."""
    await page.goto(installation.url + fragment)
    await expect(page.locator("#state")).to_have_text("Live")
    await expect(page.locator("[data-filled]")).to_have_count(5)  # totals, chart, cooldowns, dead letters, feed


async def overflow(page: Page, selector: str) -> int:
    """How many pixels of an element's content are beyond its width."""
    return await page.locator(selector).evaluate("element => element.scrollWidth - element.clientWidth")


async def test_an_event_changes_it(page, installation):
    """A failure that is published shows up with its decision, counts, and cools its category down, without a reload."""
    await open_live(page, installation)
    await page.evaluate("window.sameDocument = true")
    installation.publish(failure("live-1", exit_code=139, output="Segmentation fault (core dumped)\n"))
    await expect(row(page, "live-1")).to_contain_text("Executor crash")
    await expect(row(page, "live-1")).to_contain_text("Heal requested")
    await expect(page.locator('#cooldowns [data-scope="executor_crash"]')).to_contain_text("Executor crash")
    total = installation.ask("api/agent/auto-heal/stats")["total_failed"]
    await expect(page.locator('[data-tile="failures"] .number')).to_have_text(str(total))
    await expect(page.locator('#plot rect[data-category="executor_crash"]')).to_have_count(1)
    assert await page.evaluate("window.sameDocument")


async def test_a_heal_that_is_held_back_says_why_and_until_when(page, installation):
    """The second failure of a category cools down: the feed, the reasons and the timeline all say so."""
    await open_live(page, installation)
    installation.publish(failure("cooling-1"))
    await expect(row(page, "cooling-1")).to_be_visible()
    installation.publish(failure("cooling-2"))
    await expect(row(page, "cooling-2")).to_contain_text("Cooling down until")
    await expect(page.locator('#suppressions [data-reason="cooldown"]')).to_contain_text("Cooling down")
    await page.goto(f"{installation.url}#task=cooling-2")
    await expect(page.locator('[data-type="heal.suppressed"] .reason')).to_contain_text("Again from ")


async def test_a_cooldown_runs_down(page, installation):
    """Its clock moves by itself, a second each second."""
    installation.publish(failure("running-down"))
    await open_live(page, installation)
    clock = page.locator('#cooldowns [data-scope="provider_error"] [role="timer"]')
    await expect(clock).to_contain_text(":")
    before = await clock.text_content()
    await expect(clock).not_to_have_text(before)


async def test_a_timeline_marks_the_evidence_in_the_output(page, installation):
    """Opened from the feed by keyboard, it shows what happened and the words that made the diagnosis; Esc closes it."""
    installation.publish(TaskCreated.new(RUNNER, task_id="marked-1", task_type="impl"), failure("marked-1"))
    await open_live(page, installation)
    await row(page, "marked-1").get_by_role("link").focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="marked-1")
    await expect(drawer.locator("mark").first).to_be_visible()
    marks = await drawer.locator("mark").all_text_contents()
    await expect(drawer.locator("mark.decisive")).to_contain_text("429")
    assert all(mark in OUTPUT for mark in marks)
    assert await drawer.locator("pre.output").first.text_content() == OUTPUT
    for what in ("Created", "Failed", "Diagnosed"):
        await expect(drawer.locator(".head strong", has_text=what).first).to_be_visible()
    await expect(drawer.locator('[data-type="failure.diagnosed"] .reason')).to_contain_text("provider_error")
    await page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await expect(page).to_have_url(installation.url)
    await expect(row(page, "marked-1").get_by_role("link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(drawer).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("marked")
    await expect(page.get_by_role("combobox")).to_have_value("marked")


async def test_a_task_is_found_by_keyboard(page, installation):
    """`/`, the beginning of an id, arrow keys and Enter open its timeline, which has an address of its own."""
    installation.publish(failure("found-1"), failure("found-2"))
    await open_live(page, installation)
    await expect(row(page, "found-2")).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("found-")
    await expect(page.get_by_role("option")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    chosen = await page.locator('[role="option"][aria-selected="true"] .id').text_content()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name=chosen)).to_be_visible()
    assert page.url.endswith(f"#task={chosen}")
    await page.reload()
    await expect(page.get_by_role("dialog", name=chosen)).to_contain_text("Diagnosed")


async def test_a_task_that_is_not_known_is_said(page, installation):
    """Neither the search nor an old address leads to an empty page."""
    await open_live(page, installation, "#task=nobody")
    await expect(page.get_by_role("dialog")).to_contain_text("Task nobody is not known")
    await page.keyboard.press("/")
    await page.keyboard.type("nobody")
    await expect(page.locator("#found-note")).to_have_text("No task and no idea begins with “nobody”.")


async def test_arrow_keys_move_in_the_feed_and_in_the_chart(page, installation):
    """The feed is one stop of the Tab key, and each hour of the chart is said."""
    installation.publish(failure("arrow-1"), failure("arrow-2"))
    await open_live(page, installation)
    links = page.locator("#feed-rows a.task")
    await expect(page.locator('#feed-rows a.task[tabindex="0"]')).to_have_count(1)
    await links.first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(links.nth(1)).to_be_focused()
    await page.locator("#plot").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#plot-said")).to_contain_text("Provider error")


async def test_a_paused_feed_waits(page, installation):
    """Who reads is not disturbed: what comes meanwhile is counted, and shown when it goes on."""
    await open_live(page, installation)
    await page.get_by_role("button", name="Pause").click()
    installation.publish(failure("paused-1"))
    await expect(page.locator("#feed-note")).to_have_text("Paused, 1 new decision")
    await expect(row(page, "paused-1")).to_have_count(0)
    await page.get_by_role("button", name="Go on").click()
    await expect(row(page, "paused-1")).to_be_visible()


async def test_what_came_while_nobody_looked_is_there(page, installation):
    """A hidden tab follows nothing; seen again it shows what it has missed, and goes on."""
    await open_live(page, installation)
    await page.evaluate(SHOW, False)
    installation.publish(failure("unseen-1"))
    while not installation.ask("api/failures?task_id=unseen-1")["items"]:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.1)
    await expect(row(page, "unseen-1")).to_have_count(0)
    await page.evaluate(SHOW, True)
    await expect(row(page, "unseen-1")).to_be_visible()
    installation.publish(failure("seen-1"))
    await expect(row(page, "seen-1")).to_be_visible()


async def test_what_producers_write_is_text(page, installation):
    """Markup in an id, an idea, a summary or an output is shown, and never run."""
    said = {"idea_id": HOSTILE, "output": HOSTILE, "error_summary": HOSTILE}
    installation.publish(failure(HOSTILE, **said))
    await open_live(page, installation, f"#task={quote(HOSTILE)}")
    await expect(page.locator("#timeline pre.output").first).to_have_text(HOSTILE)
    await expect(page.locator("#feed-rows .summary", has_text=HOSTILE)).to_have_text(HOSTILE)
    await page.keyboard.press("/")
    await page.keyboard.type("<img")
    await expect(page.get_by_role("option")).to_contain_text(HOSTILE)
    assert await page.locator("img").count() == 1  # our own
    assert await page.title() == "Auto-Heal"


async def test_a_dead_letter_is_sent_again_with_the_token(page, installation):
    """What could not be processed says why; the token is asked for, and kept for no longer than the tab."""
    async with AIOKafkaProducer(bootstrap_servers=installation.broker.bootstrap) as producer:
        await producer.send_and_wait("autoheal.tasks", HOSTILE.encode(), key=b"idea_7")
    await open_live(page, installation)
    letter = page.locator("#dead-letter-rows li[data-letter]").first
    await letter.get_by_role("button").click()
    for token, then in (("wrong", page.get_by_text("That token was refused.")), (TOKEN, letter.get_by_role("status"))):
        await page.get_by_label("Token", exact=True).fill(token)
        await page.keyboard.press("Enter")
        await expect(then).to_be_visible()
    await expect(letter.get_by_role("status")).to_contain_text("Sent again")
    assert TOKEN not in json.dumps(await page.evaluate("({...localStorage})"))
    assert await page.locator("img").count() == 1


async def test_the_feed_stays_short(page, installation):
    """However much happens, it keeps two hundred rows."""
    await open_live(page, installation)
    installation.publish(*(failure(f"many-{number}") for number in range(250)))
    await expect(row(page, "many-249")).to_be_visible()
    await expect(page.locator("#feed-rows li")).to_have_count(200)


@pytest.mark.parametrize("width", [360, 768, 1024, 1440])
async def test_nothing_overflows(page, installation, width):
    """On every width all is within the window, also the timeline, also ids without a place to break them."""
    endless = f"{width}-" + "x" * 180
    installation.publish(failure(endless, idea_id="y" * 180, error_summary="z" * 400))
    await page.set_viewport_size({"width": width, "height": 844})
    await open_live(page, installation)
    await expect(row(page, endless)).to_be_visible()
    assert await overflow(page, "html") == 0
    await row(page, endless).get_by_role("link").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Diagnosed")
    assert await overflow(page, "html") == 0
    assert await overflow(page, "#timeline") == 0


async def test_it_is_light_or_dark(page, installation):
    """It follows the system until somebody chooses, and remembers the choice."""
    await open_live(page, installation)
    ground = "getComputedStyle(document.body).backgroundColor"
    await page.emulate_media(color_scheme="light")
    light = await page.evaluate(ground)
    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate(ground)
    assert light != dark
    await page.get_by_role("button", name="Use light colours").click()
    assert await page.evaluate(ground) == light
    await page.reload()
    assert await page.evaluate(ground) == light


async def test_an_empty_one_says_how_to_begin(page, quiet):
    """Before anything has failed it shows the line that publishes a failure."""
    await open_live(page, quiet)
    await expect(page.locator("#feed-rows .publish pre")).to_contain_text(f"curl {quiet.url}api/events")
    for part in ("cooldowns", "suppressions", "dead-letters"):
        await expect(page.locator(f"#{part} .empty")).to_be_visible()


async def test_a_broker_that_is_away_is_said(page, quiet):
    """A banner says what to do, and goes by itself when the broker is back."""
    await open_live(page, quiet)
    quiet.broker.kill()
    await expect(page.get_by_role("alert")).to_contain_text("The broker is away.")
    await expect(page.locator("#state")).to_have_text("Broker away")
    quiet.broker.start()
    await expect(page.locator("#state")).to_have_text("Live")
    await expect(page.locator("#banner")).to_be_hidden()


async def test_an_api_that_is_away_is_said(page, quiet):
    """The numbers stay, marked as old, and are new again when the API is back."""
    await open_live(page, quiet)
    quiet.kill("api")
    await expect(page.get_by_role("alert")).to_contain_text("The API does not answer.")
    await expect(page.locator("#state")).to_have_text("API away")
    await expect(page.locator('[data-tile="failures"] .number')).to_have_text("0")
    quiet.start("api")
    await expect(page.locator("#state")).to_have_text("Live")
    await expect(page.locator("#banner")).to_be_hidden()


async def test_a_hundred_thousand_failures_fill_it(page, filled):
    """Every part is filled, the search finds a task among all, and the week is drawn."""
    await open_live(page, filled)
    await page.get_by_text("7 days").click()
    await expect(page.locator('[data-tile="failures"] .number')).to_have_text("100,000")
    await expect(page.locator("#plot .column:has(rect)").nth(166)).to_be_attached()  # hours: 100 000 x 6 s
    await expect(page.locator("#feed-rows li[data-failure]")).to_have_count(100)
    await expect(page.locator('#suppressions [data-reason="cooldown"]')).to_contain_text("33,334")
    for part, rows in (("cooldowns", 5), ("dead-letters", 50)):
        await expect(page.locator(f"#{part} li:not(.empty)")).to_have_count(rows)
    await page.keyboard.press("/")
    await page.keyboard.type("many-77777")
    await expect(page.get_by_role("option")).to_contain_text("many-77777")
