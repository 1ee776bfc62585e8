/** The stages of `npm run test:selinux`: what each boots and judges. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ImageKind, openImage, plain, withSensitivities } from './image.ts'
import { startMachine } from './machine.ts'
import { countLines, type Report } from './report.ts'
import { openIdentityService } from './requests.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
export const lintel = join(here, '../../dist/lintel')

/** Boots, judges into the report, and ends what it began. */
export type Stage = (report: Report) => Promise<void>

/** Text of the time since then. */
export const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`

/** The image of a stage; says how long it took. */
export const readyImage = async (kind: ImageKind): Promise<string> => {
  const began = Date.now()
  const image = await openImage(kind)
  console.log(`# image ${kind.name} ready after ${seconds(began)}`)
  return image
}

/** A stage whose cases are a script of the machine's own; `tokens` are for containers of these ids. */
const scripted =
  (kind: ImageKind, own: Readonly<Record<string, string>>, tokens: readonly string[]): Stage =>
  async (report) => {
    const image = await readyImage(kind)
    const folder = mkdtempSync(join(tmpdir(), 'lintel-selinux-in-'))
    const claims = Object.fromEntries(tokens.map((id) => [id, { container_id: id }]))
    const { files: identity } = openIdentityService(folder, claims)
    const brought = Object.fromEntries(Object.entries(own).map(([name, path]) => [name, join(here, path)]))
    const files = { lintel, bundles: join(here, 'guest/bundles'), ...brought, ...identity }
    const machine = await startMachine({ image, files, limit: 400 })
    await machine.ended
    const results = machine.results()
    countLines(report, results)
    report.has(
      'the machine goes to the end',
      `${results}\n${machine.console().split('\n').slice(-40).join('\n')}`,
      '# cases ended with 0',
    )
    await machine.close()
    rmSync(folder, { recursive: true })
  }

/** runc with real labels, s0 and categories. */
export const cases = scripted(
  plain,
  { cases: 'guest/cases', 'policy.toml': 'policy.toml', 'cleared.toml': 'cleared.toml' },
  ['within', 'beyond', 'given'],
)

/** runc with real labels, s0 to s15. */
export const mls = scripted(withSensitivities, { cases: 'guest/mls', 'policy.toml': 'mls.toml' }, [
  'within',
  'above',
  'below',
  'aside',
  'wide',
  'ranged',
  'both',
  'unknown',
  'bare',
  'given',
  'same',
])
