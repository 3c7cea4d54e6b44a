"""Lines that tell how far a training is."""

import time
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Tells the rate and the time left of one epoch, every ``every_s`` seconds; silent where ``told`` is false."""

    title: str
    steps: int
    rows_a_step: int
    told: bool
    every_s: float = 10.0
    started: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)

    def step(self, done: int) -> None:
        """After step ``done``, counted from 1."""
        now = time.monotonic()
        if not self.told or now - self.last < self.every_s:
            return
        self.last = now
        print(progress_line(self.title, done, self.steps, self.rows_a_step, now - self.started), flush=True)


def progress_line(title: str, done: int, steps: int, rows_a_step: int, seconds: float) -> str:
    """One line for a log.

    >>> progress_line("gru epoch 1 of 10", 50, 200, rows_a_step=1024, seconds=4.0)
    'gru epoch 1 of 10: step 50 of 200, 12,800 sequences a second, 12 s left'
    """
    rate = done / max(seconds, 1e-9)
    left = (steps - done) / rate
    return f"{title}: step {done} of {steps}, {rate * rows_a_step:,.0f} sequences a second, {left:.0f} s left"
