"""Every header compiles alone (style 4): it includes what its declarations need."""
import subprocess
from concurrent.futures import ThreadPoolExecutor

COMMAND = [
    "gcc",
    "-std=c17",
    "-D_DEFAULT_SOURCE",
    "-D_FILE_OFFSET_BITS=64",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fsyntax-only",
    "-Isrc",
    "-Iinclude",
    "-x",
    "c",
]


def complaints(root, files):
    headers = [
        path for path in files if path.endswith(".h") and path.startswith(("src/", "include/"))
    ]

    def compiled(path):
        # By -include, as if into an empty file: no header is a main file.
        return subprocess.run(
            [*COMMAND, "-include", path, "/dev/null"],
            cwd=root,
            check=False,
            capture_output=True,
            text=True,
        )

    with ThreadPoolExecutor(2) as pool:
        results = list(zip(headers, pool.map(compiled, headers)))
    return [
        f"{path} does not compile alone:\n{done.stderr}"
        for path, done in results
        if done.returncode
    ]


BAD = {
    "a header that leans on others": {"src/base/a.h": "uint8_t a(void);\n"},
    "a struct that nobody declares": {"src/base/a.h": "int a(struct later *);\n"},
}
GOOD = {
    "a header with what it needs": {
        "src/base/a.h": '#include <stdint.h>\n#include "base/b.h"\nuint8_t a(struct b *);\n',
        "src/base/b.h": "struct b;\n",
    },
}
