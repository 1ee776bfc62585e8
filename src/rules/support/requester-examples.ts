/** Examples of the rules about requesters: who is proven, what is wrong with a proof. */

import { type Requester, type RequesterProblemKind, requesterProblemKinds } from '../../core/requester.ts'
import type { BadExample, Example } from '../../core/rule.ts'
import { parseRange, type Range } from '../../selinux/range.ts'

const rangeOf = (text: string): Range => {
  const range = parseRange(text)
  if (!range.ok) throw new Error(range.error)
  return range.value
}

/** A user proven by a token, cleared for a range, or for nothing. */
export const proven = (user: string, range: string | undefined): Requester => ({
  user,
  groups: [],
  clearance: range === undefined ? undefined : rangeOf(range),
  proof: 'token',
  problems: [],
})

/** Nobody, for this reason. */
export const nobody = (kind: RequesterProblemKind, detail = 'for a reason'): Requester => ({
  user: undefined,
  groups: [],
  clearance: undefined,
  proof: 'none',
  problems: [{ kind, detail }],
})

/** A container with this SELinux label. */
export const labelled = (level: string): Pick<Example, 'process'> => ({
  process: { selinuxLabel: `system_u:system_r:container_t:${level}` },
})

const absent = nobody('absent', 'the container carries no token (io.lintel.token)')

export const requesterGood: readonly Example[] = [
  { name: 'a token proves who asks', requester: proven('alice', 's0') },
  {
    name: 'a pause container',
    requester: absent,
    identity: { sandbox: true, proven: true, engine: 'containerd' },
  },
  { name: 'no token, and none is asked for', requester: absent, parameters: { required: false } },
]

export const requesterBad: readonly BadExample<RequesterProblemKind | 'unconfigured' | 'unknown'>[] = [
  ...requesterProblemKinds.map((kind) => ({
    name: `a proof that is none: ${kind}`,
    message: kind,
    requester: kind === 'absent' ? absent : nobody(kind),
  })),
  {
    name: 'a forged token where none is asked for',
    message: 'signature',
    requester: nobody('signature'),
    parameters: { required: false },
  },
  { name: 'a policy that asks and does not say how', message: 'unconfigured', facts: { onHost: true } },
  { name: 'judged away from the host', message: 'unknown' },
]
