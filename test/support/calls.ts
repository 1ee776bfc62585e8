/** The calls of the failure table's columns, and the configurations they are about. */
import { expect } from '@jest/globals'
import { exampleBase, layer } from '../../src/core/example.ts'
import type { Json } from '../../src/core/json.ts'
import type { Called, Shim } from './shim.ts'

/** A configuration nothing is found in, changed by this layer (null removes). */
export const configWith = (changes: Json = {}): Json => layer(exampleBase, changes)

/** What the profile refuses, and what it repairs. */
export const refusedConfig = configWith({
  process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] } },
})
export const repairedConfig = configWith({ process: { noNewPrivileges: false } })

/** The calls that are judged, by name; each is about the container and bundle given. */
export const guardedCalls = {
  create: (bundle: string, id: string) => ['create', '--bundle', bundle, id],
  run: (bundle: string, id: string) => ['run', '-b', bundle, '--detach', id],
  restore: (bundle: string, id: string) => ['restore', `--bundle=${bundle}`, '--image-path', bundle, id],
  'exec with a process file': (bundle: string, id: string) => [
    'exec',
    '--process',
    `${bundle}/process.json`,
    id,
  ],
  'exec with flags': (_: string, id: string) => ['exec', id, 'true'],
  'update with a file': (bundle: string, id: string) => [
    'update',
    '--resources',
    `${bundle}/resources.json`,
    id,
  ],
  'update with flags': (_: string, id: string) => ['update', '--memory', '268435456', id],
} as const satisfies { readonly [name: string]: (bundle: string, id: string) => readonly string[] }

export type GuardedName = keyof typeof guardedCalls

export const guardedNames: readonly GuardedName[] = [
  'create',
  'run',
  'restore',
  'exec with a process file',
  'exec with flags',
  'update with a file',
  'update with flags',
]

/** Calls that always reach the runtime: plain ones, which the native door takes, and ones only the script reads. */
export const passedCalls = (id: string): readonly (readonly string[])[] =>
  ['start', 'kill', 'delete', 'state', 'pause', 'resume', 'ps', 'events', 'list'].flatMap((command) => [
    [command, id],
    ['--debug=true', '--root', '/run/other', command, id],
  ])

/** A bundle that all guarded calls find their documents in, for a container that exists. */
export const preparedBundle = (shim: Shim, id: string, config: Json = configWith()): string => {
  const bundle = shim.bundle(id, JSON.stringify(config))
  const process = { args: ['true'], cwd: '/', noNewPrivileges: true, user: { uid: 1000, gid: 1000 } }
  shim.write(`${bundle}/process.json`, JSON.stringify(process))
  shim.write(`${bundle}/resources.json`, JSON.stringify({ memory: { limit: 1 << 28 }, pids: { limit: 100 } }))
  shim.container(id, bundle)
  return bundle
}

/** Expects a refusal before anything ran; the one line is in stderr and says this. */
export const expectRefused = (called: Called, says: RegExp): void => {
  expect(called).toMatchObject({ status: 1, stdout: '', ran: undefined })
  expect(called.stderr).toMatch(says)
  expect(called.stderr.split('\n')).toHaveLength(1)
  expect(Buffer.byteLength(called.stderr)).toBeLessThan(1024)
}

/** Expects that the runtime ran with these words and lintel said nothing. */
export const expectHandedOn = (called: Called, words: readonly string[]): void => {
  expect(called).toMatchObject({ status: 0, stdout: '', stderr: '', ran: words })
}

/** Expects every call that acts on an existing container to reach the runtime untouched. */
export const expectAllPass = async (shim: Shim, id: string): Promise<void> => {
  for (const words of passedCalls(id)) expectHandedOn(await shim.call(words), words)
}
