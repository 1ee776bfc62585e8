/** containerd of k3s and RKE2, which write its configuration anew from a template at every start. */
import { err, ok, type Result } from '../core/result.ts'
import type { CriSettings } from './containerd-files.ts'
import { folderOf } from './names.ts'
import { type FilePlan, faultLine, rendered } from './operations.ts'
import type { Installation, Texts } from './registration.ts'
import { indentOf, lineEndOf } from './text-edit.ts'

/** Templates of k3s and RKE2, which take the place of their own (pkg/agent/templates of k3s). */
const templateOf = ({ configuration }: Installation, { version }: CriSettings): string =>
  `${folderOf(configuration)}${version >= 3 ? 'config-v3.toml.tmpl' : 'config.toml.tmpl'}`

/** True for the configuration that k3s or RKE2 writes from a template. */
export const isRancher = ({ configuration }: Installation): boolean =>
  configuration.endsWith('/agent/etc/containerd/config.toml')

/** Templates, and folders k3s imports from, to read beside the configuration. */
export const rancherPlaces = (installation: Installation): readonly string[] => {
  const names = ['config.toml.tmpl', 'config-v3.toml.tmpl', 'config.toml.d/', 'config-v3.toml.d/']
  return isRancher(installation) ? names.map((name) => folderOf(installation.configuration) + name) : []
}

/** The executable that the template for the next start gives runc's handler, and its line; undefined where none. */
export const templateBinary = (
  installation: Installation,
  texts: Texts,
  settings: CriSettings,
):
  | { readonly binary: string; readonly place: { readonly file: string; readonly line: number } }
  | undefined => {
  const file = templateOf(installation, settings)
  const text = isRancher(installation) ? texts[file] : undefined
  const header = headerIn(text ?? '', settings.version)
  const lines = (text ?? '').split(lineEndOf(text ?? ''))
  const index = header === undefined ? undefined : binaryLine(lines, header)
  const binary = index === undefined ? undefined : /=\s*["'](.+)["']/.exec(lines[index] ?? '')?.[1]
  return index === undefined || binary === undefined
    ? undefined
    : { binary, place: { file, line: index + 1 } }
}

/**
 * The change of a template that writes out runc's options itself. One built on k3s's own (`{{ template "base" . }}`)
 * cannot be told: the base has that table already, TOML takes none twice, and containerd 1.x no part of one by import.
 */
export const templatePlan = (
  installation: Installation,
  texts: Texts,
  { settings, runtime }: { readonly settings: CriSettings; readonly runtime: string },
): Result<readonly FilePlan[], string> => {
  const path = templateOf(installation, settings)
  const text = texts[path]
  const header = text === undefined ? undefined : headerIn(text, settings.version)
  if (text === undefined || header === undefined) {
    return err(
      `${text === undefined ? installation.configuration : path}:1:1: this is written anew at every start, from a template that cannot be extended by a key of runc's options; upgrade to a release that imports config-v3.toml.d, or write the table [plugins…containerd.runtimes.runc.options] out in ${path}`,
    )
  }
  const lines = text.split(lineEndOf(text))
  const written = binaryLine(lines, header)
  const line = `${indentOf(lines[header + 1] ?? '')}BinaryName = ${rendered(runtime)}`
  if (written !== undefined && lines[written]?.trim() !== line.trim()) {
    const message = `runc's BinaryName is written here already; take it out, lintel becomes what its policy names`
    return err(faultLine(path, { message, line: written + 1, column: 1 }))
  }
  return ok([
    {
      path,
      make: (now) =>
        ok(written === undefined ? lines.toSpliced(header + 1, 0, line).join(lineEndOf(text)) : now),
      undo: (now) => withoutLine(now, line),
    },
  ])
}

/** Index of the header line of runc's options in a template; undefined where it is not written out. */
const headerIn = (text: string, version: number): number | undefined => {
  const plugin = version >= 3 ? 'io.containerd.cri.v1.runtime' : 'io.containerd.grpc.v1.cri'
  const header = `[plugins.${plugin}.containerd.runtimes.runc.options]`
  const index = text.split(lineEndOf(text)).findIndex((line) => line.replace(/["'\s]/g, '') === header)
  return index < 0 ? undefined : index
}

/** Index of the `BinaryName` line of the table that the header begins. */
const binaryLine = (lines: readonly string[], header: number): number | undefined => {
  for (let index = header + 1; index < lines.length; index += 1) {
    const line = lines[index]?.trim() ?? ''
    if (line.startsWith('[')) return undefined
    if (/^BinaryName\s*=/.test(line)) return index
  }
  return undefined
}

const withoutLine = (text: string, line: string): string => {
  const lines = text.split(lineEndOf(text))
  const index = lines.indexOf(line)
  return index < 0 ? text : lines.toSpliced(index, 1).join(lineEndOf(text))
}
