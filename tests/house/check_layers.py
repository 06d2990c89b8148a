"""Folders are stages and data only moves right (design §1): a file includes only files of its own
folder or of one of a lower rank, and no file includes itself over others."""
import re

from rules import is_c, text_of

RANKS = {
    "base": 0,
    "conficker": 1,
    "wire": 1,
    "observe": 2,
    "evidence": 2,
    "filter": 3,
    "source": 3,
    "detect": 3,
    "scan": 3,
    "report": 3,
    "store": 3,
    "engine": 4,
    "cli": 9,
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def includes_of(root, files):
    """{path below src/: [what it includes by quotes]}"""
    return {
        path.removeprefix("src/"): INCLUDE.findall(text_of(root, path))
        for path in files
        if path.startswith("src/") and is_c(path)
    }


def against_the_flow(path, included):
    folder, target = path.split("/")[0], included.split("/")[0]
    if folder not in RANKS:
        return f"src/{path}: folder {folder}/ has no rank: give it one in {__name__}.py"
    if "/" not in included:
        return (
            None if included == "wormsign.h" else f'src/{path}: "{included}": write "folder/file.h"'
        )
    if target not in RANKS:
        return f'src/{path}: "{included}" is in a folder without a rank'
    if folder != target and RANKS[folder] <= RANKS[target]:
        return f'src/{path}: rank {RANKS[folder]} includes "{included}" of rank {RANKS[target]}'
    return None


def on_a_cycle(graph):
    """The files left when those that include nothing that is left go, again and again."""
    left = {path: {i for i in included if i in graph} for path, included in graph.items()}
    while True:
        leaves = {path for path, included in left.items() if not included}
        if not leaves:
            return sorted(left)
        left = {path: included - leaves for path, included in left.items() if path not in leaves}


def complaints(root, files):
    graph = includes_of(root, files)
    found = [against_the_flow(path, included) for path, each in graph.items() for included in each]
    found += [
        against_the_flow(path, "base/x.h") for path in graph if path.split("/")[0] not in RANKS
    ]
    found += [f"src/{path}: is on or behind an include cycle" for path in on_a_cycle(graph)]
    return [complaint for complaint in found if complaint]


BAD = {
    "an include against the flow": {"src/base/a.c": '#include "cli/b.h"\n', "src/cli/b.h": ""},
    "an include of the same rank": {"src/detect/a.c": '#include "report/b.h"\n'},
    "an include between two of rank 1": {"src/wire/a.c": '  # include "conficker/b.h"\n'},
    "a folder of unknown rank": {"src/misc/a.c": "int a;\n"},
    "an include from a folder of unknown rank": {"src/cli/a.c": '#include "misc/b.h"\n'},
    "an include cycle": {
        "src/base/a.h": '#include "base/b.h"\n',
        "src/base/b.h": '#include "base/a.h"\n',
    },
    "an include without its folder": {"src/base/a.c": '#include "a.h"\n'},
}
GOOD = {
    "includes with the flow": {
        "src/cli/a.c": '#include "engine/b.h"\n#include <time.h>\n',
        "src/engine/b.h": '#include "base/c.h"\n',
        "src/base/c.h": "",
    },
}
