"""What a machine can measure of WCAG 2.2 AA on a page; each check returns what it found, one line each."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def axe(page: Page) -> list[str]:
    """The violations axe-core sees in the whole document."""
    options = {
        "runOnly": TAGS,
        "rules": {"target-size": {"enabled": True}},
    }  # axe leaves this one out by itself
    violations = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['target'][-1]} {node['html']:.120}"
        for rule in violations
        for node in rule["nodes"]
    ]


def targets(page: Page) -> list[str]:
    """Targets under 24 by 24 CSS px (2.5.8), links within a sentence left out."""
    found: list[str] = page.evaluate("""() => {
        const kinds = 'a[href], button, input:not([type=hidden]), textarea, select, summary, [role=button], [role=link],'
            + '[tabindex]:not([tabindex="-1"])';
        const small = node => {
            const { width, height } = (node.closest('label') ?? node).getBoundingClientRect();
            const sentence = getComputedStyle(node).display === 'inline'
                && node.parentElement.textContent.trim() !== node.textContent.trim();
            return !sentence && Math.min(width, height) < 23.99 && `${width} by ${height}`;
        };
        return [...document.querySelectorAll(kinds)].filter(node => node.checkVisibility({ visibilityProperty: true }))
            .map(node => [small(node), node.outerHTML.slice(0, 120)]).filter(([size]) => size).map(pair => pair.join(': '));
    }""")
    return [f"small target, {each}" for each in found]


def width(page: Page) -> list[str]:
    """What reaches beyond the screen's sides or must be scrolled sideways (1.4.10)."""
    found: list[str] = page.evaluate("""() => {
        const course = document.querySelector('.course') ?? document.body;
        const out = [...course.querySelectorAll('*')].filter(node => {
            const { left, right, width } = node.getBoundingClientRect();
            return width > 1 && (right > innerWidth + 1 || left < -1) && node.checkVisibility({ visibilityProperty: true });
        });
        if (course.scrollWidth > innerWidth || document.documentElement.scrollWidth > innerWidth) out.push(course);
        return out.map(node => node.cloneNode().outerHTML.slice(0, 120));
    }""")
    return [f"wider than the screen: {each}" for each in found]


def focus(page: Page) -> list[str]:
    """Stops of the Tab key whose focus cannot be seen (2.4.7) or is hidden behind something (2.4.11)."""
    page.evaluate("""() => {
        document.activeElement.blur();
        const frame = node => { const { outline, boxShadow } = getComputedStyle(node); return outline + boxShadow; };
        const rest = new Map([...document.querySelectorAll('*')].map(node => [node, frame(node)]));
        const seen = new Set();
        const marked = node => {
            const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
            return frame(node) !== rest.get(node)
                && ((outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none');
        };
        const hidden = node => [...node.getClientRects()].every(({ left, top, width, height }) =>
            [[.5, .5], [.1, .1], [.9, .1], [.1, .9], [.9, .9]].every(([x, y]) => {
                const above = document.elementFromPoint(left + width * x, top + height * y);
                return !above || !node.contains(above);
            }));
        window.tabStop = () => {
            const node = document.activeElement;
            if (seen.has(node)) return null;
            seen.add(node);
            if (node === document.body) return [];
            const shown = node.closest('label') ?? node;
            return [!marked(node) && !marked(shown) && 'focus not visible', hidden(shown) && 'focus hidden']
                .filter(Boolean).map(fault => `${fault}: ${node.outerHTML.slice(0, 120)}`);
        };
    }""")
    found: list[str] = []
    page.keyboard.press("Tab")
    while (faults := page.evaluate("tabStop()")) is not None:
        found += faults
        page.keyboard.press("Tab")
    return found


def motion(page: Page) -> list[str]:
    """What still moves although reduced motion is asked for."""
    found: list[str] = page.evaluate("""() => {
        const lasts = times => times.split(',').some(time => parseFloat(time) > 0);
        const moves = node => {
            const style = getComputedStyle(node);
            return (style.animationName !== 'none' && lasts(style.animationDuration)) || lasts(style.transitionDuration)
                || style.scrollBehavior === 'smooth';
        };
        const course = document.querySelector('.course') ?? document.body;
        return [course, ...course.querySelectorAll('*')].filter(moves).map(node => node.cloneNode().outerHTML.slice(0, 120));
    }""")
    return [f"moves: {each}" for each in found]
