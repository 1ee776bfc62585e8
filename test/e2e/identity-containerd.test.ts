/** Requesters on a real containerd: annotations of a pod by CRI, of a container by ctr; judged, taken out, run by runc. */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Containerd, ctrImage, startContainerd } from './support/containerd.ts'
import { detailsOf } from './support/cri-client.ts'
import { type CriContainerd, criImage, type Pod, startCriContainerd } from './support/cri-containerd.ts'
import { recordsOf } from './support/decisions.ts'
import type { Outcome } from './support/private-host.ts'
import { askRequesters, filesWith, tokenFor, tokenWith } from './support/requesters.ts'

jest.setTimeout(120_000)

const now = Math.floor(Date.now() / 1000)

describe('CRI', () => {
  let engine: CriContainerd
  const pod = (name: string, token: string, more: Record<string, string> = {}): Promise<Pod> =>
    engine.runPod(name, { annotations: { 'io.lintel.token': token, ...more } })
  const podToken = (name: string): string => tokenWith({ namespace: 'shop', pod: name })

  beforeAll(async () => {
    engine = await startCriContainerd()
  })
  afterAll(async () => {
    await engine?.close()
  })
  beforeEach(() => askRequesters(engine.host))

  test('the pod’s annotation reaches sandbox and container, and is left in no file of the runtime', async () => {
    const token = podToken('web')
    const made = await pod('web', token)
    const id = await engine.start(made, 'main')
    const side = await engine.start(made, 'side')
    const requester = { proof: 'token', user: 'alice' }
    for (const each of [made.id, id, side])
      expect(recordsOf(engine.host, each)).toMatchObject([{ verdict: 'allow', requester }])
    expect(await filesWith(engine.host, token)).toBe('')
    const bundles = '/run/containerd/io.containerd.runtime.v2.task/k8s.io'
    const kept = await engine.host.run('sh', ['-c', `grep -l sandbox-id ${bundles}/*/config.json | wc -l`])
    expect(kept.stdout).toBe('3')
    // containerd keeps what it was asked for: what is looked for is found where it is.
    expect(await filesWith(engine.host, token, '/var/lib/containerd')).toContain('meta.db')
  })

  test('a command has no way to bring a token, and is refused', async () => {
    const id = await engine.start(await pod('entered', podToken('entered')), 'main')
    expect(await detailsOf(engine.exec(id, 'true'))).toMatch(/nobody is proven to ask for this command/)
  })

  test.each([
    ['another pod’s', () => podToken('web'), /it is for another container; here the pod is refused/],
    ['of another namespace', () => tokenWith({ namespace: 'bank', pod: 'refused' }), /the namespace is shop/],
    ['expired', () => tokenWith({ namespace: 'shop', pod: 'refused', exp: now - 60 }), /has expired/],
    ['for another container of the pod', () => tokenFor('db', criImage), /the name is main/],
  ])('a token, %s, is refused', async (_, token, says) => {
    const made = await pod('refused', token())
    const details = await detailsOf(engine.start(made, 'main'))
    expect(details).toMatch(says)
    await engine.removePod(made)
  })

  test('a pod’s author says nothing that counts: other names in annotations, another user', async () => {
    const forged = {
      'io.kubernetes.cri.sandbox-name': 'web',
      'io.kubernetes.cri.container-name': 'web',
      'io.kubernetes.cri.image-name': 'web',
    }
    const made = await pod('author', podToken('web'), forged)
    expect(await detailsOf(engine.start(made, 'main'))).toMatch(/it is for another container/)
    const other = await pod('user', podToken('user'), { 'io.lintel.user': 'bob' })
    expect(await detailsOf(engine.start(other, 'main'))).toMatch(/the user is not who the token says/)
  })

  test('where a token is good for one container, it is for those of one sandbox, made anew too', async () => {
    askRequesters(engine.host, 'once = true')
    const token = podToken('lone')
    const made = await pod('lone', token)
    const id = await engine.start(made, 'main')
    await engine.start(made, 'side')
    await engine.remove(id)
    await engine.start(made, 'main')
    await engine.removePod(made)
    const again = await pod('lone', token, { 'io.kubernetes.cri.sandbox-id': made.id })
    expect(await detailsOf(engine.start(again, 'main'))).toMatch(/admits one container: it has been used/)
  })
})

describe('ctr', () => {
  let engine: Containerd
  const run = (id: string, token: string): Promise<Outcome> =>
    engine.ctrRun(['--detach', '--annotation', `io.lintel.token=${token}`], id, ['sleep', '1000'])

  beforeAll(async () => {
    engine = await startContainerd()
  })
  afterAll(async () => {
    await engine?.host.close()
  })
  beforeEach(() => askRequesters(engine.host))

  test('an annotation with a token for its id runs it; neither the bundle nor the runtime’s state holds it', async () => {
    const token = tokenWith({ container_id: 'plot' })
    expect(await run('plot', token)).toMatchObject({ exitCode: 0 })
    expect(recordsOf(engine.host, 'plot')).toMatchObject([
      { verdict: 'allow', engine: { id: 'containerd', proven: true }, requester: { user: 'alice' } },
    ])
    expect(await filesWith(engine.host, token)).toBe('')
    const exec = await engine.ctr(['task', 'exec', '--exec-id', 'one', 'plot', 'true'])
    expect(exec.all).toMatch(/nobody is proven to ask for this command/)
  })

  test.each([
    [
      'another’s',
      () => tokenWith({ container_id: 'plot' }),
      /it is for another container; here the id is copy/,
    ],
    ['for an image, which ctr does not tell', () => tokenFor('copy', ctrImage), /the image is not proven/],
    ['expired', () => tokenWith({ container_id: 'copy', exp: now - 60 }), /has expired/],
  ])('a token, %s, is refused', async (_, token, says) => {
    const { exitCode, all } = await run('copy', token())
    expect(exitCode).not.toBe(0)
    expect(all).toMatch(says)
    await engine.ctr(['container', 'rm', 'copy'])
  })

  test('where a token is good for one container, an id chosen again is another', async () => {
    askRequesters(engine.host, 'once = true')
    const token = tokenWith({ container_id: 'lone' })
    expect(await run('lone', token)).toMatchObject({ exitCode: 0 })
    await engine.ctr(['task', 'rm', '--force', 'lone'])
    await engine.ctr(['container', 'rm', 'lone'])
    expect((await run('lone', token)).all).toMatch(/admits one container: it has been used before/)
  })
})
