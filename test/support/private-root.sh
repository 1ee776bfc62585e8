#!/bin/sh
# Becomes the init of a host whose root file system is a folder, started in new mount, pid, network, UTS and IPC
# namespaces: what runs in it sees the files below the folder, the kernel's file systems, and no network.
# Ends, and everything in the host with it, when standard input does.
set -eu
root=$1

mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
for folder in proc sys dev run tmp .old; do mkdir -p "$folder"; done
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
for folder in run tmp; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
chmod 0755 run
ip link set lo up
pivot_root . .old
cd /
umount -l /.old
rmdir /.old

# Orphans of engines come to this process: ignored SIGCHLD makes the kernel reap them.
trap '' CHLD
echo ready
while read -r _; do :; done
