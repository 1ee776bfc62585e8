/** Users an exec may have, and those it may not, beside the base example's container of user and group 1000. */
import type { BadExample, Example } from '../../core/rule.ts'

const exec = { operation: 'exec' } as const
const container = { process: { user: { uid: 1000, gid: 1000, additionalGids: [20] } } }
const everyChange = { parameters: { mode: 'any-change' } }
const rootContainer = { process: { user: { uid: 0, gid: 0 } } }
const mapped = {
  linux: {
    namespaces: [{ type: 'user' }],
    uidMappings: [
      { containerID: 0, hostID: 100000, size: 1000 },
      { containerID: 7000, hostID: 0, size: 1 },
    ],
  },
}

export const execRootUserGood: readonly Example[] = [
  {
    ...exec,
    name: 'a health check, as the user of the container',
    config: container,
    process: { user: { uid: 1000, gid: 1000, additionalGids: [20, 1000] } },
  },
  {
    ...exec,
    name: 'root, in a container of root',
    config: rootContainer,
    process: { user: { uid: 0, gid: 0, additionalGids: [5] } },
  },
  {
    ...exec,
    name: 'an ordinary user and its groups, in a container of root',
    config: rootContainer,
    process: { user: { uid: 999, gid: 999, additionalGids: [101] } },
  },
  {
    ...exec,
    name: 'another ordinary user',
    config: container,
    process: { user: { uid: 1001, gid: 1001, additionalGids: [1001] } },
  },
  {
    ...exec,
    name: 'a user the image does not know, which Docker puts into group 0',
    config: container,
    process: { user: { uid: 1000, gid: 0, additionalGids: [0] } },
  },
  {
    ...exec,
    name: 'groups that the engine had asked for at create',
    config: container,
    asked: { user: { uid: 1000, gid: 1000, additionalGids: [998] } },
    process: { user: { uid: 1000, gid: 1000, additionalGids: [998] } },
  },
  {
    ...exec,
    name: 'every change told, and none made',
    config: container,
    ...everyChange,
    process: { user: { uid: 1000, gid: 1000, additionalGids: [20] } },
  },
]

export const execRootUserBad: readonly BadExample<'root' | 'groups' | 'changed' | 'unseen'>[] = [
  {
    ...exec,
    name: 'docker exec --user root',
    config: container,
    process: { user: { uid: 0, gid: 0, additionalGids: [0] } },
    message: 'root',
  },
  { ...exec, name: 'no user, which runc takes for root', process: {}, message: 'root' },
  {
    ...exec,
    name: 'runc exec --user 0',
    call: { described: true },
    process: { user: { uid: 0, gid: 0 } },
    message: 'root',
    fixable: false,
  },
  {
    ...exec,
    name: 'runc exec --user 4294967296, which it cuts to 0',
    call: { described: true },
    process: { user: { uid: 2 ** 32, gid: 1000 } },
    message: 'root',
    fixable: false,
  },
  {
    ...exec,
    name: 'a user that is root outside the user namespace of the container',
    config: { ...container, ...mapped },
    process: { user: { uid: 7000, gid: 1000 } },
    message: 'root',
  },
  {
    ...exec,
    name: 'the group of a socket as a further one',
    config: container,
    process: { user: { uid: 1000, gid: 1000, additionalGids: [20, 998] } },
    message: 'groups',
  },
  {
    ...exec,
    name: 'the group of a socket as the first one',
    process: { user: { uid: 1000, gid: 998 } },
    message: 'groups',
  },
  {
    ...exec,
    name: 'another user, with more than its own group',
    process: { user: { uid: 1001, gid: 1001, additionalGids: [1001, 6] } },
    message: 'groups',
  },
  {
    ...exec,
    name: 'another user, where every change is told',
    config: container,
    ...everyChange,
    process: { user: { uid: 1001, gid: 1001 } },
    message: 'changed',
  },
  {
    ...exec,
    name: 'group 0, where every change is told',
    ...everyChange,
    process: { user: { uid: 1000, gid: 0 } },
    message: 'changed',
  },
  {
    ...exec,
    name: 'any user in a container of root, where every change is told',
    config: rootContainer,
    ...everyChange,
    process: { user: { uid: 33, gid: 33 } },
    message: 'changed',
  },
  {
    ...exec,
    name: 'root, in a container whose bundle is not found',
    config: { process: null },
    process: { user: { uid: 0, gid: 0 } },
    message: 'unseen',
  },
]
