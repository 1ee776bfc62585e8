/** Which releases of a runtime have which vulnerability. */
import { expect, test } from '@jest/globals'
import { compareReleases, vulnerabilities, vulnerabilitiesOf } from '../src/doctor/vulnerabilities.ts'

const has = (runtime: string, version: string, id: string): boolean =>
  vulnerabilitiesOf(runtime, version).some((each) => each.id === id)

test.each([
  ['1.1.11', 'CVE-2024-21626', true],
  ['1.1.12', 'CVE-2024-21626', false],
  ['1.2.0-rc.1', 'CVE-2024-21626', false],
  ['1.1.13', 'CVE-2024-45310', true],
  ['1.1.14', 'CVE-2024-45310', false],
  ['1.2.0-rc.2', 'CVE-2024-45310', true],
  ['1.2.0', 'CVE-2024-45310', false],
  ['1.1.15', 'CVE-2025-31133', true],
  ['1.2.7', 'CVE-2025-31133', true],
  ['1.2.8', 'CVE-2025-31133', false],
  ['1.3.2', 'CVE-2025-52881', true],
  ['1.3.3', 'CVE-2025-52881', false],
  ['1.4.0-rc.2', 'CVE-2025-52565', true],
  ['1.4.0-rc.3', 'CVE-2025-52565', false],
  ['1.2.9', 'CVE-2026-41579', true],
  ['1.5.0', 'CVE-2026-41579', false],
  ['1.6.0', 'CVE-2026-41579', false],
  ['1.0.0-rc6', 'CVE-2019-5736', true],
  ['1.0.0-rc7', 'CVE-2019-5736', false],
  ['1.0.0~rc93+ds1', 'CVE-2021-30465', true],
  ['1.0.0', 'CVE-2021-30465', false],
  ['1.0.0-rc93', 'CVE-2023-27561', false],
  ['1.0.0-rc95', 'CVE-2023-27561', true],
  ['1.1.4', 'CVE-2023-28642', true],
  ['1.1.5+ds1', 'CVE-2023-28642', false],
  ['1.1.1', 'CVE-2022-29162', true],
])('runc %s has %s: %s', (version, id, expected) => {
  expect(has('runc', version, id)).toBe(expected)
})

test('crun has its own', () => {
  expect(has('crun', '1.8.1', 'CVE-2025-24965')).toBe(true)
  expect(has('crun', '1.20', 'CVE-2025-24965')).toBe(false)
  expect(has('crun', '1.4.3', 'CVE-2022-27650')).toBe(true)
  expect(has('crun', '0.10.4', 'CVE-2019-18837')).toBe(true)
  expect(vulnerabilitiesOf('crun', '1.28')).toEqual([])
  expect(vulnerabilitiesOf('youki', '0.1.0')).toEqual([])
})

test('every entry names its source, and its fixes in order', () => {
  expect(new Set(vulnerabilities.map(({ id }) => id)).size).toBe(vulnerabilities.length)
  for (const { id, source, fixedIn } of vulnerabilities) {
    expect(id).toMatch(/^CVE-\d{4}-\d{4,}$/)
    expect(source).toMatch(/^https:\/\/github\.com\//)
    expect(fixedIn.toSorted(compareReleases)).toEqual(fixedIn)
  }
})
