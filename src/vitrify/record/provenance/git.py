"""What git knows of the code that runs: remote, commit, branch, and whether the folder differs from the commit.

The only place where a program is started, and only when `source=` asks for it. Nothing is written, no hook and no
monitor runs, and nothing goes over the network.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TIMEOUT_S: Final = 10
_NO_REPOSITORY: Final = "not a git repository"
_SETTINGS: Final = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "protocol.allow=never")
_ENVIRONMENT: Final = {
    "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}  # fmt: skip
# Where a hook of git's starts the training, these point to the repository of the hook, and not to that of the folder.
_POINTERS: Final = frozenset({
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
})  # fmt: skip
_CODE: Final = (":/*.py", ":/*.ipynb", ":/*.pyx")  # in the whole repository, not only below the folder
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)", re.DOTALL)
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^\[\]:@\s\\]+)(?::[0-9]{0,5})?")
_SCP: Final = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\[\]:@/\s\\]{2,}):([^/:].*|/.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A folder that git looks after; see `record.summary.Source` for its fields."""

    remote: str = ""
    commit: str = ""
    branch: str = ""
    is_dirty: bool | None = None


class GitError(Exception):
    """Git was there and did not answer; the text says why."""


def checkout(folder: Path) -> tuple[Checkout, list[str]]:
    """What git knows of a folder, and why it did not tell the rest; nothing without git or a repository."""
    from shutil import which

    program = which("git")
    if program is None:
        return Checkout(), []
    git = _Git(program, folder)
    reasons: list[str] = []
    try:
        inside = git("rev-parse", "--is-inside-work-tree")
    except GitError as error:
        return Checkout(), [] if _NO_REPOSITORY in str(error) else [str(error)]
    found: dict[str, str | bool | None] = {}
    for name, ask in (("commit", _commit), ("branch", _branch), ("remote", _remote)):
        try:
            found[name] = ask(git)
        except GitError as error:
            reasons.append(str(error))
    try:
        found["is_dirty"] = _is_dirty(git) if inside.strip() == "true" and found.get("commit") else None
    except GitError as error:
        reasons.append(str(error))
    return Checkout(**found), reasons  # type: ignore[arg-type]  # each name has a value of its type


def public_address(remote: str) -> str:
    """The address of a remote without user, password and query; empty for a path on this machine and what is unclear.

    Args:
        remote: As git's settings have it: a URL, or `user@host:path` as of scp.
    """
    if not remote.isprintable():
        return ""
    match = _URL.fullmatch(remote.partition("?")[0].partition("#")[0])
    if match is not None:
        scheme, authority, path = match.groups()
        host = authority.rpartition("@")[2]
        # A password with a slash looks like a port that is no number: what follows would be a part of it.
        is_clear = scheme.lower() != "file" and _HOST.fullmatch(host) is not None
        return f"{scheme}://{host}{path}" if is_clear else ""
    if "://" in remote or "::" in remote.partition("[")[0]:
        return ""
    first, slash, rest = remote.partition("/")
    match = _SCP.fullmatch(first.rpartition("@")[2] + slash + rest)
    return f"{match[1]}:{match[2]}" if match is not None else ""


class _Git:
    """Asks git about a folder."""

    def __init__(self, program: str, folder: Path) -> None:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        self._command = [program, "--no-pager", *settings, "-C", str(folder)]

    def __call__(self, *words: str, no_answer: int = 0) -> str:
        """What it prints; empty if it ends with the code that stands for no answer.

        Raises:
            GitError: It could not be started, did not end in time, or failed.
        """
        import subprocess  # It costs a part of an import of vitrify, and is rarely needed.

        kept = {name: value for name, value in os.environ.items() if name not in _POINTERS}
        try:
            done = subprocess.run(  # noqa: S603  # the words are ours, the folder follows -C
                [*self._command, *words], stdin=subprocess.DEVNULL, capture_output=True, env={**kept, **_ENVIRONMENT},
                timeout=_TIMEOUT_S, check=False, encoding="utf-8", errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise GitError(f"git {words[0]} took more than {_TIMEOUT_S} seconds") from error
        except (OSError, ValueError) as error:  # no such program after all, or a NUL in the folder's name
            raise GitError(f"git could not be started ({error})") from error
        if done.returncode and done.returncode != no_answer:
            said = next(iter(done.stderr.strip().splitlines()), f"exit code {done.returncode}")
            raise GitError(f"git {words[0]}: {said}")
        return "" if done.returncode else done.stdout


def _commit(git: _Git) -> str:
    return git("rev-parse", "--verify", "--quiet", "HEAD", no_answer=1).strip()


def _branch(git: _Git) -> str:
    return git("symbolic-ref", "--quiet", "--short", "HEAD", no_answer=1).strip()


def _remote(git: _Git) -> str:
    """The address of `origin`, or of the first by name, as it stands in the settings."""
    listed = git("config", "--null", "--get-regexp", r"^remote\..*\.url$", no_answer=1)
    found: dict[str, str] = {}
    for line in filter(None, listed.split("\0")):
        key, _, address = line.partition("\n")
        found.setdefault(key.removeprefix("remote.").removesuffix(".url"), address)
    return public_address(found.get("origin") or next((found[name] for name in sorted(found)), ""))


def _is_dirty(git: _Git) -> bool:
    """Whether a file that git follows was changed, or code lies there that the commit does not have."""
    if git("status", "--porcelain", "--untracked-files=no"):
        return True
    return bool(git("ls-files", "--others", "--exclude-standard", "--", *_CODE))
