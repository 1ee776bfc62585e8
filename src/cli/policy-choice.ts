/** Which policy a command speaks of: `--profile`, `--policy`, or the site's own. */
import type { Policy } from '../core/policy.ts'
import { err, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { loadPolicy, profilePolicy } from '../policy/load.ts'

/** The policy asked for; a file named on the command line need not be root's, nothing is enforced by it here. */
export const choosePolicy = (
  host: Host,
  choice: { readonly profile: string | undefined; readonly policy: string | undefined },
): Result<Policy, string> => {
  if (choice.profile !== undefined && choice.policy !== undefined)
    return err('give --profile or --policy, not both')
  if (choice.profile !== undefined) return profilePolicy(choice.profile)
  const loaded = loadPolicy(host, choice.policy, { ownership: choice.policy === undefined })
  return loaded.ok ? { ok: true, value: loaded.value.policy } : err(loaded.error.message)
}
