#!/bin/sh
# Installs lintel from this folder without network, or takes it out again. Touches no configuration of any engine.
# Usage: install.sh [--uninstall] [--prefix DIR] [--destdir DIR]
#   --prefix   where bin and share go; default /usr/local
#   --destdir  a root folder to install below, for images
set -eu
umask 022

stop() {
	printf 'install.sh: %s\n' "$1" >&2
	exit 1
}
usage() {
	printf 'usage: install.sh [--uninstall] [--prefix DIR] [--destdir DIR]\n' >&2
	exit 2
}

here=$(cd "$(dirname "$0")" && pwd)
action=install
prefix=/usr/local
destdir=
# The copy that was installed lies in PREFIX/share/lintel.
if [ -f "$here/installed-files" ]; then prefix=${here%/share/lintel}; fi
while [ $# -gt 0 ]; do
	case $1 in
	--uninstall) action=uninstall ;;
	--prefix | --destdir)
		case ${2:-} in /*) ;; *) usage ;; esac
		if [ "$1" = --prefix ]; then prefix=${2%/}; else destdir=${2%/}; fi
		shift
		;;
	*) usage ;;
	esac
	shift
done

share=$destdir$prefix/share/lintel
manifest=$share/installed-files
made=
labelled="$prefix/bin/lintel $prefix/bin/lintel-runtime /etc/lintel /var/log/lintel /var/lib/lintel"

[ -n "$destdir" ] || [ "$(id -u)" -eq 0 ] || stop "run it as root"

# Notes every folder that was not there, so that --uninstall takes away those and no other.
make_folder() {
	[ ! -d "$1" ] || return 0
	make_folder "$(dirname "$1")"
	mkdir "$1"
	made="${1#"$destdir"}
$made"
}

# The real file changes hands by rename: an engine that calls it meanwhile finds the old one or the new one, whole.
put() {
	make_folder "$(dirname "$2")"
	cp "$1" "$2.lintel-new"
	chmod "$3" "$2.lintel-new"
	mv -f "$2.lintel-new" "$2"
}

folder() {
	[ -d "$destdir$1" ] || {
		mkdir -p "$destdir$1"
		chmod "$2" "$destdir$1"
	}
}

# Everything below bin and share, as SHA256SUMS lists it.
shipped() { sed -n 's/^[0-9a-f]*  //p' "$here/SHA256SUMS"; }

check() {
	[ "$(uname -s)-$(uname -m)" = Linux-@MACHINE@ ] || stop "this is for Linux on @MACHINE@, and here is $(uname -s) on $(uname -m)"
	[ -f "$here/SHA256SUMS" ] || stop "$here is no unpacked lintel tarball: SHA256SUMS is missing"
	(cd "$here" && sha256sum -c SHA256SUMS >/dev/null 2>&1) ||
		stop "a file of $here is not as it was shipped (SHA256SUMS); unpack the tarball again"
	if [ "$prefix" != /usr ] && [ -e "$destdir/usr/bin/lintel" ]; then
		stop "lintel is here from a package (/usr/bin/lintel); upgrade or remove that package instead"
	fi
}

put_logrotate() {
	target=$destdir/etc/logrotate.d/lintel
	[ -d "$destdir/etc/logrotate.d" ] || return 0
	if [ -f "$target" ] && ! { [ -f "$share/logrotate" ] && cmp -s "$target" "$share/logrotate"; }; then
		printf '%s kept as it is; the new one is %s\n' /etc/logrotate.d/lintel "$prefix/share/lintel/logrotate"
	else
		put "$here/share/lintel/logrotate" "$target" 0644
	fi
}

drop_old() {
	[ -f "$manifest" ] || return 0
	while IFS= read -r file; do
		grep -qxF "$file" "$manifest.lintel-new" || rm -f "$destdir$file"
	done <"$manifest"
}

install_files() {
	check
	folder /etc/lintel 0755
	folder /var/lib/lintel 0711
	folder /var/log/lintel 0700
	put_logrotate
	make_folder "$share"
	# Not in a pipe: make_folder notes what it made in this shell.
	for file in $(shipped); do
		case $file in bin/* | *.sh) mode=0755 ;; *) mode=0644 ;; esac
		put "$here/$file" "$destdir$prefix/$file" "$mode"
	done
	put "$here/install.sh" "$share/install.sh" 0755
	ln -sfn lintel "$destdir$prefix/bin/lintel-runtime"
	{
		shipped | sed "s|^|$prefix/|"
		printf '%s\n' "$prefix/bin/lintel-runtime" "$prefix/share/lintel/install.sh" "$prefix/share/lintel/made-folders" "$prefix/share/lintel/installed-files"
	} >"$manifest.lintel-new"
	drop_old
	printf '%s' "$made" >>"$share/made-folders"
	mv -f "$manifest.lintel-new" "$manifest"
	# shellcheck disable=SC2086 # a list of paths without blanks
	[ -n "$destdir" ] || sh "$share/selinux.sh" load "$share/lintel.cil" $labelled
	[ -n "$destdir" ] || [ ! -e /var/lib/lintel/divert.json ] || "$prefix/bin/lintel" divert --repair || :
	printf 'lintel %s is in %s/bin; no engine was touched. Next: lintel install --dry-run all\n' @VERSION@ "$prefix"
}

uninstall_files() {
	[ -f "$manifest" ] || stop "nothing was installed by this script below $destdir$prefix"
	sh "$share/in-use.sh" "$destdir"
	# shellcheck disable=SC2086
	[ -n "$destdir" ] || sh "$share/selinux.sh" unload "$share/lintel.cil" $labelled
	logrotate=$destdir/etc/logrotate.d/lintel
	if [ -f "$logrotate" ] && cmp -s "$logrotate" "$share/logrotate"; then rm -f "$logrotate"; fi
	list=$(cat "$manifest")
	folders=$(sort -ru "$share/made-folders")
	printf '%s\n' "$list" | while IFS= read -r file; do rm -f "$destdir$file"; done
	# The deepest first; those that others use by now stay.
	printf '%s\n' "$folders" | while IFS= read -r file; do rmdir "$destdir$file" 2>/dev/null || true; done
	rm -rf "$destdir/var/lib/lintel"
	for file in /etc/lintel /var/log/lintel; do
		rmdir "$destdir$file" 2>/dev/null || [ ! -d "$destdir$file" ] || printf '%s stays\n' "$file"
	done
}

"${action}_files"
