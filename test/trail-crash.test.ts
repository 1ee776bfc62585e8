/**
 * Power cuts: a real create is traced, and for a cut after each of its operations every state the disk may be left in is
 * laid out, read by `lintel log verify`, and written on. No record of a container that ran may be missing. Needs root.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { configWith, guardedCalls } from './support/calls.ts'
import { type Disk, disksAfter, type Operation } from './support/crash/disk.ts'
import { operationsOf, traced } from './support/crash/trace.ts'
import { decisionLog, type Shim } from './support/shim.ts'
import { beginAnew, decide, linked, onHost, verify } from './support/trail.ts'

jest.setTimeout(90_000)

let shim: Shim
onHost((opened) => {
  shim = opened
})
beforeEach(() => beginAnew(shim))

/** What is above the log's folder is on the disk; the folder itself may not be. */
const root = '/var/log'
const log = decisionLog.slice(root.length)
const outside = (path: string): string => shim.path(`${root}${path}`)

/** The disk as it is, with every file's inode as its number. */
const diskNow = (): Disk => {
  const entries = new Map<string, true | number>()
  const contents = new Map<number, Buffer>()
  const folder = dirname(log)
  if (existsSync(outside(folder))) entries.set(folder, true)
  for (const name of entries.size === 0 ? [] : readdirSync(outside(folder))) {
    const path = `${folder}/${name}`
    const { ino } = statSync(outside(path))
    entries.set(path, ino)
    contents.set(ino, readFileSync(outside(path)))
  }
  return { entries, contents }
}

/** Lays a disk out. The head names the log by inode, which is another here. */
const layOut = ({ entries, contents }: Disk): void => {
  rmSync(outside(dirname(log)), { recursive: true, force: true })
  const inodes = new Map<string, number>()
  for (const [path, file] of [...entries].toSorted(
    ([one], [other]) =>
      Number(one.endsWith('.head')) - Number(other.endsWith('.head')) || one.length - other.length,
  )) {
    if (file === true) {
      mkdirSync(outside(path), { mode: 0o700 })
      continue
    }
    const text = (contents.get(file) ?? Buffer.alloc(0)).toString('latin1')
    const renamed = path.endsWith('.head')
      ? text.replace(
          /file (\d+)/,
          (whole, inode: string) =>
            `file ${String(inodes.get(String(Number(inode))) ?? whole).padStart(20, '0')}`,
        )
      : text
    writeFileSync(outside(path), renamed, { encoding: 'latin1', mode: 0o600 })
    inodes.set(String(file), statSync(outside(path)).ino)
  }
}

/** Traces a create, and returns what it did to the disk. */
const traceCreate = async (before: Disk, id: string): Promise<readonly Operation[]> => {
  const bundle = shim.bundle(id, configWith() as object)
  const file = `${shim.host.workspace}/trace`
  const words = ['-f', '-y', '-xx', '-s', '1000000', '-e', `trace=${traced}`, '-o', file, shim.host.runtime]
  const { exitCode, all } = await shim.host.run('strace', [...words, ...guardedCalls.create(bundle, id)])
  if (exitCode !== 0) throw new Error(all)
  const files = [...before.entries].flatMap(([path, number]) =>
    number === true ? [] : [[path, number] as const],
  )
  const sizes = new Map([...before.contents].map(([number, bytes]) => [number, bytes.length]))
  const operations = operationsOf(readFileSync(file, 'utf8'), {
    folder: root,
    runtime: '/bin/true',
    known: { files: new Map(files), sizes },
  })
  // A file made in the trace is known by another number than its inode, which the head names.
  const made = operations.flatMap((each) => (each.kind === 'name' && each.file !== 'folder' ? [each] : []))
  const numbers = new Map(
    made.map(({ folder, name, file }) => [file, statSync(outside(`${folder}/${name}`)).ino]),
  )
  const renumbered = (number: number): number => numbers.get(number) ?? number
  return operations.map((each) => {
    if (each.kind === 'flush')
      return typeof each.target === 'number' ? { ...each, target: renumbered(each.target) } : each
    return 'file' in each && each.file !== 'folder' ? { ...each, file: renumbered(each.file) } : each
  })
}

const containers = (): readonly string[] =>
  readdirSync(outside(dirname(log)))
    .filter((name) => !name.endsWith('.head'))
    .flatMap((name) => readFileSync(outside(`${dirname(log)}/${name}`), 'utf8').split('\n'))
    .flatMap((line) => (line.startsWith('{"version"') && line.endsWith('"}') ? [linked(line)] : []))
    .flatMap((line) => ('container' in line ? [line.container.id] : []))

