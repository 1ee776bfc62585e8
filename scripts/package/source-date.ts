/** The one date in all packages: two packagings of one commit give the same bytes. */
import { execFileSync } from 'node:child_process'

/**
 * Seconds since 1970: SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch), else the date of the commit,
 * else the first date a zip archive can hold, for a source tree without git.
 */
export const sourceDate = (folder: string): number => {
  const given = process.env['SOURCE_DATE_EPOCH']
  if (given !== undefined && /^[0-9]+$/.test(given)) return Number(given)
  try {
    return Number(
      execFileSync('git', ['log', '-1', '--format=%ct'], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    )
  } catch {
    return 315_532_800
  }
}
