# What the bench scripts share; sourced, never run. Each script is one row of bench/README.md: it
# builds, measures interleaved and prints what was wanted beside what was measured. A figure that
# is not met is news, not a failure: a script fails only where something could not be run. --help
# prints the comment at its top, which says what it measures and against whom.
#
#   WORMSIGN_BENCH_RUNS   how often each thing is run (5); the median is judged
#   WORMSIGN_BENCH_DIR    where made captures are kept; else a folder that is removed at the end
#   WORMSIGN_SHARED       the folder that holds tools/mkbench and corpus/ (../shared)
set -euo pipefail
case ${1:-} in
-h | --help)
    sed '1d; /^#/!Q; s/^# \{0,1\}//' "$(readlink -f "$0")"
    exit 0
    ;;
esac
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

bench_name=bench/$(basename "$0")
runs=${WORMSIGN_BENCH_RUNS:-5}
shared=$(readlink -m "${WORMSIGN_SHARED:-../shared}")
monday=1583755200   # 2020-03-09 12:00 UTC: near Monday 00:00 two weeks' ports are tried
thursday=1584014400 # 2020-03-12 12:00 UTC

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$bench_name: $*"
    exit 1
}

[ $# -eq 0 ] || [ "$bench_name" = bench/instructions ] ||
    die "it takes no words, only variables (bench/README.md); --help says what it measures"
case $runs in
'' | *[!0-9]* | 0*) die "WORMSIGN_BENCH_RUNS is to be a number from 1" ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bench_dir=${WORMSIGN_BENCH_DIR:-$scratch}
mkdir -p "$bench_dir"
bench_dir=$(readlink -f "$bench_dir")

# The first lines of every report: a figure without its machine says nothing.
headline() { # WHAT
    local load
    load=$(cut -d ' ' -f 1 /proc/loadavg)
    printf '%s: %s\n' "$bench_name" "$1"
    printf 'machine: %s, %s cores, Linux %s, %s, load %s before\n' \
        "$(sed -n '/^model name/{s/.*: //p;q}' /proc/cpuinfo)" "$(nproc)" "$(uname -r)" \
        "$(date -u +%FT%RZ)" "$load"
    awk -v load="$load" 'BEGIN { exit !(load >= 0.7) }' </dev/null &&
        echo "note: other work runs on this machine, so times are noisy"
    return 0
}

# build/wormsign, and the bench program of the same tree where one is named.
build() { # [PROGRAM]
    ./quickstart build >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; die "the build failed"; }
    [ $# -eq 0 ] || tests/house/tree build -- "bench/$1" >"$scratch/log" 2>&1 ||
        { cat "$scratch/log" >&2; die "bench/$1 cannot be built"; }
}

median() { # of the numbers on stdin
    python3 -c 'import statistics, sys; print(statistics.median(map(float, sys.stdin)))'
}

ratio() { # A B
    python3 -c 'import sys; print(float(sys.argv[1]) / float(sys.argv[2]))' "$1" "$2"
}

# One figure beside what was wanted of it; COMPARISON is < or >= or, where nothing is wanted, -.
figure() { # WHAT MEASURED UNIT COMPARISON [WANTED]
    python3 - "$@" <<'PYTHON'
import sys

what, measured, unit, comparison = sys.argv[1:5]
value = float(measured)
line = f"  {what:<46} {value:>10.4g} {unit:<14}"
if comparison != "-":
    wanted = float(sys.argv[5])
    met = value < wanted if comparison == "<" else value >= wanted
    line += f" wanted {comparison} {wanted:g}: {'met' if met else 'NOT MET'}"
print(line.rstrip())
PYTHON
}

# Runs a bench program as often as is wanted; its outputs follow each other in $scratch/output.
run_often() { # COMMAND...
    local run
    : >"$scratch/output"
    for ((run = 0; run < runs; run++)); do
        "$@" >>"$scratch/output" || die "$1 failed"
    done
}

# The median of what a row of $scratch/output says: the first number after its text, which is a
# fixed string (the bench programs print `TEXT NUMBER UNIT`).
median_after() { # TEXT
    awk -v text="$1" '{ at = index($0, text) }
        at && match(substr($0, at + length(text)), /[0-9]+([.][0-9]+)?/) {
            print substr($0, at + length(text) + RSTART - 1, RLENGTH) }' "$scratch/output" \
        >"$scratch/numbers"
    [ "$(wc -l <"$scratch/numbers")" = "$runs" ] || die "not a figure a run for: $1"
    median <"$scratch/numbers"
}

# Runs commands in turn, so that what else the machine does meets all alike; see bench/measure.py.
measure() { # [OPTION...] NAME COMMAND... -- NAME COMMAND...
    python3 bench/measure.py --runs "$runs" --out "$scratch/measured" "$@" ||
        die "a command failed (above)"
}

measured() { # NAME wall|cpu|peak: its median in seconds or MB
    awk -F '\t' -v name="$1" -v what="$2" '$1 == name && $2 == what { print $3; found = 1 }
        END { exit !found }' "$scratch/measured"
}

needs_shared() { # PATH...
    local path
    for path; do
        [ -e "$shared/$path" ] ||
            die "not run: there is no $path in $shared; say where by WORMSIGN_SHARED"
    done
}

# A capture with known truth; prints its path, and the truth is beside it as .jsonl. One that an
# earlier run left in WORMSIGN_BENCH_DIR is taken as it is: mkbench is deterministic.
mkbench() { # PACKETS SEED EPOCH
    local tool=$shared/tools/mkbench capture=$bench_dir/mkbench-$1-$2-$3 names= part
    needs_shared tools/mkbench/mkbench.c tools/mkbench/templates.txt corpus
    [ "$3" != $thursday ] || names=_2020-03-12
    if [ ! -f "$capture.pcap" ] || [ ! -f "$capture.jsonl" ]; then
        say "making $capture.pcap"
        [ -x "$scratch/mkbench" ] || gcc -O2 -o "$scratch/mkbench" "$tool/mkbench.c" -lpcap -lm \
            >"$scratch/log" 2>&1 ||
            { cat "$scratch/log" >&2; die "mkbench cannot be built (it wants libpcap-dev)"; }
        part=$capture.part$$
        (cd "$shared/corpus" && "$scratch/mkbench" "$tool/templates.txt" \
            "$tool/names_a$names.txt" "$tool/names_b$names.txt" \
            "$part.pcap" "$part.jsonl" "$1" 3600 "$2" "$3") >"$scratch/log" 2>&1 ||
            { rm -f "$part".*; cat "$scratch/log" >&2; die "mkbench failed"; }
        mv "$part.jsonl" "$capture.jsonl"
        mv "$part.pcap" "$capture.pcap"
    fi
    echo "$capture.pcap"
}

# Reads a file once, so that no run pays for the disk, and says where it may not stay in memory.
warm() { # FILE
    local size free
    size=$(stat -c %s "$1")
    free=$(awk '/^MemAvailable/ { printf "%d", $2 * 1024 }' /proc/meminfo)
    [ "$size" -lt "$free" ] ||
        echo "note: $1 is larger than the memory that is free, so the disk is measured as well"
    cat "$1" >/dev/null
}