const cutShort = /cut short/

/** Tries a cut after every operation of the creation of `id`; `kept` are the records that were on the disk before. */
const tryCuts = async (
  before: Disk,
  operations: readonly Operation[],
  { id, kept }: { readonly id: string; readonly kept: readonly string[] },
): Promise<number> => {
  const tried = new Set<string>()
  for (let done = 0; done <= operations.length; done += 1) {
    const ran = operations.slice(0, done).some(({ kind }) => kind === 'execute')
    for (const disk of disksAfter(before, operations, done)) {
      const key = JSON.stringify([
        ran,
        [...disk.entries],
        [...disk.contents].map(([file, bytes]) => [file, bytes.toString('latin1')]),
      ])
      if (tried.has(key)) continue
      tried.add(key)
      await tryDisk(disk, {
        needed: ran ? [...kept, id] : kept,
        at: `${done}: ${JSON.stringify(operations[done - 1])?.slice(0, 120)}`,
      })
    }
  }
  return tried.size
}

const tryDisk = async (
  disk: Disk,
  { needed, at }: { readonly needed: readonly string[]; readonly at: string },
): Promise<void> => {
  layOut(disk)
  const hasLog = disk.entries.has(log)
  if (needed.length > 0) {
    expect({ at, found: containers() }).toEqual({ at, found: expect.arrayContaining([...needed]) })
    if (hasLog) await expectSound(at)
  }
  await decide(shim, 1)
  expect({ at, found: containers() }).toEqual({ at, found: expect.arrayContaining([...needed, 'c0']) })
  await expectSound(at)
}

const expectSound = async (at: string): Promise<void> => {
  const { faults, notes, status } = await verify(shim)
  const others = notes.filter(
    ({ message }) => !cutShort.test(message) && !message.includes('older than the chain'),
  )
  expect({ at, status, faults, others }).toEqual({ at, status: 0, faults: [], others: [] })
}

describe('after every operation of a create, in every state the disk may be in', () => {
  test('the first record of a host, whose folder is made for it', async () => {
    const before = diskNow()
    const operations = await traceCreate(before, 'first')
    expect(operations.filter(({ kind }) => kind === 'flush').length).toBeGreaterThanOrEqual(4)
    expect(await tryCuts(before, operations, { id: 'first', kept: [] })).toBeGreaterThan(15)
  })

  test('a further record', async () => {
    await decide(shim, 2)
    const before = diskNow()
    const operations = await traceCreate(before, 'further')
    expect(await tryCuts(before, operations, { id: 'further', kept: ['c0', 'c1'] })).toBeGreaterThan(5)
  })

  test('two in a row: the head of the first may be lost with all that was not flushed', async () => {
    await decide(shim, 1)
    const before = diskNow()
    const one = await traceCreate(before, 'one')
    const other = await traceCreate(diskNow(), 'other')
    const both = [...one.filter(({ kind }) => kind !== 'execute'), ...other]
    expect(await tryCuts(before, both, { id: 'other', kept: ['c0'] })).toBeGreaterThan(8)
  })

  test('the first record after a rotation, of which nothing is flushed', async () => {
    await decide(shim, 2)
    const before = diskNow()
    const number = before.entries.get(log)
    if (typeof number !== 'number') throw new Error('no log')
    await shim.shell(`mv ${decisionLog} ${decisionLog}.1`)
    const rotation: readonly Operation[] = [
      { kind: 'name', folder: dirname(log), name: 'decisions.jsonl.1', file: number },
      { kind: 'unname', folder: dirname(log), name: 'decisions.jsonl' },
    ]
    const operations = await traceCreate(diskNow(), 'after')
    // A rename is one change: with one half of it there would be no such disk.
    const cuts = await Promise.resolve(operations)
    expect(
      await tryCuts(diskOf(before, rotation), cuts, { id: 'after', kept: ['c0', 'c1'] }),
    ).toBeGreaterThan(5)
  })
})

const diskOf = (before: Disk, operations: readonly Operation[]): Disk => {
  const [disk] = disksAfter(before, operations, operations.length)
  if (disk === undefined) throw new Error('no disk')
  return disk
}

test('the harness itself: without its flushes a create would lose its record', async () => {
  await decide(shim, 1)
  const before = diskNow()
  const operations = (await traceCreate(before, 'unsafe')).filter(({ kind }) => kind !== 'flush')
  await expect(tryCuts(before, operations, { id: 'unsafe', kept: ['c0'] })).rejects.toThrow(
    /missing at the end/,
  )
})
