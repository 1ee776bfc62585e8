/** Puts the snapshot of its heap into the executable that cargo has linked; docs/decisions/0002-heap-snapshot.md. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * What is built for: the machine's own processor, with musl for a C library (docs/decisions/0006). Naming it keeps the
 * static flags away from build scripts.
 */
export const buildTarget = async (): Promise<string> => {
  const { stdout } = await execa('rustc', ['-vV'])
  const host = /^host: (.*)$/m.exec(stdout)?.[1] ?? 'x86_64-unknown-linux-gnu'
  return host.replace(/gnu$/, 'musl')
}

/** Path of the executable as cargo links it, without a snapshot. */
export const linkedExecutable = async (): Promise<string> =>
  join(root, 'native/target', await buildTarget(), 'release/lintel')

/** Offset and size in bytes of a section of a 64-bit little-endian ELF file (elf(5), Shdr). Throws if it has none such. */
export const sectionOf = (file: Buffer, name: string): { readonly offset: number; readonly size: number } => {
  const table = Number(file.readBigUInt64LE(40))
  const entry = file.readUInt16LE(58)
  const header = (index: number): Buffer => file.subarray(table + index * entry)
  const place = (at: Buffer) => ({
    offset: Number(at.readBigUInt64LE(24)),
    size: Number(at.readBigUInt64LE(32)),
  })
  const names = place(header(file.readUInt16LE(62))).offset
  const headers = Array.from({ length: file.readUInt16LE(60) }, (_, index) => header(index))
  const wanted = Buffer.from(`${name}\0`)
  const found = headers.find((at) => {
    const from = names + at.readUInt32LE(0)
    return file.subarray(from, from + wanted.length).equals(wanted)
  })
  if (found === undefined) throw new Error(`the executable has no section ${name}`)
  return place(found)
}

/**
 * The executable with its snapshot inside, which is made of two of the bundles in the folder. Two are made, by two
 * processes, in files of that folder: what differs between them would depend on the process, and none of that may be
 * shipped. Throws if they differ or do not fit.
 */
export const withSnapshot = async (executable: string, bundles: string): Promise<Buffer> => {
  const snapshot = async (name: string): Promise<Buffer> => {
    const path = join(bundles, name)
    await execa(executable, ['--write-snapshot', path, bundles], { stdio: 'inherit' })
    return readFileSync(path)
  }
  const one = await snapshot('heap-1.bin')
  if (!one.equals(await snapshot('heap-2.bin')))
    throw new Error('the heap depends on the process that makes it')
  const file = readFileSync(executable)
  const { offset, size } = sectionOf(file, '.lintel.heap')
  if (one.length > size) throw new Error(`the heap needs ${one.length} bytes, its section has ${size}`)
  one.copy(file, offset)
  console.log(`heap snapshot: ${one.length} of ${size} bytes`)
  return file
}
