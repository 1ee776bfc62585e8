#!/bin/sh
# Puts lintel on a Kubernetes node and keeps it there: executable, policy, registration. Runs in a privileged container
# that shares the node's process ids; nothing on the node is removed when it ends.
# Usage: node-agent.sh keep|uninstall [once]
set -u
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The node's root, seen through its first process.
host=${LINTEL_HOST:-/proc/1/root}
place=${LINTEL_PLACE:-/usr/local/bin}
engine=${LINTEL_ENGINE:-containerd}
# Empty: in every pod's way. Else a handler of this name is added, and only pods whose RuntimeClass names it are judged.
handler=${LINTEL_HANDLER:-}
interval=${LINTEL_INTERVAL:-60}
executable=${LINTEL_EXECUTABLE:-/usr/bin/lintel}
policy=${LINTEL_POLICY:-/policy/policy.toml}
ready=${LINTEL_READY:-/run/lintel/ready}
here=$(dirname "$0")

say() { printf 'lintel-node: %s\n' "$1"; }
on_host() { nsenter -t 1 -m -u -i -n -p -r "$@" 2>&1; }
digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# Puts a file onto the node by rename: whoever reads it meanwhile finds the old one or the new one, whole.
put() {
	mkdir -p "$(dirname "$2")" && cp "$1" "$2.lintel-new" && chmod "$3" "$2.lintel-new" && mv -f "$2.lintel-new" "$2"
}

keep_executable() {
	if [ -e "$host/usr/bin/lintel" ] && [ "$place" != /usr/bin ]; then
		problem="the node has lintel from a package (/usr/bin/lintel); remove that, or keep this node out of the DaemonSet"
		return 1
	fi
	if ! cmp -s "$executable" "$host$place/lintel"; then
		put "$executable" "$host$place/lintel" 0755 || {
			problem="$place/lintel cannot be written on the node; set LINTEL_PLACE to a folder that can"
			return 1
		}
		say "put $("$executable" --version) into $place"
	fi
	[ "$(readlink "$host$place/lintel-runtime")" = lintel ] || ln -sfn lintel "$host$place/lintel-runtime"
}

# The policy of the ConfigMap replaces the node's only once it has been found able to serve, and only the agent's own.
keep_policy() {
	[ -f "$policy" ] || return 0
	current=$host/etc/lintel/policy.toml
	mark=$host/var/lib/lintel/node-agent/policy.sha256
	if ! cmp -s "$policy" "$current"; then
		if [ -f "$current" ] && [ "$(digest "$current")" != "$(cat "$mark" 2>/dev/null)" ]; then
			problem="the node's /etc/lintel/policy.toml was not written by this agent and stays; remove it there to have the ConfigMap's"
			return 1
		fi
		replace_policy || return 1
	fi
	if [ "$(digest "$current")" != "$(cat "$mark" 2>/dev/null)" ]; then
		mkdir -p "${mark%/*}" && digest "$current" >"$mark"
	fi
}

replace_policy() {
	put "$policy" "$current.candidate" 0644
	said=$(on_host "$place/lintel" policy check /etc/lintel/policy.toml.candidate)
	if [ $? -ge 2 ]; then
		rm -f "$current.candidate"
		problem="the new policy is kept out, the node's old one serves: $said"
		return 1
	fi
	before=
	if [ -f "$current" ]; then
		before=$current.before
		cp -p "$current" "$before"
	fi
	mv -f "$current.candidate" "$current"
	# Together with the node's own policy.d it may not serve though it does alone.
	said=$(on_host "$place/lintel" policy check)
	if [ $? -ge 2 ]; then
		if [ -n "$before" ]; then mv -f "$before" "$current"; else rm -f "$current"; fi
		problem="the new policy does not serve with the node's policy.d and is kept out: $said"
		return 1
	fi
	[ -z "$before" ] || rm -f "$before"
	say "policy $(digest "$current" | cut -c 1-12) serves"
}

keep_engine() {
	[ "$engine" != none ] || return 0
	said=$(on_host "$place/lintel" install "$engine" ${handler:+--handler "$handler"}) || {
		problem="lintel install $engine: $said"
		return 1
	}
}

keep() { keep_executable && keep_policy && keep_engine; }

uninstall() {
	if [ -x "$host$place/lintel" ] && [ "$engine" != none ]; then
		said=$(on_host "$place/lintel" uninstall "$engine") || {
			problem="lintel uninstall $engine: $said"
			return 1
		}
	fi
	problem=$(sh "$here/in-use.sh" "$host" 2>&1) || return 1
	rm -f "$host$place/lintel-runtime" "$host$place/lintel"
	rm -rf "$host/var/lib/lintel"
}

action=${1:-}
case $action in keep | uninstall) ;; *)
	printf 'usage: node-agent.sh keep|uninstall [once]\n' >&2
	exit 2
	;;
esac
sleeping=
trap '[ -z "$sleeping" ] || kill "$sleeping"; exit 0' TERM INT
reported=
# Of an agent before this one.
rm -f "$ready"
while :; do
	problem=
	if "$action"; then
		[ -f "$ready" ] || say "$action: done"
		: >"$ready"
		status=0
	else
		rm -f "$ready"
		# Once, not once a minute.
		[ "$problem" = "$reported" ] || say "$problem"
		status=1
	fi
	reported=$problem
	[ "${2:-}" != once ] || exit "$status"
	sleep "$interval" &
	sleeping=$!
	wait "$sleeping"
	sleeping=
done
