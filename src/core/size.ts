/** Sizes as people write them: `512MiB`, `2GiB`, `64k`, `1G`, or plain bytes. */
import { err, ok, type Result } from './result.ts'

/** Bytes of a size; units are binary whatever their spelling, as in Docker (go-units RAMInBytes). */
export const parseSize = (text: string): Result<number, string> => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?)?b?$/i.exec(text.trim()) ?? []
  if (digits === undefined) return err(`"${text}" is not a size such as 512MiB`)
  const bytes = Math.floor(
    Number(digits) * 1024 ** (unit === '' ? 0 : 'kmgtp'.indexOf(unit.toLowerCase()) + 1),
  )
  return Number.isSafeInteger(bytes) ? ok(bytes) : err(`"${text}" is too large`)
}

/** Bytes for people: `512 MiB` where that is exact to a tenth, plain bytes below 1 KiB. */
export const formatSize = (bytes: number): string => {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = bytes < 1024 ? 0 : Math.min(5, Math.floor(Math.log2(bytes) / 10))
  return `${Math.round((bytes / 1024 ** power) * 10) / 10} ${units[power] ?? ''}`
}
