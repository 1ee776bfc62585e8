/** `npm run test:selinux`: boots a machine with SELinux enforcing and runs lintel there; the last line counts. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { claimsFor, ellipticKey, issue } from '../support/tokens.ts'
import { boot, openImage } from './machine.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const lintel = join(here, '../../dist/lintel')

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`

/** The key of an identity service, and a token for each container that is to have one, long enough for a slow machine. */
const identityFiles = (folder: string): Readonly<Record<string, string>> => {
  const key = ellipticKey('machine')
  const exp = Math.floor(Date.now() / 1000) + 1800
  const texts = {
    'identity.jwks.json': JSON.stringify({ keys: [key.jwk] }),
    ...Object.fromEntries(
      ['within', 'beyond', 'given'].map((id) => [`token-${id}`, issue(key, claimsFor(id, { exp }))]),
    ),
  }
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      const file = join(folder, name)
      writeFileSync(file, text)
      return [name, file]
    }),
  )
}

/** Runs the cases; exit status 0 where every one passed and the machine went to the end. */
const main = async (): Promise<number> => {
  if (process.getuid?.() !== 0 || process.arch !== 'x64') {
    console.error('test:selinux: needs root on x86-64, to build the image of the machine')
    return 2
  }
  if (!existsSync(lintel)) {
    console.error('test:selinux: dist/lintel is missing; npm run build')
    return 2
  }
  const began = Date.now()
  const image = await openImage()
  console.log(`# image ready after ${seconds(began)}`)
  const booted = Date.now()
  const brought = mkdtempSync(join(tmpdir(), 'lintel-selinux-in-'))
  const files = {
    lintel,
    cases: join(here, 'guest/cases'),
    'policy.toml': join(here, 'policy.toml'),
    'cleared.toml': join(here, 'cleared.toml'),
    ...identityFiles(brought),
  }
  const { results, console: printed } = await boot(image, files)
  rmSync(brought, { recursive: true })
  const lines = results.split('\n')
  const passed = lines.filter((line) => line.startsWith('ok ')).length
  const failed = lines.filter((line) => line.startsWith('not ok ')).length
  const whole = lines.includes('# cases ended with 0')
  console.log(results)
  if (!whole) console.log(`not ok the machine goes to the end\n${printed.split('\n').slice(-40).join('\n')}`)
  console.log(`# booted and run in ${seconds(booted)}`)
  console.log(`${passed} passed, ${failed + (whole ? 0 : 1)} failed, 0 skipped`)
  return failed === 0 && whole ? 0 : 1
}

process.exitCode = await main()
