/** Addresses that ports are bound to on the host, read as engines read them (Go's net.ParseIP). */

/**
 * The address as eight groups of 16 bits, IPv4 in its IPv6-mapped form; undefined where it is no address.
 * Strict as net.ParseIP: no leading zeros, zones, brackets or names.
 */
export const addressGroups = (text: string): readonly number[] | undefined => {
  if (!text.includes(':')) {
    const pair = ipv4Pair(text)
    return pair && [0, 0, 0, 0, 0, 0xffff, ...pair]
  }
  const [head = '', tail, ...more] = text.split('::')
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  if (before === undefined || after === undefined || more.length > 0) return undefined
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  return [...before, ...Array.from({ length: missing }, () => 0), ...after]
}

const groupsOf = (text: string): readonly number[] | undefined => {
  if (text === '') return []
  const words = text.split(':')
  const groups: number[] = []
  for (const [index, word] of words.entries()) {
    if (word.includes('.') && index === words.length - 1) {
      const pair = ipv4Pair(word)
      if (pair === undefined) return undefined
      groups.push(...pair)
    } else if (/^[0-9a-f]{1,4}$/i.test(word)) groups.push(Number.parseInt(word, 16))
    else return undefined
  }
  return groups
}

const ipv4Pair = (text: string): readonly [number, number] | undefined => {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const [a = 256, b = 256, c = 256, d = 256] = parts.map((part) =>
    /^(0|[1-9][0-9]{0,2})$/.test(part) ? Number(part) : 256,
  )
  return Math.max(a, b, c, d) > 255 ? undefined : [a * 256 + b, c * 256 + d]
}

/**
 * True when a port bound to this is reachable at every address of the host: nothing, `0.0.0.0`, `::` in any
 * spelling, and what is no address at all, which dockerd takes for none (moby daemon/network.go, net.ParseIP).
 */
export const isEveryAddress = (text: string): boolean => {
  const groups = addressGroups(text)
  if (groups === undefined) return true
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  return (mapped ? groups.slice(6) : groups).every((group) => group === 0)
}
