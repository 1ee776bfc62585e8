#!/bin/sh
# Says in one line what on this host still calls lintel, and exits 1; silent and 0 where nothing does.
# Asked before lintel's files are removed: an engine whose runtime is gone starts no container. Only reads.
# Usage: in-use.sh [ROOT]
set -eu
root=${1:-}
state=$root/var/lib/lintel/install/state.json
own=$(cd "$(dirname "$0")/../.." && pwd)/bin/lintel

refuse() {
	printf 'lintel: still in use (%s); run "lintel uninstall" first, then remove it\n' "$1" >&2
	exit 1
}

# What lintel install wrote down, and did not take back since. A folder that is not understood counts as in use.
found=
for file in "${state%/*}"/* "${state%/*}"/.[!.]*; do
	if [ -e "$file" ] && [ "${file##*/}" != lock ]; then found=$found$file; fi
done
if [ -n "$found" ]; then
	if [ "$found" != "$state" ] || ! grep -q '"registered":\[\]' "$state" || grep -q '"pending":{' "$state"; then
		refuse "engines are registered, says ${state%/*}"
	fi
fi
[ ! -e "$root/var/lib/lintel/divert.json" ] || refuse "it stands at the path of a runtime, says /var/lib/lintel/divert.json"

# Engines registered by hand leave no trace in the state folder.
for file in \
	"$root"/etc/docker/daemon.json \
	"$root"/etc/systemd/system/docker.service.d/*.conf \
	"$root"/etc/containerd/*.toml "$root"/etc/containerd/*.d/*.toml \
	"$root"/etc/crio/crio.conf "$root"/etc/crio/crio.conf.d/* \
	"$root"/etc/containers/containers.conf "$root"/etc/containers/containers.conf.d/* \
	"$root"/etc/buildkit/buildkitd.toml \
	"$root"/var/lib/rancher/k3s/agent/etc/containerd/* "$root"/var/lib/rancher/rke2/agent/etc/containerd/*; do
	if [ -f "$file" ] && grep -v '^[[:space:]]*#' "$file" | grep -q '/lintel-runtime'; then
		refuse "${file#"$root"} names lintel-runtime"
	fi
done

# A container keeps the runtime it was made with, whatever the engine's files say since.
for file in "$root"/var/lib/docker/containers/*/hostconfig.json; do
	if [ -f "$file" ] && grep -q '"Runtime":"lintel' "$file"; then refuse "a container of Docker was made with it, says ${file#"$root"}"; fi
done
for file in "$root"/run/containerd/io.containerd.runtime.v2.task/*/*/options.json; do
	if [ -f "$file" ] && grep -q '/lintel-runtime"' "$file"; then refuse "a running container calls it, says ${file#"$root"}"; fi
done

for runtime in runc crun; do
	for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /opt/containerd/bin; do
		file=$root$folder/$runtime
		if [ -L "$file" ]; then
			case $(readlink "$file") in
			*lintel | *lintel-runtime) refuse "$folder/$runtime is lintel" ;;
			esac
		elif [ -f "$file" ] && cmp -s "$file" "$own"; then
			refuse "$folder/$runtime is lintel"
		fi
	done
done
