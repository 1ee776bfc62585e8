/** Reads what strace wrote of a program (`-f -y -xx`) as the operations it did below a folder. */
import type { Operation } from './disk.ts'

/** The system calls that matter, for `strace -e trace=`. */
export const traced =
  'open,openat,creat,mkdir,mkdirat,write,pwrite64,writev,ftruncate,truncate,fsync,fdatasync,sync,rename,renameat,renameat2,unlink,unlinkat,link,linkat,execve'

/** Numbers of the files that exist, by path below the folder, and their sizes. */
export interface Known {
  readonly files: ReadonlyMap<string, number>
  readonly sizes: ReadonlyMap<number, number>
}

const call = /^\d+\s+(\w+)\((.*)\)\s+= (-?\d+)(?:<([^>]*)>)?/

/** The operations below `folder`, in order, up to the execution of `runtime`. Throws at a call it cannot model. */
export const operationsOf = (
  text: string,
  { folder, runtime, known }: { readonly folder: string; readonly runtime: string; readonly known: Known },
): readonly Operation[] => {
  const files = new Map(known.files)
  const sizes = new Map(known.sizes)
  const operations: Operation[] = []
  const below = (path: string): string | undefined =>
    path === folder ? '' : path.startsWith(`${folder}/`) ? path.slice(folder.length) : undefined
  for (const line of text.split('\n')) {
    const [, name = '', told = '', result = '-1'] = call.exec(line) ?? []
    if (Number(result) < 0) continue
    const [first = '', second = ''] = [...told.matchAll(/"([^"]*)"/g)].map(([, each = '']) =>
      decoded(each).toString('latin1'),
    )
    const open = decoded(/^\d+<([^>]*)>/.exec(told)?.[1] ?? '').toString()
    const path = below(name.startsWith('open') || name.startsWith('mkdir') ? first : open)
    if (name === 'execve' && first === runtime) return [...operations, { kind: 'execute' }]
    if (path === undefined) continue
    const [parent, own] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)]
    const file = files.get(path)
    if (name.startsWith('open')) {
      if (!told.includes('O_CREAT') || file !== undefined) continue
      files.set(path, 1000 + files.size)
      operations.push({ kind: 'name', folder: parent, name: own, file: 1000 + files.size - 1 })
    } else if (name.startsWith('mkdir'))
      operations.push({ kind: 'name', folder: parent, name: own, file: 'folder' })
    else if (name.endsWith('sync')) operations.push({ kind: 'flush', target: file ?? path })
    else if (file !== undefined && (name === 'write' || name === 'pwrite64')) {
      const bytes = Buffer.from(first, 'latin1')
      const offset = name === 'write' ? (sizes.get(file) ?? 0) : Number(/, (\d+)$/.exec(told)?.[1])
      sizes.set(file, Math.max(sizes.get(file) ?? 0, offset + bytes.length))
      operations.push({ kind: 'write', file, offset, bytes })
    } else throw new Error(`a call that is not modelled: ${name} ${second} ${line.slice(0, 200)}`)
  }
  throw new Error(`the runtime was not executed:\n${text}`)
}

const decoded = (text: string): Buffer =>
  Buffer.from(
    text.replaceAll(/\\x([0-9a-f]{2})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    ),
    'latin1',
  )
