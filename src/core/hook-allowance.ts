/** Which hooks a policy allows: entries of a program and the arguments it must be called with. */
import type { Hook } from './oci.ts'
import { cleanPath } from './path.ts'
import { matchesGlob } from './policy.ts'

/**
 * True when an entry covers the hook. An entry is a program, by base name or by path with `*`, and the arguments that
 * follow args[0]: `nerdctl internal oci-hook` does not cover `nerdctl run`. A relative path, or one that climbs, is none.
 */
export const isAllowedHook = ({ path, args = [] }: Hook, entries: readonly string[]): boolean => {
  if (cleanPath(path) !== path) return false
  const name = path.slice(path.lastIndexOf('/') + 1)
  return entries.some((entry) => {
    const [program = '', ...words] = entry.split(' ')
    const subject = program.startsWith('/') ? path : name
    return matchesGlob(program, subject) && words.every((word, index) => args[index + 1] === word)
  })
}

/**
 * True for a program that runs what its arguments say, or whatever lies in its search path: allowing it would allow
 * everything.
 */
export const isInterpreter = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return /^(?:(?:ba|da|a|k|mk|z|c|tc|fi)?sh|(?:ld-linux|ld-musl).*|(?:python|perl|ruby|lua|node|nodejs|php|tclsh)[0-9.]*|awk|gawk|mawk|busybox|chroot|env|expect|find|ionice|ld\.so|nice|nohup|nsenter|runuser|setsid|socat|ssh|stdbuf|strace|su|sudo|systemd-run|tar|taskset|timeout|toybox|unshare|xargs)$/.test(
    name,
  )
}

/** True for a variable by which whoever writes it chooses the code a program loads (ld.so(8)). */
export const isLoaderVariable = (variable: string): boolean =>
  /^(?:LD_|GCONV_PATH=|GLIBC_TUNABLES=|BASH_ENV=|ENV=|PYTHON(?:PATH|HOME|STARTUP)=|PERL5(?:LIB|OPT)=|RUBYOPT=|NODE_OPTIONS=)/.test(
    variable,
  )
