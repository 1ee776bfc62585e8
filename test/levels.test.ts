/**
 * SELinux levels of many containers made at once, through the binary. SELinux itself is simulated: /sys/fs/selinux/enforce
 * says so for the calls, and files carry labels in their extended attributes. Needs root.
 */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import { simulated } from './evasions/simulated.ts'
import { configWith } from './support/calls.ts'
import { openShim, policyFile, type Shim } from './support/shim.ts'
import { claimsFor, ellipticKey, issue } from './support/tokens.ts'

jest.setTimeout(120_000)

const key = ellipticKey('gateway')
const states = '/run/levels'
const enforcing = simulated(
  'mount -t tmpfs tmpfs /sys/fs; mkdir /sys/fs/selinux; echo 1 > /sys/fs/selinux/enforce',
)

let shim: Shim
const at = (name: string): string => join(shim.host.workspace, name)

beforeAll(async () => {
  shim = await openShim()
  // As runc does: the container's state is there before it ends.
  writeFileSync(
    at('runc-keeping'),
    `#!/bin/busybox sh\nfor id; do :; done\nexec /bin/busybox mkdir -p ${states}/$id\n`,
  )
  chmodSync(at('runc-keeping'), 0o755)
})
afterAll(() => shim.close())
beforeEach(async () => {
  shim.clear()
  await shim.shell(`rm -rf /run/lintel ${states} ${at('many')}-*`)
})

/** Whoever asks is cleared for this range; who has no label gets one within it. */
const clear = (range: string): void => {
  shim.write('/etc/lintel/keys.json', JSON.stringify({ keys: [key.jwk] }))
  shim.write(
    policyFile,
    `version = 1
profile = "minimal"
runtime.path = ["${at('runc-keeping')}"]
[rules]
selinux-own-categories = { action = "deny" }
selinux-label = { action = "fix", assigned-type = "container_t" }
[identity]
jwks = ["/etc/lintel/keys.json"]
issuer = "https://id.example"
audience = "lintel"
binding = "optional"
[[clearances]]
user = "alice"
range = "${range}"
`,
  )
}

const labelled = (level: string) => ({
  process: { selinuxLabel: `system_u:system_r:container_t:${level}` },
  linux: { mountLabel: `system_u:object_r:container_file_t:${level}` },
})

/** Creates containers of these ids at once; answers the levels of those that run, by id. */
const createAll = async (ids: readonly string[], level?: string): Promise<ReadonlyMap<string, string>> => {
  const token = issue(key, claimsFor('', { container_id: undefined }))
  const asked = level === undefined ? {} : labelled(level)
  for (const id of ids)
    shim.bundle(
      `many-${id}`,
      JSON.stringify(configWith({ annotations: { 'io.lintel.token': token }, ...asked })),
    )
  const calls = ids.map(
    (id) => `${shim.host.runtime} --root ${states} create --bundle ${at(`many-${id}`)} ${id} 2>/dev/null &`,
  )
  writeFileSync(
    at('calls.py'),
    `import os\nfor id in ${JSON.stringify(ids)}:\n os.setxattr("${at('many-')}" + id + "/rootfs", "security.selinux", b"system_u:object_r:container_file_t:s0")\n`,
  )
  writeFileSync(at('calls.sh'), `${calls.join('\n')}\nwait\n`)
  await shim.shell(`/usr/bin/python3 ${at('calls.py')}; ${enforcing} sh ${at('calls.sh')}`)
  const running = (await shim.shell(`ls ${states} 2>/dev/null || :`))
    .split('\n')
    .filter((id) => ids.includes(id))
  return new Map(running.map((id) => [id, levelOf(id)]))
}

const levelOf = (id: string): string => {
  const config = JSON.parse(readFileSync(join(at(`many-${id}`), 'config.json'), 'utf8'))
  return String(config.process.selinuxLabel).split(':').slice(3).join(':')
}

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `c${index}`)
const end = (id: string): void => rmSync(shim.path(`${states}/${id}`), { recursive: true })

test('of fifty that want one level, exactly one gets it; the next once that has ended', async () => {
  clear('s0-s0:c0.c1023')
  const first = await createAll(names(50), 's0:c1,c2')
  expect([...first.values()]).toEqual(['s0:c1,c2'])
  expect(shim.records().filter(({ verdict }) => verdict === 'deny')).toHaveLength(49)
  for (const level of ['s0:c1,c2', 's0:c2,c1,c2', 's0:c1.c2', 's0:c1.c3', 's1:c1,c2'])
    expect(await createAll(['later'], level)).toEqual(new Map())
  for (const id of first.keys()) end(id)
  expect(await createAll(['later'], 's0:c1,c2')).toEqual(new Map([['later', 's0:c1,c2']]))
})

test('of fifty without a label, each gets a level of its own out of sixty-six', async () => {
  clear('s0-s0:c0.c11')
  const given = await createAll(names(50))
  expect(given.size).toBe(50)
  expect(new Set(given.values()).size).toBe(50)
  for (const level of given.values()) expect(level).toMatch(/^s0:c(?:\d|1[01])(?:,|\.)c(?:\d|1[01])$/)
})

test('of fifty without a label and three levels, three get one; a level is given again once its holder has ended', async () => {
  clear('s0-s0:c0.c2')
  const given = await createAll(names(50))
  expect([...given.values()].sort()).toEqual(['s0:c0,c1', 's0:c0,c2', 's0:c1,c2'])
  expect(await createAll(['later'])).toEqual(new Map())
  const [[id, level] = ['', '']] = given
  end(id)
  expect(await createAll(['later', 'last'])).toMatchObject({ size: 1 })
  expect([levelOf('later'), levelOf('last')]).toContain(level)
})
