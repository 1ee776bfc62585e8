#!/bin/sh
# Becomes the init of a private host, started in new mount, pid, network, UTS and IPC namespaces: every place an
# engine or lintel writes to by default is a tmpfs of its own, so default paths serve and nothing outside changes.
# Ends, and everything in the host with it, when standard input does.
set -eu
workspace=$1
cgroups=$2

mount -t tmpfs -o mode=755 tmpfs "$workspace/state"
mkdir "$workspace/state/etc" "$workspace/state/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$workspace/state/etc,workdir=$workspace/state/work" overlay /etc
for folder in /var/lib /var/log /run; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
mkdir -p /etc/lintel /etc/docker /run/lock
ip link set lo up
# crun refuses cgroup v1 beside v2; without the v2 mount the very same machine is a plain v1 one.
if [ "$cgroups" = v1 ] && mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi

# Orphans of engines come to this process: ignored SIGCHLD makes the kernel reap them.
trap '' CHLD
echo ready
exec cat >/dev/null
