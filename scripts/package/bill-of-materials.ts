/** The bill of materials, CycloneDX 1.5 JSON (cyclonedx.org/docs/1.5/json). */
import { createHash } from 'node:crypto'
import type { Component } from './components.ts'

interface Subject {
  readonly version: string
  /** Seconds since 1970. */
  readonly date: number
  readonly executable: Buffer
}

const digest = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex')

/** A UUID of version 8 (RFC 9562) made of the content: the same content has the same serial number. */
const serialNumber = (content: string): string => {
  const hex = digest(content)
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The bill of lintel's executable, as text. */
export const billOfMaterials = (
  { version, date, executable }: Subject,
  components: readonly Component[],
): string => {
  const itself = `pkg:generic/lintel@${version}`
  const body = {
    metadata: {
      timestamp: new Date(date * 1000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': itself,
        name: 'lintel',
        version,
        hashes: [{ alg: 'SHA-256', content: digest(executable) }],
        licenses: [{ expression: 'Apache-2.0' }],
        purl: itself,
      },
    },
    components: components.map(({ name, version: of, licence, purl }) => ({
      type: 'library',
      'bom-ref': purl,
      name,
      version: of,
      scope: 'required',
      licenses: [{ expression: licence }],
      purl,
    })),
    dependencies: [{ ref: itself, dependsOn: components.map(({ purl }) => purl) }],
  }
  const head = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: serialNumber(JSON.stringify(body)),
    version: 1,
  }
  return `${JSON.stringify({ ...head, ...body }, null, 2)}\n`
}
