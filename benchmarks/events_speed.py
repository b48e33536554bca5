"""How fast strategy `events` reads calls: in this process, one by one and several together, and by llama-server.

    python benchmarks/events_speed.py --calls 4

Each way reads the same short calls. What the template begins with is evaluated before the clock starts, in all of them.
The default model finds little this way, and writes long answers: what counts is how long a token takes.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from subprocess import DEVNULL, Popen
from time import perf_counter

from ways import free_port, wait_for

from ausweis.batch.config import ScorerConfig
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Engine, Request, Result
from ausweis.engines.server import ServerEngine
from ausweis.engines.weights import catalogue, locate
from ausweis.labelled import read_labelled
from ausweis.machine import usable_cpus
from ausweis.policies import find_policy
from ausweis.reading.call_events import EventsReader
from ausweis.reading.chunks import spoken_chunks

ROOT = Path(__file__).parents[1]
SERVER = ROOT / ".venv" / "llama.cpp" / "bin" / "llama-server"
CALLS = ROOT / "evals" / "golden" / "test.jsonl"
CONTEXT = 16384
TOGETHER = 4


@contextmanager
def served(model: Path) -> Iterator[Engine]:
    """llama-server with a slot for each call at once."""
    port = free_port()
    command = [str(SERVER), "-m", str(model), "--host", "127.0.0.1", "--port", str(port), "-t", str(usable_cpus())]
    command += ["-np", str(TOGETHER), "--kv-unified", "-c", str(CONTEXT), "-fa", "on"]
    process = Popen(command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        with closing(ServerEngine(f"http://127.0.0.1:{port}", workers=TOGETHER)) as engine:
            yield engine
    finally:
        process.terminate()
        process.wait()


def measure(name: str, engine: Engine, requests: Sequence[Request], threads: int) -> list[Result]:
    """Answer all, so many at once, and print what it took."""
    with ThreadPoolExecutor(threads) as pool:
        begun = perf_counter()
        results = [one for (one,) in pool.map(lambda request: engine.complete([request]), requests)]
        seconds = perf_counter() - begun
    tokens = sum(result.evaluated_tokens for result in results)
    characters = median(len(result.text) for result in results)
    memory = getrusage(RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{name:<28}{seconds / len(requests):7.1f} s a call, {tokens} tokens evaluated, answers of {characters:.0f} "
        f"characters, {memory} MB in this process",
        flush=True,
    )
    return results


def main() -> None:
    """Measure each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=catalogue.default_id())
    parser.add_argument("--calls", type=int, default=4)
    given = parser.parse_args()
    labelled = list(islice(read_labelled(CALLS), given.calls))
    with closing(LlamaEngine.load(given.model, context=CONTEXT, together=TOGETHER)) as engine:
        reader = ScorerConfig(find_policy("telecom-de"), strategy="events").reader(engine)
        assert isinstance(reader, EventsReader)
        requests = [reader.request(one.call, spoken_chunks(one.call)) for one in labelled]
        warm = requests[0].model_copy(update={"json_schema": {"const": "ready"}})
        engine.complete([warm])
        together = measure(f"in process, {TOGETHER} together", engine, requests, TOGETHER)
        alone = measure("in process, one by one", engine, requests, 1)
    with served(locate(given.model).path) as server:
        server.complete([warm])
        by_server = measure(f"llama-server, {TOGETHER} slots", server, requests, TOGETHER)
    for name, results in (("one by one", alone), ("by the server", by_server)):
        same = sum(one.text == other.text for one, other in zip(together, results, strict=True))
        print(f"the same answers together and {name}: {same} of {len(requests)}")


if __name__ == "__main__":
    main()
