"""`autoheal classify`."""

from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError
from rich.text import Text

from autoheal import exits
from autoheal.control import load_control
from autoheal.evidence import marked
from autoheal.lines import Line, reading
from autoheal.narration import COLOURS
from autoheal.output import AsJson, console, for_people, print_json, refuse
from autoheal.settings import load_settings
from streams.diagnosis import Classifier, Diagnosis

Input = Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="Output of the command; - is stdin.")]
ExitCode = Annotated[int | None, typer.Option(help="As a shell or Python's subprocess reports it.")]
Signal = Annotated[str | None, typer.Option(help="Name or number of the signal that ended it.")]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="A line in for each failure, a line out in the same order.")]


class FailedCommand(BaseModel):
    """What a line of `--jsonl` holds."""

    output: str | None = None
    exit_code: int | None = None
    signal: str | int | None = None
    task_type: str | None = None


def classify(
    file: Input = "-",  # type: ignore[assignment]  # typer opens it
    *,
    exit_code: ExitCode = None,
    signal: Signal = None,
    jsonl: JsonLines = False,
    as_json: AsJson = False,
) -> int:
    """Diagnose the output of a failed command, and show what in it says so.

    ```
    pytest 2>&1 | autoheal classify --exit-code 1
    autoheal classify build.log --signal SIGKILL
    echo '{"output": "HTTP 429", "exit_code": 1}' | autoheal classify --jsonl
    ```
    """
    classifier = load_control(load_settings().policy).classifier
    if jsonl:
        return _classify_lines(classifier, file)
    output = file.read().decode(errors="replace")
    diagnosis = classifier.classify(output, exit_code=exit_code, signal=signal)
    if for_people(as_json):
        _show(output, diagnosis)
    else:
        print_json(diagnosis)
    return exits.DONE


def _classify_lines(classifier: Classifier, file: Any) -> int:
    refused = 0
    with reading(file, "classifying", progress=not console.is_terminal) as batches:
        for lines in batches:
            for line in lines:
                answer = _classify_line(classifier, line)
                refused += isinstance(answer, dict)
                print_json(answer)
    return exits.REFUSED if refused else exits.DONE


def _classify_line(classifier: Classifier, line: Line) -> Diagnosis | dict[str, str]:
    """Return the diagnosis, or what is wrong with the line: its place in the output is kept."""
    number, raw = line
    try:
        command = FailedCommand.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        why = ": ".join([*map(str, first["loc"]), first["msg"]])
        refuse(f"line {number}", why)
        return {"error": f"line {number}: {why}"}
    return classifier.classify(**dict(command))


def _show(output: str, diagnosis: Diagnosis) -> None:
    colour = COLOURS[diagnosis.category]
    console.print(
        Text.assemble((diagnosis.category, f"bold {colour}"), " / ", diagnosis.reason, f"  {diagnosis.confidence:.0%}")
    )
    console.print(Text(diagnosis.summary, "bold"))
    for evidence in diagnosis.evidence:
        console.print(Text.assemble((f"  {evidence.rule}: ", "dim"), " ".join(evidence.text.split())))
    if output.strip():
        console.rule(style="dim")
        console.print(marked(output, diagnosis.evidence, f"bold reverse {colour}"), soft_wrap=True)
