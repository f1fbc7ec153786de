"""Charts in classic repositories: an index, and the archive that it names.

https://helm.sh/docs/topics/chart_repository/
"""

import asyncio
from typing import Any

from yarl import URL

from bot.document import Limits, load_documents
from bot.errors import DocumentError
from bot.fetch.door import Answer, Door, locked, refused, showing, unreached
from bot.model.tree import Elsewhere

__all__ = ["download"]

INDEX = Limits(size=32 * 1024 * 1024, nodes=3_000_000, depth=32)


async def download(door: Door, wanted: Elsewhere, most: int, login: str) -> bytes:
    """The archive of a chart, asked for with the `login` of its repository ("" is none).

    RenderError: the version is another chart by now, or cannot be had.
    """
    repository, _, name = wanted.url.rpartition("/")
    index = await fetched(door, f"{repository}/index.yaml", INDEX.size, login)
    entry = await asyncio.to_thread(listed, index.body, name, wanted)
    digest = str(entry.get("digest") or "").removeprefix("sha256:")
    if digest and digest != wanted.digest.removeprefix("sha256:"):
        message = f"{wanted.url} has another chart as version {wanted.revision} by now: sha256:{digest[:64]}"
        raise refused(message, "look at what changed, then pin the new digest, or another version")
    urls = entry.get("urls")
    if not isinstance(urls, list) or not urls or not isinstance(urls[0], str):
        raise refused(f"the index of {repository} says not where {name} {wanted.revision} is")
    try:
        place = URL(f"{repository}/").join(URL(urls[0]))
        # an archive may be with somebody else, whom the login is no business of
        shown = login if place.origin() == URL(repository).origin() else ""
    except ValueError:
        raise refused(f"the index of {repository} names no place for {name} {wanted.revision}") from None
    return (await fetched(door, str(place), most, shown)).body


async def fetched(door: Door, url: str, most: int, login: str) -> Answer:
    """What is at a URL. RenderError: nothing is."""
    answer = await door.get(url, most, showing(login))
    if answer.status >= 500 or answer.status == 429:
        raise unreached(f"{url.partition('?')[0]} answers {answer.status}")
    if answer.status in (401, 403):
        raise locked(url.partition("?")[0], answer.status, login)
    if answer.status != 200:
        raise refused(f"{url.partition('?')[0]} answers {answer.status}")
    return answer


def listed(index: bytes, name: str, wanted: Elsewhere) -> dict[str, Any]:
    """The index's entry of the wanted version. RenderError: it has none, or cannot be read."""
    try:
        documents = load_documents(index, INDEX)
    except DocumentError as error:
        raise refused(f"the index of {wanted.url} cannot be read: {error.message}") from None
    entries = documents[0].value.get("entries") if documents and isinstance(documents[0].value, dict) else None
    versions = entries.get(name) if isinstance(entries, dict) else None
    for each in versions if isinstance(versions, list) else ():
        if isinstance(each, dict) and each.get("version") == wanted.revision:
            return each
    raise refused(f"there is no version {wanted.revision} of {wanted.url}")
