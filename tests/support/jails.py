"""One jail for all tests of a process: its launcher is started by the first of them."""

from bot.jail import Done, Jail, Job

__all__ = ["JAIL", "Watched"]

JAIL = Jail("best-effort")


class Watched(Jail):
    """The same jail, which keeps what it was asked to run."""

    def __init__(self) -> None:
        super().__init__("best-effort")
        self.jobs: list[Job] = []

    async def run(self, job: Job) -> Done:
        """Run it, and remember it."""
        self.jobs.append(job)
        return await JAIL.run(job)
