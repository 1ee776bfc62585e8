/** A new Debian host with Docker on it and nothing else: an empty root, the machine's own dockerd in it, no network. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { openDebianRoot } from '../../support/empty-root.ts'
import { type Outcome, removeCgroups } from './private-host.ts'

const script = fileURLToPath(new URL('../../support/private-root.sh', import.meta.url))
const environment = {
  env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C' },
  extendEnv: false,
  reject: false,
} as const

const programs = [
  'dockerd',
  'docker',
  'containerd',
  'containerd-shim-runc-v2',
  'runc',
  'mount',
  'umount',
  'kill',
]

export interface EngineRoot {
  /** Its path outside. */
  readonly folder: string
  /** Runs shell lines inside, as root, in /root. */
  run(script: string): Promise<Outcome>
  close(): Promise<void>
}

/** Opens it; dockerd is installed and does not run. */
export const openEngineRoot = async (): Promise<EngineRoot> => {
  const root = await openDebianRoot()
  const { folder } = root
  for (const name of programs) addProgram(folder, execFileSync('which', [name], { encoding: 'utf8' }).trim())
  const cgroup = `/${basename(folder)}`
  mkdirSync(join(folder, 'etc/docker'), { recursive: true })
  const settings = { iptables: false, 'exec-opts': ['native.cgroupdriver=cgroupfs'], 'cgroup-parent': cgroup }
  writeFileSync(join(folder, 'etc/docker/daemon.json'), `${JSON.stringify(settings, null, 4)}\n`)
  const namespaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--kill-child']
  const holder = execa('unshare', [...namespaces, 'sh', script, folder], {
    ...environment,
    stderr: 'inherit',
  })
  const close = async (): Promise<void> => {
    holder.kill('SIGKILL')
    await holder
    await removeCgroups(basename(folder))
    root.close()
  }
  const ready = await Promise.race([
    new Promise((resolve) => holder.stdout.once('data', () => resolve(true))),
    holder.then(() => false),
  ])
  if (ready !== true || holder.pid === undefined) {
    await close()
    throw new Error('the engine root did not start; its messages are above')
  }
  const init = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim()
  const enter = ['-t', init, '-m', '-p', '-n', '-u', '-i', '--', '/bin/sh', '-euc']
  return {
    folder,
    run: async (lines) => {
      const options = { ...environment, input: '', all: true, timeout: 60_000 } as const
      const {
        exitCode = -1,
        stdout,
        stderr,
        all,
      } = await execa('nsenter', [...enter, `cd /root\n${lines}`], options)
      return { exitCode, stdout, stderr, all }
    },
    close,
  }
}

/** Copies a program and the libraries it is linked with to where they are on this machine. */
const addProgram = (folder: string, program: string): void => {
  for (const path of [program, ...linkedWith(program)]) {
    const target = join(folder, path)
    if (existsSync(target)) continue
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(realpathSync(path), target)
  }
}

/** Absolute paths of what ldd(1) names; none for a static program. */
const linkedWith = (program: string): readonly string[] => {
  const text = execFileSync('sh', ['-c', 'ldd "$0" 2>/dev/null || true', program], { encoding: 'utf8' })
  return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
}
