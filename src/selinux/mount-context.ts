/** Labels that mount options give to files: context=, fscontext=, defcontext= and rootcontext= (mount(8)). */

export interface MountContext {
  /** `context`, `fscontext`, `defcontext` or `rootcontext`. */
  readonly option: string
  readonly label: string
}

/**
 * The labels among a mount's options. Runtimes join the options with commas, so a label may be spread over several; the
 * kernel splits what comes at commas outside quotes and drops every quote (security/selinux/hooks.c,
 * selinux_sb_eat_lsm_opts).
 */
export const contextsOf = (options: readonly string[] = []): readonly MountContext[] =>
  split(options.join(',')).flatMap((text) => {
    const [, option, label] = /^((?:fs|def|root)?context)=([\s\S]*)$/.exec(text) ?? []
    return option === undefined || label === undefined ? [] : [{ option, label: label.replaceAll('"', '') }]
  })

const split = (text: string): readonly string[] => {
  const parts: string[] = []
  let quoted = false
  let start = 0
  for (let at = 0; at <= text.length; at++) {
    const character = text[at]
    if (character === '"') quoted = !quoted
    if (at === text.length || (character === ',' && !quoted)) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return parts
}
