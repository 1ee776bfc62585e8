/**
 * `npm run demo`: builds lintel (not with --built), then shows one container allowed, one repaired and one refused on real
 * runc. Ends with 1 where it does not come out so.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const root = fileURLToPath(new URL('..', import.meta.url))
const runtime = join(root, 'dist/lintel-runtime')

interface Config {
  process: {
    args: string[]
    terminal: boolean
    noNewPrivileges?: boolean
    capabilities: Record<string, string[]>
  }
  root: { readonly: boolean }
  mounts: object[]
  linux: { resources: Record<string, unknown>; cgroupsPath?: string; seccomp?: object }
}

const script =
  'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status; touch /written 2>&1; echo "hello from the container"'

const folder = mkdtempSync(join(tmpdir(), 'lintel-demo-'))
const log = join(folder, 'decisions.jsonl')
const policy = join(folder, 'policy.toml')

const findRunc = (): string => {
  const found = ['/usr/sbin/runc', '/usr/bin/runc'].find((path) => existsSync(path))
  if (found === undefined) throw new Error('no runc at /usr/sbin/runc or /usr/bin/runc')
  return found
}

const makeBundle = async (name: string, change: (config: Config) => void): Promise<string> => {
  const bundle = join(folder, name)
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
  copyFileSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'))
  chmodSync(join(bundle, 'rootfs/bin/busybox'), 0o755)
  for (const link of ['sh', 'grep', 'touch', 'echo'])
    copyFileSync('/bin/busybox', join(bundle, 'rootfs/bin', link))
  await execa(findRunc(), ['spec', '--bundle', bundle])
  const file = join(bundle, 'config.json')
  const config: Config = JSON.parse(readFileSync(file, 'utf8'))
  config.process.terminal = false
  config.process.args = ['/bin/sh', '-c', script]
  // Where ctr puts containers: a parent of one's own choice would be refused.
  config.linux.cgroupsPath = `/default/lintel-demo-${process.pid}-${name}`
  change(config)
  writeFileSync(file, JSON.stringify(config, undefined, 2))
  return bundle
}

/** What the demo says it shows; the container is called after its verdict. */
const titles = {
  allow: 'a container that already meets the benchmark is let through',
  fix: 'an ordinary one is repaired',
  deny: 'one that asks for the host is refused',
} as const

const show = async (name: keyof typeof titles, change: (config: Config) => void): Promise<void> => {
  const bundle = await makeBundle(name, change)
  console.log(`\n== ${titles[name]}`)
  const args = ['--root', join(folder, 'state'), 'run', '--bundle', bundle, name]
  const ran = await execa(runtime, ['--lintel-policy', policy, ...args], { reject: false, all: true })
  console.log(ran.all)
  console.log(`exit status ${ran.exitCode}`)
  const record = JSON.parse(readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '{}')
  const findings = record.findings.map(
    (finding: { rule: string; outcome: string }) => `${finding.rule} ${finding.outcome}`,
  )
  console.log(
    `record ${record.id}: ${record.verdict}${findings.length > 0 ? `; ${findings.join(', ')}` : ''}`,
  )
  if (record.verdict !== name || ran.exitCode !== (name === 'deny' ? 1 : 0))
    throw new Error(`that was to be: ${titles[name]}`)
}

const careful = (config: Config): void => {
  config.process.noNewPrivileges = true
  config.root.readonly = true
  config.linux.resources['memory'] = { limit: 64 * 1024 * 1024 }
  config.linux.resources['pids'] = { limit: 64 }
  config.linux.seccomp = dockerSeccomp()
}

/** The filter Docker gives every container, from a recorded call. */
const dockerSeccomp = (): object =>
  JSON.parse(readFileSync(join(root, 'fixtures/docker-28.5.2-plain/config.json'), 'utf8')).linux.seccomp

const main = async (): Promise<void> => {
  if (process.getuid?.() !== 0) throw new Error('the demo runs real containers and needs root')
  if (!process.argv.includes('--built')) {
    await execa('npm', ['run', '--silent', 'gen'], { cwd: root })
    await execa('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
  }
  const text = `profile = "cis-docker-1.13.0"\n[runtime]\npath = ["${findRunc()}"]\n[log]\nfile = "${log}"\n`
  writeFileSync(policy, text, { mode: 0o600 })
  await show('allow', careful)
  await show('fix', (config) => {
    config.process.noNewPrivileges = false
    config.root.readonly = false
  })
  await show('deny', (config) => {
    for (const set of Object.values(config.process.capabilities)) set.push('CAP_SYS_ADMIN')
    config.mounts.push({ destination: '/host', type: 'bind', source: '/', options: ['rbind', 'rw'] })
  })
  console.log('\n== the records, one JSON line each')
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) console.log(`${line.slice(0, 300)} …`)
}

try {
  await main()
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
