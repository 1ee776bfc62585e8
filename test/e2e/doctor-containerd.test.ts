/** lintel doctor on a host with a real containerd of its own: what is written, and what the daemon runs with. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { engineIn, examine, found } from './support/examined.ts'
import { type InstalledHost, openInstalledHost } from './support/installed.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(60_000)

let host: InstalledHost

const configuration = '/etc/containerd/own.toml'

const handler = (name: string, binary?: string): string => {
  const table = `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${name}]\nruntime_type = "io.containerd.runc.v2"\n`
  const options = `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${name}.options]\nBinaryName = "${binary}"\n`
  return binary === undefined ? table : table + options
}

const write = (...handlers: readonly string[]): void => {
  const head =
    'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd]\ndefault_runtime_name = "runc"\n'
  writeFileSync(host.path(configuration), head + handlers.join(''))
}

const start = async (): Promise<void> => {
  host.launch('containerd', 'containerd', ['--config', configuration])
  await until(async () => (await host.run('ctr', ['version'])).exitCode === 0, 'containerd to answer', 30_000)
}

const stop = async (): Promise<void> => {
  await host.shell('kill $(pidof containerd)')
  await until(async () => (await host.run('pidof', ['containerd'])).exitCode !== 0, 'containerd to end')
}

beforeAll(async () => {
  host = await openInstalledHost(['containerd', 'containerd-shim-runc-v2', 'ctr'])
  write(handler('runc'))
  await start()
})

afterAll(async () => {
  await host.close()
})

test('the daemon that runs is found with the file it was told of', async () => {
  const report = await examine(host)
  expect(engineIn(report, 'containerd')).toMatchObject({
    program: '/usr/bin/containerd',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    configuration,
    daemon: expect.any(Number),
    registered: 'no',
    effective: 'no',
  })
  expect(found(report, 'problem', 'containerd')).toEqual(['registered'])
  expect(report.engines.filter(({ engine }) => engine === 'containerd')).toHaveLength(1)
})

test('a file that was changed after the start is not in force', async () => {
  // A process's start is known to the second.
  await host.shell('sleep 2')
  write(handler('runc', host.runtime))
  const report = await examine(host)
  expect(engineIn(report, 'containerd')).toMatchObject({ registered: 'yes', effective: 'no' })
  const [told] = report.diagnoses.filter(({ check }) => check === 'effective')
  expect(told?.message).toContain(`${configuration} is newer than the daemon, which must be restarted`)
})

test('after a restart it is', async () => {
  await stop()
  await start()
  const report = await examine(host)
  expect(engineIn(report, 'containerd')).toMatchObject({ registered: 'yes', effective: 'yes' })
  expect(found(report, 'problem', 'containerd')).toEqual([])
})

test('another handler is a way round', async () => {
  write(handler('runc', host.runtime), handler('plain'))
  const report = await examine(host)
  expect(engineIn(report, 'containerd')?.registered).toBe('partly')
  const [told] = report.diagnoses.filter(({ check }) => check === 'other-handlers')
  expect(told).toMatchObject({
    about: 'containerd',
    message: expect.stringContaining('a RuntimeClass with handler plain calls /usr/sbin/runc'),
    divert: 'closes',
  })
})

test('a container made beside lintel is unjudged', async () => {
  const bundle = `${host.workspace}/bundle`
  await host.shell(
    `mkdir -p ${bundle}/bin; cp /bin/busybox ${bundle}/bin/; ctr run --detach --rootfs --cgroup ${host.cgroup}/beside ${bundle} beside /bin/busybox sleep 1000`,
  )
  const report = await examine(host)
  expect(found(report, 'problem')).toContain('unjudged-containers containerd namespace default')
  await host.shell(
    'ctr task kill -s KILL beside; sleep 1; ctr task rm -f beside || true; ctr container rm beside',
  )
  expect(found(await examine(host), 'problem')).not.toContain(
    'unjudged-containers containerd namespace default',
  )
})
