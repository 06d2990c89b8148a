"""The library never prints, exits, reads environment or clock, and has no mutable object (style
5, 21): `nm` finds no such symbol wanted by libwormsign.a, `objdump` no object in its .data, .bss
or .tbss. What assert() calls is allowed: it is for our mistakes."""
import re
import subprocess

from rules import Skip

BANNED = {
    "printf",
    "vprintf",
    "puts",
    "putchar",
    "perror",
    "stdout",
    "stderr",
    "stdin",
    "err",
    "errx",
    "warn",
    "warnx",
    "exit",
    "_exit",
    "_Exit",
    "quick_exit",
    "atexit",
    "abort",
    "system",
    "popen",
    "fork",
    "signal",
    "sigaction",
    "getenv",
    "secure_getenv",
    "setenv",
    "setlocale",
    "time",
    "clock",
    "clock_gettime",
    "gettimeofday",
    "localtime",
    "localtime_r",
    "mktime",
    "rand",
    "srand",
    "random",
}
ARCHIVE = "build/libwormsign.a"
# ...flags section size name. "O" is an object; what is in a thread's sections is one without it.
# .data.rel.ro is read-only once the program is loaded.
OBJECT = re.compile(
    r"^[0-9a-f]+ .{6}(?:O (?:\.data(?!\.rel\.ro)|\.bss|\*COM\*)|[ O] \.t(?:data|bss))"
    r"\S*\s+0*[1-9a-f][0-9a-f]*\s+(.+)$"
)


def output_of(*command):
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def complaints(root, _files):
    archive = root / ARCHIVE
    if not archive.exists():
        raise Skip(f"{ARCHIVE} is not built")
    member, found = "", []
    for line in output_of("nm", "--undefined-only", str(archive)).splitlines():
        if line.endswith(":"):
            member = line
        symbol = line.split()[-1] if line.split() else ""
        plain = re.sub(r"^__(\w+)_chk$", r"\1", symbol)
        if plain in BANNED:
            found.append(f"{member} wants {symbol}")
    for line in output_of("objdump", "-t", str(archive)).splitlines():
        match = OBJECT.match(line)
        if ":     file format" in line:
            member = line.split(":")[0]
        if match:
            found.append(f"{member}: mutable object {match[1]}")
    return found


def prepare(root):
    (root / "build").mkdir()
    for source in root.glob("src/**/*.c"):
        made = root / "build" / f"{source.stem}.o"
        subprocess.run(["gcc", "-O2", "-fPIE", "-c", str(source), "-o", str(made)], check=True)
        subprocess.run(["ar", "rc", str(root / ARCHIVE), str(made)], check=True)


def _library(code):
    return {"src/base/a.c": code}


BAD = {
    "printing": _library('#include <stdio.h>\nvoid f(int x) { printf("%d", x); }\n'),
    "stderr": _library('#include <stdio.h>\nvoid f(void) { fputs("x", stderr); }\n'),
    "exit": _library("#include <stdlib.h>\nvoid f(void) { exit(1); }\n"),
    "the clock": _library("#include <time.h>\ntime_t f(void) { return time(0); }\n"),
    "the environment": _library('#include <stdlib.h>\nchar *f(void) { return getenv("A"); }\n'),
    "a mutable object": _library("static int x = 3;\nint f(void) { return x++; }\n"),
    "a mutable object of zeros": _library("int f(void) { static int x; return ++x; }\n"),
    "a mutable object of each thread": _library(
        "int f(void) { static _Thread_local int x; return ++x; }\n"
    ),
}
GOOD = {
    "tables of pointers, assert and files": _library(
        '#include <assert.h>\n#include <stdio.h>\nstatic const char *const names[] = {"a", "b"};\n'
        "const char *f(FILE *out, int i) { assert(i < 2); fputs(names[i], out); "
        "return names[i]; }\n"
    ),
}
