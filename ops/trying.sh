# What the scripts have in common that try the package and what an image would hold. They say what `evidence` is.
# shellcheck shell=bash

readonly READY_SECONDS=60

say() { printf '%s\n' "$*"; }

fail() {
    printf 'ops/package: %s\n' "$*" >&2
    evidence >&2 || true
    exit 1
}

# wait_until WHAT COMMAND...
wait_until() {
    local what=$1 deadline=$((SECONDS + READY_SECONDS))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || { say "waited $READY_SECONDS s in vain: $what"; return 1; }
        sleep 0.2
    done
}
