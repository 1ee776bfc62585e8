/** Docker: daemon.json(5), a runtime of lintel's own made the default, and TLS where it is asked for. */
import { err, ok, type Result } from '../core/result.ts'
import { checkFlags } from './docker-flags.ts'
import { checkPorts, hostsPlan, unitFiles } from './docker-hosts.ts'
import { jsonText } from './json-text.ts'
import { isAtLeast, runtimeName } from './names.ts'
import {
  type FilePlan,
  faultLine,
  fromPlans,
  type Operation,
  type Planner,
  rendered,
  settingsPlan,
} from './operations.ts'
import type { Handler, Installation, Registration, Wanted } from './registration.ts'
import { isTable } from './text-edit.ts'

/** The name of containerd's shim, by which Docker also lets a user ask for plain runc. */
const runcShim = 'io.containerd.runc.v2'

/** A runtime of a name has either a path or a shim with options, and no arguments: dockerd wraps those in a script. */
const runtime = (name: string, path: string, pinned: boolean): readonly Operation[] => [
  ...['runtimeArgs', 'runtimeType', 'options'].map(
    (key) => ({ kind: 'remove', path: ['runtimes', name, key] }) as const,
  ),
  { kind: 'set', path: ['runtimes', name, 'path'], raw: rendered(path), name: pinned },
]

/** dockerd takes the shim's own name from the file since 25; before, its start overwrites what the file says of it. */
const takesShimName = ({ version }: Installation): boolean => isAtLeast(version, 25, 0)

const planner: Planner = (installation, texts, wanted) => {
  const file = installation.configuration
  const text = texts[file]
  const fault = text === undefined || text.trim() === '' ? undefined : jsonText.fault(text)
  if (fault !== undefined) {
    return err(faultLine(file, { ...fault, message: `${fault.message}; mend it` }))
  }
  const hosts = hostsPlan(installation, texts, wanted)
  const operations: readonly Operation[] = [
    ...runtime(runtimeName, wanted.runtime, true),
    ...(takesShimName(installation) ? runtime(runcShim, wanted.runtime, false) : []),
    { kind: 'set', path: ['default-runtime'], raw: rendered(runtimeName) },
    ...hosts.operations,
  ]
  const settings = settingsPlan(file, { format: jsonText, fresh: '{}\n' }, operations)
  return ok<readonly FilePlan[]>([settings, ...hosts.files])
}

const handlers = (
  { configuration }: Installation,
  texts: { readonly [path: string]: string | undefined },
  wanted: Wanted,
): Result<readonly Handler[], string> => {
  const written = texts[configuration]
  const text = written === undefined || written.trim() === '' ? '{}' : written
  const fault = jsonText.fault(text)
  if (fault !== undefined)
    return err(faultLine(configuration, { ...fault, message: `${fault.message}; mend it` }))
  const chosen = jsonText.find(text, ['default-runtime'])?.value
  const usual = typeof chosen === 'string' && chosen !== '' ? chosen : 'runc'
  const runtimes = jsonText.find(text, ['runtimes'])?.value
  const defined = isTable(runtimes) ? Object.keys(runtimes) : []
  return ok(
    [...new Set([...defined, 'runc', runcShim])].map((name): Handler => {
      const found = jsonText.find(text, ['runtimes', name])
      const { path, type, plain } = runtimeOf(found?.value)
      return {
        name,
        binary: path,
        isDefault: name === usual,
        shim: type,
        throughLintel: path === wanted.runtime && plain,
        place: found && { file: configuration, line: found.line },
      }
    }),
  )
}

/** What one entry of `runtimes` says: the executable, the shim, and whether it is called without arguments. */
const runtimeOf = (
  value: unknown,
): { readonly path: string | undefined; readonly type: string | undefined; readonly plain: boolean } => {
  if (!isTable(value)) return { path: undefined, type: undefined, plain: true }
  const { path, runtimeType: type, options, runtimeArgs } = value
  const binary = isTable(options) ? options['BinaryName'] : undefined
  const plain = !Array.isArray(runtimeArgs) || runtimeArgs.length === 0
  return { path: textOf(path) ?? textOf(binary), type: textOf(type), plain }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const plans = fromPlans(planner)

/** daemon.json, edited in place; SIGHUP makes runtimes count, a restart `hosts` and TLS. */
export const dockerRegistration: Registration = {
  engine: 'docker',
  reads: (installation) => [installation.configuration, ...unitFiles],
  register: (installation, texts, wanted) => {
    const ports = checkPorts(installation, texts, wanted)
    if (!ports.ok) return ports
    const flags = checkFlags(installation, texts, wanted)
    return flags.ok ? plans.register(installation, texts, wanted) : flags
  },
  unregister: plans.unregister,
  handlers,
}
