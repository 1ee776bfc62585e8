#!/bin/sh
# Builds the machine of `npm run test:selinux`: a root file system of Debian with the labels of its policy and lintel's
# module loaded, its kernel, and an initramfs. Usage: build-image.sh FOLDER POLICY SIZE PACKAGE,… MODULE.cil…
# POLICY: default (s0 and categories) or mls (s0 to s15). Needs root and a Debian mirror; no loop device and no SELinux
# here.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=$1
policy=$2
size=$3
packages=selinux-policy-$policy,policycoreutils,selinux-utils,runc,busybox-static,mount,kmod,util-linux,procps,libseccomp2${4:+,$4}
shift 4
suite=trixie

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root

# The kernel package is unpacked, not installed: what it runs at installation would make an initramfs nobody boots.
cat >"$scratch/fetch-kernel" <<'HOOK'
#!/bin/sh
set -eu
root=$1
folder=$2
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
mkdir "$folder"
cd "$folder"
package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
apt-get -q download "$package"
dpkg-deb -x linux-image-*.deb .
cp boot/vmlinuz-* vmlinuz
modules=$(find . -type d -path '*lib/modules/*' -prune | head -n 1)
basename "$modules" >release
mkdir -p "$root/usr/lib/modules"
cp -a "$modules" "$root/usr/lib/modules/"
chroot "$root" depmod "$(cat release)"
HOOK
chmod 755 "$scratch/fetch-kernel"

mmdebstrap --quiet --variant=apt --include="$packages" \
	--aptopt='APT::Install-Recommends "false"' \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--customize-hook="$scratch/fetch-kernel \"\$1\" \"$scratch/kernel\"" \
	"$suite" "$root"

printf 'SELINUX=enforcing\nSELINUXTYPE=%s\n' "$policy" >"$root/etc/selinux/config"
install -D -m 755 "$here/guest/init" "$root/usr/lib/test-machine/init"
install -D -m 755 "$here/guest/services" "$root/usr/lib/test-machine/services"
# These two labels take process 1 from the kernel's domain to init_t and on to initrc_t, as on any host.
cat >>"$root/etc/selinux/$policy/contexts/files/file_contexts.local" <<'LABELS'
/usr/lib/test-machine/init -- system_u:object_r:init_exec_t:s0
/usr/lib/test-machine/services -- system_u:object_r:initrc_exec_t:s0
LABELS
mkdir -p "$root/usr/share/selinux/packages"
install -m 644 "$@" "$root/usr/share/selinux/packages"
for module; do
	set -- "$@" -i "/usr/share/selinux/packages/$(basename "$module")"
	shift
done
# What semodule -DB leaves: the kernel also logs denials the policy is silent about, which may be lintel's.
: >"$root/var/lib/selinux/$policy/active/disable_dontaudit"
chroot "$root" semodule -n -s "$policy" -X 300 "$@"
# What install/host/install.sh makes.
mkdir -p "$root/etc/lintel" "$root/var/lib/lintel" "$root/var/log/lintel" "$root/var/lib/containers"
: >"$root/usr/bin/lintel"
ln -s lintel "$root/usr/bin/lintel-runtime"

# setfiles looks at labels through /proc; -m: not only where the mount says it has labels, as none does here.
# shellcheck disable=SC2016 # the inner shell's own
unshare -m sh -c 'mount -t proc proc "$1/proc" && chroot "$1" setfiles -m -F -e /proc "$2" /' - "$root" \
	"/etc/selinux/$policy/contexts/files/file_contexts" >"$scratch/labels.log" 2>&1 || {
	tail -n 20 "$scratch/labels.log" >&2
	exit 1
}

# mke2fs -d takes the extended attributes along, so labels are in the image without mounting it.
truncate -s "$size" "$folder/root.img"
mke2fs -q -t ext4 -O ^has_journal,^metadata_csum -E root_owner=0:0 -d "$root" "$folder/root.img"
cp "$scratch/kernel/vmlinuz" "$folder/vmlinuz"

early=$scratch/early
mkdir -p "$early/bin" "$early/modules" "$early/proc" "$early/sys" "$early/dev" "$early/root"
cp "$root/bin/busybox" "$early/bin/busybox"
install -m 755 "$here/guest/early-init" "$early/init"
number=10
chroot "$root" modprobe -S "$(cat "$scratch/kernel/release")" --show-depends -a virtio_pci virtio_blk ext4 2>/dev/null |
	sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
	number=$((number + 1))
	name=$early/modules/$number-$(basename "$file")
	case $file in
	*.xz) xz -dc "$root/$file" >"${name%.xz}" ;;
	*.zst) zstd -qdc "$root/$file" >"${name%.zst}" ;;
	*) cp "$root/$file" "$name" ;;
	esac
done
(cd "$early" && find . | cpio -o -H newc --quiet) >"$folder/initrd.img"
