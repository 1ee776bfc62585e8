/**
 * README.md, "Put it on a host", followed word by word as a new user would: from the tarball alone, on a new Debian host
 * with Docker, without network. Needs root and `npm run package`.
 */
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { machine } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { packageFile } from '../support/packages.ts'
import { commandsOf } from '../support/readme.ts'
import { type EngineRoot, openEngineRoot } from './support/engine-root.ts'
import { writeImage } from './support/image.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(120_000)

let host: EngineRoot
const commands = commandsOf('Put it on a host')

/** The next of README's commands that begins so; each is to be followed, in its order. */
const command = (begin: string): string => {
  const line = commands[followed]
  followed += 1
  if (line?.startsWith(begin) !== true)
    throw new Error(`README.md says "${line}" where this test follows "${begin}"; bring them together`)
  return line
}
let followed = 0

/** Runs it. Throws unless it ends with one of these. */
const follow = async (line: string, statuses: readonly number[] = [0]): Promise<string> => {
  const { exitCode, all } = await host.run(line)
  if (!statuses.includes(exitCode)) throw new Error(`${line}\nended with ${exitCode}: ${all}`)
  return all
}
const daemonFile = (): string => readFileSync(join(host.folder, 'etc/docker/daemon.json'), 'utf8')

beforeAll(async () => {
  host = await openEngineRoot()
  const tarball = packageFile(`linux-${machine()}.tar.gz`)
  copyFileSync(tarball, join(host.folder, 'root', tarball.slice(tarball.lastIndexOf('/') + 1)))
  await writeImage(join(host.folder, 'root/image.tar'))
})
afterAll(() => host?.close())

test('the section holds, from the tarball to the last file taken away', async () => {
  expect(await follow('ls /sys/class/net')).toBe('lo')
  await follow('dockerd >/run/dockerd.log 2>&1 </dev/null &')
  await until(async () => (await host.run('docker version')).exitCode === 0, 'dockerd', 30_000)
  await follow('docker load --input image.tar')
  const before = daemonFile()
  const run = (name: string): Promise<string> =>
    follow(`docker run --detach --network none --name ${name} busybox sleep 1000`)
  const alive = (name: string): Promise<string> => follow(`docker exec ${name} echo alive`)
  await run('old')

  expect(await follow(command('tar -xzf lintel-'))).toMatch(/no engine was touched\. Next: lintel install/)
  for (const other of ['dpkg -i ', 'rpm -i '])
    expect(packageFile(command(other).slice(other.length))).toBeTruthy()
  expect(daemonFile()).toBe(before)

  const dry = await follow(command('lintel install --dry-run'))
  expect(dry).toMatch(/^\+ {4}"default-runtime": "lintel"/m)
  expect(dry).toContain('dry run: nothing was changed')
  expect(daemonFile()).toBe(before)
  expect(existsSync(join(host.folder, 'etc/lintel/policy.toml'))).toBe(false)

  expect(await follow(command('lintel install'))).toContain(
    'docker: lintel is registered, and the engine calls it',
  )
  await run('new')
  for (const name of ['old', 'new']) expect(await alive(name)).toBe('alive')
  const record = JSON.parse(await follow('tail -n 1 /var/log/lintel/decisions.jsonl'))
  expect(record).toMatchObject({
    container: { name: 'new' },
    mode: 'warn',
    engine: { id: 'docker', proven: true },
  })

  // `--runtime runc` and BuildKit are open without --divert, and "old" was not judged: findings.
  const doctor = await follow(command('lintel doctor'), [1])
  expect(doctor).toMatch(/docker .*\byes\b.*\byes\b/)
  expect(await follow(command('lintel status'))).toMatch(
    /docker [\d.]+: registered yes, effective yes, last decision/,
  )

  expect(await follow(command('lintel uninstall'))).toMatch(/still call it:\n {2}new\n/)
  const remove = command('sh ')
  expect(await follow(remove, [1])).toMatch(/^lintel: still in use /)
  for (const name of ['old', 'new']) expect(await alive(name)).toBe('alive')
  await follow('docker restart --time 0 new')
  expect(await alive('new')).toBe('alive')
  await follow('docker rm --force new')
  expect(await follow('lintel uninstall')).toContain(
    'No container needs /usr/local/bin/lintel-runtime any more',
  )
  expect(daemonFile()).toBe(before)
  expect(await follow(remove)).toBe('/etc/lintel stays\n/var/log/lintel stays')
  expect(await alive('old')).toBe('alive')
  await run('later')
  await follow('docker rm --force old later')
  expect(commands.slice(followed)).toEqual([])
})
