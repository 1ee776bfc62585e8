#!/bin/sh
# Loads or unloads lintel's SELinux module and labels its files. Does nothing where SELinux is off or not installed.
# Usage: selinux.sh load|unload MODULE.cil FILE…
set -eu
action=$1
module=$2
shift 2

command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled || exit 0

if [ "$action" = load ]; then
	# policycoreutils 2.4 and newer read CIL; CentOS 7 has 2.5.
	semodule -X 300 -i "$module" || {
		printf 'lintel: %s could not be loaded; lintel works, with the labels its folders give it\n' "$module" >&2
		exit 0
	}
else
	semodule -X 300 -r lintel >/dev/null 2>&1 || exit 0
fi
for file in "$@"; do
	[ ! -e "$file" ] || restorecon -RF "$file" || true
done
