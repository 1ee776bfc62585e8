/** `npm run test:selinux`: boots a machine with SELinux enforcing and runs lintel there; the last line counts. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { boot, openImage } from './machine.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const lintel = join(here, '../../dist/lintel')

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`

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
  const files = { lintel, cases: join(here, 'guest/cases'), 'policy.toml': join(here, 'policy.toml') }
  const { results, console: printed } = await boot(image, files)
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
