"""The HEMS dashboard of a running Home Assistant, as a real browser draws it."""

from contextlib import contextmanager
import os
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.demo, pytest.mark.timeout(420)]

DASHBOARD = "hems-home/home"
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 412, "height": 915}}
PATIENCE_MS = 30_000
CHART = "hems-plan-card ha-chart-base"

# What the canvas really shows: the share of its pixels that are opaque, and how often each asked colour occurs.
PIXELS = """
(chart, colours) => {
  const canvas = chart.shadowRoot.querySelector("canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const near = (i, [r, g, b]) => Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 24;
  const hits = colours.map(() => 0);
  let opaque = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 100) continue;
    opaque += 1;
    colours.forEach((colour, n) => { if (near(i, colour)) hits[n] += 1; });
  }
  return { share: opaque / (data.length / 4), hits };
}
"""
SERIES = """
(chart) => chart.chart.getOption().series.filter(Boolean)
  .map(({ id, data, color }) => ({ id, color, points: data?.length ?? 0 }))
"""


@contextmanager
def a_page(browser, demo, *, size="desktop", colours="light", language="en"):
    """A page of a browser that nobody has logged in with."""
    context = browser.new_context(
        viewport=SIZES[size],
        color_scheme=colours,
        timezone_id="Europe/Berlin",
        service_workers="block",
        is_mobile=size == "phone",
        has_touch=size == "phone",
        reduced_motion="reduce",
    )
    context.add_init_script(f"localStorage.selectedLanguage = '\"{language}\"';")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{demo}/{DASHBOARD}")
    try:
        yield page
    finally:
        context.close()


@pytest.fixture(scope="module")
def page(browser, demo):
    """One page for all tests that leave it as they found it."""
    with a_page(browser, demo) as page:
        yield page


