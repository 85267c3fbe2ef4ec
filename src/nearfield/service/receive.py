"""Take a file to disk while it comes."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from anyio import to_thread

from nearfield.service.problems import Refusal


async def receive(path: Path, chunks: AsyncIterator[bytes]) -> None:
    """Write what comes; the file has its name only when all of it is safely on the disk."""
    draft = path.with_name(f"{path.name}.part")
    try:
        with draft.open("wb") as file:
            async for chunk in chunks:
                await to_thread.run_sync(file.write, chunk)
            await to_thread.run_sync(_sync, file.fileno())
        if not draft.stat().st_size:
            raise Refusal(422, "the file that came is empty. Send its bytes.")
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        path.parent.rmdir()
        raise


def _sync(file: int) -> None:
    os.fsync(file)
