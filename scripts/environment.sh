#!/usr/bin/env bash
# Makes the environment .venv and installs requirements.txt into it, once: a second run finds the stamp and ends.
# Whatever is missing (Python, its venv module, disk, network) is said in one sentence, with exit status 1.
set -u
cd "$(dirname "$0")/.." || exit 1

VENV=.venv
STAMP=$VENV/.stamp             # what is installed: written last, so an interrupted run leaves none
BEGUN=$VENV/.install-begun     # there while an installation runs, and left behind by one that was interrupted
LOG=$VENV/install.log
NEEDED_MB=${COURSE_NEEDED_MB:-2500}

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

find_python() {
    local candidate path
    for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
        path=$(command -v "$candidate" 2>/dev/null) || continue
        if fits "$path"; then printf '%s\n' "$path"; return; fi
    done
    if [ -n "$UV" ]; then
        path=$("$UV" python find --no-python-downloads '>=3.11,<3.14' 2>/dev/null) && fits "$path" && printf '%s\n' "$path"
    fi
}

fingerprint() {
    # The folder counts too: an environment does not survive being moved.
    { cat requirements.txt pyproject.toml; printf '%s\n' "$PWD"; "$VENV/bin/python" --version; } 2>/dev/null | cksum
}

is_current() { [ -f "$STAMP" ] && [ ! -f "$BEGUN" ] && [ "$(fingerprint)" = "$(head -n 1 "$STAMP")" ]; }

is_usable() {
    # Half an installation is not trusted: packages may lie there without the list of their files.
    [ ! -f "$BEGUN" ] && fits "$VENV/bin/python" &&
        { [ ! -f "$STAMP" ] || [ "$(tail -n 1 "$STAMP")" = "$PWD" ]; } &&
        { [ -n "$UV" ] || "$VENV/bin/python" -m pip --version >/dev/null 2>&1; }
}

# A terminal sees what is being done; a log file is not filled with it.
watch_install() {
    while kill -0 "$1" 2>/dev/null; do
        if [ -t 2 ]; then printf '\r  %4ds  %-70.70s' "$((SECONDS - START))" "$(tail -n 1 "$LOG" 2>/dev/null | tr -d '\r')" >&2; fi
        sleep 0.5
    done
    if [ -t 2 ]; then printf '\r%80s\r' '' >&2; fi
    wait "$1"
}

explain() {
    if grep -qiE 'no space left|disk quota exceeded' "$LOG"; then
        stop "The disk is full: the course needs about $NEEDED_MB MB free in $PWD; make room and run the same command again."
    fi
    # Without an answer from the index, pip may say no more than "from versions: none"; our pins all exist.
    if grep -qiE 'name resolution|resolve host|dns error|connection (refused|reset|error|timed out)|connecterror|newconnectionerror|failed to establish|error sending request|network is unreachable|max retries|timed out|proxyerror|request failed|from versions: none' "$LOG"; then
        stop "The package index cannot be reached: connect to the network (or name a mirror, as PIP_INDEX_URL or UV_INDEX_URL) and run the same command again; details in $LOG."
    fi
    stop "The packages could not be installed: the reason stands at the end of $PWD/$LOG; the same command tries again."
}

is_current && exit 0

UV=$(command -v uv 2>/dev/null || true)
if [ -n "$UV" ] && ! "$UV" --version >/dev/null 2>&1; then UV=; fi

PY=$(find_python)
[ -n "$PY" ] || stop "No Python 3.11, 3.12 or 3.13 was found: install one (Debian or Ubuntu: sudo apt-get install python3 python3-venv; with uv: uv python install 3.12) and run the same command again."
if [ -z "$UV" ] && ! "$PY" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    version=$("$PY" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    stop "Python $version at $PY has no venv module: install it (Debian or Ubuntu: sudo apt-get install python$version-venv), or install uv, and run the same command again."
fi

# Two commands started at the same time must not install into the same folder.
if command -v flock >/dev/null 2>&1; then
    exec 9<.
    flock -n 9 || { say "Another command is installing already; waiting for it."; flock 9; }
    is_current && exit 0
fi

if ! [ -x "$VENV/bin/python" ]; then
    free_mb=$(df -Pm . | awk 'NR == 2 { print $4 }')
    [ "${free_mb:-$NEEDED_MB}" -ge "$NEEDED_MB" ] ||
        stop "The disk is nearly full: the course needs about $NEEDED_MB MB free in $PWD and there are $free_mb MB; make room and run the same command again."
fi

START=$SECONDS
if ! is_usable; then
    rm -rf "$VENV"
    say "Making $VENV with $("$PY" --version) ($PY)."
    if [ -n "$UV" ]; then made=$("$UV" venv --quiet --python "$PY" "$VENV" 2>&1); else made=$("$PY" -m venv "$VENV" 2>&1); fi ||
        stop "The environment could not be made in $PWD/$VENV: $(printf '%s' "$made" | tail -n 1)"
fi

say "Installing the course's packages (about 2 GB on disk; a minute with uv, about three with pip)."
: > "$BEGUN"
rm -f "$STAMP"
if [ -n "$UV" ]; then
    # Where Python may not write byte code later, every import of TensorFlow would compile it anew.
    "$UV" pip install --compile-bytecode --python "$VENV/bin/python" -r requirements.txt >"$LOG" 2>&1 </dev/null &
else
    "$VENV/bin/python" -m pip install --disable-pip-version-check -r requirements.txt >"$LOG" 2>&1 </dev/null &
fi
INSTALLER=$!
trap 'kill "$INSTALLER" 2>/dev/null; say "Interrupted; the same command starts again."; exit 130' INT TERM
watch_install "$INSTALLER" || explain
trap - INT TERM
{ fingerprint; printf '%s\n' "$PWD"; } > "$STAMP"
rm -f "$BEGUN"
say "Installed in $((SECONDS - START)) s."
