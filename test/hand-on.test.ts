/** The last step while a package is being upgraded: the runtime that was found is gone, or lintel lies there again. */
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import { openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim
let runtime: string

beforeAll(async () => {
  shim = await openShim()
  runtime = `${shim.host.workspace}/upgraded/runc`
})
afterAll(() => shim.close())

/** A runtime that is about to be replaced, and the noting one after it in the policy. */
beforeEach(async () => {
  shim.clear()
  await shim.shell(
    `mkdir -p ${shim.host.workspace}/upgraded; cp --remove-destination ${shim.runtime} ${runtime}; sed -i 1a'echo first' ${runtime}`,
  )
  shim.write(
    '/etc/lintel/policy.toml',
    `version = 1\nmode = "warn"\nruntime.path = ["${runtime}", "${shim.runtime}"]\n`,
  )
})

const config = {
  ociVersion: '1.0.2',
  process: { args: ['true'], cwd: '/', user: { uid: 0, gid: 0 } },
  root: { path: 'rootfs' },
}
const calls = (): readonly (readonly [string, readonly string[]])[] => [
  ['create', ['create', '--bundle', shim.bundle('bundle', config), 'c1']],
  ['state', ['state', 'c1']],
  ['--version', ['--version']],
]
const traced = (...more: readonly string[]): readonly string[] => [
  'strace',
  '-qq',
  '-o',
  '/run/trace',
  ...more,
]

test.each([0, 1, 2])(
  'one that is gone at the moment of execve is looked for once more (call %#)',
  async (index) => {
    const [, words] = calls()[index] ?? ['', []]
    const ran = await shim.call(words, { behind: traced('-e', 'inject=execve:error=ENOENT:when=2') })
    expect(ran).toMatchObject({ status: 0, stderr: '', ran: words })
    expect(await shim.shell('grep -c ENOENT.*INJECTED /run/trace')).toBe('1')
  },
)

test.each([0, 2])('lintel lying there by then, the next runtime is taken (call %#)', async (index) => {
  const [, words] = calls()[index] ?? ['', []]
  const opens = ['-P', runtime, '-e', 'trace=open,openat']
  await shim.call(words, { behind: traced(...opens) })
  const last = Number(await shim.shell('grep -c "^open" /run/trace'))
  const slow = shim.call(words, {
    behind: traced(...opens, '-e', `inject=open,openat:delay_enter=1500000:when=${last}`),
  })
  await shim.shell(
    `sleep 0.7; ln -f ${shim.host.workspace}/lintel ${runtime}.new; mv -f ${runtime}.new ${runtime}`,
  )
  expect(await slow).toMatchObject({ status: 0, stdout: '', stderr: '', ran: words })
})

test('one that cannot be executed for another reason is not tried twice', async () => {
  const ran = await shim.call(['state', 'c1'], { behind: traced('-e', 'inject=execve:error=EPERM:when=2+') })
  expect(ran).toMatchObject({ status: 127, ran: undefined })
  expect(ran.stderr).toBe(`lintel: ${runtime} could not be executed (EPERM)`)
})
