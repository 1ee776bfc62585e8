/** After an uninstall lintel hands on what containers made before still call; only root can bring that about. */
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import { passThroughFile, passThroughText } from '../src/policy/pass-through.ts'
import { openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim
let bundle: string
/** Refused by every profile: the socket is mounted, the file is half. */
const config = {
  ociVersion: '1.0.2',
  process: { args: ['true'], cwd: '/', user: { uid: 0, gid: 0 } },
  root: { path: 'rootfs' },
}
const socket = { destination: '/s', type: 'bind', source: '/var/run/docker.sock', options: ['rbind'] }

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => {
  shim.clear()
  shim.policy('mode = "enforce"\n')
  bundle = shim.bundle('bundle', { ...config, mounts: [socket] })
})

const create = (...more: readonly string[]) => shim.call([...more, 'create', '--bundle', bundle, 'c1'])
const refused = { status: 1, ran: undefined }

test('root’s file hands every call on, at once, whatever its bundle or the policy; without it all is judged again', async () => {
  expect(await create()).toMatchObject(refused)
  expect(shim.records()).toHaveLength(1)
  shim.write(passThroughFile, passThroughText)
  const words = ['create', '--bundle', bundle, 'c1']
  expect(await create()).toMatchObject({ status: 0, stderr: '', ran: words })
  bundle = shim.bundle('broken', '{"process":')
  expect(await create()).toMatchObject({ status: 0, ran: expect.arrayContaining(['create']) })
  expect(await shim.call(['exec', '--no-such-flag', 'c1', 'sh'])).toMatchObject({ status: 0 })
  expect(await shim.call(['state', 'c1'])).toMatchObject({ status: 0, ran: ['state', 'c1'] })
  await shim.shell('chmod 0666 /etc/lintel/policy.toml')
  expect(await create()).toMatchObject({ status: 0 })
  await shim.shell('chmod 0644 /etc/lintel/policy.toml; echo "not TOML" >> /etc/lintel/policy.toml')
  expect(await create()).toMatchObject({ status: 0 })
  expect(shim.records()).toHaveLength(1)
  await shim.shell(`rm ${passThroughFile}`)
  // The policy that serves now is the last good one: never the pass-through itself.
  expect(await create()).toMatchObject(refused)
  expect(shim.records()).toHaveLength(2)
})

test('a call with a policy file of its own is judged by that one', async () => {
  shim.write(passThroughFile, passThroughText)
  await shim.shell('cp /etc/lintel/policy.toml /etc/own.toml')
  expect(await create('--lintel-policy', '/etc/own.toml')).toMatchObject(refused)
})

test.each([
  ['writable by a group', `chmod 0664 ${passThroughFile}`],
  ['writable by all', `chmod 0646 ${passThroughFile}`],
  ['somebody else’s', `chown 1000 ${passThroughFile}`],
  ['a link to a good one', `mv ${passThroughFile} /etc/elsewhere; ln -s /etc/elsewhere ${passThroughFile}`],
  ['a folder', `rm ${passThroughFile}; mkdir ${passThroughFile}`],
  ['a pipe', `rm ${passThroughFile}; mkfifo ${passThroughFile}`],
  ['another text', `echo yes > ${passThroughFile}`],
  ['empty', `: > ${passThroughFile}`],
])('a file that is %s counts for nothing', async (_, spoil) => {
  shim.write(passThroughFile, passThroughText)
  await shim.shell(spoil)
  expect(await create()).toMatchObject(refused)
  expect(shim.records()).toHaveLength(1)
})

test('nor does one in a folder that others can write', async () => {
  shim.write(passThroughFile, passThroughText)
  await shim.shell('chmod 0777 /etc/lintel')
  expect(await create()).toMatchObject(refused)
})

test('a call that is judged asks the system nothing about it', async () => {
  shim.policy('mode = "warn"\n')
  bundle = shim.bundle('bundle', config)
  // A policy file that was changed just now is compiled at every call.
  await shim.shell('sleep 2.1')
  await create()
  const { status } = await shim.command([
    'strace',
    '-f',
    '-qq',
    '-o',
    '/run/trace',
    shim.host.runtime,
    'create',
    '--bundle',
    bundle,
    'c2',
  ])
  expect(status).toBe(0)
  const asked = await shim.shell('cat /run/trace')
  expect(asked).toContain('/var/lib/lintel/policy/site')
  expect(asked).not.toContain('pass-through')
})
