"""Apache Kafka from its Maven artefacts: one KRaft node, for tests, crash tests and benchmarks."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from autoheal.embedded import HOST, BrokerNotStartedError, BrokerProcess, free_port

HERE: Final = Path(__file__).parent
JARS: Final = HERE / "target" / "dependency"
CLUSTER_ID: Final = "AAAAAAAAAAAAAAAAAAAAAA"
# Only the first compiler: a broker that lives for minutes has started twice as fast with it.
JAVA: Final = ("java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
QUIET: Final = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


def missing_tools() -> list[str]:
    """Return which of the programs that Apache Kafka needs are not on PATH."""
    return [tool for tool in ("java", "mvn") if shutil.which(tool) is None]


class ApacheKafka(BrokerProcess):
    """One node, broker and controller, whose data outlive `stop` and `kill` and end with `close` or a `with` block."""

    def __init__(self) -> None:
        """Lay out the node's directory; nothing runs yet."""
        self._home = TemporaryDirectory(prefix="autoheal-kafka-")
        home = Path(self._home.name)
        super().__init__(log=home / "kafka.log")
        self._settings = home / "server.properties"
        self._settings.write_text((HERE / "server.properties").read_text() + self._addresses(home / "data"))

    def command(self) -> Sequence[str]:
        """Return how the broker is run; the first time, fetch it and format its storage."""
        install()
        if not (Path(self._home.name) / "data").exists():
            self._format()
        return (*JAVA, QUIET, "-cp", f"{JARS}/*", "kafka.Kafka", str(self._settings))

    def close(self) -> None:
        """Stop the broker and delete its data."""
        self.stop()
        self._home.cleanup()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _addresses(self, data: Path) -> str:
        controller = f"{HOST}:{free_port()}"
        settings = {
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(data),
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    def _format(self) -> None:
        tool = ("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._settings))
        _run((*JAVA, QUIET, "-cp", f"{JARS}/*", *tool), "cannot format the storage of Apache Kafka")


def install() -> None:
    """Bring Apache Kafka's jars into `target/`, once for each version of the pom."""
    done = HERE / "target" / ".installed"
    pom = HERE / "pom.xml"
    if done.exists() and done.stat().st_mtime >= pom.stat().st_mtime:
        return
    shutil.rmtree(JARS, ignore_errors=True)
    _run(("mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"), "cannot fetch Apache Kafka")
    done.touch()


def _run(command: Sequence[str], failure: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BrokerNotStartedError(f"{failure}: {done.stdout}{done.stderr}")
