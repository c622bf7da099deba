"""The engines by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfmend.batch.task import Engine
from selfmend.core.checks import OptionError, check_known
from selfmend.core.child import usable_cores

if TYPE_CHECKING:
    from selfmend.batch.job import Job

ENGINES = ("processes", "ray")


def choose_engine(
    engine: str | Engine,
    job: Job,
    *,
    jobs: int | None,
    address: str | None,
    shared: bool,
    retries: int,
    count: int,
) -> Engine:
    """An engine by its name; it begins to load what it needs.

    Args:
        engine: a name, or an engine of one's own.
        job: what is done with each picture.
        jobs, address, shared, retries: as in `mend_folder`.
        count: pictures; more processes are of no use.

    Raises:
        OptionError: an unknown name, or options that do not fit.
        MissingExtraError: Ray is not installed.
    """
    if jobs is not None and jobs < 1:
        raise OptionError(f"--jobs is {jobs}; at least 1 fits")
    if retries < 0:
        raise OptionError(f"--retries is {retries}; at least 0 fits")
    if not isinstance(engine, str):
        return engine
    check_known("engine", engine, ENGINES)
    if engine == "processes":
        if address is not None or shared:
            raise OptionError("--address and --shared are for clusters; leave them out, or say --engine ray")
        from selfmend.batch.processes import ProcessEngine, load_ahead

        load_ahead()
        return ProcessEngine(job, jobs=min(jobs or job.at_once(usable_cores()), count), retries=retries)
    from selfmend.batch.cluster import RayEngine

    return RayEngine(job, jobs=jobs, address=address, shared=shared, retries=retries)
