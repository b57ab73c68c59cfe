"""Nbgrader's settings, found through JUPYTER_CONFIG_PATH; the course knows them."""

from grading.course import Course, nbgrader_config
from grading.gradebook import be_patient

c = get_config()  # type: ignore[name-defined]  # noqa: F821 -- traitlets puts it there
c.merge(nbgrader_config(Course.here()))
be_patient()
