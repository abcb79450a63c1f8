"""One step a line: how an engine of another language stays up between steps.

A line of standard input is {"do": NAME, …arguments}. Its answer is one line of standard output: {"result": …}, or
{"error": TEXT} when the step failed. The first line says {"result": "ready"}. The end of the input ends the process.
"""

import json
import os
import sys
from collections.abc import Callable


def serve(steps: dict[str, Callable]) -> None:
    """Answers lines until there are no more. Whatever a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**line) -> None:
        answers.write(json.dumps(line) + "\n")
        answers.flush()

    answer(result="ready")
    for line in sys.stdin:
        arguments = json.loads(line)
        try:
            answer(result=steps[arguments.pop("do")](**arguments))
        except Exception as error:  # noqa: BLE001: whatever an engine throws is the step's answer
            answer(error=f"{type(error).__name__}: {error}")