@pytest.fixture(scope="session")
def shots(tmp_path_factory):
    """Where the pictures go: HEMS_SCREENSHOTS keeps them."""
    directory = Path(os.environ.get("HEMS_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def rgb(colour):
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def drawn_chart(page):
    """The chart, once it has drawn itself."""
    page.wait_for_selector(f"{CHART} canvas")
    chart = page.query_selector(CHART)
    page.wait_for_function("(chart) => chart.chart?.getOption().series?.length > 3", arg=chart)
    page.wait_for_timeout(300)  # the canvas is painted in the next frames
    return chart


def assert_plan_is_drawn(page):
    chart = drawn_chart(page)
    series = {entry["id"]: entry for entry in chart.evaluate(SERIES)}
    names = set(series)
    assert {"load", "import", "import_price", "export_price"} <= names
    assert any(name.endswith(".soc") for name in names), names
    assert any(name.endswith(".indoor_c") for name in names), names
    data = {name: entry for name, entry in series.items() if not name.startswith("now.")}
    assert all(entry["points"] > 50 for entry in data.values()), data
    wanted = {
        name: rgb(data[name]["color"])
        for name in ("load", "import_price", next(n for n in names if n.endswith(".soc")))
    }
    pixels = chart.evaluate(PIXELS, list(wanted.values()))
    assert pixels["share"] > 0.01, "the canvas is as good as empty"
    for name, hits in zip(wanted, pixels["hits"], strict=True):
        assert hits > 100, f"{name} has data but is not drawn"
    return series


def test_the_plan_is_drawn_with_all_that_it_is_about(page):
    assert_plan_is_drawn(page)
    assert page.errors == []


def test_the_dashboard_stands_in_the_sidebar(page):
    drawn_chart(page)
    assert page.locator("ha-sidebar").get_by_text("HEMS", exact=True).count() == 1


def test_no_card_is_an_error(page):
    drawn_chart(page)
    page.wait_for_timeout(1000)
    assert page.locator("hui-error-card").count() == 0
    assert page.locator("hui-tile-card").count() >= 15


def test_live_numbers_are_there_and_move(page):
    household = page.locator("hems-flow-card [data-node=load] .power")
    household.wait_for()
    assert household.inner_text().endswith(("W", "kW"))
    assert page.locator("hems-flow-card .node").count() == 8
    clock = page.locator("hems-flow-card .head .quiet")
    before = clock.inner_text()
    page.wait_for_function("([node, before]) => node.innerText !== before", arg=[clock.element_handle(), before])


def test_the_plan_says_how_it_ended_and_what_comes_next(page):
    drawn_chart(page)
    assert page.locator("hems-plan-card .chip").inner_text() in {"Optimal", "Good, not proven best"}
    assert page.locator("hems-plan-card .next").inner_text().strip()


def test_every_line_says_why_and_what_it_would_cost_otherwise(page):
    page.locator("hems-why-card li").first.wait_for()
    assert "less than with simple rules" in page.locator("hems-why-card p").first.inner_text()
    asked = page.locator("hems-why-card li").filter(has_not_text="Roof").last
    asked.locator("button.line").click()
    assert "A kWh is worth" in page.locator("hems-why-card .details").inner_text()
    page.locator("hems-why-card .ask").click()
    page.wait_for_function(
        "(card) => card.shadowRoot.querySelector('.answer')?.innerText.startsWith('Without it')",
        arg=page.query_selector("hems-why-card"),
    )


def test_a_legend_entry_hides_its_series_and_brings_it_back(page):
    chart = drawn_chart(page)
    entry = page.locator("hems-plan-card .legend").get_by_text("Household")
    there = "(chart) => chart.chart.getOption().series.some((series) => series?.id === 'load')"
    entry.click()
    page.wait_for_function(f"(chart) => !({there})(chart)", arg=chart)
    entry.click()
    page.wait_for_function(there, arg=chart)


def test_the_range_can_be_changed(page):
    chart = drawn_chart(page)
    page.locator("hems-plan-card .ranges").get_by_text("48 h").click()
    hours = "(chart) => { const [{ min, max }] = chart.chart.getOption().xAxis; return (max - min) / 3.6e6 }"
    page.wait_for_function(f"(chart) => ({hours})(chart) > 40", arg=chart)


def test_hovering_shows_the_figures_of_a_moment(page):
    drawn_chart(page)
    box = page.locator(f"{CHART} canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 80)
    tip = page.get_by_text("Import price").last
    tip.wait_for()
    assert "/kWh" in tip.locator("xpath=..").inner_text()


def test_without_home_assistants_chart_the_plan_is_drawn_as_svg(page):
    drawn_chart(page)
    card = page.query_selector("hems-plan-card")
    card.evaluate("(card) => { card.kept = card.chartBase; card.chartBase = undefined }")
    page.wait_for_selector("hems-plan-card svg.plan path[data-series=import_price]", state="attached")
    paths = page.locator("hems-plan-card svg.plan path[data-series]")
    assert paths.count() >= 6
    assert all(len(paths.nth(index).get_attribute("d")) > 200 for index in range(paths.count()))
    card.evaluate("(card) => { card.chartBase = card.kept }")


def test_a_control_of_the_dashboard_reaches_the_home(page):
    automatic = page.locator("hui-tile-card").filter(has_text="Automatic").first
    automatic.get_by_text("On", exact=True).wait_for()
    automatic.click()
    automatic.get_by_text("Off", exact=True).wait_for()
    automatic.click()
    automatic.get_by_text("On", exact=True).wait_for()


def test_the_page_speaks_german(browser, demo):
    with a_page(browser, demo, language="de") as page:
        drawn_chart(page)
        assert page.locator("hems-plan-card .legend").get_by_text("Haushalt").count() == 1
        assert page.locator("hems-flow-card h2").inner_text() == "Jetzt"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_is_whole_on_every_screen(browser, demo, shots, size, colours):
    with a_page(browser, demo, size=size, colours=colours) as page:
        assert_plan_is_drawn(page)
        for card in ("hems-plan-card", "hems-flow-card"):
            box = page.locator(card).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= SIZES[size]["width"], f"{card} sticks out"
            assert page.query_selector(card).evaluate("(card) => card.scrollWidth <= card.clientWidth")
        page.screenshot(path=shots / f"dashboard-{size}-{colours}.png")
        assert page.errors == []
