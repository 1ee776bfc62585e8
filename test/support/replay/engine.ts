/** The process that made a recorded call: its executable and arguments, completed where the recording cut them. */
import { basename } from 'node:path'
import { type FixtureCall, optionalDocument } from './fixture.ts'
import { enginePrograms } from './tools.ts'

interface Parent {
  readonly program: string
  readonly argv: readonly string[]
}

/** Names a process shows that are not those of its executable. */
const executables: { readonly [name: string]: string } = {
  // Podman runs itself under this name for build steps.
  'buildah-oci-runtime': 'podman',
  sh: 'dash',
}

/** Executable inside the replay's root, and argv. */
export const parentOf = (one: FixtureCall): Parent => {
  const [line] = one.call.parents ?? []
  const argv = line === undefined ? crioParent(one) : completed(line, containerOf(one.call.argv))
  const name = basename(argv[0] ?? '')
  const program = executables[name] ?? name
  if (!enginePrograms.some((known) => known === program)) throw new Error(`no stand-in for ${program}`)
  return { program: `/usr/bin/${program}`, argv }
}

/** The recorder kept 600 characters; what conmon was told to run at the container's end comes last and is lost. */
const completed = (line: string, container: string): readonly string[] => {
  const argv = line.split(' ')
  if (!line.includes('/conmon ') || line.includes('--exit-command')) return argv
  const after = ['container', 'cleanup', container].flatMap((word) => ['--exit-command-arg', word])
  return [...argv.slice(0, -1), '--exit-command', '/usr/bin/podman', ...after]
}

/** CRI-O's recordings hold no parents: what CRI-O 1.3x gives conmon, and crio itself for updates. */
const crioParent = ({ fixture, call }: FixtureCall): readonly string[] => {
  if (call.command === 'update') return ['/usr/bin/crio']
  const container = containerOf(call.argv)
  const document = call.config ?? call.admitted?.split('/')[1] ?? ''
  const config: { readonly annotations?: { readonly [key: string]: string } } = JSON.parse(
    optionalDocument(fixture, document) ?? '{}',
  )
  const name = config.annotations?.['io.kubernetes.cri-o.Name'] ?? ''
  const root = call.argv.find((word) => word.startsWith('--root=')) ?? ''
  const process =
    call.command === 'exec' ? ['-e', '--exec-process-spec', optionOf(call.argv, '--process') ?? ''] : []
  const bundle =
    call.command === 'exec'
      ? []
      : ['-b', optionOf(call.argv, '--bundle') ?? '', '--exit-dir', '/var/run/crio/exits']
  return [
    ...['/usr/bin/conmon', '-c', container, '-n', name, '-r', call.argv[0] ?? ''],
    ...['-p', optionOf(call.argv, '--pid-file') ?? '', ...bundle, ...process],
    ...['--socket-dir-path', '/var/run/crio', '--log-level', 'info', '--runtime-arg', root],
  ]
}

/** The container's id: the last word of every call that is judged. */
export const containerOf = (argv: readonly string[]): string => argv.at(-1) ?? ''

/** The value of a long option, in either spelling. */
export const optionOf = (argv: readonly string[], option: string): string | undefined => {
  for (const [index, word] of argv.entries()) {
    if (word === option) return argv[index + 1]
    if (word.startsWith(`${option}=`)) return word.slice(option.length + 1)
  }
  return undefined
}
