#!/bin/sh
# Installs what is missing to build, show and test lintel on Debian: packages, npm packages, Rust.
# Usage: bootstrap.sh build|test|selinux|crio. Needs root only to install packages; says in one line what cannot be had.
set -eu
cd "$(dirname "$0")/.."

need=${1:-test}
rust_minor=88

say() { printf 'bootstrap: %s\n' "$1"; }
stop() {
	printf 'bootstrap: %s\n' "$1" >&2
	exit 1
}

have_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

install_packages() {
	command -v apt-get >/dev/null 2>&1 || {
		say "no apt-get here; these must be there already: $*"
		return 0
	}
	missing=
	for package in "$@"; do
		have_package "$package" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	[ "$(id -u)" -eq 0 ] || stop "missing Debian packages:$missing (run as root, or install them)"
	say "installing$missing"
	# shellcheck disable=SC2086 # a list of package names
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 || {
		apt-get update -q >/dev/null 2>&1 || stop "the package lists cannot be fetched (apt-get update)"
		# shellcheck disable=SC2086
		DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null ||
			stop "apt-get could not install:$missing"
	}
}

rust_is_new_enough() {
	command -v cargo >/dev/null 2>&1 || return 1
	minor=$(cargo --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')
	[ "${minor:-0}" -ge "$rust_minor" ]
}

install_rust() {
	# rustup puts it here without touching this shell's PATH
	PATH="$HOME/.cargo/bin:$PATH"
	rust_is_new_enough && return 0
	if command -v rustup >/dev/null 2>&1; then
		say "updating Rust by rustup"
		rustup toolchain install stable --profile minimal --component clippy --component rustfmt >/dev/null 2>&1 || true
		rust_is_new_enough && return 0
	fi
	offered=$(apt-cache policy cargo 2>/dev/null | sed -n 's/^ *Candidate: [^0-9]*\(0\.\|1\.\)\([0-9]*\).*/\2/p')
	if [ "${offered:-0}" -ge "$rust_minor" ] && [ "$(id -u)" -eq 0 ]; then
		install_packages cargo rustc rust-clippy rustfmt
		rust_is_new_enough && return 0
	fi
	if command -v curl >/dev/null 2>&1; then
		say "installing Rust by rustup"
		curl --proto '=https' --tlsv1.2 -fsS https://sh.rustup.rs 2>/dev/null | sh -s -- -y -q --profile minimal >/dev/null 2>&1 || true
		rust_is_new_enough && return 0
	fi
	stop "Rust 1.$rust_minor or newer is needed and could not be installed here; install it with rustup and try again"
}

# The C library of the executable, docs/decisions/0008: Rust brings the library, musl-tools its headers.
install_rust_target() {
	target=$(rustc -vV | sed -n 's/^host: \(.*\)gnu$/\1musl/p')
	[ -n "$target" ] || return 0
	[ -f "$(rustc --print target-libdir --target "$target")/self-contained/libc.a" ] && return 0
	say "installing Rust's library for $target"
	rustup target add "$target" >/dev/null 2>&1 || rustup target add "$target" >/dev/null ||
		stop "Rust's library for $target could not be installed; try: rustup target add $target"
}

node_is_new_enough() {
	command -v node >/dev/null 2>&1 &&
		node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}

install_npm_packages() {
	if [ -f node_modules/.package-lock.json ] && [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
		return 0
	fi
	say "installing npm packages"
	# npm ci refuses a lock file without the optional packages of other platforms, which not every mirror carries
	npm ci --no-audit --no-fund --loglevel=silent ||
		npm install --no-save --no-audit --no-fund --loglevel=error || stop "npm could not install the packages"
	touch node_modules/.package-lock.json
}

node_is_new_enough || stop "Node 20.19 or newer is needed"
install_packages gcc libc6-dev musl-tools runc busybox-static
if [ "$need" = test ]; then
	install_packages docker.io containerd containernetworking-plugins podman conmon crun iptables openssl shellcheck python3 util-linux procps strace \
		rpm mmdebstrap logrotate systemd rsyslog rsyslog-gnutls rsyslog-relp man-db mandoc groff-base zsh secilc selinux-utils
fi
if [ "$need" = crio ]; then
	install_packages podman conmon containernetworking-plugins libseccomp-dev pkg-config iptables util-linux procps
	command -v go >/dev/null 2>&1 || stop "Go is needed to build CRI-O (any version from 1.21 fetches the one it asks for)"
fi
if [ "$need" = selinux ] || [ "$need" = test ]; then
	install_packages qemu-system-x86 mmdebstrap e2fsprogs cpio xz-utils zstd docker.io
fi
if [ "$need" = selinux ]; then
	# Its stage crio builds CRI-O, with Go; the others do without.
	install_packages libseccomp-dev pkg-config
fi
install_rust
install_rust_target
install_npm_packages
