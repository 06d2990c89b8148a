"""docs/wormsign.1 is what the program makes of its option tables: `wormsign man` prints it."""
import os
import subprocess

from rules import Skip, text_of

PAGE = "docs/wormsign.1"


def complaints(root, files):
    program = root / "build/wormsign"
    if not os.access(program, os.X_OK):
        raise Skip("build/wormsign is not built")
    done = subprocess.run([str(program), "man"], capture_output=True, check=False, text=True)
    if done.returncode != 0 or not done.stdout:
        return [f"`wormsign man` exits {done.returncode} and prints {len(done.stdout)} characters"]
    if PAGE not in files:
        return [f"{PAGE} is missing: make it by `build/wormsign man >{PAGE}`"]
    return (
        []
        if text_of(root, PAGE) == done.stdout
        else [f"{PAGE} is old: `build/wormsign man >{PAGE}`"]
    )


def prepare(root):
    os.chmod(root / "build/wormsign", 0o755)


def _program(script, page=None):
    return {
        "build/wormsign": f"#!/bin/sh\n{script}\n",
        **({PAGE: page} if page is not None else {}),
    }


BAD = {
    "an old page": _program("echo new", "old\n"),
    "no page": _program("echo new"),
    "a program that makes none": _program("exit 2", ""),
}
GOOD = {"the page of the program": _program("echo page", "page\n")}
