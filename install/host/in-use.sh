#!/bin/sh
# Says in one line what on this host still calls lintel, and exits 1; silent and 0 where nothing does.
# Asked before lintel's files are removed: an engine whose runtime is gone starts no container. Only reads.
# Usage: in-use.sh [ROOT]
set -eu
root=${1:-}

refuse() {
	printf 'lintel: still in use (%s); run "lintel uninstall" first, then remove it\n' "$1" >&2
	exit 1
}

state=$root/var/lib/lintel/install
if [ -d "$state" ] && [ -n "$(ls -A "$state")" ]; then
	refuse "engines are registered, says $state"
fi

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
		refuse "$file names lintel-runtime"
	fi
done

for runtime in runc crun; do
	for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /opt/containerd/bin; do
		[ -L "$root$folder/$runtime" ] || continue
		case $(readlink "$root$folder/$runtime") in
		*lintel | *lintel-runtime) refuse "$folder/$runtime is lintel" ;;
		esac
	done
done
