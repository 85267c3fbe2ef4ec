"""A queue for Milvus: the broker inside librdkafka that speaks Kafka and keeps all in memory.

Run by the Python of the environment of Milvus: `mock_queue.py FILE` writes its address there.
"""

import sys
import time
from pathlib import Path
from typing import NoReturn


def main(file: Path) -> NoReturn:
    """Keep the broker alive until the process is ended."""
    # the environment that runs the tests has it not
    from confluent_kafka import Producer  # type: ignore[import-not-found]

    owner = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1})
    brokers: list[str] = []
    while not brokers:
        found = owner.list_topics(timeout=10).brokers.values()
        brokers = [f"{one.host}:{one.port}" for one in found]
    file.write_text(",".join(brokers))
    while True:
        owner.poll(0)
        time.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
