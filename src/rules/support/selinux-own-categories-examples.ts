/** Examples of `selinux-own-categories`. */
import type { HostFacts, LevelClaim } from '../../core/facts.ts'
import type { Identity } from '../../core/identity.ts'
import type { Requester } from '../../core/requester.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const level = 's0:c12,c700'
const other: LevelClaim = { level, states: ['/run/runc/other'], pod: '', requester: '' }
const held = (...holders: readonly Partial<LevelClaim>[]): Partial<HostFacts> => ({
  onHost: true,
  texts: { '/sys/fs/selinux/enforce': '1' },
  levels: { [level]: holders.map((holder) => ({ ...other, ...holder })) },
})
const labelled = (range = level): Pick<Example, 'process'> => ({
  process: { selinuxLabel: `system_u:system_r:container_t:${range}` },
})
const pod = (sandboxId: string): Partial<Identity> => ({ engine: 'containerd', proven: true, sandboxId })
const user = (name: string): Requester => ({
  user: name,
  groups: [],
  clearance: undefined,
  proof: 'token',
  problems: [],
})
const share = { 'share-with-requester': true }

export const ownCategoriesGood: readonly Example[] = [
  { name: 'categories that nobody else has', ...labelled(), facts: held() },
  { name: 'no label', facts: held({}) },
  { name: 'no categories', ...labelled('s0'), facts: held({}) },
  { name: 'a host without SELinux', ...labelled(), facts: { ...held({}), texts: {} } },
  {
    name: 'containers of one pod',
    ...labelled('s0:c700,c12'),
    facts: held({ pod: 'sandbox' }, { pod: 'sandbox' }),
    identity: pod('sandbox'),
  },
  {
    name: 'containers of one user, where the site lets them',
    ...labelled(),
    facts: held({ requester: 'ann' }),
    requester: user('ann'),
    parameters: share,
  },
]

export const ownCategoriesBad: readonly BadExample<'shared' | 'unknown'>[] = [
  { name: 'label=level: of another container', ...labelled(), facts: held({}), message: 'shared' },
  {
    name: 'the same, written differently',
    ...labelled('s0-s0:c700,c12,c12'),
    facts: held({}),
    message: 'shared',
  },
  {
    name: 'the level of another pod',
    ...labelled(),
    facts: held({ pod: 'theirs' }),
    identity: pod('ours'),
    message: 'shared',
  },
  {
    name: 'a pod that nothing proves',
    ...labelled(),
    facts: held({ pod: 'sandbox' }),
    identity: { ...pod('sandbox'), proven: false },
    message: 'shared',
  },
  {
    name: 'one of the pod, and one that is not',
    ...labelled(),
    facts: held({ pod: 'sandbox' }, {}),
    identity: pod('sandbox'),
    message: 'shared',
  },
  {
    name: 'containers of one user, where the site says nothing of it',
    ...labelled(),
    facts: held({ requester: 'ann' }),
    requester: user('ann'),
    message: 'shared',
  },
  {
    name: 'containers of two users',
    ...labelled(),
    facts: held({ requester: 'bob' }),
    requester: user('ann'),
    parameters: share,
    message: 'shared',
  },
  {
    name: 'containers for nobody',
    ...labelled(),
    facts: held({}),
    requester: { ...user(''), user: undefined },
    parameters: share,
    message: 'shared',
  },
  {
    name: 'containers outside any pod',
    ...labelled(),
    facts: held({}),
    identity: pod(''),
    message: 'shared',
  },
  {
    name: 'a rootless engine, which sees no others',
    ...labelled(),
    facts: { onHost: true, texts: { '/sys/fs/selinux/enforce': '1' } },
    message: 'unknown',
  },
  { name: 'away from the host', ...labelled(), message: 'unknown' },
]
