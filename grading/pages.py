"""What `nbgrader generate_feedback` and formgrader's button write: the course's own page, from data."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from nbconvert.exporters.exporter import Exporter
from nbgrader.converters import GenerateFeedback

from grading.course import Course, assignment
from grading.feedback import Explainer


class Page(Exporter):
    """nbgrader's exporter for feedback, replaced: the graded notebook is not even opened."""

    file_extension = ".html"

    @cached_property
    def _explainer(self) -> Explainer:
        """One for the whole class: nbgrader makes an exporter for each run of its command, for one assignment."""
        course, converter = Course.here(), cast(GenerateFeedback, self.parent)
        return Explainer(course, assignment(course, converter.coursedir.assignment_id))

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **_: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Return the page of the submission that nbgrader names in ``resources``; the data goes beside it."""
        found = {**(resources or {}), "output_extension": self.file_extension}
        trainee, scenario = found["nbgrader"]["student"], found["nbgrader"]["notebook"]
        explainer = self._explainer
        played = explainer.played([trainee]).get(trainee, {})
        if scenario in played:
            page, data = explainer.explain(trainee, scenario, *played[scenario])
            found["outputs"] = {f"{scenario}.feedback.json": data}
        else:
            page = explainer.page(trainee, scenario, None)
        return page.decode(), found
