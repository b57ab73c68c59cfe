"""Measure the trainee's page beside bare JupyterLab. Run alone: `python tests/bench_page.py` (about four minutes).

Both servers run on this machine, both pages in one headless Chromium, by turns; every time is taken inside the page,
from the click (or the navigation) to the frame that shows what came of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "browser"))

import chromium
import miniature
import nbformat
import psutil
from kiosk import REPOSITORY, free_port, started
from playwright.sync_api import Browser, Page, sync_playwright
from tqdm import tqdm

from scenarios import model, publish

COLD = 7
CLICKS = 6
SCENARIOS = 10
SETTLE = 4.0  # seconds for a server between two visits
UNITS = {"open-cold": "s", "open": "s", "click": "ms", "memory": "MB"}

# `shown(predicate, act)` resolves to the milliseconds from `act` (or the navigation) to the painted frame in
# which the predicate holds; the same for both pages.
WATCH = """
window.shown = (predicate, act) => new Promise(resolve => {
  let found = false;
  const look = () => {
    if (found || !predicate()) return;
    found = true;
    observer.disconnect();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - from);
      port2.postMessage(null);
    });
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  const from = act ? performance.now() : 0;
  if (act) act(); else look();
});
window.seen = node => !!node && node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
"""
HOME_USABLE = """
window.usable = shown(() => !document.querySelector('.course-front-wait')
  && seen(document.querySelector('.course h1')) && [...document.querySelectorAll('.course a, .course button')].some(seen));
"""
RADIO = "() => seen(document.querySelector('.course fieldset input[type=radio]:enabled'))"
OPEN = f"link => shown({RADIO}, () => link.click())"
ANSWER = """
([name, follows]) => {
  document.querySelector('.course fieldset input[type=radio]:enabled').click();
  const button = [...document.querySelectorAll('.course form button')].find(node => node.textContent === name);
  return shown(() => document.querySelector('.course').textContent.includes(follows), () => button.click());
}
"""
BUTTON_USABLE = """
window.usable = shown(() => seen(document.querySelector('.jp-OutputArea .jupyter-button:enabled')));
(async () => {
  const pause = () => new Promise(resolve => setTimeout(resolve, 5));
  let panel;
  while (!(panel = window.jupyterapp?.shell?.currentWidget)?.sessionContext) await pause();
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.revealed;
  await window.jupyterapp.commands.execute('notebook:run-all-cells');
})();
"""
PRESS = """
() => {
  const button = document.querySelector('.jp-OutputArea .jupyter-button');
  const before = button.textContent;
  return shown(() => button.textContent !== before, () => button.click());
}
"""
OPEN_ALL = """
async names => {
  const pause = () => new Promise(resolve => setTimeout(resolve, 100));
  while (!window.jupyterapp?.shell) await pause();
  await window.jupyterapp.restored;
  for (const path of names) {
    const panel = await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.revealed;
    await window.jupyterapp.commands.execute('notebook:run-all-cells');
    while (!panel.node.querySelector('.jp-OutputArea .jupyter-button')) await pause();
  }
}
"""
BUTTON = """\
import ipywidgets
count = 0
button = ipywidgets.Button(description="0")
def pressed(_):
    global count
    count += 1
    button.description = str(count)
button.on_click(pressed)
button
"""


@dataclass
class Server:
    """A running Jupyter server: its address without a page, its token and its process."""

    root: str
    token: str
    process: psutil.Process

    def page(self, path: str) -> str:
        return f"{self.root}{path}?token={self.token}"

    def shut_kernels(self, page: Page) -> None:
        """End every session, as an idle evening does, and let the server come to rest."""
        headers = {"Authorization": f"token {self.token}"}
        for session in page.request.get(f"{self.root}/api/sessions", headers=headers).json():
            page.request.delete(f"{self.root}/api/sessions/{session['id']}", headers=headers)
        time.sleep(SETTLE)

    def memory(self) -> float:
        """MB (proportional set size) of the server and its kernels."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(member.memory_full_info().pss for member in family) / 1e6


def following(scenario: int, step: int) -> str:
    """What follows an answer; no other text of the page holds it."""
    return f"What follows is number {step} of scenario {scenario}."


def desk(folder: Path) -> Path:
    """A desk with ten scenarios, made from the miniature's first decision; one choice more than is answered.

    A finished scenario is handed in by a process of its own, which is not what is measured.
    """
    miniature.make(folder)
    request = miniature.T01["steps"][0]
    rows = []
    for number in range(SCENARIOS):
        steps = []
        for step in range(CLICKS + 1):
            options = [
                option
                | {
                    "consequence": following(number, step),
                    "next": f"step-{step + 1}" if step < CLICKS else "end",
                }
                for option in request["decision"]["options"]
            ]
            steps.append(
                request | {"id": f"step-{step}", "decision": request["decision"] | {"options": options}}
            )
        data = miniature.T01 | {
            "id": f"T{number + 10}",
            "start": "step-0",
            "steps": [*steps, miniature.T01["steps"][-1]],
        }
        view = publish.trainee_view(model.from_dict(data), miniature.SHA)
        path = folder / miniature.ASSIGNMENT / f"{data['id']}.json"
        path.write_text(json.dumps(view), "utf-8")
        rows.append(miniature.ME["assignments"][0]["scenarios"][0] | {"id": data["id"]})
    me = miniature.ME | {"assignments": [miniature.ME["assignments"][0] | {"scenarios": rows}]}
    (folder / "me.json").write_text(json.dumps(me), "utf-8")
    return folder


