/** Attacks on who asks for a container, through the binary, and that no token is left anywhere. Needs root. */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { expectRefused } from './support/calls.ts'
import { elliptic, good, id, openScene, type Scene, stranger } from './support/identity-scene.ts'
import { attacks } from './support/token-attacks.ts'
import { claimsFor, issue } from './support/tokens.ts'

jest.setTimeout(120_000)

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene.shim.close())
beforeEach(() => scene.writePolicy())

describe('attacks, each refused with its own sentence', () => {
  test.each(attacks)('%s', async (_, token, says) => {
    const { called } = await scene.create(token())
    expectRefused(called, says)
    expect(scene.shim.records()).toMatchObject([{ verdict: 'deny', requester: { proof: 'none' } }])
  })

  test('no token', async () => {
    expectRefused(
      await scene.shim.call(['create', '--bundle', scene.bundleWith({}), id]),
      /nobody is proven to ask/,
    )
  })

  test('another user by annotation', async () => {
    const { called } = await scene.create(issue(elliptic, claimsFor(id)), { 'io.lintel.user': 'bob' })
    expectRefused(called, /the user is not who the token says/)
  })

  test('an annotation that claims what the engine does not prove', async () => {
    const token = issue(elliptic, claimsFor(id, { image: 'web:1' }))
    const { called } = await scene.create(token, {
      'io.kubernetes.cri.image-name': 'web:1',
      'nerdctl/name': 'web',
    })
    expectRefused(called, /not for this container/)
  })

  test('in the environment, where every exec would bring it', async () => {
    const token = good()
    scene.seen.add(token)
    const bundle = scene.bundleWith({}, { env: [`LINTEL_TOKEN=${token}`] })
    expectRefused(await scene.shim.call(['create', '--bundle', bundle, id]), /could be read in the container/)
  })

  test('in its annotation and among the words of the command', async () => {
    const token = good()
    scene.seen.add(token)
    const bundle = scene.bundleWith({ 'io.lintel.token': token }, { args: ['login', token] })
    expectRefused(await scene.shim.call(['create', '--bundle', bundle, id]), /in another place too/)
  })
})

test('no token is left in any file: records, kept policy, reports, bundles’ own files', async () => {
  const { called } = await scene.create(good())
  expect(called).toMatchObject({ status: 0 })
  const forged = await scene.create(issue(stranger, claimsFor(id)))
  const token = [...scene.seen].at(-1) ?? ''
  expect(token.length).toBeGreaterThan(100)
  const found = await scene.shim.shell(
    `grep -rlF -e '${token.split('.')[1]}' /etc/lintel /var/log /var/lib/lintel /run ${scene.shim.host.workspace} || true`,
  )
  // What was refused is left to the engine as it made it.
  expect(found.split('\n').filter((path) => path !== '')).toEqual([`${forged.bundle}/config.json`])
  expect(called.stderr + forged.called.stderr).not.toContain(token.slice(0, 40))
})
