"""How checks in Python call programs: ours, and those of others that are here."""

import os
import shutil
import subprocess

from checking import Skip

TIMEOUT_SECONDS = 120
PATH_OF_DAEMONS = os.environ["PATH"] + ":/usr/sbin:/sbin"


def path_of(name):
    """Of a program of others; without it the check is skipped."""
    path = shutil.which(name, path=PATH_OF_DAEMONS)
    if path is None:
        raise Skip(f"there is no {name} here")
    return path


def call(program, *words, stdin=None, text=True):
    """stdin: what it is given there; None: nothing."""
    return subprocess.run(
        [str(program), *map(str, words)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=text,
        errors="replace" if text else None,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