def notebooks(folder: Path) -> Path:
    """A folder of notebooks with one ipywidgets button each."""
    folder.mkdir()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(BUTTON)], metadata=kernel)
    for name in ("button.ipynb", *more_notebooks()):
        nbformat.write(book, folder / name)
    return folder


def more_notebooks() -> list[str]:
    return [f"button-{number}.ipynb" for number in range(SCENARIOS)]


@contextlib.contextmanager
def ours(root: Path) -> Iterator[Server]:
    """Our server on a desk, started as a person starts it."""
    environment = {"XDG_STATE_HOME": str(root / "state"), "COURSE_ROOT": str(root / "no-course")}
    with started("scenarios.lab", "--desk", str(desk(root / "desk")), **environment) as (process, address):
        page, _, token = address.partition("?token=")
        yield Server(page.removesuffix("/doc/tree/home.ipynb"), token, psutil.Process(process.pid))


@contextlib.contextmanager
def bare(root: Path) -> Iterator[Server]:
    """JupyterLab of the same environment with its default settings and empty folders of its own."""
    folder, port, token = notebooks(root / "bare"), free_port(), "bench"
    folders = {
        f"JUPYTER_{name}_DIR": str(root / "jupyter" / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    folders |= {"IPYTHONDIR": str(root / "jupyter" / "ipython"), "JUPYTER_PREFER_ENV_PATH": "1"}
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "COURSE"))
    }
    arguments = [
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        "--log-level=ERROR",
        f"--port={port}",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={folder}",
    ]
    command = [sys.executable, "-m", "jupyterlab", *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = psutil.Popen(command, env=environment | folders, cwd=folder, **quiet)
    try:
        yield Server(f"http://127.0.0.1:{port}", token, process)
    finally:
        process.terminate()
        process.wait(20)


def answers(server: Server, page: Page) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            if page.request.get(server.page("/api/status")).ok:
                return
        time.sleep(0.2)
    raise SystemExit(f"{server.root} does not answer.")


@contextlib.contextmanager
def visit(browser: Browser, address: str, script: str) -> Iterator[tuple[Page, float]]:
    """Open an address with an empty cache; yield the page and the seconds until it was usable."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.add_init_script(WATCH + script)
    page.goto(address, wait_until="commit")
    yield page, page.evaluate("usable") / 1000
    context.close()


def play(page: Page, times: Callable[[str, float], None]) -> None:
    """Open the ten scenarios and answer them, noting both times."""
    page.evaluate("document.querySelector('.course .welcome button')?.click()")
    for number in range(SCENARIOS):
        route = f"#/{miniature.ASSIGNMENT}/T{number + 10}"
        page.evaluate("location.hash = '#/'")
        link = page.locator(f".course a[href='{route}']").first
        link.wait_for()
        page.wait_for_timeout(200)
        times("open", page.evaluate(OPEN, link.element_handle()) / 1000)
        for step in range(CLICKS):
            page.wait_for_timeout(200)
            times("click", page.evaluate(ANSWER, ["Choose this", following(number, step)]))


def _visits(browser: Browser, our: Server, stock: Server) -> dict[str, dict[str, list[float]]]:
    """Take every time and size by turns; seconds, milliseconds and MB by name and by whose."""
    found: dict[str, dict[str, list[float]]] = {name: {"ours": [], "stock": []} for name in UNITS}
    for number in tqdm(range(COLD), "Visits", file=sys.stderr):
        with visit(browser, our.page("/doc/tree/home.ipynb"), HOME_USABLE) as (page, seconds):
            found["open-cold"]["ours"].append(seconds)
            if number == COLD - 1:
                play(page, lambda name, value: found[name]["ours"].append(value))
                found["memory"]["ours"].append(our.memory())
            our.shut_kernels(page)
        with visit(browser, stock.page("/doc/tree/button.ipynb"), BUTTON_USABLE) as (page, seconds):
            found["open-cold"]["stock"].append(seconds)
            found["open"]["stock"].append(seconds)
            if number == COLD - 1:
                for _ in range(SCENARIOS * CLICKS):
                    page.wait_for_timeout(200)
                    found["click"]["stock"].append(page.evaluate(PRESS))
            stock.shut_kernels(page)
    with visit(browser, stock.page("/lab"), "window.usable = 0") as (page, _):
        page.evaluate(OPEN_ALL, more_notebooks())
        found["memory"]["stock"].append(stock.memory())
    return found


def measure() -> list[dict[str, Any]]:
    """Print the range of what was measured; return the rows of its medians."""
    executable = chromium.path()
    (REPOSITORY / ".course").mkdir(exist_ok=True)
    # Not in /tmp, which may be memory, where saving costs nothing.
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=REPOSITORY / ".course") as folder,
        ours(Path(folder)) as our,
        bare(Path(folder)) as stock,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.ARGUMENTS))
        page = browser.new_page()
        answers(stock, page)
        page.close()
        found = _visits(browser, our, stock)
        browser.close()
    print(
        f"Medians of {COLD} cold openings, {SCENARIOS} scenarios and {SCENARIOS * CLICKS} clicks; their ranges:"
    )
    rows = []
    for name, unit in UNITS.items():
        ranges = [f"{min(values):.3g} to {max(values):.3g}" for values in found[name].values()]
        print(f"{name} in {unit}: ours {ranges[0]}, bare JupyterLab {ranges[1]}")
        medians = {whose: statistics.median(values) for whose, values in found[name].items()}
        rows.append({"name": name, "unit": unit, **medians, "floor": None})
    return rows


if __name__ == "__main__":
    measure()
