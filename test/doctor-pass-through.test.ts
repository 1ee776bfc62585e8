/** What lintel doctor says of an uninstall that left containers which still call lintel. */
import { expect, test } from '@jest/globals'
import { passThrough } from '../src/doctor/pass-through.ts'
import { stateFile } from '../src/installation/state.ts'
import { passThroughFile, passThroughText } from '../src/policy/pass-through.ts'
import { docker, engineOf, plain, podman, sceneOf } from './support/doctor-scene.ts'

test('a note after an uninstall; a problem where an engine calls lintel, or where it does not count', () => {
  const of = (mode: number | undefined, engines = [engineOf('docker', [plain])]) =>
    passThrough(
      sceneOf(
        mode === undefined ? {} : { files: { [passThroughFile]: { text: passThroughText, mode } } },
        engines,
      ),
    )
  expect(of(undefined, [docker])).toEqual([])
  expect(of(0o644)).toMatchObject([{ level: 'note', about: passThroughFile }])
  expect(of(0o644, [docker, podman])).toMatchObject([
    {
      level: 'problem',
      message: expect.stringContaining('although docker calls and podman calls lintel'),
    },
  ])
  expect(of(0o664)).toMatchObject([
    { level: 'problem', message: expect.stringContaining('calls are judged') },
  ])
})

test('containers that still call lintel are named until they are gone', () => {
  const id = 'c'.repeat(64)
  const registered = [
    {
      installation: {
        engine: 'docker',
        program: '/usr/bin/dockerd',
        configuration: '/etc/docker/daemon.json',
      },
      runtime: '/usr/bin/lintel-runtime',
      since: '2027-02-01T00:00:00Z',
      files: [],
      folders: [],
      leaving: true,
    },
  ]
  const of = (runtime: string) =>
    passThrough(
      sceneOf({
        files: {
          [stateFile]: JSON.stringify({ version: 1, registered, leftovers: [] }),
          [`/var/lib/docker/containers/${id}/hostconfig.json`]: JSON.stringify({ Runtime: runtime }),
        },
      }),
    ).map(({ level, about, message }) => `${level} ${about}: ${message}`)
  expect(of('lintel')).toEqual([
    `note docker: lintel was taken out of it, but containers made before still call it: ${id}`,
  ])
  expect(of('runc')).toEqual([
    'note docker: lintel was taken out of it, and no container of it needs lintel any more',
  ])
})
