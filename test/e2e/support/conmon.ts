/**
 * Real conmon, started as CRI-O 1.3x starts it (internal/oci/runtime_oci.go, CreateContainer and ExecSyncContainer):
 * its arguments, environment and working folder, and the pipe on which it tells how the runtime fared.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PrivateHost, until } from './private-host.ts'

/** The environment CRI-O gives to conmon and to the runtime, and nothing else. */
export const environment = ['CRI_O_EXTERNAL=1', 'PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin'] as const

/** One container as conmon is told of it. */
export interface Monitored {
  readonly id: string
  /** CRI-O's own: `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`. */
  readonly name: string
  readonly bundle: string
  /** What CRI-O keeps of it in the graph root. */
  readonly persistent: string
  readonly log: string
  /** Value of the runtime's `--root`. */
  readonly root: string
}

/** What conmon wrote to the pipe: the container's process, or -1 and what the runtime said on stderr. */
export interface Created {
  readonly pid: number
  readonly message?: string
}

/** The same for a command: its exit code. */
export interface Executed {
  readonly exit_code: number
  readonly message?: string
}

/** Folders CRI-O is configured with by default. */
export const folders = { exits: '/run/crio/exits', attach: '/run/crio' } as const

let pipes = 0

/** Starts conmon with its two pipes; the start pipe is one that has been written to already. */
const start = async (
  host: PrivateHost,
  args: readonly string[],
  workingFolder: string,
): Promise<{ readonly pipe: string; readonly stderr: string }> => {
  const pipe = join(host.workspace, `sync-${pipes++}`)
  const script = 'cd "$1" && pipe=$2 && shift 2 && exec env -i "$@" 3>"$pipe" 4</dev/zero >/dev/null'
  const variables = [...environment, '_OCI_SYNCPIPE=3', '_OCI_STARTPIPE=4']
  const command = [...variables, 'conmon', ...args]
  const { stderr } = await host.run('sh', ['-c', script, 'sh', workingFolder, pipe, ...command])
  return { pipe, stderr }
}

const answer = async (pipe: string, stderr: string): Promise<string> => {
  const written = (): string => (existsSync(pipe) ? readFileSync(pipe, 'utf8') : '')
  await until(
    () => written().endsWith('\n'),
    () => `conmon to answer, it wrote: ${written()}${stderr}`,
  )
  return written()
}

/** CreateContainer: the runtime's `create`, conmon staying as the container's parent. */
export const monitor = async (host: PrivateHost, container: Monitored): Promise<Created> => {
  const { id, name, bundle, persistent, log, root } = container
  const { pipe, stderr } = await start(
    host,
    [
      ...['-b', bundle, '-c', id, '--exit-dir', folders.exits, '-l', log, '--log-level', 'info', '-n', name],
      ...['-P', join(bundle, 'conmon-pidfile'), '-p', join(bundle, 'pidfile'), '--persist-dir', persistent],
      ...['-r', host.runtime, '--runtime-arg', `--root=${root}`, '--socket-dir-path', folders.attach],
      ...['--syslog', '-u', id],
    ],
    bundle,
  )
  return JSON.parse(await answer(pipe, stderr))
}

/** ExecSyncContainer: the runtime's `exec` with this process file, to the command's end; output is in `log`. */
export const execute = async (
  host: PrivateHost,
  { id, name, root }: Monitored,
  files: { readonly process: string; readonly log: string; readonly pid: string },
): Promise<Executed> => {
  const { pipe, stderr } = await start(
    host,
    [
      ...['-c', id, '-n', name, '-r', host.runtime, '-p', files.pid, '-e', '-l', files.log],
      ...['--socket-dir-path', folders.attach, '--log-level', 'info'],
      ...['--sync', '--log-global-size-max', '16777216', '-T', '30'],
      ...['--exec-process-spec', files.process, '--runtime-arg', `--root=${root}`],
    ],
    '/',
  )
  return JSON.parse(await answer(pipe, stderr))
}
