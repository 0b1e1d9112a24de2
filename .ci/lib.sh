# What the steps share; sourced by them, from the top of the repository.
# shellcheck shell=bash
set -euo pipefail

# The machine that stands for all devices: a Cortex-M3, no operating system.
bare_target=thumbv7m-none-eabi

# REMARK: printed now, and once more in the summary.
note() {
    echo "note: $*"
    echo "note: $*" >>"$SNUG_CI_NOTES"
}

# REASON: ends the step as skipped.
skip() {
    note "${0##*/} skipped: $*"
    exit 77
}

# REASON: ends the step as failed.
fail() {
    echo "error: $*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null; }

# PACKAGE...: installs Debian's packages.
apt_install() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || fail "root or sudo is needed to install: $*"
        as_root=(sudo -n)
    fi
    have apt-get || fail "not a Debian machine; install by hand: $*"
    # The lists that a machine comes with may be older than the packages.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@"
}

# SUBCOMMAND SECONDS [OPTION...]: builds `cargo SUBCOMMAND` where it is missing.
cargo_install() {
    local tool="cargo-$1" seconds=$2
    shift 2
    have "$tool" && return
    echo "installing $tool"
    timeout "$seconds" cargo install --locked "$@" "$tool"
}

# VERSION: the name of a rustup toolchain that begins with it, if there is one.
toolchain() {
    have rustup && rustup toolchain list | grep -om1 "^${1//./\\.}[^ ]*"
}

# From here on, what is optimised is built in half the time: where it matters
# that it is fast, and not by how much.
optimise_quickly() {
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
}

# FILE: its lines before its tests, each behind its number and a colon.
code_of() {
    awk 'under_test && /^mod .*\{/ { exit }
         { under_test = /^#\[cfg\(test\)\]/; print NR ":" $0 }' "$1"
}

# ARGUMENT...: cargo with these arguments for the bare machine. Uses the
# target's ready-made core library where rustup has it or can get it; where not,
# Debian's compiler and its sources, from which core is built on the way.
# SNUG_CI_BARE=debian takes the second way though the first one is open.
bare_cargo() {
    local subcommand=$1
    shift
    if [ "${SNUG_CI_BARE:-}" != debian ] && bare_target_ready; then
        cargo "$subcommand" --target "$bare_target" "$@"
        return
    fi
    echo "no ready-made core library for $bare_target; building it from Debian's sources"
    if [ ! -x /usr/bin/rustc ] || [ ! -e /usr/lib/rustlib/src/rust/library/core ]; then
        apt_install rustc-web rust-web-src
    fi
    # -Zbuild-std is not stable, and this build alone may use it: in a
    # .cargo/config.toml it would be forced upon everyone's builds. Debian's
    # link to rust-lld dangles; the toolchain's own one links for both.
    RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER=$(bare_linker) \
        cargo "$subcommand" -Zbuild-std=core --target "$bare_target" "$@"
}

bare_target_ready() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$bare_target" ] && return
    have rustup && timeout 120 rustup target add "$bare_target"
}

bare_linker() {
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    echo "$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld"
}
