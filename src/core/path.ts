/** Paths as text: cleaned the way the runtimes clean them (Go's path.Clean), never resolved. */

/** The path made absolute, without `.`, `..`, doubled or trailing slashes; symlinks stay unseen. */
export const cleanPath = (path: string): string => {
  const clean = path.startsWith('/') && !path.includes('//') && !path.includes('/.') && !path.endsWith('/')
  if (clean) return path
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') kept.pop()
    else if (part !== '' && part !== '.') kept.push(part)
  }
  return `/${kept.join('/')}`
}

/** True when `path` is `folder` or below it; both cleaned. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || folder === '/' || (path.startsWith(folder) && path[folder.length] === '/')
